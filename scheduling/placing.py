"""Putting an appointment in its place under the lock: checked as it was offered, seated, written.

What booking one dose, moving it, and booking a whole series share. Call inside `guarded`, after `lock`.
"""

from collections.abc import Collection
from contextlib import nullcontext
from datetime import datetime
from typing import TypedDict

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.models import Chair, Clinic, User
from clinic.quarters import ClinicDate, ceil_quarter, is_on_quarter, local_date
from patients.models import TreatmentPlan
from scheduling.care import write_care
from scheduling.elsewhere import quarters_elsewhere
from scheduling.engine.day import Day, span
from scheduling.engine.reseating import Reseater
from scheduling.engine.seating import Seat, seat, seat_in
from scheduling.load import load_day
from scheduling.models import Appointment, NurseAssignment, Status
from scheduling.needs import Needs, needs_of
from scheduling.record import stamp
from scheduling.refusals import NotAvailable
from scheduling.reseating import chairs_judged_together, change_chairs
from scheduling.signals import appointment_changed


def place(
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
    """Make an appointment. `plan` was read under the lock, with its patient and therapy. Raises `NotAvailable`."""
    needs = needs_of(plan=plan, dose_number=dose_number)
    grid, day, found = find_seat(needs, clinic, start, chair, override_reason)
    period = _period(grid, start, needs)
    change_chairs(found.moves)
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
    return appointment


def put_elsewhere(
    *,
    appointment: Appointment,
    clinic: Clinic,
    start: datetime,
    by: User | None,
    chair: Chair | None = None,
    override_reason: str = "",
    note: str = "",
    may_have_begun: bool = False,
    lifted: Collection[int] = (),
) -> None:
    """Give an appointment, read under the lock, another time, chair or clinic. Raises `NotAvailable`.

    `may_have_begun`: also to a time that has passed, to put back what was moved by a slip. `lifted` are other
    appointments, by id, that are about to be moved too and so are out of the way already.
    """
    if appointment.status != Status.BOOKED:
        raise NotAvailable(
            f"The patient is {appointment.get_status_display().lower()}; only a booked appointment moves.",
            code="status",
        )
    needs = needs_of(plan=appointment.plan, dose_number=appointment.dose_number, moving=appointment)
    NurseAssignment.objects.filter(appointment=appointment).delete()
    grid, day, found = find_seat(
        needs, clinic, start, chair, override_reason, moving=appointment, may_have_begun=may_have_begun, lifted=lifted
    )
    appointment.note = note or appointment.note
    # While others are lifted their rows are in old chairs still: whoever moves them judges the chairs at the end.
    with nullcontext() if lifted else chairs_judged_together():
        change_chairs(found.moves)
        _rewrite(appointment, needs, clinic, start, grid, found, override_reason)
    write_care(clinic=clinic, grid=grid, day=day, care={**found.changed, appointment.pk: found.care})
    appointment_changed.send(Appointment, appointment=appointment, change="moved", by=by)


def take_up_again(*, appointment: Appointment, status: Status, note: str, by: User | None) -> None:
    """Let a cancelled appointment, read under the lock, stand again where it was, if it still can be there.

    The row stays the same, and so does its version: nothing that a patient was told has changed. Raises `NotAvailable`.
    """
    clinic, start = appointment.clinic, appointment.start
    needs = needs_of(plan=appointment.plan, dose_number=appointment.dose_number)
    grid, day, found = find_seat(
        needs, clinic, start, appointment.chair, appointment.override_reason, may_have_begun=True
    )
    appointment.status, appointment.reason, appointment.note = status, "", note
    appointment.dose_phase = needs.phase
    appointment.period = appointment.planned_period = _period(grid, start, needs)
    appointment.save(update_fields=["status", "reason", "note", "dose_phase", "period", "planned_period"])
    write_care(clinic=clinic, grid=grid, day=day, care={**found.changed, appointment.pk: found.care})
    stamp(appointment, status, by)
    appointment_changed.send(Appointment, appointment=appointment, change="taken_up", by=by)


def find_seat(
    needs: Needs,
    clinic: Clinic,
    start: datetime,
    chair: Chair | None,
    override_reason: str,
    *,
    moving: Appointment | None = None,
    may_have_begun: bool = False,
    may_reseat: bool = True,
    lifted: Collection[int] = (),
) -> tuple[ClinicDate, Day, Seat]:
    """Check a time under the lock and seat the patient, in `chair` if one is named. Raises `NotAvailable`.

    Where no chair is free throughout, others who have not arrived may be given another one: the seat names them.
    """
    if not is_on_quarter(start):
        raise NotAvailable("Appointments start on a quarter hour.", code="quarter")
    grid = ClinicDate(local_date(start, clinic.zone), clinic.zone)
    needs.refuse_day(grid.day)
    day = load_day(clinic=clinic, day=grid.day)
    if moving is not None:
        day = day.without(moving.pk)
    for pk in lifted:
        day = day.without(pk)
    quarter = grid.quarter_of(start)
    elsewhere = quarters_elsewhere(patient=needs.plan.patient, grid=grid, moving=moving)
    if span(quarter, quarter + needs.quarters) & elsewhere:
        raise NotAvailable("The patient has another appointment at that time.", code="time")
    terms: _Terms = {
        "earliest": 0 if may_have_begun else grid.quarter_of(ceil_quarter(timezone.now())),
        "within_hours": not override_reason,
    }
    possible = day.starts(needs.quarters, kinds=needs.kinds if chair is None else frozenset(), **terms)
    chairs = [pk for pk, starts in possible.items() if starts >> quarter & 1 and (chair is None or chair.pk == pk)]
    if chairs:
        return grid, day, seat(day, start=quarter, length=needs.quarters, chairs=chairs)
    found = _by_reseating(day, needs, quarter, terms) if chair is None and may_reseat else None
    if found is None:
        why = _why_not(day, needs, grid, quarter, chair, bool(override_reason), may_have_begun)
        raise NotAvailable(why, code="time")
    return grid, day, found


class _Terms(TypedDict):
    """On which terms a time is looked for."""

    earliest: int
    within_hours: bool


def _by_reseating(day: Day, needs: Needs, quarter: int, terms: _Terms) -> Seat | None:
    """The seat that is free once others have changed chairs."""
    reseater = Reseater(day, kinds=needs.kinds)
    room, firsts = day.room_for_one(**terms)
    if not reseater.starts(room, firsts, needs.quarters) >> quarter & 1:
        return None
    found = reseater.seat(start=quarter, length=needs.quarters)
    if found is None:
        return None
    return seat_in(day, start=quarter, length=needs.quarters, chair=found.chair, moves=found.moves)


def _why_not(
    day: Day,
    needs: Needs,
    grid: ClinicDate,
    quarter: int,
    chair: Chair | None,
    override: bool,
    may_have_begun: bool,
) -> str:
    """A sentence that says which rule a start breaks."""
    whole = range(quarter, quarter + needs.quarters)
    if grid.moment_of(quarter) < timezone.now() and not may_have_begun:
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
    period = _period(grid, start, needs)
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


def _period(grid: ClinicDate, start: datetime, needs: Needs) -> DateTimeTZRange:
    return DateTimeTZRange(start, grid.moment_of(grid.quarter_of(start) + needs.quarters))
