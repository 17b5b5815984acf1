"""Where on a clinic's day an appointment could go: every chair and quarter hour that a move would be allowed to."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from clinic.models import Clinic
from clinic.quarters import ClinicDate, ceil_quarter
from scheduling.chairs import NOT_YET_SEATED, chairs_beside
from scheduling.elsewhere import quarters_elsewhere
from scheduling.engine.day import each
from scheduling.load import load_day
from scheduling.models import Appointment, Status
from scheduling.needs import needs_of
from scheduling.record import day_of
from scheduling.refusals import NotAvailable


@dataclass(frozen=True, slots=True)
class Places:
    """The starts that an appointment could be moved to, by chair, as sets of quarters; and how long it would stay."""

    appointment: Appointment
    starts: dict[int, int]
    quarters: int

    @property
    def count(self) -> int:
        """How many places there are."""
        return sum(len(list(each(quarters))) for quarters in self.starts.values())


def places_of(*, appointment: Appointment, clinic: Clinic, day: date) -> Places:
    """Complete and sound: a place is here if and only if moving there would succeed now. A fixed number of queries.

    At the time it has already any free chair will do, since nothing but the chair changes; a patient who has arrived
    keeps the time. Where the appointment is now is no place to move to. `appointment` comes with plan, patient, therapy
    and clinic. Raises `NotAvailable` when it can't be moved at all.
    """
    if appointment.status not in NOT_YET_SEATED:
        raise NotAvailable(
            f"The patient is {appointment.get_status_display().lower()}; only a booked appointment moves.",
            code="status",
        )
    grid, now = ClinicDate(day, clinic.zone), day_of(appointment)
    quarters, starts = grid.quarter_of(appointment.end) - grid.quarter_of(appointment.start), {}
    whole = load_day(clinic=clinic, day=day)
    if appointment.status == Status.BOOKED:
        needs = needs_of(plan=appointment.plan, dose_number=appointment.dose_number, moving=appointment)
        needs.refuse_day(day)
        quarters = needs.quarters
        starts = whole.without(appointment.pk).starts(
            quarters,
            earliest=grid.quarter_of(ceil_quarter(timezone.now())),
            not_during=quarters_elsewhere(patient=needs.plan.patient, grid=grid, moving=appointment),
        )
    if now == (clinic, day):
        same_time = 1 << grid.quarter_of(appointment.start)
        starts = {pk: found & ~same_time for pk, found in starts.items()}
        for pk in chairs_beside(whole, appointment.pk):
            starts[pk] = starts.get(pk, 0) | same_time
    return Places(appointment, {pk: found for pk, found in starts.items() if found}, quarters)


def is_same_time(appointment: Appointment, clinic: Clinic, start: datetime) -> bool:
    """Whether a place is at the clinic and time that the appointment has, so that only the chair would change."""
    return clinic == appointment.clinic and start == appointment.start
