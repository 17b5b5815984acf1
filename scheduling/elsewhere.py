"""When a patient sits in another chair already, at any clinic: there is no opening for them then."""

from collections.abc import Sequence

from django.utils import timezone

from clinic.hours import Period
from clinic.quarters import ClinicDate
from clinic.sql import fetch
from patients.models import Patient
from scheduling.engine.day import span
from scheduling.models import HELD, Appointment

ELSEWHERE = """
    select lower(period), upper(period) from scheduling_appointment
    where patient_id = %s and status = any(%s) and upper(period) > %s and id is distinct from %s
"""


def periods_elsewhere(*, patient: Patient, moving: Appointment | None = None) -> list[Period]:
    """The stays of a patient that are not over, but for the one that would be moved. One query."""
    params = [patient.pk, list(HELD), timezone.now(), moving.pk if moving else None]
    return [(start, end) for start, end in fetch(ELSEWHERE, params)]


def quarters_elsewhere(*, patient: Patient, grid: ClinicDate, moving: Appointment | None = None) -> int:
    """The quarters of a day when a patient sits in a chair already. One query."""
    return quarters_of(periods_elsewhere(patient=patient, moving=moving), grid)


def quarters_of(periods: Sequence[Period], grid: ClinicDate) -> int:
    """The quarters of a day that some periods cover."""
    covered = 0
    for start, end in periods:
        if start < grid.end and grid.start < end:
            covered |= span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
    return covered
