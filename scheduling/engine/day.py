"""A clinic day as integers and intervals, and the counts that say which starts are possible.

A quarter hour is an index from local midnight; a set of quarters is an integer with one bit each.

Count first, name later: a stay is possible when, at every quarter of it, one chair of the right kind is free and the
patients present stay within 3 × nurses on the floor, and when at its first quarter fewer patients start than nurses
are on the floor. Which nurse and which of her places is a colouring that always exists when the counts hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

PATIENTS_PER_NURSE = 3


def span(start: int, end: int) -> int:
    """The quarters from `start` up to, not including, `end`."""
    return ((1 << (end - start)) - 1) << start if end > start else 0


def starts_of_runs(quarters: int, length: int) -> int:
    """The quarters at which `length` quarters in a row begin."""
    have = 1
    while have < length and quarters:
        step = min(have, length - have)
        quarters &= quarters >> step
        have += step
    return quarters


def run_length(quarters: int, start: int) -> int:
    """How many quarters in a row are set from `start` on."""
    rest = quarters >> start
    return (~rest & (rest + 1)).bit_length() - 1


def each(quarters: int) -> Iterable[int]:
    """The indices of the quarters in a set, in order."""
    while quarters:
        lowest = quarters & -quarters
        yield lowest.bit_length() - 1
        quarters ^= lowest


@dataclass(frozen=True, slots=True)
class Care:
    """A nurse cares for a patient from quarter `start` up to `end`, in one of her places."""

    nurse: int
    start: int
    end: int
    place: int = 0


@dataclass(frozen=True, slots=True)
class Stay:
    """A patient who holds a chair from quarter `start` up to `end`.

    `in_chair`: sits there already, moves no more. `is_expected`: has not arrived, so chair and nurse may still change.
    """

    id: int
    chair: int
    start: int
    end: int
    care: tuple[Care, ...] = ()
    in_chair: bool = False
    is_expected: bool = False

    @property
    def quarters(self) -> int:
        """The quarters of the stay as a set."""
        return span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class ChairDay:
    """A chair, and the quarters when it is in service."""

    id: int
    kind: str
    usable: int


@dataclass(frozen=True, slots=True)
class NurseDay:
    """A nurse, and the quarters when she is on the floor."""

    id: int
    floor: int


@dataclass(frozen=True)
class Day:
    """One clinic on one date: what is open, who works, who sits where.

    `held` are stays that are promised to somebody who has not answered yet. They count wherever a new patient is
    looked for, as if they were booked; but nobody cares for them, and when nurses run short they stand back.
    """

    length: int
    open: int
    chairs: tuple[ChairDay, ...] = ()
    nurses: tuple[NurseDay, ...] = ()
    stays: tuple[Stay, ...] = field(default=())
    held: tuple[Stay, ...] = ()

    @cached_property
    def present(self) -> list[int]:
        """How many patients are present at each quarter, or may be because a chair is held for them."""
        steps = [0] * (self.length + 1)
        for stay in (*self.stays, *self.held):
            steps[stay.start] += 1
            steps[stay.end] -= 1
        return list(accumulate(steps))[: self.length]

    @cached_property
    def on_floor(self) -> list[int]:
        """How many nurses are on the floor at each quarter."""
        counts = [0] * self.length
        for nurse in self.nurses:
            for quarter in each(nurse.floor):
                counts[quarter] += 1
        return counts

    @cached_property
    def starting(self) -> list[int]:
        """How many patients start at each quarter."""
        counts = [0] * self.length
        for stay in (*self.stays, *self.held):
            counts[stay.start] += 1
        return counts

    @cached_property
    def care_room(self) -> int:
        """The quarters at which the nurses on the floor can take one more patient."""
        return _as_set(
            here < PATIENTS_PER_NURSE * nurses for here, nurses in zip(self.present, self.on_floor, strict=True)
        )

    @cached_property
    def start_room(self) -> int:
        """The quarters at which a nurse on the floor starts nobody yet."""
        return _as_set(starts < nurses for starts, nurses in zip(self.starting, self.on_floor, strict=True))

    @cached_property
    def chair_room(self) -> dict[int, int]:
        """For each chair the quarters when it is in service and empty."""
        room = {chair.id: chair.usable for chair in self.chairs}
        for stay in (*self.stays, *self.held):
            if stay.chair in room:
                room[stay.chair] &= ~stay.quarters
        return room

    def starts(
        self,
        length: int,
        *,
        kinds: frozenset[str] = frozenset(),
        earliest: int = 0,
        not_during: int = 0,
        within_hours: bool = True,
    ) -> dict[int, int]:
        """For each chair, the quarters at which a stay of `length` quarters can start. Chairs without any are left out.

        `kinds`: chairs that suit (empty: all). `not_during`: quarters when this patient sits elsewhere.
        `within_hours=False` also allows time outside opening hours, for a manager's override.
        """
        room, firsts = self.room_for_one(earliest=earliest, not_during=not_during, within_hours=within_hours)
        found: dict[int, int] = {}
        if not starts_of_runs(room, length) & firsts:
            return found
        chair_room = self.chair_room
        for chair in self.chairs:
            if kinds and chair.kind not in kinds:
                continue
            possible = starts_of_runs(room & chair_room[chair.id], length) & firsts
            if possible:
                found[chair.id] = possible
        return found

    def room_for_one(self, *, earliest: int = 0, not_during: int = 0, within_hours: bool = True) -> tuple[int, int]:
        """The quarters at which one patient more may be present, and those at which one may start; chairs aside."""
        room = self.care_room & ~not_during
        return room & self.open if within_hours else room, self.start_room & ~span(0, max(earliest, 0))

    def without(self, stay_id: int) -> "Day":
        """The same day as if one stay were not there."""
        left = tuple(stay for stay in self.stays if stay.id != stay_id)
        return replace(self, stays=left)

    def with_stay(self, stay: Stay) -> "Day":
        """The same day with one stay more."""
        return replace(self, stays=(*self.stays, stay))


def _as_set(flags: Iterable[bool]) -> int:
    quarters = 0
    for index, flag in enumerate(flags):
        if flag:
            quarters |= 1 << index
    return quarters
