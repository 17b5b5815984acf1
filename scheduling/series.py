"""Many doses at once: proposed inside their windows at the patient's usual weekday and hour, then booked all or none.

Nothing is written by a proposal. Each dose's window follows from the days proposed for the doses before it. Doses on
consecutive days (a course of Lemtrada, a relapse treated for three days) are one block at one clinic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from clinic.hours import open_periods
from clinic.models import Clinic, User
from clinic.quarters import at_wall_clock, local_date
from patients import course
from patients.models import TreatmentPlan
from scheduling.habits import Habits, habits_of
from scheduling.locks import guarded, lock
from scheduling.models import Appointment, Status
from scheduling.needs import Needs, given_and_booked, needs_of
from scheduling.openings import Opening, find_for
from scheduling.placing import place, put_elsewhere
from scheduling.record import day_of
from scheduling.redealing import heal_day
from scheduling.refusals import NotAvailable
from therapies.series import DueDose

MOST_DOSES = 26
CHOICES = 3
BEYOND = timedelta(days=28)
"""How far past its window a dose is looked for when nothing is free inside."""


@dataclass(frozen=True, slots=True)
class Step:
    """One dose of a proposed series: when it is due, and the openings that fit it, best first.

    The first choice is what the doses after it count from. No choices: nothing is free near the window.
    `moves` is the appointment that would be moved, where the dose is booked already.
    """

    dose_number: int
    due: DueDose
    choices: tuple[Opening, ...]
    moves: Appointment | None = None

    @property
    def is_in_window(self) -> bool:
        """Whether the best choice lies in the green or amber window."""
        return bool(self.choices) and self.choices[0].window in {"green", "amber"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A dose, and the time chosen for it."""

    dose_number: int
    clinic: Clinic
    start: datetime


class SeriesClash(NotAvailable):
    """One dose of a series can't be as chosen, so none was written. `dose_number` says which."""

    def __init__(self, refusal: NotAvailable, dose_number: int) -> None:
        super().__init__(
            f"Dose {dose_number}: {refusal.reason} Nothing was booked.",
            code=refusal.code,
            alternatives=refusal.alternatives,
            collisions=refusal.collisions,
        )
        self.dose_number = dose_number


def propose(
    *, plan: TreatmentPlan, count: int, clinics: Sequence[Clinic], not_before: date | None = None
) -> list[Step]:
    """Times for the next `count` doses of a plan that are neither given nor booked. Fewer when the course ends.

    The first dose sets weekday, hour and clinic for the rest where the plan has no habits yet.
    """
    today = max(timezone.localdate(), not_before or date.min)
    given, booked = given_and_booked(plan=plan)
    dates = {**given, **booked}
    number = course.next_number(plan=plan, booked=dates)
    habits = habits_of(plan=plan)
    assumed: dict[int, date] = {}
    steps: list[Step] = []
    while number is not None and len(steps) < min(count, MOST_DOSES):
        block = _propose_block(plan, number, clinics, today, assumed, habits)
        if not block:
            break
        steps += block
        assumed |= {step.dose_number: step.choices[0].day if step.choices else step.due.target for step in block}
        if habits == Habits(None, None) and block[0].choices:
            first = block[0].choices[0]
            habits = Habits(first.day.weekday(), first.start.astimezone(first.clinic.zone).time())
        number = course.next_number(plan=plan, booked={**dates, **assumed})
    return steps[:count]


def propose_shift(
    *,
    appointment: Appointment,
    away: timedelta,
    clinics: Sequence[Clinic],
    to: tuple[Clinic, datetime] | None = None,
) -> list[Step]:
    """Times for the booked doses after an appointment, moved along by as many days.

    With `to`, a clinic and a start there, the appointment itself is the first step: moved alone it might come too
    close to the dose after it.
    """
    plan = TreatmentPlan.objects.select_related("patient", "therapy").get(pk=appointment.plan_id)
    first_dose = appointment.dose_number if to else appointment.dose_number + 1
    rows = Appointment.objects.filter(plan=plan, status=Status.BOOKED, dose_number__gte=first_dose)
    moving = list(rows.select_related("clinic", "chair").order_by("dose_number"))
    steps: list[Step] = []
    assumed: dict[int, date] = {}
    for one in moving:
        waiting = {other.dose_number for other in moving} - set(assumed)
        needs = needs_of(plan=plan, dose_number=one.dose_number, moving=one, assuming=assumed, ignoring=waiting)
        choices = _exactly(needs, one, to) if to and one.pk == appointment.pk else _along(needs, one, away, clinics)
        steps.append(Step(one.dose_number, needs.due, tuple(choices), one))
        assumed[one.dose_number] = choices[0].day if choices else needs.due.target
    return steps


def book_series(
    *, plan: TreatmentPlan, choices: Sequence[Choice], by: User | None, note: str = ""
) -> list[Appointment]:
    """Book every dose of a series, or none of them. Raises `SeriesClash` for the first that can't be."""
    with guarded():
        lock(days={(one.clinic, local_date(one.start, one.clinic.zone)) for one in choices}, patient=plan.patient)
        plan = TreatmentPlan.objects.select_related("patient", "therapy").get(pk=plan.pk)
        booked = []
        for choice in sorted(choices, key=lambda one: one.start):
            try:
                booked.append(
                    place(
                        plan=plan,
                        dose_number=choice.dose_number,
                        clinic=choice.clinic,
                        start=choice.start,
                        by=by,
                        note=note,
                    )
                )
            except NotAvailable as refusal:
                raise SeriesClash(refusal, choice.dose_number) from refusal
    return booked


def move_series(
    *, plan: TreatmentPlan, choices: Sequence[Choice], by: User | None, note: str = ""
) -> list[Appointment]:
    """Move the booked doses of a plan to new times, all or none. Raises `SeriesClash` for the first that can't be.

    Doses that go later move last first, and those that go earlier first first, so that no two are ever too close on
    the way.
    """
    wanted = {one.dose_number: one for one in choices}
    with guarded():
        lock(days=(), patient=plan.patient)
        rows = Appointment.objects.filter(plan=plan, status=Status.BOOKED, dose_number__in=wanted)
        held = list(rows.select_related("plan__patient", "plan__therapy", "patient", "clinic", "chair"))
        old_days = {day_of(one) for one in held}
        lock(days=old_days | {(one.clinic, local_date(one.start, one.clinic.zone)) for one in choices})
        if missing := set(wanted) - {one.dose_number for one in held}:
            raise SeriesClash(NotAvailable("It is not booked any more.", code="status"), min(missing))
        later = [one for one in held if wanted[one.dose_number].start > one.start]
        earlier = [one for one in held if wanted[one.dose_number].start < one.start]
        order = sorted(later, key=lambda one: -one.dose_number) + sorted(earlier, key=lambda one: one.dose_number)
        for one in order:
            choice = wanted[one.dose_number]
            try:
                put_elsewhere(appointment=one, clinic=choice.clinic, start=choice.start, by=by, note=note)
            except NotAvailable as refusal:
                raise SeriesClash(refusal, one.dose_number) from refusal
        for clinic, day in old_days:
            heal_day(clinic=clinic, date=day)
    return order


def _propose_block(
    plan: TreatmentPlan,
    number: int,
    clinics: Sequence[Clinic],
    today: date,
    assumed: Mapping[int, date],
    habits: Habits,
) -> list[Step]:
    """Times for a dose and for those that follow it on consecutive days."""
    needs = needs_of(plan=plan, dose_number=number, assuming=assumed)
    following = course.consecutive_after(plan=plan, dose_number=number)
    if not following:
        return [Step(number, needs.due, tuple(_choices(needs, clinics, today, habits)))]
    first, last = _search_days(needs.due, today)
    starts = find_for(
        needs=needs, clinics=clinics, first_day=first, last_day=last + BEYOND, limit=60, per_day=1, habits=habits
    )
    open_days = open_periods(clinics=clinics, first_day=first, last_day=last + BEYOND + timedelta(days=len(following)))
    for start in starts:
        days = [start.day + timedelta(days=n + 1) for n in range(len(following))]
        if all((start.clinic.pk, day) in open_days for day in days):
            steps = _block_from(plan, needs, start, following, assumed)
            if steps:
                return steps
    return [Step(number, needs.due, ())]


def _block_from(
    plan: TreatmentPlan, needs: Needs, start: Opening, following: Sequence[int], assumed: Mapping[int, date]
) -> list[Step]:
    """The steps of a block that begins at an opening, each on the next day at that clinic; empty if one can't be."""
    steps = [Step(needs.dose_number, needs.due, (start,))]
    dates = {**assumed, needs.dose_number: start.day}
    clock = start.start.astimezone(start.clinic.zone).time()
    for offset, number in enumerate(following, start=1):
        day = start.day + timedelta(days=offset)
        of_day = needs_of(plan=plan, dose_number=number, assuming=dates)
        near = at_wall_clock(day, clock, start.clinic.zone)
        found = find_for(needs=of_day, clinics=[start.clinic], first_day=day, last_day=day, limit=1, near=near)
        if not found:
            return []
        steps.append(Step(number, of_day.due, tuple(found)))
        dates[number] = day
    return steps


def _choices(needs: Needs, clinics: Sequence[Clinic], today: date, habits: Habits) -> list[Opening]:
    """The best opening of the best days in the window; where there is none, of those after it."""
    first, last = _search_days(needs.due, today)
    inside = find_for(
        needs=needs, clinics=clinics, first_day=first, last_day=last, limit=CHOICES, per_day=1, habits=habits
    )
    if inside:
        return inside
    return find_for(
        needs=needs,
        clinics=clinics,
        first_day=last + timedelta(days=1),
        last_day=last + BEYOND,
        limit=CHOICES,
        per_day=1,
        habits=habits,
    )


def _exactly(needs: Needs, moving: Appointment, to: tuple[Clinic, datetime]) -> list[Opening]:
    """The openings nearest to a start on its own day."""
    clinic, start = to
    day = local_date(start, clinic.zone)
    return find_for(
        needs=needs, clinics=[clinic], first_day=day, last_day=day, limit=CHOICES, near=start, moving=moving
    )


def _along(needs: Needs, moving: Appointment, away: timedelta, clinics: Sequence[Clinic]) -> list[Opening]:
    """The openings nearest to an appointment's own wall-clock time some days away, at its clinic in a block."""
    first, last = _search_days(needs.due, timezone.localdate())
    return find_for(
        needs=needs,
        clinics=[moving.clinic] if needs.phase.is_consecutive else clinics,
        first_day=first,
        last_day=last,
        limit=CHOICES,
        per_day=1,
        near=_shifted(moving, away),
        moving=moving,
    )


def _search_days(due: DueDose, today: date) -> tuple[date, date]:
    """The days of a dose's amber window that have not passed; the next two weeks for one that is overdue."""
    first = max(due.amber_from, today)
    return first, max(due.amber_until, first + timedelta(days=14) if due.amber_until < today else first)


def _shifted(appointment: Appointment, by: timedelta) -> datetime:
    """An appointment's wall-clock time some days away."""
    zone = appointment.clinic.zone
    local = appointment.start.astimezone(zone)
    return at_wall_clock(local.date() + by, local.time(), zone)
