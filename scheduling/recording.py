"""Putting a visit on record afterwards: what was written on paper while the program was not at hand."""

from collections.abc import Sequence
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.models import User
from clinic.quarters import QUARTER, ClinicDate, ceil_quarter
from patients import course
from patients.models import DoseSource
from scheduling.care import write_care
from scheduling.engine.seating import until
from scheduling.load import load_day
from scheduling.locks import guarded, lock
from scheduling.models import Appointment, Status, StatusChange
from scheduling.record import day_of, fresh
from scheduling.redealing import heal_day
from scheduling.refusals import NotAvailable
from scheduling.signals import appointment_changed
from scheduling.visit import NEXT

Step = tuple[Status, datetime]


def record_visit(*, appointment: Appointment, steps: Sequence[Step], by: User | None) -> None:
    """Put a whole treated visit on record at once: each status with its moment, in order, the last one `done`.

    The stay ends on the quarter hour after the patient was done, at the latest when it was to end, and the dose counts
    as given that day: as if each step had been marked when it happened. Raises `NotAvailable` for steps that cannot be.
    """
    with guarded():
        clinic, day = day_of(appointment)
        lock(days={(clinic, day)}, patient=appointment.patient)
        appointment = fresh(appointment)
        _check(appointment, steps)
        _end(appointment, steps[-1][1])
        StatusChange.objects.bulk_create(
            StatusChange(appointment=appointment, status=status, at=at, by=by) for status, at in steps
        )
        course.record_dose(
            plan=appointment.plan, dose_number=appointment.dose_number, given_on=day, source=DoseSource.HERE, by=by
        )
        appointment_changed.send(Appointment, appointment=appointment, change="status", by=by)


def _check(appointment: Appointment, steps: Sequence[Step]) -> None:
    status = appointment.status
    for step, _ in steps:
        if step not in NEXT.get(status, frozenset()):
            raise NotAvailable(f"After “{status}” there is no “{step}”. Check the order of the steps.", code="status")
        status = step
    moments = [at for _, at in steps]
    if status != Status.DONE:
        raise NotAvailable("A visit is put on record as a whole: the last step is “done”.", code="status")
    if moments != sorted(moments) or moments[-1] > timezone.now() or moments[-1] <= appointment.start:
        raise NotAvailable("The steps follow one another, end after the visit began, and are over.", code="time")


def _end(appointment: Appointment, done: datetime) -> None:
    """End the stay when the patient was done. Chair and nurse time left over is free."""
    end = min(max(ceil_quarter(done), appointment.start + QUARTER), appointment.end)
    appointment.status = Status.DONE
    if end == appointment.end:
        appointment.save(update_fields=["status"])
        return
    clinic, date = day_of(appointment)
    grid, day = ClinicDate(date, clinic.zone), load_day(clinic=clinic, day=date)
    stay = next(stay for stay in day.stays if stay.id == appointment.pk)
    appointment.period = DateTimeTZRange(appointment.start, end)
    appointment.save(update_fields=["status", "period"])
    write_care(clinic=clinic, grid=grid, day=day, care={stay.id: until(stay.care, grid.quarter_of(end))})
    heal_day(clinic=clinic, date=date)
