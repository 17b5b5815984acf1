"""Lock, check, write: the lock that every change takes first, and the database's refusals as one plain answer."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from clinic.models import Clinic
from patients.models import Patient
from scheduling.refusals import TAKEN, NotAvailable

LOCK_TIMEOUT = "3s"

SPEAKING_AT_COMMIT = (
    "assignments_tile_appointment, nurse_cares_while_on_the_floor, nurse_place_holds_one_patient_at_a_time, "
    "assignment_is_at_the_clinic, floor_time_is_rostered"
)

LOST_RACES = {"40P01", "55P03", "40001"}
"""Deadlock, lock timeout, serialization failure."""

REFUSALS = {
    "chair_holds_one_patient_at_a_time": TAKEN,
    "nurse_place_holds_one_patient_at_a_time": TAKEN,
    "nurse_starts_one_patient_at_a_time": TAKEN,
    "nurse_cares_while_on_the_floor": TAKEN,
    "assignments_tile_appointment": TAKEN,
    "chair_is_offered_to_one_patient_at_a_time": TAKEN,
    "one_open_offer_at_a_time": "This patient was just offered a time by somebody else.",
    "a_dose_waits_once": "This dose was just put on the waitlist by somebody else.",
    "patient_in_one_chair_at_a_time": "The patient already has an appointment at that time.",
    "nurse_has_one_shift_at_a_time": "The nurse was just given another shift at that time. Look at the week again.",
    "a_dose_is_booked_once": "This dose was just booked by somebody else. Open the patient to see when.",
}


@contextmanager
def guarded() -> Iterator[None]:
    """One transaction whose refusals by the database become `NotAvailable`. Deferred constraints speak here."""
    try:
        with transaction.atomic():
            yield
            with connection.cursor() as cursor:
                cursor.execute(
                    f"set constraints {SPEAKING_AT_COMMIT} immediate; set constraints {SPEAKING_AT_COMMIT} deferred"
                )
    except IntegrityError as error:
        reason = REFUSALS.get(_diagnosis(error, "constraint_name"))
        if reason is None:
            raise
        raise NotAvailable(reason, code="taken") from error
    except OperationalError as error:
        if _code(error) not in LOST_RACES:
            raise
        raise NotAvailable(TAKEN, code="taken") from error


def lock(*, days: Collection[tuple[Clinic, date]], patient: Patient | None = None) -> None:
    """Take the patient, then the clinic days in sorted order, and bump the days' versions.

    Everybody takes them in this order, so nobody deadlocks. Waits at most `LOCK_TIMEOUT`. Call inside `guarded`.
    """
    keys = sorted({(clinic.pk, day) for clinic, day in days})
    statements = [f"set local lock_timeout = '{LOCK_TIMEOUT}'"]
    params: list[int | date] = []
    if patient is not None:
        statements.append("select from patients_patient where id = %s for no key update")
        params.append(patient.pk)
    if keys:
        statements.append(
            "insert into scheduling_clinicday (clinic_id, date, version) values "
            + ", ".join(["(%s, %s, 1)"] * len(keys))
            + " on conflict (clinic_id, date) do update set version = scheduling_clinicday.version + 1"
        )
        params += [value for key in keys for value in key]
    with connection.cursor() as cursor:
        cursor.execute("; ".join(statements), params)


def _code(error: BaseException) -> str:
    return str(getattr(error.__cause__, "pgcode", ""))


def _diagnosis(error: BaseException, what: str) -> str:
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, what, None) or "")
