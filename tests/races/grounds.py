"""The grounds of a race: a clinic with weeks of nurses, and many patients who want the same."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from clinic.models import Clinic, Nurse
from patients.models import Patient, TreatmentPlan
from tests.world import DAY, at, make_clinic, make_nurse, on_floor, therapy

STARTS = ("8:00", "10:30", "13:00")
"""Starts of three stays of 150 minutes, one after the other."""


def grounds(slug: str = "madison", *, chairs: int = 8, nurses: int = 4, days: int = 10) -> Clinic:
    """A clinic with some nurses on the floor from 8:00 to 17:00 on each of some days from `DAY` on."""
    clinic = make_clinic(slug, chairs=chairs)
    team: list[Nurse] = [make_nurse(clinic) for _ in range(nurses)]
    for number in range(days):
        for nurse in team:
            on_floor(clinic, day=DAY + timedelta(days=number), nurse=nurse)
    return clinic


def slots(clinic: Clinic, *, days: int = 10) -> Iterator[datetime]:
    """The starts on the grounds, day by day."""
    for number in range(days):
        for start in STARTS:
            yield at(clinic, start, day_number(number))


def day_number(number: int) -> date:
    """A day of the race."""
    return DAY + timedelta(days=number)


def make_plans(clinic: Clinic, count: int, slug: str = "tysabri") -> list[int]:
    """Ids of plans of new patients: by default Tysabri, whose dose 1 stays 150 minutes."""
    first = Patient.objects.count()
    patients = Patient.objects.bulk_create(
        Patient(
            mrn=f"R{first + number:06}",
            family_name=f"Racer{first + number}",
            given_name="Pat",
            birth_date=date(1975, 3, 14),
            home_clinic=clinic,
        )
        for number in range(count)
    )
    plans = TreatmentPlan.objects.bulk_create(
        TreatmentPlan(patient=patient, therapy=therapy(slug), start_on=DAY) for patient in patients
    )
    return [plan.pk for plan in plans]
