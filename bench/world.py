"""The world that is measured: clinics, patients and appointments at scale, made by SQL under all constraints.

Clinics are numbered from 1. Each has 12 chairs (clinic 1 has 24), four nurses (eight), and about 40 appointments on
each of its working days (80). Around the full days lie empty, rostered ones to book on.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clinic.models import Clinic, Membership, Role, User
from clinic.quarters import at_wall_clock
from patients.models import TreatmentPlan
from therapies.models import DosePhase, Therapy

HERE = Path(__file__).parent
CHUNK = 10
"""Clinics made in one transaction."""

WAVES = (time(8, 0), time(9, 30), time(13, 30), time(15, 0))
NURSES, NURSES_OF_FIRST = 4, 8
LANES = 3 * NURSES


@dataclass(frozen=True)
class Span:
    """From the first day with patients to the last, and to the last day with nurses."""

    today: date
    first_day: date
    last_day: date
    last_rostered: date

    @classmethod
    def around(cls, today: date, *, before: int = 28, after: int = 90, rostered: int = 470) -> "Span":
        """So many days around today."""
        return cls(today, today - timedelta(before), today + timedelta(after), today + timedelta(rostered))


class EmptyDays:
    """Working days with nurses and without patients, each handed out once."""

    def __init__(self, after: date, until: date) -> None:
        days = (after + timedelta(number) for number in range(1, (until - after).days + 1))
        self._days = [day for day in days if day.weekday() < 5]

    def take(self, count: int) -> list[date]:
        """The next so many."""
        taken, self._days = self._days[:count], self._days[count:]
        assert len(taken) == count, "There are not enough empty days left."
        return taken


@dataclass(frozen=True)
class Slot:
    """A time that can be booked, whatever else is booked from the same list; `lane` is a chair that is free then."""

    clinic: Clinic
    start: datetime
    lane: int


def make_clinics(first: int, last: int, *, span: Span) -> None:
    """Make clinics with their regular patients and appointments, and say to the planner how much there is."""
    therapy = Therapy.objects.get(slug="tysabri")
    facts: dict[str, Any] = {
        "first_day": span.first_day,
        "last_day": span.last_day,
        "last_rostered": span.last_rostered,
        "today": span.today,
        "therapy": therapy.pk,
        "phase": phase_of(therapy, 13).pk,
    }
    statements = (HERE / "world.sql").read_text()

    def make(begin: int) -> None:
        numbers = {"first_clinic": begin, "last_clinic": min(begin + CHUNK - 1, last)}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statements, {**facts, **numbers})
        connection.close()

    with ThreadPoolExecutor(max_workers=2) as hands:
        list(hands.map(make, range(first, last + 1, CHUNK)))
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def make_newcomers(clinics: Sequence[Clinic], count: int, *, therapy: str, prefix: str) -> list[TreatmentPlan]:
    """So many patients with a plan of which nothing is booked, each with a number and an address to be reminded by."""
    facts: dict[str, Any] = {
        "clinics": [clinic.pk for clinic in clinics],
        "count": count,
        "prefix": prefix,
        "therapy": Therapy.objects.get(slug=therapy).pk,
        "start_on": timezone.localdate(),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute((HERE / "newcomers.sql").read_text(), facts)
    plans = TreatmentPlan.objects.filter(patient__mrn__startswith=f"{prefix}-").select_related("patient", "therapy")
    return list(plans.order_by("pk"))


def make_person(name: str, clinics: Sequence[Clinic], role: str = Role.MANAGER) -> User:
    """Somebody who works at some clinics."""
    person = User.objects.create(username=name, first_name="Bench", last_name=name)
    Membership.objects.bulk_create(Membership(user=person, clinic=clinic, role=role) for clinic in clinics)
    return person


def clinics_of(count: int) -> list[Clinic]:
    """The first clinics, in order."""
    return list(Clinic.objects.filter(slug__startswith="bench-").order_by("pk")[:count])


def phase_of(therapy: Therapy, dose: int) -> DosePhase:
    """The phase in force for a dose, as ordered by default."""
    phases = DosePhase.objects.filter(version__therapy=therapy, first_dose__lte=dose, variant="")
    return phases.order_by("-version__number", "-first_dose")[0]


def slots(clinic: Clinic, days: Sequence[date]) -> list[Slot]:
    """All times of some empty days at which stays of up to 90 minutes fit beside each other: 48 a day."""
    return [
        Slot(clinic, at_wall_clock(day, wave, clinic.zone) + timedelta(minutes=15 * (lane // NURSES)), lane)
        for day in days
        for wave in WAVES
        for lane in range(LANES)
    ]
