"""Proposing a new day: from the rows of a clinic day to the plan with the least harm, and openings for those who leave.

Nothing is written. What was read is known by a fingerprint, so that whoever accepts later knows whether the day has
changed since.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.utils import timezone

from clinic.hours import ClinicDayKey, open_periods
from clinic.models import Clinic, Closure
from clinic.quarters import ClinicDate, ceil_quarter, local_date
from scheduling.chairs import chairs_beside
from scheduling.engine.day import Day, Stay, span, starts_of_runs
from scheduling.engine.replan import Guest, Limit, Plan, replan
from scheduling.habits import Habits
from scheduling.load import Days, Span, load_day, load_days
from scheduling.models import HELD, IN_CHAIR, Appointment, CallToMake, Status
from scheduling.needs import Needs, needs_of_many
from scheduling.openings import Opening, find_for

NOTICE = 4
"""Quarters before a new time begins that a patient is given at least to hear of it and to come."""

OVERDUE = timedelta(days=14)
"""So long from today on a place is looked for when the window has passed already."""

DAYS_LOOKED_AT = 60
"""Clinic days of a window on which the best opening is looked at, the nearest days first."""

SECONDS = 5.0
"""How long the best plan is looked for."""


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of one appointment: another day, another time, or for the same time another chair.

    `chair` is the planned one; None leaves the choice to the booking engine.
    """

    appointment: int
    version: int
    clinic: int
    start: datetime
    chair: int | None
    is_time: bool = True
    """Whether day or time change, not the chair alone."""


@dataclass(frozen=True)
class Proposal:
    """A day as it stands and as it could be.

    `openings` are where those go who leave, by appointment id; who leaves and has none stays booked until somebody has
    found a time. `alone` are the appointments whose move fits as the day stands, with nobody else moved. `seen` is the
    fingerprint of the day that this was made of.
    """

    clinic: Clinic
    date: date
    grid: ClinicDate
    day: Day
    guests: Mapping[int, Guest]
    plan: Plan
    appointments: Mapping[int, Appointment]
    openings: Mapping[int, Opening]
    moves: tuple[Move, ...]
    alone: frozenset[int]
    seen: str

    @property
    def stranded(self) -> tuple[int, ...]:
        """Who can't stay and has nowhere to go, by appointment id."""
        return tuple(pk for pk, start in self.plan.starts.items() if start is None and pk not in self.openings)


def fingerprint(day: Day) -> str:
    """What tells one state of a day from another: who sits where and when, chairs, hours and nurses."""
    facts = (
        day.open,
        [(chair.id, chair.kind, chair.usable) for chair in day.chairs],
        sorted((nurse.id, nurse.floor) for nurse in day.nurses),
        sorted((stay.id, stay.chair, stay.start, stay.end) for stay in (*day.stays, *day.held)),
    )
    return sha256(repr(facts).encode()).hexdigest()


def propose(*, clinic: Clinic, date: date, clinics: Sequence[Clinic], limit: Limit | None = None) -> Proposal:
    """The plan of a day with the least harm. Those who leave go to `clinics` at most, their own first."""
    grid = ClinicDate(date, clinic.zone)
    day = load_day(clinic=clinic, day=date)
    rows = Appointment.objects.filter(pk__in=[stay.id for stay in day.stays]).select_related(
        "plan__patient", "plan__therapy", "patient", "clinic", "chair"
    )
    appointments = {one.pk: one for one in rows}
    facts = _Facts(grid, day, appointments, clinics)
    guests = {stay.id: facts.guest(stay) for stay in day.stays}
    plan = replan(day, list(guests.values()), limit=limit or Limit(SECONDS))
    leaving = [appointments[pk] for pk, start in plan.starts.items() if start is None]
    openings = _other_days(leaving, facts)
    moves = tuple(_moves(grid, guests, plan, appointments, openings))
    return Proposal(
        clinic=clinic,
        date=date,
        grid=grid,
        day=day,
        guests=guests,
        plan=plan,
        appointments=appointments,
        openings=openings,
        moves=moves,
        alone=frozenset(move.appointment for move in moves if facts.fits_alone(move)),
        seen=fingerprint(day),
    )


def search_days(needs: Needs, today: date) -> tuple[date, date]:
    """The days on which a dose may be given and that suit it; once they have passed, the next two weeks."""
    first = max(needs.due.amber_from, needs.earliest or date.min, today)
    last = needs.due.amber_until if needs.due.amber_until >= today else today + OVERDUE
    return first, min(last, needs.latest or date.max)


class _Facts:
    """What is known of a day's patients, read at once."""

    def __init__(
        self, grid: ClinicDate, day: Day, appointments: Mapping[int, Appointment], clinics: Sequence[Clinic]
    ) -> None:
        self.grid, self.day, self.appointments, self.clinics = grid, day, appointments, clinics
        waiting = [one for one in appointments.values() if one.status in (Status.BOOKED, Status.ARRIVED)]
        self.needs: dict[int, Needs] = needs_of_many(
            doses={one.pk: (one.plan, one.dose_number, one) for one in waiting}
        )
        self.today = local_date(timezone.now(), grid.zone)
        self._periods = self._read_periods()
        self._often = Counter(one.patient_id for one in appointments.values())
        # Whom a plan has moved already is asked again last.
        self._moved = set(CallToMake.objects.filter(appointment__in=appointments).values_list("appointment", flat=True))
        self._closures = [
            span(max(grid.quarter_of(one.period.lower), 0), min(grid.quarter_of(one.period.upper), grid.length))
            for one in Closure.objects.filter(
                clinic__in={one.clinic_id for one in appointments.values()}, period__overlap=(grid.start, grid.end)
            )
        ]
        self._open = self._open_days()

    def guest(self, stay: Stay) -> Guest:
        """What may become of one of the day's appointments."""
        one = self.appointments[stay.id]
        needs = self.needs.get(one.pk)
        kinds = needs.kinds if needs else frozenset()
        suits = {chair.id for chair in self.day.chairs if not kinds or chair.kind in kinds}
        guest = Guest(
            id=one.pk,
            start=stay.start,
            length=stay.end - stay.start,
            new_length=needs.quarters if needs else stay.end - stay.start,
            chair=stay.chair,
            chairs=frozenset({stay.chair, *(suits if needs else ())}),
            may_leave=False,
            is_seated=one.status in (*IN_CHAIR, Status.DONE),
            is_confirmed=one.confirmed_at is not None or one.pk in self._moved,
        )
        if one.status != Status.BOOKED or needs is None:
            return guest
        return replace(
            guest,
            may_leave=True,
            may_stay=self._is_within_hours(one, stay),
            starts=self._starts(one, needs) & ~(1 << stay.start),
            has_other_day=self._has_other_day(needs),
        )

    def fits_alone(self, move: Move) -> bool:
        """Whether a move could be made as the day stands, with nobody else moved."""
        one = self.appointments[move.appointment]
        if not move.is_time:
            return move.chair in chairs_beside(self.day, one.pk)
        if (move.clinic, local_date(move.start, self.grid.zone)) != (one.clinic_id, self.grid.day):
            return True
        needs = self.needs[one.pk]
        possible = self.day.without(one.pk).starts(needs.quarters, kinds=needs.kinds)
        return any(starts >> self.grid.quarter_of(move.start) & 1 for starts in possible.values())

    def _is_within_hours(self, one: Appointment, stay: Stay) -> bool:
        """Whether the time need not change because of hours. What a manager has overridden stays, but for a closure."""
        outside = stay.quarters & ~self.day.open
        return not outside or (bool(one.override_reason) and not any(stay.quarters & shut for shut in self._closures))

    def _starts(self, one: Appointment, needs: Needs) -> int:
        """The quarters at which it could begin instead on this day."""
        too_close = (needs.earliest and self.grid.day < needs.earliest) or (
            needs.latest and self.grid.day > needs.latest
        )
        # Two visits of one patient on one day are left to people: each may stay or leave.
        if too_close or self._often[one.patient_id] > 1:
            return 0
        earliest = self.grid.quarter_of(ceil_quarter(timezone.now())) + NOTICE
        room = self.day.open & ~self._quarters_elsewhere(one)
        return starts_of_runs(room, needs.quarters) & ~span(0, max(earliest, 0))

    def _has_other_day(self, needs: Needs) -> bool:
        first, last = search_days(needs, self.today)
        return any(first <= day <= last for _, day in self._open if day != self.grid.day)

    def periods_without(self, one: Appointment) -> list[Span]:
        """When a patient sits in a chair, today or later, for anything but one appointment."""
        return [period for pk, period in self._periods.get(one.patient_id, ()) if pk != one.pk]

    def _read_periods(self) -> dict[int, list[tuple[int, Span]]]:
        """When the day's patients sit in a chair anywhere, from this day on or from now on, by patient id."""
        found: dict[int, list[tuple[int, Span]]] = {}
        held = Appointment.objects.filter(
            patient__in={one.patient_id for one in self.appointments.values()},
            status__in=HELD,
            period__endswith__gt=min(self.grid.start, timezone.now()),
        )
        for patient_id, pk, period in held.values_list("patient_id", "pk", "period"):
            found.setdefault(patient_id, []).append((pk, (period.lower, period.upper)))
        return found

    def _quarters_elsewhere(self, one: Appointment) -> int:
        """When a patient sits elsewhere on this day."""
        found = 0
        for start, end in self.periods_without(one):
            if start < self.grid.end and self.grid.start < end:
                found |= span(max(self.grid.quarter_of(start), 0), min(self.grid.quarter_of(end), self.grid.length))
        return found

    def _open_days(self) -> set[ClinicDayKey]:
        """The days on which somewhere is open, among those that come into question for anybody."""
        spans = [search_days(needs, self.today) for needs in self.needs.values()]
        first = min((first for first, _ in spans), default=self.today)
        last = max((last for _, last in spans), default=self.today)
        return set(open_periods(clinics=self.clinics, first_day=first, last_day=last)) if first <= last else set()


def _other_days(leaving: Iterable[Appointment], facts: _Facts) -> dict[int, Opening]:
    """An opening for each who leaves, no two of them the same: those with the fewest days to choose from go first."""
    ranges = {one.pk: search_days(facts.needs[one.pk], facts.today) for one in leaving}
    asked = [one for one in leaving if ranges[one.pk][0] <= ranges[one.pk][1]]
    if not asked or not facts.clinics:
        return {}
    days = load_days(
        clinics=facts.clinics,
        first_day=min(ranges[one.pk][0] for one in asked),
        last_day=max(ranges[one.pk][1] for one in asked),
    )
    found: dict[int, Opening] = {}
    patients: set[int] = set()
    for one in sorted(asked, key=lambda one: (ranges[one.pk][1] - ranges[one.pk][0], one.confirmed_at is None, one.pk)):
        # A second visit of the same patient is left to people: its time depends on where the first one goes.
        opening = None if one.patient_id in patients else _other_day(one, facts, days, ranges[one.pk])
        if opening is not None:
            found[one.pk] = opening
            patients.add(one.patient_id)
            grid = days.grid((opening.clinic.pk, opening.day))
            start, end = grid.quarter_of(opening.start), grid.quarter_of(opening.end)
            days.promise((opening.clinic.pk, opening.day), Stay(-one.pk, opening.chair_id, start, end))
    return found


def _other_day(one: Appointment, facts: _Facts, days: Days, between: tuple[date, date]) -> Opening | None:
    """The opening nearest to the old time, in the green window if there is one; at another clinic only where there is
    none at the same one."""
    here = [clinic for clinic in facts.clinics if clinic.pk == one.clinic_id]
    there = [clinic for clinic in facts.clinics if clinic.pk != one.clinic_id]
    for clinics in (here, there):
        openings = find_for(
            needs=facts.needs[one.pk],
            clinics=clinics,
            first_day=between[0],
            last_day=between[1],
            limit=DAYS_LOOKED_AT,
            per_day=1,
            near=one.start,
            moving=one,
            habits=Habits(None, None),
            days=days,
            elsewhere=facts.periods_without(one),
        )
        found = [
            opening
            for opening in openings
            if not opening.moves
            and (opening.day != facts.grid.day or (opening.clinic.pk != one.clinic_id and not _is_today(facts)))
        ]
        if found:
            return min(found, key=lambda opening: (opening.window != "green", opening.score, opening.start))
    return None


def _is_today(facts: _Facts) -> bool:
    """Whether the day is running: nobody is sent to another town within hours."""
    return facts.grid.day == facts.today


def _moves(
    grid: ClinicDate,
    guests: Mapping[int, Guest],
    plan: Plan,
    appointments: Mapping[int, Appointment],
    openings: Mapping[int, Opening],
) -> Iterable[Move]:
    for pk, start in plan.starts.items():
        one = appointments[pk]
        if start is None:
            if pk in openings:
                yield Move(pk, one.version, openings[pk].clinic.pk, openings[pk].start, None)
        elif start != guests[pk].start:
            yield Move(pk, one.version, one.clinic_id, grid.moment_of(start), plan.chairs[pk])
        elif plan.chairs[pk] != one.chair_id:
            yield Move(pk, one.version, one.clinic_id, one.start, plan.chairs[pk], is_time=False)
