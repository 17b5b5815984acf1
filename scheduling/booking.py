"""Booking a chair that is really free; moving it, giving it up, and following the patient through the day.

Each change takes the lock of its clinic days, checks with the code that made the offer, writes, and lets the
constraints speak last. What can't be is `NotAvailable`, with a sentence for people and the next best openings.
"""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.access import Act, may
from clinic.models import Chair, Clinic, User
from clinic.quarters import ClinicDate, ceil_quarter, is_on_quarter, local_date
from patients.models import TreatmentPlan
from scheduling import openings
from scheduling.care import write_care
from scheduling.engine.day import Day, span
from scheduling.engine.seating import Seat, seat
from scheduling.load import load_day
from scheduling.locks import guarded, lock
from scheduling.models import Appointment, NurseAssignment, Reason, Status
from scheduling.needs import Needs, needs_of
from scheduling.record import day_of, fresh, hold, release, stamp
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
            plan = TreatmentPlan.objects.select_related("patient", "therapy").get(pk=plan.pk)
            needs = needs_of(plan=plan, dose_number=dose_number)
            grid, day, found = _find_seat(needs, clinic, start, chair, override_reason)
            period = DateTimeTZRange(start, grid.moment_of(grid.quarter_of(start) + needs.quarters))
            appointment = Appointment.objects.create(
                plan=plan,
                patient=plan.patient,
                dose_number=dose_number,
                dose_phase=needs.phase,
                clinic=clinic,
                chair_id=found.chair,
                period=period,
                planned_period=period,
                override_reason=override_reason,
                note=note,
                booked_by=by,
                booked_at=timezone.now(),
                version=1,
            )
            write_care(clinic=clinic, grid=grid, day=day, care={**found.changed, appointment.pk: found.care})
            stamp(appointment, Status.BOOKED, by)
            appointment_changed.send(Appointment, appointment=appointment, change="booked", by=by)
    except NotAvailable as refusal:
        add_alternatives(refusal, plan, dose_number, clinic, start)
        raise
    return appointment


def check(
    *, plan: TreatmentPlan, dose_number: int, clinic: Clinic, start: datetime, chair: Chair | None = None
) -> Needs:
    """What the dose needs, if `book` would succeed now; raises `NotAvailable` as it would. Writes and locks nothing."""
    try:
        needs = needs_of(plan=plan, dose_number=dose_number)
        _find_seat(needs, clinic, start, chair, "")
    except NotAvailable as refusal:
        add_alternatives(refusal, plan, dose_number, clinic, start)
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
            if appointment.status != Status.BOOKED:
                raise NotAvailable(
                    f"The patient is {appointment.get_status_display().lower()}; only a booked appointment moves.",
                    code="status",
                )
            needs = needs_of(plan=appointment.plan, dose_number=appointment.dose_number, moving=appointment)
            NurseAssignment.objects.filter(appointment=appointment).delete()
            grid, day, found = _find_seat(needs, clinic, start, chair, override_reason, moving=appointment)
            appointment.note = note or appointment.note
            _rewrite(appointment, needs, clinic, start, grid, found, override_reason)
            write_care(clinic=clinic, grid=grid, day=day, care={**found.changed, appointment.pk: found.care})
            heal_day(clinic=here[0], date=here[1])
            appointment_changed.send(Appointment, appointment=appointment, change="moved", by=by)
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


def _find_seat(
    needs: Needs,
    clinic: Clinic,
    start: datetime,
    chair: Chair | None,
    override_reason: str,
    *,
    moving: Appointment | None = None,
) -> tuple[ClinicDate, Day, Seat]:
    """Check a time under the lock and seat the patient. Raises `NotAvailable`."""
    if not is_on_quarter(start):
        raise NotAvailable("Appointments start on a quarter hour.", code="quarter")
    grid = ClinicDate(local_date(start, clinic.zone), clinic.zone)
    needs.refuse_day(grid.day)
    day = load_day(clinic=clinic, day=grid.day)
    if moving is not None:
        day = day.without(moving.pk)
    quarter = grid.quarter_of(start)
    elsewhere = openings.quarters_elsewhere(patient=needs.plan.patient, grid=grid, moving=moving)
    if span(quarter, quarter + needs.quarters) & elsewhere:
        raise NotAvailable("The patient has another appointment at that time.", code="time")
    possible = day.starts(
        needs.quarters,
        kinds=needs.kinds if chair is None else frozenset(),
        earliest=grid.quarter_of(ceil_quarter(timezone.now())),
        within_hours=not override_reason,
    )
    chairs = [pk for pk, starts in possible.items() if starts >> quarter & 1 and (chair is None or chair.pk == pk)]
    if not chairs:
        raise NotAvailable(_why_not(day, needs, grid, quarter, chair, bool(override_reason)), code="time")
    return grid, day, seat(day, start=quarter, length=needs.quarters, chairs=chairs)


def _why_not(day: Day, needs: Needs, grid: ClinicDate, quarter: int, chair: Chair | None, override: bool) -> str:
    """A sentence that says which rule a start breaks."""
    whole = range(quarter, quarter + needs.quarters)
    if grid.moment_of(quarter) < timezone.now():
        return "That time has passed."
    if whole.stop > day.length or (not override and any(not day.open >> at & 1 for at in whole)):
        return f"The clinic is closed during part of that time: the stay takes {needs.quarters * 15} minutes."
    full = next((at for at in whole if not day.care_room >> at & 1), None)
    if full is not None:
        clock = grid.moment_of(full).astimezone(grid.zone)
        who = "every nurse on the floor has 3 patients" if day.on_floor[full] else "no nurse is on the floor"
        return f"At {clock:%-I:%M %p} {who}."
    if not day.start_room >> quarter & 1:
        return "Every nurse on the floor already starts a patient at that time. Try a quarter of an hour later."
    if chair is not None:
        return f"{chair.name} is not free for the whole stay of {needs.quarters * 15} minutes."
    return f"No chair is free for the whole stay of {needs.quarters * 15} minutes."


def _rewrite(
    appointment: Appointment,
    needs: Needs,
    clinic: Clinic,
    start: datetime,
    grid: ClinicDate,
    found: Seat,
    override_reason: str,
) -> None:
    """Put a moved appointment's new when and where on its row."""
    period = (start, grid.moment_of(grid.quarter_of(start) + needs.quarters))
    if start != appointment.start or clinic != appointment.clinic:
        appointment.confirmed_at = None
    appointment.clinic, appointment.chair_id = clinic, found.chair
    appointment.period = appointment.planned_period = period
    appointment.dose_phase = needs.phase
    appointment.short_staffed = False
    appointment.override_reason = override_reason or appointment.override_reason
    appointment.version += 1
    appointment.save(
        update_fields=[
            "clinic",
            "chair",
            "period",
            "planned_period",
            "dose_phase",
            "short_staffed",
            "confirmed_at",
            "override_reason",
            "note",
            "version",
        ]
    )


def _check_override(by: User | None, clinic: Clinic, override_reason: str) -> None:
    if override_reason and (by is None or not may(user=by, act=Act.OVERRIDE, clinic=clinic)):
        raise PermissionDenied("Only a manager books past a rule. Ask your manager.")
