"""How long it takes to plan a day again: clinics of 12, 24 and 60 chairs, full to 70 %, one nurse sick.

`rows()` is what a table of results is made of. The day is made from a seed, the same each time.
"""

import random
import time
from dataclasses import asdict, dataclass, replace

from scheduling.engine.day import ChairDay, Day, NurseDay, Stay, each, span
from scheduling.engine.redeal import redeal
from scheduling.engine.replan import Guest, Limit, replan
from scheduling.engine.seating import seat

SIZES = (12, 24, 60)
OPENS, CLOSES = 32, 68
"""8:00 and 17:00, in quarters of an hour."""

LOAD = 0.7
LENGTHS = (6, 8, 9, 10, 10, 14, 18, 24)
MARKS = {12: 1.0, 24: 2.0, 60: 8.0}
"""Seconds within which every goal is to be proved on two cores."""

PATIENCE = 30.0


@dataclass(frozen=True)
class Row:
    """One day planned again. `gaps` says how far each goal may be from the best; all 0 when all is proved."""

    chairs: int
    appointments: int
    left: int
    moved: int
    seconds: float
    seconds_by_goal: dict[str, float]
    gaps: dict[str, int]
    mark: float

    @property
    def is_met(self) -> bool:
        """Whether every goal was proved within the mark."""
        return self.seconds <= self.mark and not any(self.gaps.values())


def rows(sizes: tuple[int, ...] = SIZES) -> list[Row]:
    """Plan each day again and say what came of it."""
    replan(*full_day(4), limit=Limit(1.0))  # The solver's loading is not part of the time.
    return [row(chairs) for chairs in sizes]


def row(chairs: int) -> Row:
    """Plan the day of one size again."""
    day, guests = full_day(chairs)
    began = time.perf_counter()
    plan = replan(day, guests, limit=Limit(PATIENCE))
    seconds = time.perf_counter() - began
    return Row(
        chairs=chairs,
        appointments=len(guests),
        left=sum(start is None for start in plan.starts.values()),
        moved=sum(plan.starts[guest.id] not in (None, guest.start) for guest in guests),
        seconds=round(seconds, 3),
        seconds_by_goal={goal.name: round(goal.seconds, 3) for goal in plan.goals},
        gaps={goal.name: goal.value - goal.least for goal in plan.goals},
        mark=MARKS.get(chairs, PATIENCE),
    )


def full_day(chairs: int, *, seed: int = 7) -> tuple[Day, list[Guest]]:
    """A day booked to 70 % of its chair time, and what may become of everybody after the first nurse called in sick."""
    draw = random.Random(seed)
    day = Day(
        length=96,
        open=span(OPENS, CLOSES),
        chairs=tuple(ChairDay(n + 1, "bed" if n % 12 == 11 else "recliner", span(0, 96)) for n in range(chairs)),
        nurses=tuple(_nurse(n) for n in range(-(-chairs // 3))),
    )
    wanted, number = LOAD * chairs * (CLOSES - OPENS), 0
    while wanted > 0:
        length = draw.choice(LENGTHS)
        choices = [(chair, start) for chair, starts in day.starts(length).items() for start in each(starts)]
        number += 1
        if number > 40 * chairs:
            break
        if not choices:
            continue
        chair, start = draw.choice(choices)
        found = seat(day, start=start, length=length, chairs=[chair])
        stays = tuple(replace(stay, care=found.changed.get(stay.id, stay.care)) for stay in day.stays)
        day = replace(day, stays=(*stays, Stay(number, found.chair, start, start + length, found.care)))
        wanted -= length
    recliners = frozenset(chair.id for chair in day.chairs if chair.kind == "recliner")
    every = frozenset(chair.id for chair in day.chairs)
    guests = [
        Guest(
            id=stay.id,
            start=stay.start,
            length=stay.end - stay.start,
            new_length=stay.end - stay.start,
            chair=stay.chair,
            chairs=(recliners if stay.id % 3 else every) | {stay.chair},
            starts=span(OPENS, CLOSES - (stay.end - stay.start) + 1),
            is_confirmed=draw.random() < 0.5,
        )
        for stay in day.stays
    ]
    short = replace(day, nurses=day.nurses[1:])
    care = redeal(short).care
    return replace(short, stays=tuple(replace(stay, care=care[stay.id]) for stay in short.stays)), guests


def _nurse(number: int) -> NurseDay:
    """A nurse from 8 to 5 with half an hour of lunch, one after the other between 11:00 and 14:00."""
    lunch = 44 + 2 * (number % 6)
    return NurseDay(100 + number, span(OPENS, CLOSES) & ~span(lunch, lunch + 2))


if __name__ == "__main__":
    for each_row in rows():
        print(asdict(each_row))
