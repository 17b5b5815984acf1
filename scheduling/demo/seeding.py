"""Making the demonstration, all or nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.db import connection, transaction

from clinic.audit.watching import starting_over
from clinic.models import Clinic, Nurse, User
from clinic.quarters import at_wall_clock, local_date
from patients.models import Patient, TreatmentPlan
from scheduling.demo import ahead, cast, history, lists, places, staff, today, upcoming
from scheduling.demo.clock import Clock, story_clock
from scheduling.demo.courses import Therapies
from scheduling.demo.diary import Diary
from scheduling.demo.papers import Papers
from scheduling.demo.people import MRN_PREFIX
from scheduling.demo.story import Story
from scheduling.locks import SPEAKING_AT_COMMIT
from scheduling.models import Appointment
from scheduling.signals import demonstration_made, demonstration_wiped


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to make: about so many patients, a history of some days, and a roster so many days ahead."""

    patients: int = 1200
    days_back: int = 126
    days_ahead: int = 280


FULL = Scale()


class CannotSeed(Exception):
    """The demonstration may not be made here. The message says why, for people."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """How much was made."""

    clinics: int
    nurses: int
    shifts: int
    patients: int
    plans: int
    appointments: int
    today: int


def seed(*, now: datetime, scale: Scale = FULL) -> Seeded:
    """Make the demonstration as it stands at `now` (aware).

    The same day gives the same clinics, people and bookings; how far today has come depends on the hour. Raises
    `CannotSeed` in production, and where there are clinics already.
    """
    if settings.PRODUCTION:
        raise CannotSeed("Demonstration data is never made in production.")
    if Clinic.objects.exists():
        raise CannotSeed("There are clinics already.")
    with transaction.atomic(), story_clock(now) as clock:
        _let_foreign_keys_speak_at_once()
        story, shifts = _set_the_stage(now, clock, scale)
        first_day = story.today - timedelta(days=scale.days_back)
        clock.set(now)
        courses = cast.gather(
            count=scale.patients,
            clinics=story.clinics,
            diary=story.diary,
            today=story.today,
            first_day=first_day,
            rng=story.rng,
        )
        _analyze()
        history.tell(story=story, courses=courses, first_day=first_day)
        ahead.book_series(story=story, courses=courses)
        _analyze()
        upcoming.write(story=story)
        today.bring_to_life(story=story, papers=Papers(story=story, courses=courses))
        clock.set(now)
        lists.fill(story=story)
        demonstration_made.send(None, clinics=list(story.clinics), now=now)
    return Seeded(
        clinics=Clinic.objects.count(),
        nurses=Nurse.objects.count(),
        shifts=shifts,
        patients=Patient.objects.count(),
        plans=TreatmentPlan.objects.count(),
        appointments=Appointment.objects.count(),
        today=len(story.visits[story.today]),
    )


def wipe() -> None:
    """Take the demonstration away, with all that was done in it. Raises `CannotSeed` where there is more."""
    if settings.PRODUCTION:
        raise CannotSeed("Nothing is wiped in production.")
    strangers = {
        "clinics": Clinic.objects.exclude(slug__in=[place.slug for place in places.PLACES]),
        "patients": Patient.objects.exclude(mrn__regex=rf"^{MRN_PREFIX}\d{{4}}$"),
        "staff accounts": User.objects.exclude(username__in=[username for username, *_ in staff.ACCOUNTS]),
    }
    for name, found in strangers.items():
        if number := found.count():
            raise CannotSeed(
                f"Nothing was wiped: {number} {name} here were not made by seed_demo."
                " To begin anew, use an empty database."
            )
    with starting_over(), connection.cursor() as cursor:
        cursor.execute(
            "truncate clinic_clinic, clinic_user, patients_patient, audit_entry, audit_seal restart identity cascade"
        )
    demonstration_wiped.send(None)


def _set_the_stage(now: datetime, clock: Clock, scale: Scale) -> tuple[Story, int]:
    day = local_date(now, places.ZONE)
    first_day, last_day = day - timedelta(days=scale.days_back), day + timedelta(days=scale.days_ahead)
    clock.set(at_wall_clock(first_day - timedelta(days=60), places.OPENS, places.ZONE))
    clinics = places.open_clinics(today=day, first_day=first_day, last_day=last_day)
    people = staff.open_accounts(clinics=clinics)
    shifts = staff.roster(clinics=clinics, staff=people, today=day, first_day=first_day, last_day=last_day)
    story = Story(
        today=day,
        moment=today.moment_shown(now=now, zone=places.ZONE),
        last_day=last_day,
        clinics=clinics,
        staff=people,
        therapies=Therapies(on=day),
        diary=Diary(clinics=clinics, first_day=first_day, last_day=last_day),
        clock=clock,
        rng=Random(f"chairside {day}"),  # noqa: S311  (no secret: the same day gives the same data)
    )
    return story, shifts


def _let_foreign_keys_speak_at_once() -> None:
    """Thousands of checks put off to the commit would be looked through at every booking."""
    with connection.cursor() as cursor:
        cursor.execute(f"set constraints all immediate; set constraints {SPEAKING_AT_COMMIT} deferred")


def _analyze() -> None:
    """The planner knows nothing of rows that came with this transaction: at each stage it would guess the slow way."""
    with connection.cursor() as cursor:
        cursor.execute("analyze")
