"""The link to a patient's page: signed, expiring with the visit, revocable."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from reminders.models import PatientLink
from scheduling.models import Appointment

LIVES_ON = timedelta(days=7)
"""How long after a visit its page can still be opened."""

_signer = Signer(salt="patient-link", sep=".")


class LinkGone(Exception):
    """The link is not ours, has expired or was revoked."""


def patient_link(appointment: Appointment) -> str:
    """The address of an appointment's page. The same one each time, until it is revoked. One or two queries."""
    return f"{settings.PUBLIC_URL}/a/{token_of(appointment)}/"


def token_of(appointment: Appointment) -> str:
    """What the address carries: a random key and our signature, so that guesses are refused unread."""
    link = PatientLink.objects.filter(appointment=appointment, revoked_at=None).first()
    if link is None:
        # Another worker may be making it at this moment: the one that stands is taken.
        PatientLink.objects.bulk_create(
            [PatientLink(appointment=appointment, key=secrets.token_hex(12), created_at=timezone.now())],
            ignore_conflicts=True,
        )
        link = PatientLink.objects.get(appointment=appointment, revoked_at=None)
    return _signer.sign(link.key)


def link_of(token: str) -> PatientLink:
    """The link that a token opens, with its appointment, patient, clinic and therapy. Raises `LinkGone`. One query."""
    try:
        key = _signer.unsign(token)
    except BadSignature as error:
        raise LinkGone from error
    link = (
        PatientLink.objects.filter(key=key, revoked_at=None)
        .select_related(
            "appointment__patient__home_clinic",
            "appointment__clinic",
            "appointment__dose_phase",
            "appointment__plan__patient",
            "appointment__plan__therapy",
        )
        .first()
    )
    if link is None or link.appointment.end + LIVES_ON < timezone.now():
        raise LinkGone
    return link


def revoke(appointment: Appointment) -> None:
    """Let the links that were sent for an appointment open nothing any more; the next message carries a new one."""
    PatientLink.objects.filter(appointment=appointment, revoked_at=None).update(revoked_at=timezone.now())
