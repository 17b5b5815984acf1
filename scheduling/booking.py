"""Booking a chair that is really free; moving it, giving it up, and following the patient through the day.

Each change takes the lock of its clinic days, checks with the code that made the offer, writes, and lets the
constraints speak last. What can't be is `NotAvailable`, with a sentence for people and the next best openings.
"""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from clinic.access import Act, may
from clinic.models import Chair, Clinic, User
from clinic.quarters import local_date
from patients.models import TreatmentPlan
from scheduling import openings
from scheduling.locks import guarded, lock
from scheduling.models import Appointment, Reason, Status
from scheduling.needs import Needs, needs_of
from scheduling.placing import find_seat, place, put_elsewhere
from scheduling.record import day_of, fresh, fresh_plan, hold, release
from scheduling.redealing import heal_day
from scheduling.refusals import NotAvailable
from scheduling.signals import appointment_changed
from scheduling.visit import extend, set_status

__all__ = ["NotAvailable", "book", "cancel", "check", "confirm", "extend", "move", "set_status"]

ALTERNATIVES = 3


def book(
    *,
    plan: TreatmentPlan,
    dose_number: int,
    clinic: Clinic,
    start: datetime,
    by: User | None,
    chair: Chair | None = None,
    override_reason: str = "",
    note: str = "",
) -> Appointment:
    """Book one dose of a plan at a clinic from `start` (aware, on a quarter hour), in `chair` or the best free one.

    A manager may book outside opening hours with an `override_reason`, which is kept; so is a `note`, for example why
    the day lies outside the window. Raises `NotAvailable`.
    """
    _check_override(by, clinic, override_reason)
    try:
        with guarded():
            lock(days={(clinic, local_date(start, clinic.zone))}, patient=plan.patient)
            plan = fresh_plan(plan, clinic)
            return place(
                plan=plan,
                dose_number=dose_number,
                clinic=clinic,
                start=start,
                by=by,
                chair=chair,
                override_reason=override_reason,
                note=note,
            )
    except NotAvailable as refusal:
        add_alternatives(refusal, plan, dose_number, clinic, start)
        raise


def check(
    *,
    plan: TreatmentPlan,
    dose_number: int,
    clinic: Clinic,
    start: datetime,
    chair: Chair | None = None,
    moving: Appointment | None = None,
) -> Needs:
    """What the dose needs, if `book` would succeed now, or `move` of the appointment that is `moving`.

    Raises `NotAvailable` as they would. Writes and locks nothing.
    """
    try:
        needs = needs_of(plan=plan, dose_number=dose_number, moving=moving)
        find_seat(needs, clinic, start, chair, "", moving=moving)
    except NotAvailable as refusal:
        add_alternatives(refusal, plan, dose_number, clinic, start, moving=moving)
        raise
    return needs


def move(
    *,
    appointment: Appointment,
    clinic: Clinic,
    start: datetime,
    by: User | None,
    chair: Chair | None = None,
    override_reason: str = "",
    note: str = "",
) -> Appointment:
    """Move a booked appointment to another time, chair or clinic, all or nothing. Raises `NotAvailable`.

    The move takes the confirmation away unless the time stays the same. `note` as in `book`; empty keeps the old one.
    """
    _check_override(by, clinic, override_reason)
    try:
        with guarded():
            appointment = hold(appointment, and_days={(clinic, local_date(start, clinic.zone))})
            here = day_of(appointment)
            put_elsewhere(
                appointment=appointment,
                clinic=clinic,
                start=start,
                by=by,
                chair=chair,
                override_reason=override_reason,
                note=note,
            )
            heal_day(clinic=here[0], date=here[1])
    except NotAvailable as refusal:
        add_alternatives(refusal, appointment.plan, appointment.dose_number, clinic, start, moving=appointment)
        raise
    return fresh(appointment)


def cancel(*, appointment: Appointment, reason: str, by: User | None, note: str = "") -> Appointment:
    """Give an appointment up, with a coded `Reason`. Chair and nurses are free at once. Raises `NotAvailable`."""
    if reason not in Reason.values:
        raise NotAvailable("Choose why the appointment is cancelled.", code="reason")
    with guarded():
        appointment = hold(appointment)
        if appointment.status not in {Status.BOOKED, Status.ARRIVED}:
            raise NotAvailable(
                f"The patient is {appointment.get_status_display().lower()}; this can't be cancelled any more.",
                code="status",
            )
        release(appointment, Status.CANCELLED, reason=reason, note=note, by=by)
        heal_day(clinic=appointment.clinic, date=day_of(appointment)[1])
        appointment_changed.send(Appointment, appointment=appointment, change="cancelled", by=by)
    return fresh(appointment)


def confirm(*, appointment: Appointment, by: User | None) -> Appointment:
    """Note that the patient said they will come. Confirming twice keeps the first moment."""
    with guarded():
        appointment = hold(appointment)
        if appointment.status != Status.BOOKED:
            raise NotAvailable("Only a booked appointment can be confirmed.", code="status")
        if appointment.confirmed_at is None:
            appointment.confirmed_at = timezone.now()
            appointment.save(update_fields=["confirmed_at"])
            appointment_changed.send(Appointment, appointment=appointment, change="confirmed", by=by)
    return appointment


def add_alternatives(
    refusal: NotAvailable,
    plan: TreatmentPlan,
    dose_number: int,
    clinic: Clinic,
    start: datetime,
    *,
    moving: Appointment | None = None,
) -> None:
    """Put the next best openings near the time asked for on a refusal, where another time would help."""
    if refusal.code in {"time", "taken"}:
        day = local_date(start, clinic.zone)
        refusal.alternatives = openings.find(
            plan=plan,
            dose_number=dose_number,
            clinics=[clinic],
            first_day=day,
            last_day=day + timedelta(days=7),
            limit=ALTERNATIVES,
            near=start,
            moving=moving,
        )


def _check_override(by: User | None, clinic: Clinic, override_reason: str) -> None:
    if override_reason and (by is None or not may(user=by, act=Act.OVERRIDE, clinic=clinic)):
        raise PermissionDenied("Only a manager books past a rule. Ask your manager.")
