"""Weekly shift patterns: begun, changed and ended from a day on, and the shifts that were made from them.

A shift whose hours were changed by hand is never touched: it is said that it stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.db import transaction
from django.db.models import Q

from clinic.models import Clinic, Nurse, Shift, ShiftPattern, Weekday
from clinic.quarters import at_wall_clock, day_bounds, local_date
from clinic.rostering import Rostered, add_all, of_patterns
from clinic.staffing import RosterConflict


@dataclass(frozen=True, slots=True)
class Ended:
    """The shifts that ending a pattern takes away, and those that stay because somebody gave them other hours."""

    removed: tuple[Shift, ...] = ()
    kept: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """The hours of a pattern by the clinic's wall clock."""

    starts: time
    ends: time
    break_starts: time | None
    break_minutes: int


@transaction.atomic
def begin(
    *,
    nurse: Nurse,
    clinic: Clinic,
    weekdays: Sequence[int],
    times: Times,
    first_day: date,
    last_day: date | None,
    rostered_until: date,
    today: date,
) -> Rostered:
    """Let a nurse work the same hours on some weekdays every week, and roster them up to `rostered_until`.

    Raises `RosterConflict` when another pattern of hers is in force at such a time.
    """
    if last_day and last_day < first_day:
        raise RosterConflict("The last day comes before the first.")
    patterns = []
    for weekday in weekdays:
        _check_free(nurse, weekday, times, first_day, last_day)
        patterns.append(
            ShiftPattern.objects.create(
                nurse=nurse,
                clinic=clinic,
                weekday=weekday,
                starts=times.starts,
                ends=times.ends,
                break_starts=times.break_starts,
                break_minutes=times.break_minutes,
                valid_from=first_day,
                valid_until=last_day,
                rostered_until=rostered_until,
            )
        )
    return add_all(of_patterns(patterns, first_day=max(first_day, today), last_day=rostered_until), today=today)


@transaction.atomic
def end(*, pattern: ShiftPattern, last_day: date, today: date) -> Ended:
    """Let a pattern end with a day; one that never came into force is removed. Shifts made for later days go too."""
    ended = _sort_shifts(pattern, after=max(last_day, today - timedelta(days=1)))
    Shift.objects.filter(pk__in=[shift.pk for shift in ended.removed]).delete()
    if last_day < pattern.valid_from:
        pattern.delete()
    else:
        pattern.valid_until = last_day
        pattern.save(update_fields=["valid_until"])
    return ended


@transaction.atomic
def change(
    *, pattern: ShiftPattern, times: Times, from_day: date, rostered_until: date, today: date
) -> tuple[Ended, Rostered]:
    """Give a pattern other hours from a day on. Raises `RosterConflict` as `begin` does."""
    last_day = pattern.valid_until
    if last_day and from_day > last_day:
        raise RosterConflict(f"This weekly shift ends before that, on {last_day:%b} {last_day.day}.")
    nurse, clinic, weekday = pattern.nurse, pattern.clinic, pattern.weekday
    ended = end(pattern=pattern, last_day=from_day - timedelta(days=1), today=today)
    begun = begin(
        nurse=nurse,
        clinic=clinic,
        weekdays=[weekday],
        times=times,
        first_day=from_day,
        last_day=last_day,
        rostered_until=rostered_until,
        today=today,
    )
    return ended, begun


def shifts_after(*, pattern: ShiftPattern, day: date) -> list[Shift]:
    """The shifts made from a pattern for days after one, in order."""
    end_of_day = day_bounds(day, pattern.clinic.zone)[1]
    return list(
        Shift.objects.filter(pattern=pattern, period__startswith__gte=end_of_day)
        .select_related("nurse", "clinic")
        .order_by("period")
    )


def _sort_shifts(pattern: ShiftPattern, *, after: date) -> Ended:
    removed: list[Shift] = []
    kept: list[Shift] = []
    zone = pattern.clinic.zone
    for shift in shifts_after(pattern=pattern, day=after):
        day = local_date(shift.period.lower, zone)
        made = (at_wall_clock(day, pattern.starts, zone), at_wall_clock(day, pattern.ends, zone))
        as_made = (shift.period.lower, shift.period.upper) == made and shift.clinic_id == pattern.clinic_id
        (removed if as_made else kept).append(shift)
    return Ended(tuple(removed), tuple(kept))


def _check_free(nurse: Nurse, weekday: int, times: Times, first_day: date, last_day: date | None) -> None:
    others = ShiftPattern.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=first_day),
        nurse=nurse,
        weekday=weekday,
        starts__lt=times.ends,
        ends__gt=times.starts,
    ).select_related("clinic")
    if last_day:
        others = others.filter(valid_from__lte=last_day)
    if other := others.first():
        raise RosterConflict(
            f"{nurse} already has a weekly shift on {Weekday(weekday).label}s, "
            f"{other.starts:%-I:%M}–{other.ends:%-I:%M} at {other.clinic}. Change or end that one."
        )
