"""Courses on days in a row: one message speaks for all of their visits."""

from datetime import timedelta

from clinic.quarters import local_date
from scheduling.models import HELD, Appointment


def visits_of(appointment: Appointment) -> list[Appointment]:
    """All visits of the course that an appointment belongs to, in order: mostly just this one. One query.

    Visits belong together when each is the dose after the one before, given on the day after, at the same clinic.
    """
    around = list(
        Appointment.objects.filter(plan=appointment.plan_id, status__in=HELD)
        .exclude(pk=appointment.pk)
        .select_related("dose_phase", "clinic")
    )
    by_dose = {each.dose_number: each for each in around} | {appointment.dose_number: appointment}
    first = last = appointment.dose_number
    while first - 1 in by_dose and _follows(by_dose[first - 1], by_dose[first]):
        first -= 1
    while last + 1 in by_dose and _follows(by_dose[last], by_dose[last + 1]):
        last += 1
    return [by_dose[number] for number in range(first, last + 1)]


def speaks_for_the_course(appointment: Appointment, visits: list[Appointment]) -> bool:
    """Whether this is the visit whose messages speak for all."""
    return visits[0].pk == appointment.pk


def _follows(before: Appointment, after: Appointment) -> bool:
    zone = after.clinic.zone
    return (
        after.dose_phase.is_consecutive
        and before.clinic_id == after.clinic_id
        and local_date(after.start, zone) == local_date(before.start, zone) + timedelta(days=1)
    )
