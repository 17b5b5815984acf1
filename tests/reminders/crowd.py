"""Many patients at once, for tests that count. Their visits come straight into the table, short-staffed, so that
hundreds of them need no roster; everything about messages is real."""

from datetime import datetime, timedelta

from django.db import transaction

from clinic.models import Chair, Clinic
from patients.models import ContactKind, ContactPoint, Patient, TreatmentPlan
from reminders.models import Message
from reminders.outbox import plan_messages
from scheduling.models import Appointment
from tests.world import therapy, unsaved_patient
from therapies.models import DosePhase


def number(index: int) -> str:
    return f"+1715{2000000 + index}"


def address(index: int) -> str:
    return f"patient{index}@example.org"


def reachable(patient: Patient, index: int, *, mobile: bool = True, email: bool = True) -> Patient:
    """Give a patient a number and an address of their own."""
    ContactPoint.objects.bulk_create(_points(patient, index, mobile=mobile, email=email))
    return patient


def _points(patient: Patient, index: int, *, mobile: bool = True, email: bool = True) -> list[ContactPoint]:
    points = [ContactPoint(patient=patient, kind=ContactKind.MOBILE, value=number(index))] if mobile else []
    points += [ContactPoint(patient=patient, kind=ContactKind.EMAIL, value=address(index))] if email else []
    return points


def crowd(clinic: Clinic, many: int, *, start: datetime, slug: str = "tysabri", first: int = 0) -> list[Appointment]:
    """`many` patients, each with a number, an address and a visit at the same time in a chair of their own.

    Numbers and addresses count from `first`.
    """
    drug = therapy(slug)
    phase = DosePhase.objects.filter(version__therapy=drug, first_dose=1).latest("version__number")
    period = (start, start + timedelta(minutes=150))
    with transaction.atomic():
        chairs = Chair.objects.bulk_create(Chair(clinic=clinic, name=f"Seat {first + n}") for n in range(many))
        patients = Patient.objects.bulk_create(unsaved_patient(clinic) for _ in range(many))
        ContactPoint.objects.bulk_create(
            point for index, patient in enumerate(patients, first) for point in _points(patient, index)
        )
        plans = TreatmentPlan.objects.bulk_create(
            TreatmentPlan(patient=patient, therapy=drug, start_on=start.date()) for patient in patients
        )
        visits = Appointment.objects.bulk_create(
            Appointment(
                plan=plan,
                patient=plan.patient,
                dose_number=1,
                dose_phase=phase,
                clinic=clinic,
                chair=chair,
                period=period,
                planned_period=period,
                short_staffed=True,
                version=1,
            )
            for plan, chair in zip(plans, chairs, strict=True)
        )
    rows = Appointment.objects.select_related("plan__therapy", "patient", "clinic", "dose_phase")
    return list(rows.filter(pk__in=[visit.pk for visit in visits]).order_by("pk"))


def plan_all(appointments: list[Appointment]) -> None:
    """Plan the messages of all, as booking them would."""
    with transaction.atomic():
        for appointment in appointments:
            plan_messages(appointment)


def everything_due(*, rule: str = "") -> int:
    """Make waiting messages due, as if the time had come."""
    from django.utils import timezone

    rows = Message.objects.filter(status="pending")
    if rule:
        rows = rows.filter(rule=rule)
    return rows.update(due_at=timezone.now() - timedelta(minutes=1))
