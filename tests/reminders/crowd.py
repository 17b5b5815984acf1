"""Many patients at once, for tests that count. Their visits come straight into the table, short-staffed, so that
hundreds of them need no roster; everything about messages is real."""

from datetime import datetime, timedelta

from django.db import transaction

from clinic.models import Chair, Clinic
from patients.models import ContactKind, ContactPoint, Patient, TreatmentPlan
from reminders.models import Message
from reminders.outbox import plan_messages
from scheduling.models import Appointment
from tests.world import make_patient, therapy
from therapies.models import DosePhase


def number(index: int) -> str:
    return f"+1715{2000000 + index}"


def address(index: int) -> str:
    return f"patient{index}@example.org"


def reachable(patient: Patient, index: int, *, mobile: bool = True, email: bool = True) -> Patient:
    """Give a patient a number and an address of their own."""
    points = [ContactPoint(patient=patient, kind=ContactKind.MOBILE, value=number(index))] if mobile else []
    points += [ContactPoint(patient=patient, kind=ContactKind.EMAIL, value=address(index))] if email else []
    ContactPoint.objects.bulk_create(points)
    return patient


def crowd(clinic: Clinic, many: int, *, start: datetime, slug: str = "tysabri", first: int = 0) -> list[Appointment]:
    """`many` patients, each with a number, an address and a visit at the same time in a chair of their own.

    Numbers and addresses count from `first`.
    """
    drug = therapy(slug)
    phase = DosePhase.objects.filter(version__therapy=drug, first_dose=1).latest("version__number")
    found = []
    with transaction.atomic():
        for index in range(first, first + many):
            patient = reachable(make_patient(clinic), index)
            plan = TreatmentPlan.objects.create(patient=patient, therapy=drug, start_on=start.date())
            period = (start, start + timedelta(minutes=150))
            found.append(
                Appointment.objects.create(
                    plan=plan,
                    patient=patient,
                    dose_number=1,
                    dose_phase=phase,
                    clinic=clinic,
                    chair=Chair.objects.create(clinic=clinic, name=f"Seat {index}"),
                    period=period,
                    planned_period=period,
                    short_staffed=True,
                    version=1,
                )
            )
    return [
        Appointment.objects.select_related("plan__therapy", "patient", "clinic", "dose_phase").get(pk=each.pk)
        for each in found
    ]


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
