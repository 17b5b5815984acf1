"""The lunches of a clinic's day, proposed: each is moved so that those who stay can care for everybody.

A lunch is the longest break of a shift. It lies within the lunch hours, and not close to either end of the shift; a
long shift without any is given one. What has begun, and shorter breaks, stay as they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from clinic.hours import Period
from clinic.models import Clinic, Shift
from clinic.quarters import QUARTER, ClinicDate, ceil_quarter, day_bounds
from scheduling.engine.day import Day, each, run_length, span
from scheduling.engine.lunches import Lunch, Lunches, bare_quarters, place
from scheduling.load import load_day
from scheduling.wording import span_words

LUNCH_HOURS = (time(10, 30), time(14, 30))
"""Within these a lunch is taken, whole, where the shift allows."""

FROM_EITHER_END = timedelta(hours=2)
"""A lunch keeps this far from the beginning and the end of a nurse's time on the floor."""

LONG_SHIFT = timedelta(hours=6)
"""A shift of this length is given a lunch if it has none."""

USUAL_LUNCH = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A shift with the lunch proposed for it; without one where there is no room for it."""

    shift: Shift
    others: tuple[Period, ...]
    """Its other breaks, which stay."""
    was: Period | None
    lunch: Period | None
    length: timedelta
    alone: str
    """When nobody else is on the floor although the clinic is open: she cannot leave. Empty when somebody is."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The lunches of a day."""

    lunches: tuple[Proposed, ...]
    is_best: bool
    """Whether no better way was left out for want of time."""


def propose(*, clinic: Clinic, day: date, now: datetime) -> Proposal:
    """The lunches of a clinic's day that keep cover, given who is booked. Writes nothing. Ten queries."""
    grid = ClinicDate(day, clinic.zone)
    shifts = _shifts(clinic, day)
    loaded = load_day(clinic=clinic, day=day)
    taken = {shift.pk: _lunch_of(shift) for shift in shifts}
    there = {nurse.id for nurse in loaded.nurses}
    movable = [one for one in shifts if one.nurse_id in there and _is_movable(one, taken[one.pk], now)]
    bare = _without_lunches(loaded, grid, movable, taken)
    wanted = [one for shift in movable if (one := _to_place(shift, taken[shift.pk], bare, grid, now))]
    placed = place(day=bare, lunches=wanted)
    alone = bare_quarters(day=bare, starts=placed.starts, lunches=wanted)
    lengths = {one.id: one.length for one in wanted}
    return Proposal(
        tuple(_proposed(shift, taken[shift.pk], placed, lengths, alone.get(shift.pk, []), grid) for shift in movable),
        placed.is_best,
    )


def _shifts(clinic: Clinic, day: date) -> list[Shift]:
    start, end = day_bounds(day, clinic.zone)
    return list(
        Shift.objects.filter(clinic=clinic, period__startswith__gte=start, period__startswith__lt=end)
        .select_related("nurse", "clinic")
        .prefetch_related("breaks")
        .order_by("period", "nurse__name", "pk")
    )


def _lunch_of(shift: Shift) -> Period | None:
    breaks = [(one.period.lower, one.period.upper) for one in shift.breaks.all()]
    return max(breaks, key=lambda one: (one[1] - one[0], -one[0].timestamp()), default=None)


def _is_movable(shift: Shift, lunch: Period | None, now: datetime) -> bool:
    if shift.period.upper <= now or (lunch and lunch[0] <= now):
        return False
    return lunch is not None or shift.period.upper - shift.period.lower >= LONG_SHIFT


def _without_lunches(day: Day, grid: ClinicDate, shifts: Iterable[Shift], taken: dict[int, Period | None]) -> Day:
    """The day as if nobody took the lunches that are to be placed. Who is away all around hers stays away."""
    floors = {nurse.id: nurse.floor for nurse in day.nurses}
    for shift in shifts:
        lunch = taken[shift.pk]
        floor = floors.get(shift.nurse_id, 0)
        if lunch:
            first, last = (grid.quarter_of(moment) for moment in lunch)
            if floor >> last & 1 or (first and floor >> (first - 1) & 1):
                floors[shift.nurse_id] = floor | span(first, last)
    return replace(day, nurses=tuple(replace(nurse, floor=floors[nurse.id]) for nurse in day.nurses))


def _to_place(shift: Shift, lunch: Period | None, day: Day, grid: ClinicDate, now: datetime) -> Lunch | None:
    """The window of a shift's lunch, in quarters; nothing when she is not there long enough to take one."""
    length = ((lunch[1] - lunch[0]) if lunch else USUAL_LUNCH) // QUARTER
    floor = next((nurse.floor for nurse in day.nurses if nurse.id == shift.nurse_id), 0)
    floor &= span(*(grid.quarter_of(moment) for moment in (shift.period.lower, shift.period.upper)))
    first, last = _longest_run(floor)
    earliest = max(first + FROM_EITHER_END // QUARTER, grid.quarter_of(ceil_quarter(now)))
    latest = last - FROM_EITHER_END // QUARTER - length
    from_, to = (grid.quarter_at(clock) for clock in LUNCH_HOURS)
    within = max(earliest, from_), min(latest, to - length)
    if within[0] > within[1]:
        within = earliest, latest
    if within[0] > within[1]:
        return None
    wished = grid.quarter_of(lunch[0]) if lunch else sum(within) // 2
    return Lunch(shift.pk, length, *within, wished)


def _longest_run(quarters: int) -> tuple[int, int]:
    starts = [at for at in each(quarters) if at == 0 or not quarters >> (at - 1) & 1]
    runs = [(at, at + run_length(quarters, at)) for at in starts]
    return max(runs, key=lambda run: run[1] - run[0], default=(0, 0))


def _proposed(
    shift: Shift,
    was: Period | None,
    placed: Lunches,
    lengths: dict[int, int],
    alone: Sequence[int],
    grid: ClinicDate,
) -> Proposed:
    start = placed.starts.get(shift.pk)
    lunch = (grid.moment_of(start), grid.moment_of(start + lengths[shift.pk])) if start is not None else None
    breaks = [(one.period.lower, one.period.upper) for one in shift.breaks.all()]
    return Proposed(
        shift=shift,
        others=tuple(one for one in breaks if one != was),
        was=was,
        lunch=lunch,
        length=(was[1] - was[0]) if was else USUAL_LUNCH,
        alone=span_words(grid.moment_of(alone[0]), grid.moment_of(alone[-1] + 1), grid.zone) if alone else "",
    )
