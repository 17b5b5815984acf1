"""The best new day after a nurse, a chair or hours were lost: whom to leave, whom to move, and to which quarter.

What may become of each patient is a `Guest`; what should is a `Plan`. Harm is counted goal by goal, the first goal
first, each held at its best while the next is solved:

1. patients who leave the day; one who has no other day to go to counts as two;
2. patients who stay and get another time;
3. patients among both who have confirmed;
4. quarters by which times differ;
5. patients who are a nurse's third, quarter by quarter, so that the load stays flat.

Chairs are dealt then with the fewest changes, and nurses as after any change (`redeal`). Counts that hold nearly always
can be dealt. Where chairs cannot, that combination is cut off and the goals are solved again, so no plan is given that
cannot be booked. Pure: no Django, no database.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

from scheduling.engine.day import Day, Stay, each
from scheduling.engine.redeal import redeal
from scheduling.engine.seating import seat

Starts = dict[int, int | None]
"""Where each guest starts, by id; None: leaves the day."""

MOST_CUTS = 12


@dataclass(frozen=True, slots=True)
class Guest:
    """A patient of the day, and what may become of the appointment.

    `starts` are the quarters at which it could begin instead, for `new_length` quarters. `may_stay`: its time need not
    change. `chairs` are those that suit. Who may neither leave nor begin at another time stays, come what may.
    """

    id: int
    start: int
    length: int
    chair: int
    chairs: frozenset[int]
    new_length: int = 0
    starts: int = 0
    may_stay: bool = True
    may_leave: bool = True
    is_seated: bool = False
    is_confirmed: bool = False
    has_other_day: bool = True

    @property
    def is_fixed(self) -> bool:
        """Whether its time is not to be touched."""
        return not self.may_leave

    def length_at(self, start: int) -> int:
        """Quarters of the stay when it begins at a quarter."""
        return self.length if start == self.start and (self.may_stay or self.is_fixed) else self.new_length

    def options(self) -> list[int]:
        """Every quarter at which it may begin, its own first."""
        own = [self.start] if self.may_stay or self.is_fixed else []
        return own + [quarter for quarter in each(self.starts) if quarter != self.start]


@dataclass(frozen=True, slots=True)
class Goal:
    """One kind of harm: how much a plan does, and how much any plan does at least."""

    name: str
    value: int
    least: int
    seconds: float = 0.0

    @property
    def is_proved(self) -> bool:
        """Whether no plan does less."""
        return self.least >= self.value


@dataclass
class Limit:
    """How long solving may take: seconds, or for tests the solver's own count of its work, which no clock sways."""

    seconds: float = 5.0
    work: float | None = None

    def spend(self, *, seconds: float, work: float) -> None:
        """Take what a solver has used."""
        self.seconds = max(self.seconds - seconds, 0.0)
        if self.work is not None:
            self.work = max(self.work - work, 0.0)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.seconds <= 0 or (self.work is not None and self.work <= 0)


@dataclass(frozen=True)
class Plan:
    """A day that can be booked: where everybody starts and sits, and how good it is.

    `day` is the day as it would be, with everybody's care. `uncovered` are patients whose time is not to be touched and
    whom the nurses cannot care for throughout; `unseated` those of them whose chair is out of service.
    """

    starts: Starts
    chairs: dict[int, int]
    goals: tuple[Goal, ...]
    day: Day
    uncovered: frozenset[int] = frozenset()
    unseated: frozenset[int] = frozenset()

    @property
    def is_proved(self) -> bool:
        """Whether no plan does less harm."""
        return all(goal.is_proved for goal in self.goals)


@dataclass(frozen=True, slots=True)
class Harm:
    """What a choice of starts does to the patients, in the order of the goals."""

    gone: int
    changed: int
    confirmed: int
    quarters: int
    thirds: int


def harm(day: Day, guests: Sequence[Guest], starts: Starts) -> Harm:
    """Count the harm of a choice of starts."""
    gone = [guest for guest in guests if starts[guest.id] is None]
    moves = [(guest, start) for guest in guests if (start := starts[guest.id]) is not None]
    changed = [(guest, start) for guest, start in moves if start != guest.start]
    present = [0] * day.length
    for guest, start in moves:
        for quarter in range(start, start + guest.length_at(start)):
            present[quarter] += 1
    return Harm(
        gone=sum(going(guest) for guest in gone),
        changed=len(changed),
        confirmed=sum(guest.is_confirmed for guest in (*gone, *(guest for guest, _ in changed))),
        quarters=sum(abs(start - guest.start) for guest, start in changed),
        thirds=sum(max(0, here - 2 * nurses) for here, nurses in zip(present, day.on_floor, strict=True)),
    )


def replan(day: Day, guests: Sequence[Guest], *, limit: Limit | None = None) -> Plan:
    """The plan with the least harm. Always gives one that can be booked; its goals say whether a better one may exist.

    `day` is the day as it stands, with every guest among its stays.
    """
    # Loading the solver takes most of a second, and few processes ever plan a day again.
    from scheduling.engine.replan_chairs import deal_chairs, reason_against
    from scheduling.engine.replan_starts import best_starts

    limit = limit or Limit()
    cuts: list[tuple[tuple[int, int], ...]] = []
    while True:
        found = best_starts(day, guests, cuts=cuts, limit=limit)
        dealt = deal_chairs(day, guests, found.starts, limit=limit)
        if not dealt.given_up:
            break
        core = reason_against(day, guests, found.starts, limit=limit)
        if not core or len(cuts) >= MOST_CUTS or limit.is_spent:
            break
        cuts.append(core)
    starts = {**found.starts, **dict.fromkeys(dealt.given_up, None)}
    after, uncovered = carry_out(day, guests, starts, dealt.chairs)
    must_go = {guest.id for guest in guests if guest.id in uncovered and not guest.is_fixed}
    if must_go:
        starts = {**starts, **dict.fromkeys(must_go, None)}
        after, uncovered = carry_out(day, guests, starts, dealt.chairs)
    return Plan(
        starts=starts,
        chairs={pk: chair for pk, chair in dealt.chairs.items() if starts[pk] is not None},
        goals=found.goals if starts == found.starts else _weighed_again(day, guests, starts, found.goals),
        day=after,
        uncovered=uncovered,
        unseated=dealt.unseated,
    )


def _weighed_again(day: Day, guests: Sequence[Guest], starts: Starts, goals: Sequence[Goal]) -> tuple[Goal, ...]:
    """The goals of a plan that was mended: what is known of the least still holds for the first of them."""
    seen = astuple(harm(day, guests, starts))
    return tuple(
        replace(goal, value=value, least=min(goal.least, value) if index == 0 else 0)
        for index, (goal, value) in enumerate(zip(goals, seen, strict=True))
    )


def going(guest: Guest) -> int:
    """What it counts that a guest leaves the day."""
    return 1 if guest.has_other_day else 2


def carry_out(day: Day, guests: Sequence[Guest], starts: Starts, chairs: dict[int, int]) -> tuple[Day, frozenset[int]]:
    """The day after a plan, and whom nobody can care for throughout: as the booking engine will do it.

    Everybody who goes or gets another time is lifted off first, then seated again one by one; last the nurses are dealt
    to whoever has none.
    """
    by_id = {guest.id: guest for guest in guests}
    lifted = {pk for pk, start in starts.items() if start != by_id[pk].start}
    left = [stay for stay in day.stays if stay.id not in lifted]
    now = replace(day, stays=tuple(replace(stay, chair=chairs.get(stay.id, stay.chair)) for stay in left))
    for pk in sorted(lifted):
        start = starts[pk]
        if start is not None:
            now = _with(now, by_id[pk], start, chairs[pk])
    dealt = redeal(now)
    care = tuple(replace(stay, care=dealt.care[stay.id]) for stay in now.stays)
    return replace(now, stays=care), dealt.uncovered


def _with(day: Day, guest: Guest, start: int, chair: int) -> Day:
    length = guest.length_at(start)
    found = seat(day, start=start, length=length, chairs=[chair])
    stays = tuple(replace(stay, care=found.changed.get(stay.id, stay.care)) for stay in day.stays)
    return replace(day, stays=(*stays, Stay(guest.id, chair, start, start + length, found.care)))
