"""Addresses of this room."""

from django.urls import path

from reminders.views import hooks, outbox, patient_page
from reminders.views.foretelling import would_tell
from reminders.views.operations import operations
from reminders.views.wording import wording, wordings

urlpatterns = [
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/operations/", operations, name="outbox_operations"),
    path("outbox/wording/", wordings, name="outbox_wordings"),
    path("outbox/wording/<slug:wording>/<slug:channel>/<slug:code>/", wording, name="outbox_wording"),
    path("outbox/ahead/", outbox.ahead, name="outbox_ahead"),
    path("outbox/replies/<int:reply_id>/handled/", outbox.reply_handled, name="reply_handled"),
    path("outbox/<int:message_id>/", outbox.message, name="outbox_message"),
    path("outbox/<int:message_id>/letter/", outbox.letter, name="outbox_letter"),
    path("outbox/<int:message_id>/again/", outbox.send_again, name="outbox_again"),
    path("outbox/<int:message_id>/handled/", outbox.handled, name="outbox_handled"),
    path("outbox/<int:message_id>/answer/", outbox.answer, name="outbox_answer"),
    path("appointments/<int:appointment_id>/messages/", outbox.appointment_messages, name="appointment_messages"),
    path(
        "appointments/<int:appointment_id>/would-tell/<slug:clinic>/<date:day>/<int:chair_id>/<clock:clock>/",
        would_tell,
        name="would_tell",
    ),
    path("appointments/<int:appointment_id>/page-link/", outbox.patient_page_link, name="patient_page_link"),
    path("hooks/sms/", hooks.sms, name="hook_sms"),
    path("hooks/sms/status/", hooks.sms_status, name="hook_sms_status"),
    path("hooks/email/", hooks.email, name="hook_email"),
    path("a/<str:token>/", patient_page.visit, name="visit_page"),
    path("a/<str:token>/open/", patient_page.open_page, name="visit_page_open"),
    path("a/<str:token>/confirm/", patient_page.confirm, name="visit_page_confirm"),
    path("a/<str:token>/another-time/", patient_page.another_time, name="visit_page_another_time"),
    path("a/<str:token>/ask/", patient_page.ask, name="visit_page_ask"),
    path("a/<str:token>/messages/", patient_page.messages, name="visit_page_messages"),
    path("a/<str:token>/visit.ics", patient_page.calendar, name="visit_page_calendar"),
]
