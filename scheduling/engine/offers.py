"""Ranking the starts of a day as the front desk would: near the due day, as the patient is used to, kind to the floor.

A score is a number of points, lower is better; one day away from the target costs `PER_DAY`. Every point has a reason
that can be said in a few words.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, chain

from scheduling.engine.day import PATIENTS_PER_NURSE, Day, each
from scheduling.engine.reseating import Reseater
from scheduling.engine.seating import Floor, cheapest_care, choose_chair, lost_quarters, seat_in

PER_DAY = 4
OUTSIDE_GREEN = 40
OUTSIDE_AMBER = 200
OTHER_CLINIC = 25
OTHER_WEEKDAY = 6
PER_QUARTER = 1
QUARTERS_COUNTED = 12
PER_HAND_OVER = 3
HAND_OVERS_COUNTED = 4
LEVEL = 10
"""Points of a stay while everything is full; a stay in a quiet stretch has next to none."""
LOST_GAP = 5
RESEAT = 40
"""Points when others get another chair for it: more than all else that sets the starts of a day apart, so openings
that need nobody to change come first on their day, and it weighs as much as ten days or leaving the green window."""
PER_RESEATED = 4
BUSY_SHARE = 0.75
"""A quarter is busy when the patients present would be above this share of what chairs and nurses can take."""
QUIET_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Wish:
    """What this patient's visit should be like on one clinic day, as points and words known before the hour is.

    `usual_quarter` is the quarter of the patient's usual hour on that day, None when there is none; `noon` that of
    12:00, which the clocks may shift.
    """

    length: int
    kinds: frozenset[str]
    earliest: int
    not_during: int
    points: int
    why: tuple[str, ...]
    usual_quarter: int | None
    noon: int = 48


@dataclass(frozen=True, slots=True)
class Offer:
    """A possible start on a day, with the chair it would take and why it ranks where it does.

    `moves` are the patients who get another chair for it, as (stay id, chair); usually nobody.
    """

    start: int
    chair: int
    hand_overs: int
    points: int
    why: tuple[str, ...]
    moves: tuple[tuple[int, int], ...] = ()


def offers(day: Day, wish: Wish) -> Iterator[Offer]:
    """Every start for which one chair is free throughout, in order of time. With `offers_by_reseating` complete and
    sound: offered if and only if it can be booked."""
    possible = day.starts(wish.length, kinds=wish.kinds, earliest=wish.earliest, not_during=wish.not_during)
    union = _union(possible.values())
    if not union:
        return
    scene = _Scene.of(day)
    for start in each(union):
        chairs = [chair for chair, starts in possible.items() if starts >> start & 1]
        chair = choose_chair(day, start=start, length=wish.length, chairs=chairs)
        gap = lost_quarters(day.chair_room[chair] & day.open, start, wish.length)
        yield _offer(scene, wish, start, chair, gap)


def offers_by_reseating(day: Day, wish: Wish) -> Iterator[Offer]:
    """Every start that is possible only when others get another chair for the same time, in order of time."""
    room, firsts = day.room_for_one(earliest=wish.earliest, not_during=wish.not_during)
    reseater = Reseater(day, kinds=wish.kinds)
    possible = reseater.starts(room, firsts, wish.length)
    if possible:
        plain = day.starts(wish.length, kinds=wish.kinds, earliest=wish.earliest, not_during=wish.not_during)
        possible &= ~_union(plain.values())
    if not possible:
        return
    scene = _Scene.of(day)
    for start in each(possible):
        found = reseater.seat(start=start, length=wish.length)
        if found is not None:
            plain_offer = _offer(scene, wish, start, found.chair, 0)
            points = plain_offer.points + RESEAT + PER_RESEATED * len(found.moves)
            yield replace(plain_offer, points=points, moves=tuple(found.moves.items()))


@dataclass(frozen=True, slots=True)
class _Scene:
    """A day as every start of it is judged: who cares now, and how full each quarter would be with one patient more.

    `filled` and `busy` are sums from the first quarter on, so that a stay costs two looks however long it is.
    """

    day: Day
    floor: Floor
    filled: list[float]
    busy: list[int]

    @classmethod
    def of(cls, day: Day) -> "_Scene":
        shares = _shares(day)
        return cls(
            day,
            Floor.of(day),
            list(accumulate(shares, initial=0.0)),
            list(accumulate((int(share > BUSY_SHARE) for share in shares), initial=0)),
        )

    def level(self, start: int, length: int, noon: int) -> tuple[int, str]:
        """Points and words for how full the day is while a stay would last."""
        share = (self.filled[start + length] - self.filled[start]) / length
        busy = self.busy[start + length] - self.busy[start]
        if busy * 2 > length:
            words = "adds to the busy hours"
        elif share <= QUIET_SHARE and self.busy[-1]:
            words = "quiet morning" if start < noon else "quiet afternoon"
        else:
            words = ""
        return int(LEVEL * share), words


def _shares(day: Day) -> list[float]:
    """How full each quarter would be with one patient more, of what chairs and nurses can take; 0 where none can."""
    chairs = [0] * day.length
    for usable, count in Counter(chair.usable for chair in day.chairs).items():
        for quarter in each(usable & day.open):
            chairs[quarter] += count
    limits = [min(PATIENTS_PER_NURSE * nurses, here) for nurses, here in zip(day.on_floor, chairs, strict=True)]
    return [
        min((present + 1) / limit, 1.0) if limit else 0.0 for present, limit in zip(day.present, limits, strict=True)
    ]


def _union(sets: Iterable[int]) -> int:
    union = 0
    for quarters in sets:
        union |= quarters
    return union


def distance_points(days: int, *, window: str) -> int:
    """Points for being some days from the target, given the window that the day falls in."""
    return PER_DAY * abs(days) + {"green": 0, "amber": OUTSIDE_GREEN}.get(window, OUTSIDE_AMBER)


def _offer(scene: _Scene, wish: Wish, start: int, chair: int, gap: int) -> Offer:
    care = cheapest_care(scene.floor, start, start + wish.length, starts=True)
    if care is None:
        hand_overs = seat_in(scene.day, start=start, length=wish.length, chair=chair).hand_overs
    else:
        hand_overs = len(care) - 1
    parts = [
        _hour(wish, start),
        (PER_HAND_OVER * min(hand_overs, HAND_OVERS_COUNTED), _hand_over_words(hand_overs)),
        scene.level(start, wish.length, wish.noon),
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
