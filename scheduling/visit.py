"""Following a patient through the day: arrived, seated, infusing, observing, done; late, missed, left."""

from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.models import User
from clinic.quarters import QUARTER, ClinicDate, ceil_quarter, is_on_quarter
from patients import course
from patients.errors import Refused
from patients.models import DoseSource
from scheduling.care import write_care
from scheduling.engine.day import Day, Stay, each, span
from scheduling.engine.seating import extra_care, until
from scheduling.load import load_day
from scheduling.locks import guarded
from scheduling.models import HELD, IN_CHAIR, LIVE, Appointment, Reason, Status
from scheduling.readying import refuse_unready
from scheduling.record import day_of, fresh, hold, release, stamp
from scheduling.redealing import heal_day
from scheduling.refusals import NotAvailable
from scheduling.signals import appointment_changed

NEXT: dict[str, frozenset[str]] = {
    Status.BOOKED: frozenset({Status.ARRIVED, Status.SEATED, Status.NO_SHOW}),
    Status.ARRIVED: frozenset({Status.BOOKED, Status.SEATED, Status.LEFT}),
    Status.SEATED: frozenset({Status.ARRIVED, Status.INFUSING, Status.LEFT}),
    Status.INFUSING: frozenset({Status.SEATED, Status.OBSERVING, Status.DONE, Status.LEFT}),
    Status.OBSERVING: frozenset({Status.INFUSING, Status.DONE, Status.LEFT}),
}
"""What may follow a status: the next step, a step back that corrects a slip, and the ways a visit ends."""

TO_BE_READY = frozenset({Status.BOOKED, Status.ARRIVED, Status.SEATED})
"""Who goes on from here has to be ready. A step back into the chair only corrects a slip."""


def set_status(
    *, appointment: Appointment, status: str, by: User | None, reason: str = "", note: str = "", seen: str = ""
) -> Appointment:
    """Move a patient on. Each change is stamped with time and person. Raises `NotAvailable` for a wrong step.

    `seen` is the status that the person had before their eyes, where that is known: if a colleague has gone on
    meanwhile, the step is refused instead of taking the patient back.

    Nobody is seated, nor is an infusion begun, while something is missing that the therapy asks for as hard.

    `no_show` and `left` take a coded `Reason` and free chair and nurses; `done` records the dose as given and frees
    what is left of the stay from the next quarter hour on.
    """
    with guarded():
        appointment = hold(appointment)
        clinic, day = day_of(appointment)
        if seen and seen != appointment.status:
            raise NotAvailable(
                f"A colleague has gone on meanwhile: the patient is {appointment.get_status_display().lower()}.",
                code="status",
            )
        _check_step(appointment, status, reason)
        if status in {Status.NO_SHOW, Status.LEFT}:
            release(appointment, Status(status), reason=reason, note=note, by=by)
            heal_day(clinic=clinic, date=day)
        elif status == Status.DONE:
            _finish(appointment, by)
            heal_day(clinic=clinic, date=day)
        else:
            appointment.status = status
            appointment.save(update_fields=["status"])
            stamp(appointment, status, by)
        appointment_changed.send(Appointment, appointment=appointment, change="status", by=by)
    return fresh(appointment)


def extend(*, appointment: Appointment, end: datetime, by: User | None) -> Appointment:
    """Let a stay run on until `end`, if chair and nurses are free. Else `NotAvailable` names whom it collides with."""
    with guarded():
        appointment = hold(appointment)
        clinic, date = day_of(appointment)
        grid = ClinicDate(date, clinic.zone)
        if appointment.status not in LIVE:
            raise NotAvailable("This visit has ended.", code="status")
        if not is_on_quarter(end) or end <= appointment.end or end > grid.end:
            raise NotAvailable("Choose a later quarter hour on the same day.", code="quarter")
        day = load_day(clinic=clinic, day=date)
        stay = next(stay for stay in day.stays if stay.id == appointment.pk)
        _check_room(appointment, grid, day, stay, grid.quarter_of(end))
        appointment.period = DateTimeTZRange(appointment.start, end)
        appointment.save(update_fields=["period"])
        care = extra_care(day, stay=stay, end=grid.quarter_of(end))
        write_care(clinic=clinic, grid=grid, day=day, care={stay.id: care})
        appointment_changed.send(Appointment, appointment=appointment, change="status", by=by)
    return fresh(appointment)


def next_statuses(appointment: Appointment) -> list[str]:
    """What may follow, in the order of the day."""
    following = NEXT.get(appointment.status, frozenset())
    return [status for status in Status.values if status in following]


def _check_step(appointment: Appointment, status: str, reason: str) -> None:
    if status not in NEXT.get(appointment.status, frozenset()):
        raise NotAvailable(
            f"The patient is {appointment.get_status_display().lower()}. Reload to see how it stands.",
            code="status",
        )
    if status in {Status.NO_SHOW, Status.LEFT} and reason not in Reason.values:
        raise NotAvailable("Choose the reason, so that it can be followed up.", code="reason")
    if status in IN_CHAIR and appointment.status in TO_BE_READY:
        refuse_unready(appointment)
    if status in IN_CHAIR and appointment.status not in IN_CHAIR:
        sitting = Appointment.objects.filter(chair=appointment.chair_id, status__in=IN_CHAIR).exclude(pk=appointment.pk)
        if other := sitting.select_related("patient").first():
            raise NotAvailable(
                f"{other.patient} still sits in {appointment.chair}. "
                "Finish that visit, or move this one to another chair.",
                code="chair",
                collisions=[other],
            )


def _finish(appointment: Appointment, by: User | None) -> None:
    """End a treated visit: the rest of the stay is free at once, and the dose counts as given today."""
    clinic, date = day_of(appointment)
    grid = ClinicDate(date, clinic.zone)
    end = min(max(ceil_quarter(timezone.now()), appointment.start + QUARTER), appointment.end)
    day = load_day(clinic=clinic, day=date)
    stay = next(stay for stay in day.stays if stay.id == appointment.pk)
    appointment.status = Status.DONE
    appointment.period = DateTimeTZRange(appointment.start, end)
    appointment.save(update_fields=["status", "period"])
    write_care(clinic=clinic, grid=grid, day=day, care={stay.id: until(stay.care, grid.quarter_of(end))})
    stamp(appointment, Status.DONE, by)
    try:
        course.record_dose(
            plan=appointment.plan, dose_number=appointment.dose_number, given_on=date, source=DoseSource.HERE, by=by
        )
    except Refused as refused:
        raise NotAvailable(refused.message, code="dose") from refused


def _check_room(appointment: Appointment, grid: ClinicDate, day: Day, stay: Stay, end: int) -> None:
    """Raise `NotAvailable` unless chair and nurses are free from the end of a stay until `end`."""
    more = span(stay.end, end)
    in_the_way = [
        other.id
        for other in day.stays
        if other.id != stay.id and other.chair == stay.chair and span(other.start, other.end) & more
    ]
    if in_the_way:
        colliding = list(
            Appointment.objects.filter(pk__in=in_the_way).select_related("patient", "clinic").order_by("period")
        )
        names = ", ".join(f"{one.patient} at {one.start.astimezone(grid.zone):%-I:%M %p}" for one in colliding)
        raise NotAvailable(
            f"{appointment.chair} is taken by {names}. Move that patient to another chair first.",
            code="chair",
            collisions=colliding,
        )
    if any(held.chair == stay.chair and held.quarters & more for held in day.held):
        raise NotAvailable(
            f"{appointment.chair} is held for somebody on the waitlist. Let that offer go first.", code="held"
        )
    mine = Appointment.objects.filter(patient=appointment.patient_id, status__in=HELD).exclude(pk=appointment.pk)
    if mine.filter(period__overlap=(appointment.end, grid.moment_of(end))).exists():
        raise NotAvailable("The patient has another appointment at that time.", code="patient")
    if not_covered := more & ~day.care_room:
        quarter = next(iter(each(not_covered)))
        clock = grid.moment_of(quarter).astimezone(grid.zone)
        who = "every nurse on the floor has 3 patients" if day.on_floor[quarter] else "no nurse is on the floor"
        raise NotAvailable(f"At {clock:%-I:%M %p} {who}. Ask the charge nurse for help.", code="nurses")
