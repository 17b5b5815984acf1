"""What is said of a booking."""

from scheduling.models import Appointment
from scheduling.wording import when_words


def booked_words(appointment: Appointment) -> str:
    """What is said of a time that was booked: Tue Dec 8, 9:15 AM, Madison, Chair 3."""
    return f"{when_words(appointment.start, appointment.clinic.zone)}, {appointment.clinic}, {appointment.chair}"
