"""Seating one patient more by giving others another chair for the same time.

No single chair need be free for the whole stay: it is enough that at every quarter one of its kind is. Chairs of a kind
are dealt among patients who have not arrived; who is here, chairs out of service and chairs held for an answer stay as
they are. A chair is only changed for one of the same kind, so whatever a patient or a therapy needs is kept.

Where nothing stands fixed further on, going from left to right always succeeds: at the start of each stay fewer
patients than chairs are present, so whoever lost a chair finds another. A search that looks for fewer changes, and
for a way round what is fixed, is exact as far as `MOST_LOOKS` lets it look; small days it searches whole.
"""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass

from scheduling.engine.day import Day, Stay, starts_of_runs

MOST_LOOKS = 6_000
"""How many times a search for one start looks at a chair. Bounds the time of one start to a few milliseconds."""

FIRST_CHAIRS = 3
"""From how many chairs for the newcomer chairs are dealt from left to right; the one with the fewest changes counts."""


@dataclass(frozen=True, slots=True)
class Reseating:
    """The chair of a new patient, and the new chairs of others by stay id. All times stay as they are."""

    chair: int
    moves: dict[int, int]


class Reseater:
    """The chairs of a day, one kind at a time, ready to be dealt again for any start of a new patient."""

    def __init__(self, day: Day, *, kinds: Collection[str]) -> None:
        names = dict.fromkeys(chair.kind for chair in day.chairs if not kinds or chair.kind in kinds)
        # Plain chairs before beds and private rooms, which are kept for those who need them.
        self._kinds = [_Kind(day, kind) for kind in sorted(names, key=lambda kind: kind != "recliner")]

    def starts(self, room: int, firsts: int, length: int) -> int:
        """The starts at which the chairs of one kind together are free, whether or not they can be dealt so."""
        found = 0
        for kind in self._kinds:
            found |= starts_of_runs(room & kind.free_somewhere, length)
        return found & firsts

    def seat(self, *, start: int, length: int) -> Reseating | None:
        """The fewest changes of chair that make room for a stay; None where there are no such changes."""
        newcomer = Stay(0, 0, start, start + length)
        found = [one for kind in self._kinds if (one := kind.seat(newcomer))]
        return min(found, key=lambda one: len(one.moves), default=None)


class _Kind:
    """The chairs of one kind, with those who may change."""

    def __init__(self, day: Day, kind: str) -> None:
        self.chairs = [chair.id for chair in day.chairs if chair.kind == kind]
        self.room = {chair.id: chair.usable for chair in day.chairs if chair.kind == kind}
        """The quarters of each chair when it is in service and holds nobody who must stay."""
        self.guests: dict[int, list[Stay]] = {chair: [] for chair in self.chairs}
        """Who may change, by chair, in order of time."""
        self.free_somewhere = 0
        for stay in sorted((*day.stays, *day.held), key=lambda stay: stay.start):
            if stay.chair not in self.room:
                continue
            if stay.is_expected:
                self.guests[stay.chair].append(stay)
            else:
                self.room[stay.chair] &= ~stay.quarters
        self._arrivals = {chair: [guest.start for guest in guests] for chair, guests in self.guests.items()}
        for chair in self.chairs:
            self.free_somewhere |= day.chair_room[chair]

    def seat(self, newcomer: Stay) -> Reseating | None:
        """The fewest changes that make room for a newcomer, whose id is 0."""
        quarters = newcomer.quarters
        if quarters & ~self.free_somewhere or all(quarters & ~room for room in self.room.values()):
            return None
        best = self._from_left_to_right(newcomer)
        most = len(best.moves) - 1 if best else sum(len(guests) for guests in self.guests.values())
        search = _Search(self, newcomer)
        for count in range(1, most + 1):
            if found := search.within(count):
                return found
            if search.looks_left <= 0:
                break
        return best

    def _from_left_to_right(self, newcomer: Stay) -> Reseating | None:
        """The newcomer takes a chair that is free at its start; whoever loses a chair takes one free by then."""
        start = newcomer.start
        busy_until = {
            chair: max((guest.end for guest in guests if guest.start < start), default=0)
            for chair, guests in self.guests.items()
        }
        later = sorted(
            ((guest, own) for own, guests in self.guests.items() for guest in guests if guest.start >= start),
            key=lambda item: item[0].start,
        )
        dealt = (
            self._deal(newcomer, chair, dict(busy_until), later)
            for chair in sorted(
                self._free_for(newcomer, busy_until), key=lambda chair: -self._next_start(chair, start)
            )[:FIRST_CHAIRS]
        )
        return min((one for one in dealt if one), key=lambda one: len(one.moves), default=None)

    def _deal(
        self, newcomer: Stay, chair: int, busy_until: dict[int, int], later: list[tuple[Stay, int]]
    ) -> Reseating | None:
        busy_until[chair] = newcomer.end
        moves: dict[int, int] = {}
        for one, own in later:
            to = own
            if busy_until[own] > one.start:
                free = self._free_for(one, busy_until)
                if not free:
                    return None
                to = moves[one.id] = max(free, key=lambda each: self._next_start(each, one.start))
            busy_until[to] = one.end
        return Reseating(chair, moves)

    def _free_for(self, one: Stay, busy_until: dict[int, int]) -> list[int]:
        quarters = one.quarters
        return [chair for chair in self.chairs if busy_until[chair] <= one.start and not quarters & ~self.room[chair]]

    def _next_start(self, chair: int, start: int) -> int:
        """When a chair's own next guest comes: whoever sits down where that is latest disturbs least."""
        arrivals = self._arrivals[chair]
        following = bisect_left(arrivals, start)
        return arrivals[following] if following < len(arrivals) else 1 << 30


class _Search:
    """Looks for changes that make room, trying every chair for everybody who has to go: the fewest are found."""

    def __init__(self, kind: _Kind, newcomer: Stay) -> None:
        self._chairs = kind.chairs
        self._newcomer = newcomer
        self._room = dict(kind.room)
        self._guests = {chair: list(guests) for chair, guests in kind.guests.items()}
        self._seated: dict[int, int] = {}
        self.looks_left = MOST_LOOKS

    def within(self, most: int) -> Reseating | None:
        """Room for the newcomer with at most so many changes; None if there is none, or nothing is left to look."""
        if not self._seat([self._newcomer], most):
            return None
        moves = dict(self._seated)
        return Reseating(moves.pop(self._newcomer.id), moves)

    def _seat(self, waiting: list[Stay], most: int) -> bool:
        """Seat all who wait, sending away at most so many others, each of whom waits then."""
        if not waiting:
            return True
        *rest, one = waiting
        self.looks_left -= len(self._chairs)
        for chair, in_the_way in self._choices(one, most):
            if self.looks_left <= 0:
                return False
            self._room[chair] &= ~one.quarters
            for guest in in_the_way:
                self._guests[chair].remove(guest)
            self._seated[one.id] = chair
            if self._seat([*rest, *in_the_way], most - len(in_the_way)):
                return True
            del self._seated[one.id]
            self._guests[chair] += in_the_way
            self._room[chair] |= one.quarters
        return False

    def _choices(self, one: Stay, most: int) -> list[tuple[int, list[Stay]]]:
        """The chairs for somebody who waits, each with those who have to go for it: the fewest first."""
        quarters = one.quarters
        found = []
        for chair in self._chairs:
            if quarters & ~self._room[chair]:
                continue
            in_the_way = [guest for guest in self._guests[chair] if guest.start < one.end and one.start < guest.end]
            if len(in_the_way) <= most:
                found.append((chair, in_the_way))
        found.sort(key=lambda choice: len(choice[1]))
        return found
