"""Changing who is on the floor, with its consequence for the patients in the same transaction.

Taking a nurse off never fails because of patients: they are dealt to the others, and whom nobody can cover becomes
`short_staffed`. Adding a nurse heals. Each function says what it changed.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.utils import timezone

from clinic import staffing
from clinic.hours import Period
from clinic.models import Absence, Clinic, Nurse, Shift, User
from clinic.quarters import day_bounds, local_date
from scheduling.locks import guarded, lock
from scheduling.models import HELD, Appointment
from scheduling.redealing import Redealt, redeal_day

DayKey = tuple[Clinic, date]

ROSTERED_AHEAD = timedelta(weeks=40)
"""How far ahead the weekly patterns are made into shifts: further than any dose is booked."""


class Outcome:
    """Collects what a change of staff did to the patients."""

    def __init__(self) -> None:
        self.redealt = Redealt()


def take_off(*, nurse: Nurse, start: datetime, end: datetime, reason: str, by: User | None) -> Redealt:
    """Take a nurse off the floor for a stretch: a sick call, leaving early. Always succeeds."""
    with redealing(_days_of_shifts(nurse, start, end)) as outcome:
        staffing.record_absence(nurse=nurse, start=start, end=end, reason=reason, by=by)
    return outcome.redealt


def put_back(*, absence: Absence) -> Redealt:
    """End an absence: the nurse is on the floor again."""
    days = _days_of_shifts(absence.nurse, absence.period.lower, absence.period.upper)
    with redealing(days) as outcome:
        staffing.end_absence(absence=absence)
    return outcome.redealt


def add_shift(
    *, nurse: Nurse, clinic: Clinic, start: datetime, end: datetime, breaks: Sequence[Period] = ()
) -> Redealt:
    """Roster a nurse for a day. Raises `RosterConflict` when she works elsewhere at that time."""
    with redealing({(clinic, local_date(start, clinic.zone))}) as outcome:
        staffing.add_shift(nurse=nurse, clinic=clinic, start=start, end=end, breaks=breaks)
    return outcome.redealt


def change_shift(*, shift: Shift, start: datetime, end: datetime, breaks: Sequence[Period]) -> Redealt:
    """Give a shift new hours or breaks. Raises `RosterConflict` when she works elsewhere at that time."""
    zone = shift.clinic.zone
    days = {(shift.clinic, local_date(moment, zone)) for moment in (shift.period.lower, start)}
    with redealing(days) as outcome:
        staffing.change_shift(shift=shift, start=start, end=end, breaks=breaks)
    return outcome.redealt


def remove_shift(*, shift: Shift) -> Redealt:
    """Take a whole shift off the roster."""
    with redealing({(shift.clinic, local_date(shift.period.lower, shift.clinic.zone))}) as outcome:
        staffing.remove_shift(shift=shift)
    return outcome.redealt


def roster_ahead() -> int:
    """Make the shifts that the weekly patterns give from today on. Returns how many were made.

    Days with somebody short-staffed are re-dealt, since a new shift may cover them.
    """
    made = 0
    for clinic in Clinic.objects.all():
        today = local_date(timezone.now(), clinic.zone)
        with redealing(_short_days(clinic)):
            made += staffing.roster_from_patterns(clinics=[clinic], first_day=today, last_day=today + ROSTERED_AHEAD)
    return made


@contextmanager
def redealing(days: Collection[DayKey]) -> Iterator[Outcome]:
    """Lock some days, let the roster change, then re-deal each of them that has patients."""
    outcome = Outcome()
    with guarded():
        lock(days=days)
        yield outcome
        for clinic, day in _with_patients(days):
            outcome.redealt |= redeal_day(clinic=clinic, date=day)


def _with_patients(days: Collection[DayKey]) -> list[DayKey]:
    """Those of some days on which somebody is booked, in the order of the locks. One query for each clinic."""
    by_clinic: dict[Clinic, set[date]] = {}
    for clinic, day in days:
        by_clinic.setdefault(clinic, set()).add(day)
    found = []
    for clinic in sorted(by_clinic, key=lambda clinic: clinic.pk):
        wanted = by_clinic[clinic]
        periods = Appointment.objects.filter(
            clinic=clinic,
            status__in=HELD,
            period__startswith__gte=day_bounds(min(wanted), clinic.zone)[0],
            period__startswith__lt=day_bounds(max(wanted), clinic.zone)[1],
        ).values_list("period", flat=True)
        found += [
            (clinic, day) for day in sorted(wanted & {local_date(period.lower, clinic.zone) for period in periods})
        ]
    return found


def _days_of_shifts(nurse: Nurse, start: datetime, end: datetime) -> set[DayKey]:
    """The clinic days of a nurse's shifts that a stretch touches."""
    shifts = Shift.objects.filter(nurse=nurse, period__overlap=(start, end)).select_related("clinic")
    return {(shift.clinic, local_date(shift.period.lower, shift.clinic.zone)) for shift in shifts}


def _short_days(clinic: Clinic) -> set[DayKey]:
    """The clinic days to come with an appointment that is short-staffed."""
    short = Appointment.objects.filter(clinic=clinic, short_staffed=True, period__endswith__gt=timezone.now())
    return {(clinic, local_date(period.lower, clinic.zone)) for period in short.values_list("period", flat=True)}
