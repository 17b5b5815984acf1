"""Ranking the starts of a day as the front desk would: near the due day, as the patient is used to, kind to the floor.

A score is a number of points, lower is better; one day away from the target costs `PER_DAY`. Every point has a reason
that can be said in a few words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from scheduling.engine.day import PATIENTS_PER_NURSE, Day, each, span
from scheduling.engine.seating import Floor, cheapest_care, choose_chair, lost_quarters, seat

PER_DAY = 4
OUTSIDE_GREEN = 40
OUTSIDE_AMBER = 200
OTHER_CLINIC = 25
OTHER_WEEKDAY = 6
PER_QUARTER = 1
QUARTERS_COUNTED = 12
PER_HAND_OVER = 3
PEAK = 8
LOST_GAP = 5
BUSY_SHARE = 0.75
"""A quarter counts as peak when the patients present would be above this share of what the nurses can take."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What this patient's visit should be like on one clinic day, as points and words known before the hour is.

    `usual_quarter` is the quarter of the patient's usual hour on that day, None when there is none.
    """

    length: int
    kinds: frozenset[str]
    earliest: int
    not_during: int
    points: int
    why: tuple[str, ...]
    usual_quarter: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A possible start on a day, with the chair it would take and why it ranks where it does."""

    start: int
    chair: int
    hand_overs: int
    points: int
    why: tuple[str, ...]


def offers(day: Day, wish: Wish) -> Iterator[Offer]:
    """Every possible start of a day, in order of time. Complete and sound: offered if and only if it can be booked."""
    possible = day.starts(wish.length, kinds=wish.kinds, earliest=wish.earliest, not_during=wish.not_during)
    union = 0
    for starts in possible.values():
        union |= starts
    if not union:
        return
    floor, peak = Floor.of(day), peak_quarters(day)
    for start in each(union):
        chairs = [chair for chair, starts in possible.items() if starts >> start & 1]
        yield _offer(day, wish, floor, peak, start, chairs)


def peak_quarters(day: Day) -> int:
    """The quarters that one patient more would push above the busy share of the nurses' capacity."""
    busy = 0
    for quarter, (present, nurses) in enumerate(zip(day.present, day.on_floor, strict=True)):
        if nurses and present + 1 > BUSY_SHARE * PATIENTS_PER_NURSE * nurses:
            busy |= 1 << quarter
    return busy


def distance_points(days: int, *, window: str) -> int:
    """Points for being some days from the target, given the window that the day falls in."""
    return PER_DAY * abs(days) + {"green": 0, "amber": OUTSIDE_GREEN}.get(window, OUTSIDE_AMBER)


def _offer(day: Day, wish: Wish, floor: Floor, peak: int, start: int, chairs: list[int]) -> Offer:
    chair = choose_chair(day, start=start, length=wish.length, chairs=chairs)
    care = cheapest_care(floor, start, start + wish.length, starts=True)
    hand_overs = len(care) - 1 if care else seat(day, start=start, length=wish.length, chairs=[chair]).hand_overs
    gap = lost_quarters(day.chair_room[chair] & day.open, start, wish.length)
    in_peak = (peak & span(start, start + wish.length)).bit_count()
    parts = [
        _hour(wish, start),
        (PER_HAND_OVER * hand_overs, _hand_over_words(hand_overs)),
        (PEAK * in_peak // wish.length, "adds to the busy hours" if in_peak * 2 > wish.length else ""),
        (LOST_GAP if gap else 0, f"leaves {gap * 15} min unused" if gap else ""),
    ]
    return Offer(
        start=start,
        chair=chair,
        hand_overs=hand_overs,
        points=wish.points + sum(points for points, _ in parts),
        why=tuple(chain(wish.why, (words for _, words in parts if words))),
    )


def _hour(wish: Wish, start: int) -> tuple[int, str]:
    if wish.usual_quarter is None:
        return 0, ""
    away = abs(start - wish.usual_quarter)
    return PER_QUARTER * min(away, QUARTERS_COUNTED), "usual hour" if away <= 2 else ""


def _hand_over_words(count: int) -> str:
    return {0: "same nurse throughout", 1: "1 hand-over"}.get(count, f"{count} hand-overs")
