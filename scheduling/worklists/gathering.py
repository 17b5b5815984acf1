"""Visits that something may be to do about, gathered once for all lists; and the appointments that lists show."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from clinic.hours import open_periods
from clinic.quarters import ClinicDate
from clinic.sql import fetch
from scheduling.models import LIVE, MISSED, Appointment
from scheduling.worklists.lists import Reading

DAYS_TO_CONFIRM = 3
"""So many open days after today, patients are asked whether they come."""

ENOUGH_DAYS = timedelta(days=14)
"""Among so many days the next open ones are looked for."""

DAYS_TO_BE_READY = 7
"""So many days before a visit what is missing is listed."""

CALLED_FOR = timedelta(days=14)
"""So long after a missed visit the patient is called."""

VISITS = """
    select a.id, a.plan_id, a.dose_number, a.clinic_id, lower(a.period) as start, upper(a.period) as end,
           a.status, a.short_staffed, a.confirmed_at is not null, phase.needs_prior_tolerance
    from scheduling_appointment a join therapies_dosephase phase on phase.id = a.dose_phase_id
    where a.clinic_id = any(%(clinics)s) and """
GATHERED = f"""
    {VISITS} a.status = any(%(live)s) and lower(a.period) < %(until)s
    union all
    {VISITS} a.status = any(%(live)s) and lower(a.period) >= %(until)s and a.short_staffed
    union all
    {VISITS} a.status = any(%(missed)s) and lower(a.period) >= %(missed_since)s
    order by start, "end", id
"""


class Visit(NamedTuple):
    """What decides in which lists an appointment stands. `needs_tolerance` as on its dose phase."""

    id: int
    plan_id: int
    dose_number: int
    clinic_id: int
    start: datetime
    end: datetime
    status: str
    is_short: bool
    is_confirmed: bool
    needs_tolerance: bool


def visits(reading: Reading) -> list[Visit]:
    """The earliest first: those still open of past days, all of the coming days, and later ones that lack a nurse;
    and those missed of late. One query."""
    last_days = reading.once(last_days_to_confirm)
    in_a_week = reading.today + timedelta(days=DAYS_TO_BE_READY)
    until = max(
        (ClinicDate(max(last_days.get(one.pk, in_a_week), in_a_week), one.zone).end for one in reading.clinics),
        default=reading.now,
    )
    facts = {
        "clinics": [clinic.pk for clinic in reading.clinics],
        "live": list(LIVE),
        "until": until,
        "missed": list(MISSED),
        "missed_since": reading.now - CALLED_FOR,
    }
    return [Visit(*row) for row in fetch(GATHERED, facts)]


def last_days_to_confirm(reading: Reading) -> Mapping[int, date]:
    """The last day whose patients are asked whether they come, by clinic id. One query."""
    open_days = open_periods(clinics=reading.clinics, first_day=reading.today, last_day=reading.today + ENOUGH_DAYS)
    found = {}
    for clinic in reading.clinics:
        coming = sorted(day for clinic_id, day in open_days if clinic_id == clinic.pk and day > reading.today)
        if coming:
            found[clinic.pk] = coming[:DAYS_TO_CONFIRM][-1]
    return found


class Shown:
    """Appointments as rows need them. Those that several lists ask for are read together, when the first is used."""

    def __init__(self, reading: Reading) -> None:
        self._asked: set[int] = set()
        self._read: dict[int, Appointment] = {}

    def ask(self, ids: Iterable[int]) -> None:
        """These will be used."""
        self._asked.update(ids)

    def of(self, ids: Collection[int]) -> list[Appointment]:
        """Some appointments, in the order of their ids. One query, if they were not read before."""
        self.ask(ids)
        if missing := self._asked - self._read.keys():
            found = Appointment.objects.select_related("plan__therapy", "patient", "clinic", "chair")
            self._read |= found.in_bulk(missing)
        return [self._read[one] for one in ids if one in self._read]
