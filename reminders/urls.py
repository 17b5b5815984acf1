"""Addresses of this room."""

from django.urls import path

from reminders.views import hooks, patient_page

urlpatterns = [
    path("hooks/sms/", hooks.sms, name="hook_sms"),
    path("hooks/sms/status/", hooks.sms_status, name="hook_sms_status"),
    path("a/<str:token>/", patient_page.visit, name="visit_page"),
    path("a/<str:token>/open/", patient_page.open_page, name="visit_page_open"),
    path("a/<str:token>/confirm/", patient_page.confirm, name="visit_page_confirm"),
    path("a/<str:token>/another-time/", patient_page.another_time, name="visit_page_another_time"),
    path("a/<str:token>/ask/", patient_page.ask, name="visit_page_ask"),
    path("a/<str:token>/messages/", patient_page.messages, name="visit_page_messages"),
    path("a/<str:token>/visit.ics", patient_page.calendar, name="visit_page_calendar"),
]
