"""What stands on the pages that book: the appointment that a second press of the same button means."""

from datetime import datetime

from clinic.models import Clinic, User
from patients.models import TreatmentPlan
from scheduling.models import LIVE, Appointment
from scheduling.wording import when_words


def same_booking(
    *, plan: TreatmentPlan, dose_number: int, clinic: Clinic, start: datetime, by: User
) -> Appointment | None:
    """The appointment, if this person has booked this dose at this very time already."""
    return (
        Appointment.objects.filter(plan=plan, dose_number=dose_number, clinic=clinic, booked_by=by, status__in=LIVE)
        .filter(period__startswith=start)
        .select_related("clinic", "chair")
        .first()
    )


def booked_words(appointment: Appointment) -> str:
    """What is said of a time that was booked: Tue Dec 8, 9:15 AM, Madison, Chair 3."""
    return f"{when_words(appointment.start, appointment.clinic.zone)}, {appointment.clinic}, {appointment.chair}"
