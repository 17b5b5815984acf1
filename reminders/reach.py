"""Which number or address of a patient a message goes to."""

from collections.abc import Iterable

from patients.consent import Standings
from patients.models import ContactKind, ContactPoint, Patient
from reminders.models import Channel

KIND = {Channel.SMS: ContactKind.MOBILE, Channel.EMAIL: ContactKind.EMAIL}
OTHER = {Channel.SMS: Channel.EMAIL, Channel.EMAIL: Channel.SMS}
"""The other way to tell somebody who cannot be reached by one."""

OF_PATIENT = "select * from patients_contactpoint where patient_id = %s"


def points_of(patient: Patient) -> list[ContactPoint]:
    """All contact points of a patient. One query."""
    return list(ContactPoint.objects.raw(OF_PATIENT, [patient.pk]))


def first_of_kind(points: Iterable[ContactPoint], channel: str) -> ContactPoint | None:
    """The contact point a channel would use, preferred ones first; whether it may be used is decided at sending."""
    kind = KIND.get(Channel(channel))
    return next((point for point in _in_order(points) if point.kind == kind), None)


def usable(points: Iterable[ContactPoint], channel: str, standings: Standings) -> ContactPoint | None:
    """The first contact point for a channel that has not opted out and is not known to be dead."""
    kind = KIND.get(Channel(channel))
    for point in _in_order(points):
        if point.kind == kind and standings[point.value, channel].is_usable:
            return point
    return None


def why_not(points: Iterable[ContactPoint], channel: str, standings: Standings) -> str:
    """In a few words, why a channel cannot be used for a patient."""
    point = first_of_kind(points, channel)
    if point is None:
        return "No mobile number on record" if channel == Channel.SMS else "No e-mail address on record"
    what = "number" if channel == Channel.SMS else "address"
    if not standings[point.value, channel].is_allowed:
        return f"This {what} has opted out"
    return f"Messages do not arrive at this {what}"


def _in_order(points: Iterable[ContactPoint]) -> list[ContactPoint]:
    return sorted(points, key=lambda point: (not point.is_preferred, point.pk))
