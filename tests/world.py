"""Making a small world for tests: clinics, chairs, nurses on the floor, patients with plans.

Times are wall-clock strings of the clinic ("9:15"), days are dates. `DAY` is a Monday in an ordinary week.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.apps import apps

from clinic import staffing
from clinic.models import Chair, ChairKind, Clinic, Nurse, OpeningHours, Shift, User
from clinic.quarters import at_wall_clock
from patients.models import Clearance, DoseGiven, DoseSource, Patient, TreatmentPlan
from scheduling.booking import book
from scheduling.models import Appointment
from therapies.catalog import load_catalog
from therapies.models import Therapy, version_in_force
from therapies.shipped import read_catalog

DAY = date(2026, 12, 7)
BEFORE = datetime.fromisoformat("2026-12-01T09:00:00-06:00")
"""A moment before `DAY`, for tests that set the clock."""

_numbers = count(1)


def clock(text: str) -> time:
    """A wall-clock time from "9:15"."""
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))


def at(clinic: Clinic, text: str, day: date = DAY) -> datetime:
    """A moment from a wall-clock time of a clinic."""
    return at_wall_clock(day, clock(text), clinic.zone)


def make_clinic(
    slug: str = "madison",
    *,
    chairs: int = 4,
    opens: str = "8:00",
    closes: str = "17:00",
    kind: str = ChairKind.RECLINER,
) -> Clinic:
    """A clinic open every day of the week, with some chairs."""
    clinic = Clinic.objects.create(slug=slug, name=slug.replace("-", " ").title(), phone="+16085550100")
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=weekday, opens=clock(opens), closes=clock(closes)) for weekday in range(7)
    )
    for number in range(1, chairs + 1):
        Chair.objects.create(clinic=clinic, name=f"Chair {number}", kind=kind, position=number)
    return clinic


def given_dates(plan: TreatmentPlan) -> dict[int, date]:
    """The days of the doses of a plan that were given, by dose number."""
    return dict(DoseGiven.objects.filter(plan=plan).values_list("dose_number", "given_on"))


def make_nurse(clinic: Clinic, name: str = "") -> Nurse:
    """A nurse who is not rostered yet."""
    return Nurse.objects.create(name=name or f"Nurse {next(_numbers)}", home_clinic=clinic)


def on_floor(
    clinic: Clinic,
    start: str = "8:00",
    end: str = "17:00",
    *,
    breaks: Sequence[tuple[str, str]] = (),
    day: date = DAY,
    nurse: Nurse | None = None,
) -> Shift:
    """A nurse rostered for a day."""
    return staffing.add_shift(
        nurse=nurse or make_nurse(clinic),
        clinic=clinic,
        start=at(clinic, start, day),
        end=at(clinic, end, day),
        breaks=[(at(clinic, from_, day), at(clinic, to, day)) for from_, to in breaks],
    )


def make_patient(clinic: Clinic, family_name: str = "", given_name: str = "Pat", **facts: Any) -> Patient:
    """A patient of a clinic."""
    patient = unsaved_patient(clinic, family_name, given_name, **facts)
    patient.save(force_insert=True)
    return patient


def unsaved_patient(clinic: Clinic, family_name: str = "", given_name: str = "Pat", **facts: Any) -> Patient:
    """A patient of a clinic, for those who save many at once."""
    number = next(_numbers)
    return Patient(
        mrn=str(facts.pop("mrn", f"M{number:05}")),
        family_name=family_name or f"Patient{number}",
        given_name=given_name,
        birth_date=facts.pop("birth_date", date(1975, 3, 14)),
        home_clinic=clinic,
        **facts,
    )


def therapy(slug: str = "tysabri") -> Therapy:
    """A shipped therapy. Loads the catalog again where a test has emptied the tables."""
    if not Therapy.objects.exists():
        load_catalog(catalog=read_catalog(), apps=apps, today=date(2026, 1, 1))
    return Therapy.objects.get(slug=slug)


def make_plan(
    patient: Patient | Clinic,
    slug: str = "tysabri",
    *,
    start_on: date = DAY,
    given: dict[int, date] | None = None,
    **facts: Any,
) -> TreatmentPlan:
    """A plan of a patient, or of a new patient of a clinic, with the doses given so far."""
    if isinstance(patient, Clinic):
        patient = make_patient(patient)
    plan = TreatmentPlan.objects.create(patient=patient, therapy=therapy(slug), start_on=start_on, **facts)
    for number, day in (given or {}).items():
        DoseGiven.objects.create(plan=plan, dose_number=number, given_on=day, source=DoseSource.ENTERED)
    return plan


def make_ready(plan: TreatmentPlan, day: date = DAY, *, without: Collection[str] = ()) -> TreatmentPlan:
    """Put everything in order that a dose of a plan asks for on a day, except the codes `without`."""
    version = version_in_force(therapy=plan.therapy, on=day)
    Clearance.objects.bulk_create(
        [
            Clearance(
                patient=plan.patient,
                plan=plan,
                code=one.code,
                cleared_on=day - timedelta(days=7),
                for_day=day if one.life == "each_visit" else None,
                recorded_at=at(plan.patient.home_clinic, "7:00", day),
            )
            for one in version.prerequisites.exclude(code__in=without)
        ],
        ignore_conflicts=True,
    )
    return plan


def booked(
    clinic: Clinic,
    start: str = "9:00",
    *,
    plan: TreatmentPlan | None = None,
    dose_number: int = 1,
    day: date = DAY,
    chair: Chair | None = None,
    ready: bool = True,
) -> Appointment:
    """An appointment made through the booking engine: by default Tysabri dose 1, which stays 150 minutes.

    Everything that it asks for is in order, its checks of the day too, unless `ready` is False.
    """
    plan = plan or make_plan(clinic, start_on=day)
    if ready:
        make_ready(plan, day)
    return book(
        plan=plan,
        dose_number=dose_number,
        clinic=clinic,
        start=at(clinic, start, day),
        by=None,
        chair=chair,
    )


def make_user(username: str, role: str, *clinics: Clinic) -> User:
    """A member of staff with one role at some clinics."""
    user = User.objects.create_user(username=username, password="chairside-demo", first_name=username.title())
    for clinic in clinics:
        user.memberships.create(clinic=clinic, role=role)
    return user
