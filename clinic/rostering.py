"""Many shifts at once: a week copied to later weeks, weeks filled from the weekly patterns.

Nothing is overwritten: what stands in the way of a shift is said, and the shift is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from clinic.hours import ClinicDayKey, Period, days_between, open_periods
from clinic.models import Clinic, Nurse, Shift, ShiftPattern
from clinic.quarters import at_wall_clock, day_bounds, local_date
from clinic.staffing import breaks_of_pattern, roster

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Draft:
    """A shift that is to be."""

    nurse: Nurse
    clinic: Clinic
    day: date
    start: datetime
    end: datetime
    breaks: tuple[Period, ...] = ()
    pattern: ShiftPattern | None = None


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A shift that was left out, and why, for people."""

    draft: Draft
    why: str


@dataclass(frozen=True, slots=True)
class Rostered:
    """What became of some drafts. Those that were there already, hour for hour, are in neither list."""

    added: tuple[Draft, ...] = ()
    in_the_way: tuple[InTheWay, ...] = ()


def of_week(*, clinic: Clinic, day: date, to: date, weeks: int) -> list[Draft]:
    """The shifts of the week that holds `day`, for as many weeks from the week that holds `to` on. Two queries.

    Times are the clinic's wall clock, so 8:00 stays 8:00 when the clocks change.
    """
    first, target = (one - timedelta(days=one.weekday()) for one in (day, to))
    shifts = (
        Shift.objects.filter(
            clinic=clinic,
            period__startswith__gte=day_bounds(first, clinic.zone)[0],
            period__startswith__lt=day_bounds(first + WEEK, clinic.zone)[0],
        )
        .select_related("nurse")
        .prefetch_related("breaks")
    )
    found = []
    for week in range(weeks):
        for shift in shifts:
            days = target - first + week * WEEK
            found.append(
                Draft(
                    nurse=shift.nurse,
                    clinic=clinic,
                    day=local_date(shift.period.lower, clinic.zone) + days,
                    start=_later(shift.period.lower, days, clinic),
                    end=_later(shift.period.upper, days, clinic),
                    breaks=tuple(
                        (_later(one.period.lower, days, clinic), _later(one.period.upper, days, clinic))
                        for one in shift.breaks.all()
                    ),
                )
            )
    return found


def of_patterns(patterns: Iterable[ShiftPattern], *, first_day: date, last_day: date) -> list[Draft]:
    """The shifts that weekly patterns give from one day to another, both included, made before or not."""
    return [
        Draft(
            nurse=pattern.nurse,
            clinic=pattern.clinic,
            day=day,
            start=at_wall_clock(day, pattern.starts, pattern.clinic.zone),
            end=at_wall_clock(day, pattern.ends, pattern.clinic.zone),
            breaks=tuple(breaks_of_pattern(pattern, day)),
            pattern=pattern,
        )
        for pattern in patterns
        for day in days_between(max(first_day, pattern.valid_from), min(last_day, pattern.valid_until or last_day))
        if day.weekday() == pattern.weekday
    ]


@transaction.atomic
def add_all(drafts: Sequence[Draft], *, today: date) -> Rostered:
    """Roster some drafts where nothing stands in their way. A fixed number of queries.

    In the way are another shift of the nurse, a day that is past or closed, and that she works here no more.
    """
    if not drafts:
        return Rostered()
    taken = _shifts_of(drafts)
    is_open = open_periods(
        clinics=list({draft.clinic.pk: draft.clinic for draft in drafts}.values()),
        first_day=min(draft.day for draft in drafts),
        last_day=max(draft.day for draft in drafts),
    )
    added: list[Draft] = []
    blocked: list[InTheWay] = []
    for draft in sorted(drafts, key=lambda draft: (draft.start, draft.nurse.name, draft.nurse.pk)):
        mine = taken.setdefault(draft.nurse.pk, [])
        clash = next((one for one in mine if one[0] < draft.end and draft.start < one[1]), None)
        if clash == (draft.start, draft.end, draft.clinic.name):
            continue
        if why := _why_not(draft, clash, today, is_open):
            blocked.append(InTheWay(draft, why))
            continue
        mine.append((draft.start, draft.end, draft.clinic.name))
        added.append(draft)
    roster(
        [
            (
                Shift(nurse=draft.nurse, clinic=draft.clinic, period=(draft.start, draft.end), pattern=draft.pattern),
                draft.breaks,
            )
            for draft in added
        ]
    )
    return Rostered(tuple(added), tuple(blocked))


def _why_not(
    draft: Draft,
    clash: tuple[datetime, datetime, str] | None,
    today: date,
    is_open: Mapping[ClinicDayKey, list[Period]],
) -> str:
    if not draft.nurse.is_active:
        return "works here no more"
    if draft.day < today:
        return "that day is past"
    if (draft.clinic.pk, draft.day) not in is_open:
        return "the clinic is closed that day"
    if clash:
        hours = "–".join(f"{moment.astimezone(draft.clinic.zone):%-I:%M}" for moment in clash[:2])
        return f"already works {hours} at {clash[2]}"
    return ""


def _shifts_of(drafts: Sequence[Draft]) -> dict[int, list[tuple[datetime, datetime, str]]]:
    """The shifts of the nurses of some drafts, at whichever clinic, by nurse."""
    window = (min(draft.start for draft in drafts), max(draft.end for draft in drafts))
    found: dict[int, list[tuple[datetime, datetime, str]]] = {}
    shifts = Shift.objects.filter(nurse__in={draft.nurse.pk for draft in drafts}, period__overlap=window)
    for nurse_id, period, name in shifts.order_by("period").values_list("nurse_id", "period", "clinic__name"):
        found.setdefault(nurse_id, []).append((period.lower, period.upper, name))
    return found


def _later(moment: datetime, days: timedelta, clinic: Clinic) -> datetime:
    """The same wall-clock time some days later."""
    local = moment.astimezone(clinic.zone)
    return at_wall_clock(local.date() + days, local.time(), clinic.zone)
