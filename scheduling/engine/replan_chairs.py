"""Who sits where, for starts that are chosen already, with the fewest changes of chair.

Chairs out of service, patients who sit already and chairs held for somebody can leave a stay without any single chair,
although at every quarter one is free. Then it is said which guests stand against each other. Pure: no Django, no
database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from scheduling.engine.day import Day, span
from scheduling.engine.replan import Guest, Limit, Starts
from scheduling.engine.replan_starts import Cut, run

GIVEN_UP, CHANGED, SPECIAL = 10_000, 10, 1
"""What it costs to leave a guest without a chair, to change a chair, to use a bed or a private room without need."""


@dataclass(frozen=True, slots=True)
class Dealt:
    """Everybody's chair by id; who had to be given up for want of one; who stays in a chair that is out of service."""

    chairs: dict[int, int]
    given_up: frozenset[int] = frozenset()
    unseated: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Stay:
    """A stay that needs a chair, and those it may have."""

    guest: Guest
    start: int
    end: int
    chairs: tuple[int, ...]
    is_new: bool


def deal_chairs(day: Day, guests: Sequence[Guest], starts: Starts, *, limit: Limit) -> Dealt:
    """Chairs for all who stay, with as few given up and as few changed as possible."""
    stays = list(_stays(day, guests, starts))
    usable = _usable(day)
    model, sits = _model(stays)
    costs: list[cp_model.LinearExprT] = []
    for stay in stays:
        mine = [sits[stay.guest.id, chair] for chair in stay.chairs]
        if stay.guest.is_fixed:
            model.add_exactly_one(mine)
        else:
            model.add_at_most_one(mine)
            costs.append(GIVEN_UP * (1 - sum(mine)))
        costs += [_cost(day, usable, stay, chair) * sits[stay.guest.id, chair] for chair in stay.chairs]
        for chair in stay.chairs:
            model.add_hint(sits[stay.guest.id, chair], chair == stay.guest.chair and not stay.is_new)
    model.minimize(sum(costs))
    solver, is_found = run(model, Limit(max(limit.seconds, 1.0), limit.work))
    limit.spend(seconds=solver.wall_time, work=solver.response_proto.deterministic_time)
    chosen = {pk: chair for (pk, chair), here in sits.items() if is_found and solver.boolean_value(here)}
    if not is_found:
        # Nobody changes chair: whoever may not keep the one on record is given up.
        chosen = {
            stay.guest.id: stay.guest.chair for stay in stays if not stay.is_new and stay.guest.chair in stay.chairs
        }
    return Dealt(
        chairs=chosen,
        given_up=frozenset(stay.guest.id for stay in stays if stay.guest.id not in chosen),
        unseated=frozenset(
            stay.guest.id
            for stay in stays
            if stay.guest.is_fixed and _is_out(usable, stay, chosen[stay.guest.id]) and not stay.guest.is_seated
        ),
    )


def reason_against(day: Day, guests: Sequence[Guest], starts: Starts, *, limit: Limit) -> Cut:
    """Guests and starts for whom there is no way to seat them all. Empty where none was found in time."""
    stays = list(_stays(day, guests, starts))
    model, sits = _model(stays)
    wanted: dict[int, _Stay] = {}
    for stay in stays:
        mine = [sits[stay.guest.id, chair] for chair in stay.chairs]
        if stay.guest.is_fixed:
            model.add_exactly_one(mine)
            continue
        has_chair = model.new_bool_var("")
        model.add_exactly_one(mine).only_enforce_if(has_chair)
        wanted[has_chair.index] = stay
        model.add_assumption(has_chair)
    solver, is_found = run(model, limit)
    if is_found:
        return ()
    core = [wanted[index] for index in solver.sufficient_assumptions_for_infeasibility()]
    return tuple((stay.guest.id, stay.start) for stay in core)


def _stays(day: Day, guests: Sequence[Guest], starts: Starts) -> Iterator[_Stay]:
    usable = _usable(day)
    held = dict.fromkeys(usable, 0)
    for one in day.held:
        held[one.chair] = held.get(one.chair, 0) | one.quarters
    for guest in guests:
        start = starts[guest.id]
        if start is None:
            continue
        end, is_new = start + guest.length_at(start), start != guest.start
        quarters = span(start, end)
        chairs = [
            chair for chair in sorted(guest.chairs) if not quarters & (~usable.get(chair, 0) | held.get(chair, 0))
        ]
        keeps = not is_new and (guest.is_fixed or not quarters & ~usable.get(guest.chair, 0))
        if keeps and guest.chair not in chairs:
            chairs.append(guest.chair)
        yield _Stay(guest, start, end, (guest.chair,) if guest.is_seated else tuple(chairs), is_new)


def _model(stays: Sequence[_Stay]) -> tuple[cp_model.CpModel, dict[tuple[int, int], cp_model.IntVar]]:
    """Who sits where, and no two in one chair at a time: of those present when somebody starts, one at most."""
    model = cp_model.CpModel()
    sits = {(stay.guest.id, chair): model.new_bool_var("") for stay in stays for chair in stay.chairs}
    of_chair: dict[int, list[_Stay]] = {}
    for stay in stays:
        for chair in stay.chairs:
            of_chair.setdefault(chair, []).append(stay)
    for chair, those in of_chair.items():
        for at in {stay.start for stay in those}:
            here = [sits[stay.guest.id, chair] for stay in those if stay.start <= at < stay.end]
            if len(here) > 1:
                model.add_at_most_one(here)
    return model, sits


def _usable(day: Day) -> dict[int, int]:
    return {chair.id: chair.usable for chair in day.chairs}


def _is_out(usable: dict[int, int], stay: _Stay, chair: int) -> bool:
    return bool(span(stay.start, stay.end) & ~usable.get(chair, 0))


def _cost(day: Day, usable: dict[int, int], stay: _Stay, chair: int) -> int:
    """What it costs to seat a guest in a chair. Someone newly put has none to change."""
    if stay.guest.is_fixed and not stay.guest.is_seated and _is_out(usable, stay, chair):
        return GIVEN_UP
    if not stay.is_new:
        return CHANGED if chair != stay.guest.chair else 0
    kinds = {one.id: one.kind for one in day.chairs}
    return SPECIAL if kinds[chair] != "recliner" else 0
