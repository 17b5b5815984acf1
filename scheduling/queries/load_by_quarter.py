"""A clinic day's load by quarter hour: the patients booked, and how many nurses and chairs can take. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import NamedTuple

from scheduling.engine.day import PATIENTS_PER_NURSE, Day, each


class Load(NamedTuple):
    """One quarter hour. All are counts of patients, but for `nurses`. A page makes and compares a thousand of them."""

    booked: int
    held: int
    """Chairs kept for patients who have not answered an offer yet."""
    nurses: int
    """Nurses on the floor."""
    chairs: int
    """Chairs in service."""
    is_open: bool

    @property
    def cover(self) -> int:
        """How many patients the nurses on the floor can care for."""
        return PATIENTS_PER_NURSE * self.nurses

    @property
    def limit(self) -> int:
        """How many patients can be there: cover and chairs must both suffice."""
        return min(self.cover, self.chairs)

    @property
    def is_over(self) -> bool:
        """Whether more are booked than nurses or chairs can take."""
        return self.booked > self.limit

    @property
    def is_full(self) -> bool:
        """Whether somebody is booked and nobody more fits, those offered a chair included."""
        return self.booked + self.held > 0 and self.booked + self.held >= self.limit


@dataclass(frozen=True, slots=True)
class LoadStretch:
    """Quarters from `start` up to `end` during which the load is the same."""

    start: int
    end: int
    load: Load


def load_by_quarter(day: Day) -> tuple[Load, ...]:
    """The load of every quarter hour of a day, from local midnight."""
    chairs = [0] * day.length
    for usable, count in Counter(chair.usable for chair in day.chairs).items():
        for quarter in each(usable):
            chairs[quarter] += count
    steps = [0] * (day.length + 1)
    for stay in day.stays:
        steps[stay.start] += 1
        steps[stay.end] -= 1
    return tuple(
        Load(
            booked=booked,
            held=present - booked,
            nurses=nurses,
            chairs=in_service,
            is_open=bool(day.open >> at & 1),
        )
        for at, (booked, present, nurses, in_service) in enumerate(
            zip(accumulate(steps[:-1]), day.present, day.on_floor, chairs, strict=True)
        )
    )


def stretches(loads: Sequence[Load]) -> Iterable[LoadStretch]:
    """The same load said once: runs of quarters that do not differ, in order."""
    for load, run in groupby(range(len(loads)), key=loads.__getitem__):
        quarters = list(run)
        yield LoadStretch(quarters[0], quarters[-1] + 1, load)
