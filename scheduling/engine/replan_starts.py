"""Who starts when, with the least harm: counts per quarter hour, solved goal after goal by CP-SAT.

One yes or no for each guest and each quarter at which it may start. At every quarter the patients present stay within
what the nurses on the floor can take, and those who suit only some chairs within those chairs that are in service and
not sat in; no more start than nurses are on the floor. Pure: no Django, no database.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from math import ceil

from ortools.sat.python import cp_model

from scheduling.engine.day import PATIENTS_PER_NURSE, Day, span
from scheduling.engine.replan import Goal, Guest, Limit, Starts, going, harm

NAMES = ("another day", "another time", "confirmed ones", "quarters", "third patients")

Cut = tuple[tuple[int, int], ...]
"""Guests and starts, as (id, quarter), that cannot all be had together."""

SEED = 20261207


@dataclass(frozen=True)
class Found:
    """The best starts found, and what is known of every goal."""

    starts: Starts
    goals: tuple[Goal, ...]


def best_starts(day: Day, guests: Sequence[Guest], *, cuts: Sequence[Cut], limit: Limit) -> Found:
    """Starts with the least harm within the counts. Where time runs out, the best known so far."""
    starts = simplest(day, guests, cuts)
    model = _Model(day, guests)
    for cut in cuts:
        model.cut(cut)
    goals: list[Goal] = []
    for index, name in enumerate(NAMES):
        value = astuple(harm(day, guests, starts))[index]
        # Where nobody leaves and nobody moves, there is one choice of starts only.
        least, seconds = (value if _is_untouched(guests, starts) else 0), 0.0
        if value > least and not limit.is_spent:
            better, least, seconds = model.solve(index, starts, limit)
            starts = better or starts
            value = astuple(harm(day, guests, starts))[index]
        goals.append(Goal(name, value, min(least, value), seconds))
        model.hold(index, value)
    return Found(starts, tuple(goals))


def _is_untouched(guests: Sequence[Guest], starts: Starts) -> bool:
    return all(starts[guest.id] == guest.start for guest in guests)


def run(model: cp_model.CpModel, limit: Limit) -> tuple[cp_model.CpSolver, bool]:
    """Solve within a limit, the same way each time. Says whether anything was found."""
    solver = cp_model.CpSolver()
    # One worker does the same work every time and leaves the other core to the clinic. The counts of consecutive
    # quarters are nearly a network: their linear relaxation is all but whole, and presolve costs more than it saves.
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.linearization_level = 2
    solver.parameters.cp_model_presolve = False
    solver.parameters.max_time_in_seconds = limit.seconds
    if limit.work is not None:
        solver.parameters.max_deterministic_time = limit.work
    status = solver.solve(model)
    limit.spend(seconds=solver.wall_time, work=solver.response_proto.deterministic_time)
    return solver, status in (cp_model.OPTIMAL, cp_model.FEASIBLE)


def simplest(day: Day, guests: Sequence[Guest], cuts: Sequence[Cut] = ()) -> Starts:
    """Starts that are surely possible: whoever fits stays, confirmed ones first and short stays first; others leave."""
    rooms = _Rooms(day, guests)
    starts: Starts = {guest.id: guest.start if guest.is_fixed else None for guest in guests}
    flexible = [guest for guest in guests if not guest.is_fixed and guest.may_stay]
    for guest in sorted(flexible, key=lambda guest: (not guest.is_confirmed, guest.length, guest.id)):
        starts[guest.id] = guest.start
        if any(all(starts[pk] == at for pk, at in cut) for cut in cuts) or not rooms.take(guest):
            starts[guest.id] = None
    return starts


@dataclass
class _Rooms:
    """What is left for the guests who may be moved, after those who may not: places, starts, and chairs by set."""

    day: Day
    guests: Sequence[Guest]
    places: list[int] = field(init=False)
    firsts: list[int] = field(init=False)
    chairs: dict[frozenset[int], list[int]] = field(init=False)

    def __post_init__(self) -> None:
        fixed = [guest for guest in self.guests if guest.is_fixed]
        here = _present(self.day, fixed)
        begin = [sum(guest.start == quarter for guest in fixed) for quarter in range(self.day.length)]
        floor = self.day.on_floor
        self.places = [max(0, PATIENTS_PER_NURSE * floor[at] - here[at]) for at in range(self.day.length)]
        self.firsts = [max(0, floor[at] - begin[at]) for at in range(self.day.length)]
        sets = {guest.chairs for guest in self.guests if not guest.is_fixed}
        self.chairs = {one: self._free(one, fixed) for one in {*sets, frozenset().union(*sets)}}

    def _free(self, chairs: frozenset[int], fixed: Sequence[Guest]) -> list[int]:
        """How many of some chairs are in service and not sat in, less those who wait for one of them, by quarter."""
        usable = {chair.id: chair.usable for chair in self.day.chairs if chair.id in chairs}
        for guest in fixed:
            if guest.is_seated and guest.chair in usable:
                usable[guest.chair] &= ~span(guest.start, guest.start + guest.length)
        waiting = _present(self.day, [guest for guest in fixed if not guest.is_seated and guest.chairs <= chairs])
        return [
            max(0, sum(quarters >> at & 1 for quarters in usable.values()) - waiting[at])
            for at in range(self.day.length)
        ]

    def take(self, guest: Guest) -> bool:
        """Let a guest stay at its own time if there is room, and take that room."""
        stay = range(guest.start, guest.start + guest.length)
        mine = [free for chairs, free in self.chairs.items() if guest.chairs <= chairs]
        if not self.firsts[guest.start] or not all(room[at] for room in (self.places, *mine) for at in stay):
            return False
        self.firsts[guest.start] -= 1
        for room in (self.places, *mine):
            for at in stay:
                room[at] -= 1
        return True


def _present(day: Day, guests: Sequence[Guest]) -> list[int]:
    counts = [0] * day.length
    for guest in guests:
        for quarter in range(guest.start, guest.start + guest.length):
            counts[quarter] += 1
    return counts


class _Model:
    """The yes-or-no questions of a day, its counts, and its goals."""

    def __init__(self, day: Day, guests: Sequence[Guest]) -> None:
        self.day, self.guests = day, guests
        self.model = cp_model.CpModel()
        self.stays: dict[tuple[int, int], cp_model.IntVar] = {}
        self.leaves: dict[int, cp_model.IntVar] = {}
        self.flexible = [guest for guest in guests if not guest.is_fixed]
        for guest in self.flexible:
            self.leaves[guest.id] = self.model.new_bool_var("")
            for start in guest.options():
                self.stays[guest.id, start] = self.model.new_bool_var("")
            self.model.add_exactly_one(
                [self.leaves[guest.id], *(self.stays[guest.id, start] for start in guest.options())]
            )
        self.here = self._by_quarter()
        self.rooms = _Rooms(day, guests)
        self._count()
        self.goals = self._goals()

    def _by_quarter(self) -> list[list[tuple[Guest, int, cp_model.IntVar]]]:
        """Who may be present at each quarter, by guest and start."""
        here: list[list[tuple[Guest, int, cp_model.IntVar]]] = [[] for _ in range(self.day.length)]
        for guest in self.flexible:
            for start in guest.options():
                for quarter in range(start, start + guest.length_at(start)):
                    here[quarter].append((guest, start, self.stays[guest.id, start]))
        return here

    def _count(self) -> None:
        # A chair that is held for somebody counts wherever a patient is newly put, as in booking; who stays, stays.
        held = [sum(one.start <= at < one.end for one in self.day.held) for at in range(self.day.length)]
        held_firsts = [sum(one.start == at for one in self.day.held) for at in range(self.day.length)]
        for at, here in enumerate(self.here):
            self._at_most(here, self.rooms.places[at], held[at])
            self._at_most([one for one in here if one[1] == at], self.rooms.firsts[at], held_firsts[at])
            for chairs, free in self.rooms.chairs.items():
                self._at_most([one for one in here if one[0].chairs <= chairs], free[at], 0)

    def _at_most(self, here: list[tuple[Guest, int, cp_model.IntVar]], room: int, held: int) -> None:
        newly = [stays for guest, start, stays in here if start != guest.start]
        total = sum(stays for _, _, stays in here)
        if len({guest.id for guest, _, _ in here}) > room:
            self.model.add(total <= room)
        if held and newly:
            any_new = self.model.new_bool_var("")
            for stays in newly:
                self.model.add_implication(stays, any_new)
            self.model.add(total <= room - held).only_enforce_if(any_new)

    def cut(self, cut: Cut) -> None:
        """Forbid a combination of starts."""
        self.model.add_bool_or([self.stays[key].negated() for key in cut if key in self.stays])

    def _goals(self) -> tuple[cp_model.LinearExprT, ...]:
        """What each goal makes small: the numbers that `harm` counts, without what cannot be helped."""
        moved = [
            (guest, start, self.stays[guest.id, start])
            for guest in self.flexible
            for start in guest.options()
            if start != guest.start
        ]
        gone = [(guest, self.leaves[guest.id]) for guest in self.flexible]
        return (
            sum(going(guest) * leaves for guest, leaves in gone),
            sum(stays for _, _, stays in moved),
            sum(leaves for guest, leaves in gone if guest.is_confirmed)
            + sum(stays for guest, _, stays in moved if guest.is_confirmed),
            sum(abs(start - guest.start) * stays for guest, start, stays in moved),
            self._thirds(),
        )

    def _thirds(self) -> cp_model.LinearExprT:
        fixed = _present(self.day, [guest for guest in self.guests if guest.is_fixed])
        above: list[cp_model.LinearExprT] = []
        for at, here in enumerate(self.here):
            most = fixed[at] + len({guest.id for guest, _, _ in here}) - 2 * self.day.on_floor[at]
            if most > 0:
                over = self.model.new_int_var(0, most, "")
                total = sum(stays for _, _, stays in here)
                self.model.add(over >= total + fixed[at] - 2 * self.day.on_floor[at])
                above.append(over)
        return sum(above)

    def solve(self, index: int, starts: Starts, limit: Limit) -> tuple[Starts | None, int, float]:
        """Make one goal as small as possible, from known starts on: better starts, the least it can be, and seconds."""
        self.model.clear_hints()
        for guest in self.flexible:
            self.model.add_hint(self.leaves[guest.id], starts[guest.id] is None)
            for start in guest.options():
                self.model.add_hint(self.stays[guest.id, start], starts[guest.id] == start)
        self.model.minimize(self.goals[index])
        solver, is_found = run(self.model, limit)
        if not is_found:
            return None, 0, solver.wall_time
        least = max(0, ceil(solver.best_objective_bound - 1e-6))
        found: Starts = {guest.id: guest.start for guest in self.guests}
        for guest in self.flexible:
            found[guest.id] = next(
                (start for start in guest.options() if solver.boolean_value(self.stays[guest.id, start])), None
            )
        return found, least, solver.wall_time

    def hold(self, index: int, value: int) -> None:
        """Let no later goal make this one worse."""
        self.model.add(self.goals[index] <= value)
