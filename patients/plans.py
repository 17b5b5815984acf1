"""Courses of treatment: started, changed, paused and ended. The only writer of treatment plans."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date, time
from typing import Self

from django.db import transaction
from django.utils import timezone

from patients.course import phases_in_force
from patients.errors import Refused
from patients.models import DoseGiven, Patient, PlanStatus, TreatmentPlan
from therapies.models import Therapy
from therapies.series import PhaseFacts

MOST_INFUSION_MINUTES = 720

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered, and the habits to keep to. The fields mean what they mean on `TreatmentPlan`."""

    start_on: date
    variant: str = ""
    interval_days: int | None = None
    infusion_minutes: int | None = None
    doses_ordered: int | None = None
    prescriber: str = ""
    usual_weekday: int | None = None
    usual_time: time | None = None
    had_reaction: bool = False

    @classmethod
    def of(cls, plan: TreatmentPlan) -> Self:
        """What is on record of a plan."""
        return cls(**{field.name: getattr(plan, field.name) for field in fields(cls)})


def start_plan(*, patient: Patient, therapy: Therapy, order: Order) -> TreatmentPlan:
    """Start a course. Raises `Refused` for an order that cannot be, or when this therapy is already running."""
    [plan] = start_plans(courses=[(patient, therapy, order)])
    return plan


def start_plans(*, courses: Collection[tuple[Patient, Therapy, Order]]) -> list[TreatmentPlan]:
    """Start many courses at once, all or nothing. Raises `Refused` as `start_plan` does. A fixed number of queries."""
    phases = phases_in_force(therapy_ids={therapy.pk for _, therapy, _ in courses}, on=timezone.localdate())
    plans = [
        TreatmentPlan(
            patient=patient,
            therapy=therapy,
            **_facts(checked(order=order, phases=phases[therapy.pk], therapy=therapy)),
        )
        for patient, therapy, order in courses
    ]
    with transaction.atomic():
        patients = {patient.pk for patient, *_ in courses}
        list(Patient.objects.select_for_update(no_key=True).filter(pk__in=patients).order_by("pk").values_list("pk"))
        running = TreatmentPlan.objects.filter(patient__in=patients, status=PlanStatus.ACTIVE)
        taken = set(running.values_list("patient", "therapy"))
        for plan in plans:
            if (plan.patient_id, plan.therapy_id) in taken:
                raise _second_course(plan.therapy)
            taken.add((plan.patient_id, plan.therapy_id))
        return TreatmentPlan.objects.bulk_create(plans, _BATCH)


def change_plan(*, plan: TreatmentPlan, order: Order) -> TreatmentPlan:
    """Change what was ordered. Doses given stay; due dates follow. Raises `Refused` as `start_plan` does."""
    order = checked(order=order, phases=_phases(plan.therapy), therapy=plan.therapy)
    given = DoseGiven.objects.filter(plan=plan).order_by("-dose_number").values_list("dose_number", flat=True).first()
    if given and order.doses_ordered and order.doses_ordered < given:
        raise Refused(f"Dose {given} was already given, so fewer cannot be ordered.", field="doses_ordered")
    for name, value in _facts(order).items():
        setattr(plan, name, value)
    plan.save()
    return plan


def note_reaction(*, plan: TreatmentPlan) -> TreatmentPlan:
    """Put on record that the patient had a reaction to the drug: later visits get no shortened stay."""
    plan.had_reaction = True
    plan.save(update_fields=["had_reaction"])
    return plan


def pause_plan(*, plan: TreatmentPlan) -> TreatmentPlan:
    """Stop booking for now. Raises `Refused` for a plan that has ended."""
    return _set_status(plan, PlanStatus.PAUSED)


def resume_plan(*, plan: TreatmentPlan) -> TreatmentPlan:
    """Go on with a paused plan. Raises `Refused` when it has ended, or another course of the therapy is running."""
    return _set_status(plan, PlanStatus.ACTIVE)


def end_plan(*, plan: TreatmentPlan) -> TreatmentPlan:
    """End a course for good; a new one may be started later."""
    return _set_status(plan, PlanStatus.ENDED)


def checked(*, order: Order, phases: Collection[PhaseFacts], therapy: Therapy) -> Order:
    """An order as it is kept. Raises `Refused` for the first thing in it that the therapy does not allow."""
    order = replace(order, variant=order.variant.strip().lower(), prescriber=" ".join(order.prescriber.split()))
    if not phases:
        raise Refused(f"{therapy} has no doses on record yet. Ask an administrator to enter them.", field="therapy")
    variants = sorted({phase.variant for phase in phases if phase.variant})
    if order.variant and order.variant not in variants:
        known = f"It has: {', '.join(variants)}." if variants else "Leave this empty."
        raise Refused(f"{therapy} has no variant “{order.variant}”. {known}", field="variant")
    gap = max((phase.min_gap_days for phase in phases if phase.repeats), default=0)
    if order.interval_days is not None and not max(gap, 1) <= order.interval_days <= 730:
        raise Refused(f"An interval for {therapy} is {max(gap, 1)} to 730 days.", field="interval_days")
    if order.infusion_minutes is not None and not 1 <= order.infusion_minutes <= MOST_INFUSION_MINUTES:
        raise Refused(f"An infusion takes 1 to {MOST_INFUSION_MINUTES} minutes.", field="infusion_minutes")
    if order.doses_ordered is not None and order.doses_ordered < 1:
        raise Refused("Order one dose at least, or leave this empty.", field="doses_ordered")
    if order.usual_weekday is not None and not 0 <= order.usual_weekday <= 6:
        raise Refused("Choose a weekday from the list, or none.", field="usual_weekday")
    if len(order.prescriber) > 80:
        raise Refused("This is too long: 80 letters at most.", field="prescriber")
    return order


def _phases(therapy: Therapy) -> list[PhaseFacts]:
    return phases_in_force(therapy_ids=[therapy.pk], on=timezone.localdate())[therapy.pk]


def _set_status(plan: TreatmentPlan, status: PlanStatus) -> TreatmentPlan:
    with transaction.atomic():
        Patient.objects.select_for_update(no_key=True).get(pk=plan.patient_id)
        plan.refresh_from_db(fields=["status"])
        if plan.status == PlanStatus.ENDED and status != PlanStatus.ENDED:
            raise Refused("This course has ended. Start a new one instead.", field="status")
        if plan.status != status and status == PlanStatus.ACTIVE:
            _refuse_second_course(plan.patient_id, plan.therapy)
        plan.status = status
        plan.save(update_fields=["status"])
    return plan


def _refuse_second_course(patient_id: int, therapy: Therapy) -> None:
    if TreatmentPlan.objects.filter(patient=patient_id, therapy=therapy, status=PlanStatus.ACTIVE).exists():
        raise _second_course(therapy)


def _second_course(therapy: Therapy) -> Refused:
    return Refused(f"A course of {therapy} is already running. Change that one, or end it first.", field="therapy")


def _facts(order: Order) -> dict[str, object]:
    return {field.name: getattr(order, field.name) for field in fields(order)}
