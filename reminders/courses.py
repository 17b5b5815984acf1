"""Courses on days in a row: one message speaks for all of their visits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from clinic.quarters import local_date
from clinic.sql import fetch
from scheduling.models import HELD, Appointment

OTHERS = """
    select a.dose_number, a.id, a.status, a.clinic_id, lower(a.period), c.timezone, p.is_consecutive
    from scheduling_appointment a
        join clinic_clinic c on c.id = a.clinic_id
        join therapies_dosephase p on p.id = a.dose_phase_id
    where a.plan_id = %s and a.status = any(%s) and a.id <> %s
"""


@dataclass(frozen=True, slots=True)
class PlanVisit:
    """A visit of a plan: as much of it as says whether it belongs to a course. `day` is the clinic's local date."""

    id: int
    status: str
    clinic_id: int
    day: date
    is_consecutive: bool

    @classmethod
    def of(cls, appointment: Appointment) -> "PlanVisit":
        """An appointment as such a visit. It comes with its clinic and dose phase."""
        day = local_date(appointment.start, appointment.clinic.zone)
        consecutive = appointment.dose_phase.is_consecutive
        return cls(appointment.pk, appointment.status, appointment.clinic_id, day, consecutive)

    def follows(self, before: "PlanVisit") -> bool:
        """Whether this is the dose of the day after, at the same clinic."""
        is_next_day = self.day == before.day + timedelta(days=1)
        return self.is_consecutive and self.clinic_id == before.clinic_id and is_next_day


Visits = Mapping[int, PlanVisit]
"""Visits of one plan, live and done, by dose number."""


def other_visits(appointment: Appointment) -> Visits:
    """The other visits of an appointment's plan. One query."""
    return {
        number: PlanVisit(pk, status, clinic_id, local_date(start, ZoneInfo(zone)), is_consecutive)
        for number, pk, status, clinic_id, start, zone, is_consecutive in fetch(
            OTHERS, [appointment.plan_id, list(HELD), appointment.pk]
        )
    }


def course_of(appointment: Appointment, others: Visits) -> list[int]:
    """The ids of the visits of the course that an appointment belongs to, in order: mostly just its own.

    Visits belong together when each is the dose after the one before, given on the day after, at the same clinic.
    The messages of the first one speak for all.
    """
    first = last = appointment.dose_number
    visits = {**others, first: PlanVisit.of(appointment)}
    while first - 1 in visits and visits[first].follows(visits[first - 1]):
        first -= 1
    while last + 1 in visits and visits[last + 1].follows(visits[last]):
        last += 1
    return [visits[number].id for number in range(first, last + 1)]


def visits_of(appointment: Appointment) -> list[Appointment]:
    """The visits of an appointment's course, in order: mostly just this one. One query, and one if there are more."""
    course = course_of(appointment, other_visits(appointment))
    others = set(course) - {appointment.pk}
    read = Appointment.objects.select_related("dose_phase", "clinic").in_bulk(others) if others else {}
    return [read.get(pk, appointment) for pk in course]
