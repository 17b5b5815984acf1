"""Many shifts at once, and nurses lent, with the consequence for the patients in the same transaction.

As in `restaffing`, nothing here is refused because of patients: they are dealt to the others, and whom nobody can cover
becomes `short_staffed`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from clinic import patterns, rostering, staffing
from clinic.hours import Period
from clinic.models import Clinic, Nurse, Shift, ShiftPattern
from clinic.patterns import Ended, Times
from clinic.quarters import local_date
from clinic.rostering import Draft, Rostered
from scheduling.redealing import Redealt
from scheduling.restaffing import ROSTERED_AHEAD, DayKey, Outcome, redealing


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of the roster, and what that did to the patients."""

    redealt: Redealt
    rostered: Rostered = field(default_factory=Rostered)
    ended: Ended = field(default_factory=Ended)
    days: tuple[DayKey, ...] = ()
    """The days on which the roster changed."""


def copy_week(*, clinic: Clinic, day: date, to: date, weeks: int) -> Changed:
    """Roster the shifts of the week that holds `day` for some weeks from the one that holds `to` on."""
    return _add(clinic, rostering.of_week(clinic=clinic, day=day, to=to, weeks=weeks))


def fill_weeks(*, clinic: Clinic, first_day: date, last_day: date) -> Changed:
    """Roster what the weekly patterns give for some days, those too from which somebody took it away by hand."""
    known = ShiftPattern.objects.filter(clinic=clinic).select_related("nurse", "clinic")
    return _add(clinic, rostering.of_patterns(known, first_day=first_day, last_day=last_day))


def begin_pattern(
    *, nurse: Nurse, clinic: Clinic, weekdays: Sequence[int], times: Times, first_day: date, last_day: date | None
) -> Changed:
    """Let a nurse work the same hours every week and roster them as far as rosters reach. Raises `RosterConflict`."""
    until = _rostered_until(clinic)
    with redealing(_days_of(clinic, weekdays, first_day, until)) as outcome:
        rostered = patterns.begin(
            nurse=nurse,
            clinic=clinic,
            weekdays=weekdays,
            times=times,
            first_day=first_day,
            last_day=last_day,
            rostered_until=until,
            today=_today(clinic),
        )
    return Changed(outcome.redealt, rostered)


def end_pattern(*, pattern: ShiftPattern, last_day: date) -> Changed:
    """Let a pattern end with a day. The shifts made from it for later days go."""
    clinic = pattern.clinic
    with _pattern_days(pattern, last_day + timedelta(days=1)) as outcome:
        ended = patterns.end(pattern=pattern, last_day=last_day, today=_today(clinic))
    return Changed(outcome.redealt, ended=ended)


def change_pattern(*, pattern: ShiftPattern, times: Times, from_day: date) -> Changed:
    """Give a pattern other hours from a day on; its shifts from then on are made again. Raises `RosterConflict`."""
    clinic = pattern.clinic
    with _pattern_days(pattern, from_day) as outcome:
        ended, rostered = patterns.change(
            pattern=pattern,
            times=times,
            from_day=from_day,
            rostered_until=_rostered_until(clinic),
            today=_today(clinic),
        )
    return Changed(outcome.redealt, rostered, ended)


def lend(
    *, shift: Shift, clinic: Clinic, start: datetime, end: datetime, on_the_road: timedelta = timedelta()
) -> Changed:
    """Let a nurse work at another clinic for a part of her shift or all of it. Raises `RosterConflict`."""
    days = {
        (shift.clinic, local_date(shift.period.lower, shift.clinic.zone)),
        (clinic, local_date(start, clinic.zone)),
    }
    with redealing(days) as outcome:
        staffing.lend(shift=shift, clinic=clinic, start=start, end=end, on_the_road=on_the_road)
    return Changed(outcome.redealt, days=tuple(sorted(days, key=lambda key: key[0].name)))


def set_breaks(*, clinic: Clinic, day: date, breaks: Mapping[Shift, Sequence[Period]]) -> Changed:
    """Give several shifts of a day their breaks at once. Raises `RosterConflict` when one lies outside its shift."""
    with redealing({(clinic, day)}) as outcome:
        for shift, pauses in breaks.items():
            staffing.change_shift(shift=shift, start=shift.period.lower, end=shift.period.upper, breaks=pauses)
    return Changed(outcome.redealt, days=((clinic, day),))


def _add(clinic: Clinic, drafts: Sequence[Draft]) -> Changed:
    days = {(clinic, draft.day) for draft in drafts}
    with redealing(days) as outcome:
        rostered = rostering.add_all(drafts, today=_today(clinic))
    changed = sorted({draft.day for draft in rostered.added})
    return Changed(outcome.redealt, rostered, days=tuple((clinic, day) for day in changed))


@contextmanager
def _pattern_days(pattern: ShiftPattern, first_day: date) -> Iterator[Outcome]:
    """Lock and re-deal the days that a pattern has, or will have, shifts on."""
    clinic = pattern.clinic
    days = _days_of(clinic, [pattern.weekday], first_day, _rostered_until(clinic))
    made = patterns.shifts_after(pattern=pattern, day=first_day - timedelta(days=1))
    with redealing(days | {(clinic, local_date(shift.period.lower, clinic.zone)) for shift in made}) as outcome:
        yield outcome


def _days_of(clinic: Clinic, weekdays: Collection[int], first_day: date, last_day: date) -> set[DayKey]:
    first = max(first_day, _today(clinic))
    span = range((last_day - first).days + 1)
    days: Iterable[date] = (first + timedelta(days=number) for number in span)
    return {(clinic, day) for day in days if day.weekday() in weekdays}


def _today(clinic: Clinic) -> date:
    return local_date(timezone.now(), clinic.zone)


def _rostered_until(clinic: Clinic) -> date:
    return _today(clinic) + ROSTERED_AHEAD
