"""A patient's page: who they are, their courses, and when they come. Ten queries, however long the history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from patients import consent
from patients.course import next_doses
from patients.models import ContactKind, DoseGiven, Patient, PlanStatus, TreatmentPlan
from patients.phones import shown
from scheduling.models import HELD, LIVE, Appointment, Status
from scheduling.queries.dose import Due
from scheduling.queries.readiness import Badge, badges_of
from scheduling.queries.who import Who, facts_of
from scheduling.wording import day_words, length_words, span_words


@dataclass(frozen=True, slots=True)
class Way:
    """A way to reach the patient."""

    kind: str
    shown: str
    url: str
    is_preferred: bool
    trouble: str
    """Why no message goes there; empty when one may."""


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment as one line."""

    id: int
    day: str
    clock: str
    length: str
    clinic: str
    chair: str
    therapy: str
    dose_number: int
    status: str
    status_word: str
    is_unconfirmed: bool
    is_short: bool
    ready: Badge | None
    why: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class Given:
    """A dose that was given."""

    number: int
    day: str
    source: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A course: what was given, what is booked, what is due."""

    id: int
    therapy: str
    substance: str
    variant: str
    status: str
    status_word: str
    ordered: str
    given: tuple[Given, ...]
    booked: tuple[Row, ...]
    next_number: int | None
    due: Due | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class PatientPage:
    """Everything the page says of a patient."""

    who: Who
    home_clinic: str
    is_active: bool
    ways: tuple[Way, ...]
    facts: tuple[str, ...]
    plans: tuple[Plan, ...]
    coming: tuple[Row, ...]
    past: tuple[Row, ...]
    gone: tuple[Row, ...]
    preparations: tuple[tuple[str, str], ...]


def patient_page(patient: Patient) -> PatientPage:
    """The page of a patient who was read with the home clinic."""
    now = timezone.now()
    plans = list(TreatmentPlan.objects.filter(patient=patient).select_related("therapy"))
    visits = list(
        Appointment.objects.filter(patient=patient)
        .select_related("plan__therapy", "clinic", "chair", "dose_phase")
        .order_by("period")
    )
    badges = badges_of(visits)
    rows = {visit.pk: _row(visit, now, badges.get(visit.pk)) for visit in visits}
    coming = [visit for visit in visits if visit.status in LIVE]
    return PatientPage(
        who=Who.of(patient),
        home_clinic=patient.home_clinic.name,
        is_active=patient.is_active,
        ways=tuple(_ways(patient)),
        facts=tuple(facts_of(patient)),
        plans=tuple(_plans(plans, visits, rows, now)),
        coming=tuple(rows[visit.pk] for visit in coming),
        past=tuple(rows[visit.pk] for visit in reversed(visits) if visit.status == Status.DONE),
        gone=tuple(rows[visit.pk] for visit in reversed(visits) if visit.status not in HELD),
        preparations=tuple(
            {
                visit.plan.therapy.name: visit.plan.therapy.preparation
                for visit in coming
                if visit.plan.therapy.preparation
            }.items()
        ),
    )


def _ways(patient: Patient) -> Iterable[Way]:
    for way in consent.ways_of(patient=patient):
        point, standing = way.point, way.standing
        scheme = "mailto" if point.kind == ContactKind.EMAIL else "tel"
        trouble = "wants no messages" if not standing.is_allowed else "does not work" if standing.is_dead else ""
        yield Way(point.get_kind_display(), str(point), f"{scheme}:{point.value}", point.is_preferred, trouble)


def _row(visit: Appointment, now: datetime, ready: Badge | None) -> Row:
    zone = visit.clinic.zone
    day = visit.start.astimezone(zone).date()
    return Row(
        id=visit.pk,
        day=day_words(day, year=day.year != now.astimezone(zone).year),
        clock=span_words(visit.start, visit.end, zone),
        length=length_words(int((visit.end - visit.start).total_seconds() // 60)),
        clinic=visit.clinic.name,
        chair=visit.chair.name,
        therapy=visit.plan.therapy.name,
        dose_number=visit.dose_number,
        status=visit.status,
        status_word=visit.get_status_display(),
        is_unconfirmed=visit.status == Status.BOOKED and visit.confirmed_at is None,
        is_short=visit.short_staffed,
        ready=ready,
        why=". ".join(filter(None, (visit.get_reason_display() if visit.reason else "", visit.note))),
        address=visit.clinic.address,
        phone=shown(visit.clinic.phone),
    )


def _plans(
    plans: Sequence[TreatmentPlan], visits: Sequence[Appointment], rows: dict[int, Row], now: datetime
) -> Iterable[Plan]:
    """The running courses first."""
    today = timezone.localdate(now)
    held: dict[int, dict[int, Any]] = defaultdict(dict)
    booked: dict[int, list[Row]] = defaultdict(list)
    for visit in visits:
        if visit.status in HELD:
            held[visit.plan_id][visit.dose_number] = visit.start.astimezone(visit.clinic.zone).date()
        if visit.status in LIVE:
            booked[visit.plan_id].append(rows[visit.pk])
    due = next_doses(plans=plans, booked=held, on=today)
    given: dict[int, list[Given]] = defaultdict(list)
    for dose in DoseGiven.objects.filter(plan__in=[plan.pk for plan in plans]).order_by("-dose_number"):
        given[dose.plan_id].append(
            Given(dose.dose_number, day_words(dose.given_on, year=True), dose.get_source_display())
        )
    order = list(PlanStatus)
    for plan in sorted(plans, key=lambda plan: (order.index(PlanStatus(plan.status)), plan.pk)):
        next_due = due[plan.pk]
        yield Plan(
            id=plan.pk,
            therapy=plan.therapy.name,
            substance=plan.therapy.substance,
            variant=plan.variant,
            status=plan.status,
            status_word=plan.get_status_display(),
            ordered=", ".join(_ordered(plan)),
            given=tuple(given[plan.pk]),
            booked=tuple(booked[plan.pk]),
            next_number=next_due.dose_number if next_due else None,
            due=Due.of(next_due, today=today) if next_due else None,
            is_over=next_due is None and plan.status == PlanStatus.ACTIVE,
        )


def _ordered(plan: TreatmentPlan) -> Iterable[str]:
    """What the order says that is not the therapy's own, and the habits."""
    if plan.interval_days:
        yield f"every {plan.interval_days} days"
    if plan.infusion_minutes:
        yield f"infused over {length_words(plan.infusion_minutes)}"
    if plan.doses_ordered:
        yield f"{plan.doses_ordered} doses ordered"
    if plan.usual_weekday is not None:
        yield f"usually {plan.get_usual_weekday_display()}s"
    if plan.usual_time:
        yield f"usually at {plan.usual_time:%-I:%M %p}"
    if plan.had_reaction:
        yield "reaction on record"
    if plan.prescriber:
        yield f"by {plan.prescriber}"
