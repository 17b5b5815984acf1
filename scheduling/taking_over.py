"""Taking over a calendar that was kept elsewhere, a clinic day at a time: what is booked, and what became of it.

The visits are seated and cared for by the engine that books, and the database holds them to the same guarantees. When
a dose is due was for whoever kept the calendar to see to: what is to come too soon shows as not ready. Nobody is told
of a visit that is over; of the others patients hear by `tell`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.models import Clinic, User
from clinic.quarters import QUARTER, ClinicDate, ceil_quarter, is_on_quarter, local_date
from patients import course
from patients.models import DoseSource, Patient, TreatmentPlan
from scheduling.care import write_care
from scheduling.engine.day import Care, Day, Stay
from scheduling.engine.seating import seat
from scheduling.load import load_day
from scheduling.locks import guarded, lock
from scheduling.models import HELD, Appointment, Status, StatusChange
from scheduling.refusals import NotAvailable
from scheduling.signals import appointment_changed
from scheduling.visit import NEXT
from therapies.catalog import facts_of
from therapies.models import DosePhase, Therapy
from therapies.series import NoPhase, PhaseFacts, phase_for

Step = tuple[Status, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVisit:
    """One visit as another calendar tells it. `plan` comes with its patient and therapy.

    `start` and `end` are the stay as it was booked, on quarter hours. `steps` are the statuses that followed, each with
    its moment; the last one says how it ended: done, cancelled, no-show or left. Of a visit to come there are none.
    """

    plan: TreatmentPlan
    dose_number: int
    chair_id: int
    start: datetime
    end: datetime
    booked_at: datetime
    steps: Sequence[Step]
    confirmed_at: datetime | None = None
    reason: str = ""
    note: str = ""

    @property
    def outcome(self) -> Status:
        """How it ended; booked if it is to come."""
        return self.steps[-1][0] if self.steps else Status.BOOKED

    @property
    def last_moment(self) -> datetime:
        """When the last step was taken."""
        return self.steps[-1][1]


def take_over_day(*, clinic: Clinic, day: date, visits: Sequence[KnownVisit], by: User | None) -> list[Appointment]:
    """Put visits of a day of a clinic that are over or to come on record, all or nothing, beside what is there.

    A visit that is done ends on the quarter hour after its last step, at the latest as booked, and its dose counts as
    given that day. The number of queries does not grow with the visits. Raises `NotAvailable` for a visit that cannot
    have been: in a chair that was taken, or where no nurse had a place.
    """
    for visit in visits:
        _check(visit, clinic, day)
    with guarded():
        _lock_patients([visit.plan.patient_id for visit in visits])
        lock(days={(clinic, day)})
        phases = _Phases(on=day, therapies=[visit.plan.therapy for visit in visits])
        appointments = Appointment.objects.bulk_create(
            _appointment(visit, clinic, phases.of(visit.plan, visit.dose_number), by) for visit in visits
        )
        _seat_all(clinic, day, [one for one in appointments if one.status in HELD])
        StatusChange.objects.bulk_create(
            StatusChange(appointment=appointment, status=status, at=at, by=by)
            for visit, appointment in zip(visits, appointments, strict=True)
            for status, at in ((Status.BOOKED, visit.booked_at), *visit.steps)
        )
        if given := {visit.plan.pk: visit.dose_number for visit in visits if visit.outcome == Status.DONE}:
            course.record_day(doses=given, given_on=day, source=DoseSource.HERE, by=by)
    return appointments


def tell(*, appointment: Appointment, by: User | None) -> None:
    """Let the patient of a visit to come be told of it, as of one that was booked now."""
    appointment_changed.send(Appointment, appointment=appointment, change="taken_up", by=by)


def _check(visit: KnownVisit, clinic: Clinic, day: date) -> None:
    """Raise `NotAvailable` for a visit whose times or steps make no sense."""
    if not (is_on_quarter(visit.start) and is_on_quarter(visit.end) and visit.start < visit.end):
        raise NotAvailable("Appointments start and end on a quarter hour.", code="quarter")
    if local_date(visit.start, clinic.zone) != day:
        raise NotAvailable(f"This visit is not on {day:%b %-d, %Y}.", code="day")
    status: str = Status.BOOKED
    for step, _ in visit.steps:
        may_cancel = step == Status.CANCELLED and status in {Status.BOOKED, Status.ARRIVED}
        if step not in NEXT.get(status, frozenset()) and not may_cancel:
            raise NotAvailable(f"After “{status}” there is no “{step}”. Check the order of the steps.", code="status")
        status = step
    if not visit.steps and visit.start > timezone.now() >= visit.booked_at:
        return
    if status == Status.BOOKED or status in NEXT:
        raise NotAvailable("Say how the visit ended: done, cancelled, no-show or left.", code="status")
    moments = [visit.booked_at, *(at for _, at in visit.steps)]
    if moments != sorted(moments) or moments[-1] > timezone.now():
        raise NotAvailable("The steps of a visit follow one another, and are over.", code="time")


def _lock_patients(ids: Collection[int]) -> None:
    """Patients come before days, in order, as everywhere."""
    list(Patient.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _appointment(visit: KnownVisit, clinic: Clinic, phase: DosePhase, by: User | None) -> Appointment:
    end = visit.end
    if visit.outcome == Status.DONE:
        end = min(max(ceil_quarter(visit.last_moment), visit.start + QUARTER), end)
    return Appointment(
        plan=visit.plan,
        patient_id=visit.plan.patient_id,
        dose_number=visit.dose_number,
        dose_phase=phase,
        clinic=clinic,
        chair_id=visit.chair_id,
        period=DateTimeTZRange(visit.start, end),
        planned_period=DateTimeTZRange(visit.start, visit.end),
        status=visit.outcome,
        short_staffed=False,
        confirmed_at=visit.confirmed_at,
        reason=visit.reason,
        note=visit.note,
        override_reason="",
        version=1,
        booked_by=by,
        booked_at=visit.booked_at,
    )


def _seat_all(clinic: Clinic, date_: date, appointments: Sequence[Appointment]) -> None:
    """Deal nurses to the patients who were treated, in order of time."""
    grid, before = ClinicDate(date_, clinic.zone), load_day(clinic=clinic, day=date_)
    # The rows are there already, without care.
    waiting = {appointment.pk for appointment in appointments}
    stays = {stay.id: stay for stay in before.stays if stay.id not in waiting}
    before = Day(before.length, before.open, before.chairs, before.nurses, tuple(stays.values()))
    care: dict[int, tuple[Care, ...]] = {}
    for appointment in sorted(appointments, key=lambda one: (one.start, one.pk)):
        day = Day(before.length, before.open, before.chairs, before.nurses, tuple(stays.values()))
        start, length = grid.quarter_of(appointment.start), (appointment.end - appointment.start) // QUARTER
        if not day.starts(length, within_hours=False).get(appointment.chair_id, 0) >> start & 1:
            clock = appointment.start.astimezone(clinic.zone)
            raise NotAvailable(
                f"On {clock:%b %-d, %Y at %-I:%M %p} the chair was taken, or every nurse had 3 patients.", code="time"
            )
        found = seat(day, start=start, length=length, chairs=[appointment.chair_id])
        for pk, changed in found.changed.items():
            stays[pk] = replace(stays[pk], care=changed)
        stays[appointment.pk] = Stay(appointment.pk, found.chair, start, start + length, found.care)
        care |= {**found.changed, appointment.pk: found.care}
    write_care(clinic=clinic, grid=grid, day=before, care=care)


class _Phases:
    """The dose phases in force on a day, of some therapies. One query."""

    def __init__(self, *, on: date, therapies: Collection[Therapy]) -> None:
        rows = DosePhase.objects.filter(version__therapy__in=therapies, version__effective_from__lte=on)
        newest: dict[int, int] = {}
        self._rows: dict[int, dict[PhaseFacts, DosePhase]] = defaultdict(dict)
        for row in rows.select_related("version").order_by("-version__number"):
            therapy = row.version.therapy_id
            if newest.setdefault(therapy, row.version_id) == row.version_id:
                self._rows[therapy][facts_of(row)] = row

    def of(self, plan: TreatmentPlan, dose_number: int) -> DosePhase:
        rows = self._rows[plan.therapy_id]
        try:
            return rows[phase_for(rows, dose_number, plan.variant)]
        except NoPhase as error:
            raise NotAvailable(f"{plan.therapy}: {error}", code="plan") from error
