"""The course of a plan: doses really given, and from them the next one. The only writer of `DoseGiven`."""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from clinic.models import User
from patients.errors import Refused
from patients.models import DoseGiven, DoseSource, PlanStatus, TreatmentPlan
from therapies.catalog import facts_of
from therapies.models import DosePhase
from therapies.series import DueDose, NoPhase, PhaseFacts, due_dose, phase_for

_NOTHING: Mapping[int, date] = {}


def next_dose(*, plan: TreatmentPlan, booked: Mapping[int, date] = _NOTHING, on: date) -> DueDose | None:
    """The next dose to book: the first after those given that is not booked yet. Nothing when the course is over.

    `booked` maps the numbers of booked doses to their days; `on` is the day whose therapy facts hold. Two queries.
    """
    return next_doses(plans=[plan], booked={plan.pk: booked}, on=on)[plan.pk]


def next_of(
    *, plan: TreatmentPlan, phases: Sequence[PhaseFacts], given: Mapping[int, date], booked: Mapping[int, date]
) -> DueDose | None:
    """`next_dose` from what was read before: the phases in force and the doses that were given. No query."""
    return _Course(plan=plan, phases=phases, given=given).next(booked)


def next_doses(
    *, plans: Collection[TreatmentPlan], booked: Mapping[int, Mapping[int, date]], on: date
) -> dict[int, DueDose | None]:
    """`next_dose` of many plans by plan id; `booked` is by plan id too. Two queries, however many plans."""
    return {plan_id: course.next(booked.get(plan_id, _NOTHING)) for plan_id, course in _courses(plans, on=on).items()}


def due(
    *, plan: TreatmentPlan, dose_number: int, booked: Mapping[int, date] = _NOTHING, on: date | None = None
) -> DueDose:
    """When one dose of a plan is due, given what was given and what is booked. `on` as in `next_dose`, today if none.

    Raises `therapies.series.NoPhase` when the course has no such dose. Two queries.
    """
    course = _courses([plan], on=on or timezone.localdate())[plan.pk]
    return course.due(dose_number, booked)


def next_number(*, plan: TreatmentPlan, booked: Collection[int]) -> int | None:
    """The number of the next dose that is neither given nor booked, None when the course is over. Two queries."""
    found = next_dose(plan=plan, booked=dict.fromkeys(booked, timezone.localdate()), on=timezone.localdate())
    return found.dose_number if found else None


def consecutive_after(*, plan: TreatmentPlan, dose_number: int) -> list[int]:
    """The doses that follow a dose on the next days, as one block with it. One query."""
    phases = phases_in_force(therapy_ids=[plan.therapy_id], on=timezone.localdate())[plan.therapy_id]
    found: list[int] = []
    last = plan.doses_ordered or math.inf
    while (number := dose_number + len(found) + 1) <= last:
        try:
            phase = phase_for(phases, number, plan.variant)
        except NoPhase:
            break
        if not phase.is_consecutive:
            break
        found.append(number)
    return found


def record_dose(
    *, plan: TreatmentPlan, dose_number: int, given_on: date, source: DoseSource, by: User | None
) -> DoseGiven:
    """Put on record that a dose was given on a local date. Saying the same twice changes nothing.

    Raises `Refused` when the dose stands with another day, lies in the future, or is out of order with the others.
    """
    with transaction.atomic():
        TreatmentPlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        known = {dose.dose_number: dose for dose in DoseGiven.objects.filter(plan=plan)}
        before = known.pop(dose_number, None)
        if before and before.given_on == given_on:
            return before
        if before:
            raise Refused(
                f"Dose {dose_number} is on record as given on {shown(before.given_on)}."
                " If that is wrong, remove it first.",
                field="dose_number",
            )
        check_order(
            dates={number: dose.given_on for number, dose in known.items()}, dose_number=dose_number, given_on=given_on
        )
        return DoseGiven.objects.create(
            plan=plan, dose_number=dose_number, given_on=given_on, source=source, recorded_by=by
        )


def record_day(*, doses: Mapping[int, int], given_on: date, source: DoseSource, by: User | None) -> None:
    """Put on record the doses given on one local date, as numbers by plan id. A fixed number of queries.

    Raises `Refused` as `record_dose` does, also for a dose that is on record already.
    """
    record_doses(doses=[(plan_id, number, given_on) for plan_id, number in doses.items()], source=source, by=by)


def record_doses(*, doses: Collection[tuple[int, int, date]], source: DoseSource, by: User | None) -> None:
    """Put many doses on record: plan id, number and local date of each. A fixed number of queries.

    Raises `Refused` as `record_dose` does, also for a dose that is on record already.
    """
    plans = {plan_id for plan_id, *_ in doses}
    with transaction.atomic():
        list(TreatmentPlan.objects.select_for_update(no_key=True).filter(pk__in=plans).order_by("pk").values_list("pk"))
        known: dict[int, dict[int, date]] = defaultdict(dict)
        for plan_id, number, day in DoseGiven.objects.filter(plan__in=plans).values_list(
            "plan_id", "dose_number", "given_on"
        ):
            known[plan_id][number] = day
        for plan_id, number, given_on in doses:
            if number in known[plan_id]:
                raise Refused(f"Dose {number} is on record already.", field="dose_number")
            check_order(dates=known[plan_id], dose_number=number, given_on=given_on)
            known[plan_id][number] = given_on
        DoseGiven.objects.bulk_create(
            DoseGiven(plan_id=plan_id, dose_number=number, given_on=given_on, source=source, recorded_by=by)
            for plan_id, number, given_on in doses
        )


def remove_dose(*, plan: TreatmentPlan, dose_number: int) -> None:
    """Take back a dose that was recorded by mistake. Raises `Refused` when it is not on record."""
    deleted, _ = DoseGiven.objects.filter(plan=plan, dose_number=dose_number).delete()
    if not deleted:
        raise Refused(f"Dose {dose_number} is not on record, so there is nothing to remove.", field="dose_number")


def check_order(*, dates: Mapping[int, date], dose_number: int, given_on: date) -> None:
    """Raise `Refused` unless a dose can have been given on a day, beside the other doses of its plan in `dates`."""
    if dose_number < 1:
        raise Refused("Doses are counted from 1.", field="dose_number")
    if given_on > timezone.localdate():
        raise Refused("This day has not come yet. Enter a dose once it was given.", field="given_on")
    for number, day in sorted(dates.items()):
        if (number < dose_number and day >= given_on) or (number > dose_number and day <= given_on):
            raise Refused(
                f"Dose {number} was given on {shown(day)}, so dose {dose_number} cannot have been given on"
                f" {shown(given_on)}. Check the number and the day.",
                field="given_on",
            )


def shown(day: date) -> str:
    """A day as staff read it: Mar 14, 2026."""
    return f"{day:%b} {day.day}, {day.year}"


@dataclass(frozen=True, slots=True)
class _Course:
    plan: TreatmentPlan
    phases: Sequence[PhaseFacts]
    given: Mapping[int, date]

    def due(self, dose_number: int, booked: Mapping[int, date]) -> DueDose:
        return due_dose(
            phases=self.phases,
            dose_number=dose_number,
            dates={**booked, **self.given},
            start_on=self.plan.start_on,
            variant=self.plan.variant,
            interval_days=self.plan.interval_days,
        )

    def next(self, booked: Mapping[int, date]) -> DueDose | None:
        number = max(self.given, default=0) + 1
        while number in booked:
            number += 1
        is_over = self.plan.doses_ordered is not None and number > self.plan.doses_ordered
        if is_over or self.plan.status != PlanStatus.ACTIVE:
            return None
        try:
            return self.due(number, booked)
        except NoPhase:
            return None


def _courses(plans: Collection[TreatmentPlan], *, on: date) -> dict[int, _Course]:
    phases = phases_in_force(therapy_ids={plan.therapy_id for plan in plans}, on=on)
    given: dict[int, dict[int, date]] = defaultdict(dict)
    doses = DoseGiven.objects.filter(plan__in=[plan.pk for plan in plans])
    for plan_id, number, day in doses.order_by().values_list("plan_id", "dose_number", "given_on"):
        given[plan_id][number] = day
    return {plan.pk: _Course(plan=plan, phases=phases[plan.therapy_id], given=given[plan.pk]) for plan in plans}


def phases_in_force(*, therapy_ids: Collection[int], on: date) -> dict[int, list[PhaseFacts]]:
    """The phases of the newest version in force of each therapy, by therapy id. One query."""
    phases = (
        DosePhase.objects.filter(version__therapy__in=therapy_ids, version__effective_from__lte=on)
        .select_related("version")
        .order_by("version__number", "first_dose", "variant")
    )
    newest = {phase.version.therapy_id: phase.version_id for phase in phases}
    found: dict[int, list[PhaseFacts]] = defaultdict(list)
    for phase in phases:
        if newest[phase.version.therapy_id] == phase.version_id:
            found[phase.version.therapy_id].append(facts_of(phase))
    return found
