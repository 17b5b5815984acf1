"""Patients who were texted, for tests of what comes back."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from clinic.models import Clinic
from patients.models import ContactKind, ContactPoint, Patient
from reminders.models import Channel, Message, MessageStatus
from scheduling.models import Appointment
from tests.reminders.servers import ACCOUNT, NUMBER, TOKEN
from tests.world import booked, make_patient, make_plan

MOBILE = "+17155550123"
TWILIO = {"account": ACCOUNT, "token": TOKEN, "from": NUMBER, "url": "https://api.twilio.com"}


def with_mobile(clinic: Clinic, family_name: str = "", *, number: str = MOBILE, **facts: Any) -> Patient:
    """A patient with a mobile number and an address."""
    patient = make_patient(clinic, family_name, **facts)
    ContactPoint.objects.create(patient=patient, kind=ContactKind.MOBILE, value=number)
    ContactPoint.objects.create(patient=patient, kind=ContactKind.EMAIL, value=f"p{patient.pk}@example.org")
    return patient


def visit_of(clinic: Clinic, patient: Patient | None = None, start: str = "9:00", **facts: Any) -> Appointment:
    """A booked visit of a patient who can be reached."""
    return booked(clinic, start, plan=make_plan(patient or with_mobile(clinic)), **facts)


def texted(appointment: Appointment, *, rule: str = "week", at: datetime | None = None, **facts: Any) -> Message:
    """A text about a visit that the provider has taken."""
    sent_at = at or timezone.now()
    values = {
        "appointment_version": appointment.version,
        "clinic": appointment.clinic,
        "visit_start": appointment.start,
        "status": MessageStatus.SENT,
        "due_at": sent_at,
        "cut_off_at": appointment.start,
        "sending_at": sent_at,
        "sent_at": sent_at,
        "recipient": MOBILE,
        "body": "Smart Clinics: visit …",
        "wire": "twilio",
        "provider_id": f"SM{appointment.pk:032}",
        "attempts": 1,
    }
    message, _ = Message.objects.update_or_create(
        appointment=appointment, rule=rule, channel=Channel.SMS, defaults=values | facts
    )
    return message


def ago(minutes: int) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def post_signed(browser: Client, path: str, data: dict[str, str], *, token: str = TOKEN) -> Any:
    """What the provider posts, signed with its token."""
    signature = RequestValidator(token).compute_signature(f"https://chairs.example.org{path}", data)
    return browser.post(path, data, headers={"X-Twilio-Signature": signature})
