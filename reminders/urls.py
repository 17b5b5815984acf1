"""Addresses of this room."""

from django.urls import path

from reminders.views import hooks

urlpatterns = [
    path("hooks/sms/", hooks.sms, name="hook_sms"),
    path("hooks/sms/status/", hooks.sms_status, name="hook_sms_status"),
]
