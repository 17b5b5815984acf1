"""A proposed day as its page shows it: today beside the proposal, patient by patient, each with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from clinic.models import Chair, Nurse
from scheduling.engine.day import PATIENTS_PER_NURSE, Stay, each, span
from scheduling.engine.replan import Goal
from scheduling.models import Status
from scheduling.queries.dose import Fit
from scheduling.queries.who import Who
from scheduling.replan_day import Move, Proposal
from scheduling.wording import clock_words, day_words, span_words

WINDOWS = {"green": Fit("green", "done", "In the window"), "amber": Fit("amber", "short", "At the window’s edge")}


@dataclass(frozen=True, slots=True)
class Side:
    """Where and when a visit is, and who cares."""

    when: str
    where: str
    care: str


@dataclass(frozen=True, slots=True)
class Line:
    """One patient: today, the proposal, and why. `waits` says what has to be accepted first; empty: nothing."""

    id: int
    who: Who
    dose: str
    today: Side
    proposed: Side
    why: str
    fit: Fit | None
    is_confirmed: bool
    can_accept: bool
    waits: str


@dataclass(frozen=True, slots=True)
class Group:
    """Patients to whom the same happens."""

    name: str
    title: str
    lead: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole proposal."""

    groups: tuple[Group, ...]
    stranded: tuple[Line, ...]
    bare: tuple[Line, ...]
    moves: int
    told: int
    unchanged: int
    gaps: tuple[str, ...]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to do and nothing to worry about."""
        return not (self.moves or self.stranded or self.bare)


def page_of(proposal: Proposal) -> Page:
    """The proposal in words. Two queries."""
    return _Drawing(proposal).page()


def reasons_of(proposal: Proposal) -> dict[int, str]:
    """Why each appointment is moved, by id, for the call to its patient."""
    drawing = _Drawing(proposal)
    return {move.appointment: drawing.why(move.appointment) for move in proposal.moves}


@dataclass
class _Drawing:
    proposal: Proposal

    @cached_property
    def nurses(self) -> Mapping[int, str]:
        """Names of the nurses who care on either day."""
        ids = {
            piece.nurse for day in (self.proposal.day, self.proposal.plan.day) for s in day.stays for piece in s.care
        }
        return dict(Nurse.objects.filter(pk__in=ids).values_list("pk", "name"))

    @cached_property
    def chairs(self) -> Mapping[int, str]:
        """Names of the clinic's chairs."""
        return dict(Chair.objects.filter(clinic=self.proposal.clinic).values_list("pk", "name"))

    @cached_property
    def before(self) -> Mapping[int, Stay]:
        """Everybody's stay today."""
        return {stay.id: stay for stay in self.proposal.day.stays}

    @cached_property
    def after(self) -> Mapping[int, Stay]:
        """Everybody's stay on the proposed day."""
        return {stay.id: stay for stay in self.proposal.plan.day.stays}

    def page(self) -> Page:
        plan, moves = self.proposal.plan, self.proposal.moves
        gone = [move for move in moves if plan.starts[move.appointment] is None]
        times = [move for move in moves if move.is_time and plan.starts[move.appointment] is not None]
        chairs = [move for move in moves if not move.is_time]
        handed = [pk for pk in self.after if self._changes_nurse(pk) and pk not in {one.appointment for one in moves}]
        groups = (
            Group(
                "day", "To another day or clinic", "They will be told, and stand on the list of calls.", self._all(gone)
            ),
            Group(
                "time", "Another time, same day", "They will be told, and stand on the list of calls.", self._all(times)
            ),
            Group("chair", "Same time, another chair", "Nobody need be told.", self._all(chairs)),
            Group(
                "nurse",
                "Same time, another nurse",
                "Happens by itself with the moves above.",
                tuple(self._line(pk) for pk in sorted(handed, key=lambda pk: self.before[pk].start)),
            ),
        )
        touched = {move.appointment for move in moves} | set(handed) | set(self.proposal.stranded)
        return Page(
            groups=tuple(group for group in groups if group.lines),
            stranded=tuple(self._line(pk) for pk in self.proposal.stranded),
            bare=tuple(self._line(pk) for pk in sorted(plan.uncovered | plan.unseated)),
            moves=len(moves),
            told=len(gone) + len(times),
            unchanged=len(self.before) - len(touched),
            gaps=tuple(_gap(goal) for goal in plan.goals if not goal.is_proved),
        )

    def _all(self, moves: Sequence[Move]) -> tuple[Line, ...]:
        by_start = sorted(moves, key=lambda move: (self.before[move.appointment].start, move.appointment))
        return tuple(self._line(move.appointment, move) for move in by_start)

    def _line(self, pk: int, move: Move | None = None) -> Line:
        one = self.proposal.appointments[pk]
        opening = self.proposal.openings.get(pk)
        can_accept = move is not None and pk in self.proposal.alone
        return Line(
            id=pk,
            who=Who.of(one.patient),
            dose=f"{one.plan.therapy} dose {one.dose_number}",
            today=self._side(self.before[pk]),
            proposed=self._proposed(pk),
            why=self.why(pk),
            fit=WINDOWS.get(opening.window) if opening else None,
            is_confirmed=one.status == Status.BOOKED and one.confirmed_at is not None,
            can_accept=can_accept,
            waits="" if can_accept or move is None else self._waits(move),
        )

    def _proposed(self, pk: int) -> Side:
        opening = self.proposal.openings.get(pk)
        if opening is not None:
            zone = opening.clinic.zone
            where = opening.clinic.name if opening.clinic.pk != self.proposal.clinic.pk else ""
            return Side(f"{day_words(opening.day)}, {span_words(opening.start, opening.end, zone)}", where, "")
        return self._side(self.after[pk]) if pk in self.after else Side("", "", "")

    def _side(self, stay: Stay) -> Side:
        return Side(self._span(stay.start, stay.end), self.chairs.get(stay.chair, ""), self._care(stay))

    def _span(self, start: int, end: int) -> str:
        grid = self.proposal.grid
        return span_words(grid.moment_of(start), grid.moment_of(end), grid.zone)

    def _care(self, stay: Stay) -> str:
        """Who cares, in order, and when nobody does."""
        names = [self.nurses.get(piece.nurse, "?") for piece in stay.care]
        in_order = [name for index, name in enumerate(names) if index == 0 or name != names[index - 1]]
        bare = stay.quarters
        for piece in stay.care:
            bare &= ~span(piece.start, piece.end)
        return ", then ".join(in_order) + (f"{', ' if names else ''}no nurse {self._first_run(bare)}" if bare else "")

    def _changes_nurse(self, pk: int) -> bool:
        def who(stay: Stay) -> list[tuple[int, int, int]]:
            return [(piece.nurse, piece.start, piece.end) for piece in stay.care]

        return who(self.before[pk]) != who(self.after[pk])

    def _name(self, pk: int) -> str:
        return str(self.proposal.appointments[pk].patient)

    def why(self, pk: int) -> str:
        """Why a visit can't stay as it is: its own trouble, else for whom it makes room."""
        return next(self._troubles(pk), None) or self._makes_room(pk)

    def _troubles(self, pk: int) -> Iterator[str]:
        day, stay = self.proposal.day, self.before[pk]
        out = stay.quarters & ~next((chair.usable for chair in day.chairs if chair.id == stay.chair), 0)
        if shut := stay.quarters & ~day.open:
            yield f"The clinic is closed {self._first_run(shut)}."
        if out:
            yield f"{self.chairs.get(stay.chair, 'The chair')} is out of service {self._first_run(out)}."
        present, nurses = self._present, day.on_floor
        over = sum(1 << at for at in each(stay.quarters) if present[at] > PATIENTS_PER_NURSE * nurses[at])
        if over:
            at = next(iter(each(over)))
            room = PATIENTS_PER_NURSE * nurses[at]
            yield (
                f"{present[at]} patients are booked {self._first_run(over)}, and the nurses can take {room}."
                if room
                else f"No nurse is on the floor {self._first_run(over)}."
            )
        begin = sum(other.start == stay.start for other in day.stays)
        if begin > nurses[stay.start]:
            clock = clock_words(self.proposal.grid.moment_of(stay.start), self.proposal.grid.zone)
            yield f"{begin} start at {clock}, and {nurses[stay.start]} can be started."

    @cached_property
    def _present(self) -> list[int]:
        """How many are booked at each quarter, chairs held for somebody aside."""
        counts = [0] * self.proposal.day.length
        for stay in self.proposal.day.stays:
            for at in range(stay.start, stay.end):
                counts[at] += 1
        return counts

    def _first_run(self, quarters: int) -> str:
        """The first stretch of a set of quarters, as a span of time."""
        start = next(iter(each(quarters)))
        end = start
        while quarters >> end & 1:
            end += 1
        return self._span(start, end)

    def _makes_room(self, pk: int) -> str:
        mine = self.before[pk].quarters
        new = [
            other
            for other, stay in self.after.items()
            if other != pk and stay.quarters & mine and stay.start != self.before[other].start
        ]
        seats = [
            other
            for other, stay in self.after.items()
            if other != pk and stay.chair == self.before[pk].chair and stay.quarters & mine
        ]
        if names := "; ".join(self._name(other) for other in (seats or new)[:2]):
            return f"Makes room for {names}."
        return "The nurse who had this patient is not on the floor." if self._loses_nurse(pk) else "Keeps the day even."

    def _loses_nurse(self, pk: int) -> bool:
        covered = 0
        for piece in self.before[pk].care:
            covered |= span(piece.start, piece.end)
        return bool(self.before[pk].quarters & ~covered)

    def _waits(self, move: Move) -> str:
        """Whose moves have to be accepted first."""
        stay = self.after.get(move.appointment)
        if stay is None:
            return ""
        moved = {one.appointment for one in self.proposal.moves} - {move.appointment}
        there = [other for other in sorted(moved) if self.before[other].quarters & stay.quarters]
        if not move.is_time:
            there = [other for other in there if self.before[other].chair == stay.chair]
        names = "; ".join(self._name(other) for other in there[:2])
        more = f" and {len(there) - 2} more" if len(there) > 2 else ""
        return f"Waits for {names}{more}" if names else "Only with all the others"


def _gap(goal: Goal) -> str:
    """How far a goal may be from the best, in words."""
    off = goal.value - goal.least
    people = "1 patient" if off == 1 else f"{off} patients"
    return {
        "another day": f"Perhaps up to {people} fewer would have to leave the day.",
        "another time": f"Perhaps up to {people} fewer would need another time.",
        "confirmed ones": f"Perhaps up to {people} fewer of those touched need be confirmed ones.",
        "quarters": f"Perhaps the times could differ by up to {off * 15} minutes less in all.",
        "third patients": f"Perhaps the nurses’ load could be more even, by up to {off * 15} patient minutes.",
    }[goal.name]
