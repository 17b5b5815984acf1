"""Who sits where, and who cares for whom: naming what the counts in `day` have shown to be possible.

Nurses are dealt with the fewest hand-overs, then the lighter load. When the only nurse free to start a patient has
three already, one of her patients is handed to a colleague. Places are coloured last: 3 always suffice when no
more than 3 patients overlap.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scheduling.engine.day import PATIENTS_PER_NURSE, Care, Day, Stay, run_length, span

SHORTEST_STAY = 4
"""Quarters of the shortest stay that can be sold: a gap below this in a chair is lost."""

NOBODY: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a new patient sits and who cares, and the care and the chairs of others that change with it."""

    chair: int
    care: tuple[Care, ...]
    changed: dict[int, tuple[Care, ...]] = field(default_factory=dict)
    moves: dict[int, int] = field(default_factory=dict)

    @property
    def hand_overs(self) -> int:
        """How often the patient changes nurse."""
        return len(self.care) - 1


class Floor:
    """Which nurse has how many patients at each quarter of a day, while care is being dealt."""

    def __init__(self, day: Day) -> None:
        self.floor = {nurse.id: nurse.floor for nurse in day.nurses}
        self.ones = dict.fromkeys(self.floor, 0)
        self.twos = dict.fromkeys(self.floor, 0)
        self.starts = dict.fromkeys(self.floor, 0)

    @classmethod
    def of(cls, day: Day) -> "Floor":
        """The floor with everybody's present care on it."""
        floor = cls(day)
        for stay in day.stays:
            floor.add(stay.care, starting=stay.start)
        return floor

    def add(self, care: Iterable[Care], *, starting: int | None) -> None:
        """Put care on the floor; `starting` is the quarter when the patient is started, if the care holds it."""
        for piece in care:
            quarters = span(piece.start, piece.end)
            carry = self.ones[piece.nurse] & quarters
            self.ones[piece.nurse] ^= quarters
            self.twos[piece.nurse] ^= carry
            if piece.start == starting:
                self.starts[piece.nurse] |= 1 << piece.start

    def remove(self, care: Iterable[Care], *, starting: int | None = None) -> None:
        """Take care off the floor again; `starting` as in `add`."""
        for piece in care:
            quarters = span(piece.start, piece.end)
            borrow = ~self.ones[piece.nurse] & quarters
            self.ones[piece.nurse] ^= quarters
            self.twos[piece.nurse] ^= borrow
            if piece.start == starting:
                self.starts[piece.nurse] &= ~(1 << piece.start)

    def free(self, nurse: int) -> int:
        """The quarters when a nurse is on the floor and has a free place."""
        return self.floor[nurse] & ~(self.ones[nurse] & self.twos[nurse])

    def load(self, nurse: int, start: int, end: int) -> int:
        """Patient-quarters that a nurse has during a stretch."""
        quarters = span(start, end)
        return (self.ones[nurse] & quarters).bit_count() + 2 * (self.twos[nurse] & quarters).bit_count()

    def may_start(self, nurse: int, quarter: int) -> bool:
        """Whether a nurse is on the floor and starts nobody else at a quarter."""
        return bool(self.floor[nurse] & ~self.starts[nurse] & (1 << quarter))


def choose_chair(day: Day, *, start: int, length: int, chairs: Iterable[int]) -> int:
    """Of the chairs free for a stay, the one that keeps the day easiest to sell.

    First the fewest gaps too short for another patient, then the plainest kind (beds and private rooms are kept for
    those who need them), then the order on the board.
    """
    room, suitable = day.chair_room, set(chairs)
    order = [chair for chair in day.chairs if chair.id in suitable]
    best = min(
        order, key=lambda chair: (lost_quarters(room[chair.id] & day.open, start, length), chair.kind != "recliner")
    )
    return best.id


def lost_quarters(room: int, start: int, length: int) -> int:
    """Quarters of a chair that a stay would leave in gaps too short for another patient."""
    after = run_length(room, start + length)
    before = 0
    while before < start and room >> (start - 1 - before) & 1:
        before += 1
    return sum(gap for gap in (before, after) if gap < SHORTEST_STAY)


def seat(day: Day, *, start: int, length: int, chairs: Iterable[int]) -> Seat:
    """Seat a new patient at a start that `Day.starts` gives for one of `chairs`."""
    return seat_in(day, start=start, length=length, chair=choose_chair(day, start=start, length=length, chairs=chairs))


def seat_in(day: Day, *, start: int, length: int, chair: int, moves: Mapping[int, int] = NOBODY) -> Seat:
    """Seat a new patient in a chair that is free, or is made so by giving others the chairs of `moves`."""
    changed: dict[int, tuple[Care, ...]] = {}
    care = deal(Floor.of(day), day.stays, start, start + length, starts=True, changed=changed)
    return Seat(chair=chair, care=care, changed=changed, moves=dict(moves))


def extra_care(day: Day, *, stay: Stay, end: int) -> tuple[Care, ...]:
    """The whole care of a stay that runs on until `end`, where `day` holds the stay and has room for it."""
    floor = Floor.of(day)
    more = cheapest_care(floor, stay.end, end, starts=False, before=stay.care[-1].nurse if stay.care else None)
    return join((*stay.care, *(more or ())))


def until(care: Iterable[Care], end: int) -> tuple[Care, ...]:
    """Care that stops at a quarter."""
    return tuple(
        Care(piece.nurse, piece.start, min(piece.end, end), piece.place) for piece in care if piece.start < end
    )


def join(care: Sequence[Care]) -> tuple[Care, ...]:
    """Care in order of time, with touching pieces of one nurse made one."""
    joined: list[Care] = []
    for piece in sorted(care, key=lambda piece: piece.start):
        last = joined[-1] if joined else None
        if last and last.nurse == piece.nurse and last.end == piece.start:
            joined[-1] = Care(last.nurse, last.start, piece.end, last.place)
        else:
            joined.append(piece)
    return tuple(joined)


def colour_places(care: Iterable[tuple[int, Care]]) -> dict[tuple[int, int], int]:
    """Give every piece of one nurse's care, as (stay id, piece), a place. Keyed by (stay id, start).

    From left to right each piece keeps the place it has if that is free, else takes the lowest free one. At most two
    others overlap where a piece begins, so one of the three is always free.
    """
    places: dict[tuple[int, int], int] = {}
    busy_until = [0] * (PATIENTS_PER_NURSE + 1)
    for stay_id, piece in sorted(care, key=lambda item: (item[1].start, item[0])):
        free = [place for place in range(1, PATIENTS_PER_NURSE + 1) if busy_until[place] <= piece.start]
        place = piece.place if piece.place in free else free[0]
        busy_until[place] = piece.end
        places[stay_id, piece.start] = place
    return places


def deal(
    floor: Floor,
    stays: Sequence[Stay],
    start: int,
    end: int,
    *,
    starts: bool,
    changed: dict[int, tuple[Care, ...]],
) -> tuple[Care, ...]:
    """Care for a stretch, dealt onto the floor. Hands another patient over where no other way starts this one.

    `changed` receives the new care of those who were handed over. The counts must hold.
    """
    care = cheapest_care(floor, start, end, starts=starts)
    if care is None:
        care = _start_by_handing_over(floor, stays, start, end, changed)
    floor.add(care, starting=start if starts else None)
    return care


def cheapest_care(
    floor: Floor, start: int, end: int, *, starts: bool, before: int | None = None, first: int | None = None
) -> tuple[Care, ...] | None:
    """The care with the fewest hand-overs, then the lighter load, that leaves everybody else's as it is.

    Taking at each hand-over the nurse who can stay longest gives the fewest. None where some quarter has no free
    place, or nobody free to start the patient. `first` is the nurse who is to begin, if it must be she.
    """
    care: list[Care] = []
    at, known = start, {before}
    while at < end:
        best: tuple[int, bool, int] | None = None
        chosen = 0
        for nurse in floor.floor:
            if at == start and (first not in (None, nurse) or (starts and not floor.may_start(nurse, at))):
                continue
            reach = min(run_length(floor.free(nurse), at), end - at)
            if not reach:
                continue
            rank = (reach, nurse in known, -floor.load(nurse, at, at + reach))
            if best is None or rank > best:
                best, chosen = rank, nurse
        if best is None:
            return None
        care.append(Care(chosen, at, at + best[0]))
        known.add(chosen)
        at += best[0]
    return join(care)


def _start_by_handing_over(
    floor: Floor, stays: Sequence[Stay], start: int, end: int, changed: dict[int, tuple[Care, ...]]
) -> tuple[Care, ...]:
    """Start a patient with a nurse who is full, after one of her patients went to a colleague who has room.

    The colleague is busy starting somebody else at that quarter, or she would have started this patient.
    Of all such pairs the one with the fewest hand-overs is taken.
    """
    best: tuple[int, Stay, Care, tuple[Care, ...], tuple[Care, ...], tuple[Care, ...]] | None = None
    full = {nurse for nurse in floor.floor if floor.may_start(nurse, start) and not floor.free(nurse) >> start & 1}
    for stay in stays:
        care = changed.get(stay.id, stay.care)
        held = next((piece for piece in care if piece.start <= start < piece.end and piece.nurse in full), None)
        if held is None:
            continue
        released = Care(held.nurse, start, held.end)
        first = Care(held.nurse, start, start + 1)
        floor.remove([released])
        floor.add([first], starting=None)
        handed = cheapest_care(floor, start, held.end, starts=False) or ()
        floor.add(handed, starting=None)
        rest = cheapest_care(floor, start + 1, end, starts=False, before=held.nurse)
        floor.remove([*handed, first])
        floor.add([released], starting=None)
        if not handed or rest is None:
            continue
        mine = join((first, *rest))
        theirs = join((*until(care, start), *handed, *(piece for piece in care if piece.start >= held.end)))
        cost = len(mine) + len(theirs) - len(care)
        if best is None or cost < best[0]:
            best = (cost, stay, released, handed, mine, theirs)
    if best is None:
        raise ValueError(f"no nurse can start a patient at quarter {start}: the counts do not hold")
    _, stay, released, handed, mine, theirs = best
    floor.remove([released])
    floor.add(handed, starting=None)
    changed[stay.id] = theirs
    return mine
