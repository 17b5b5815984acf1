"""Two clocks: visits are on the clinic's, and the patient may live by another."""

from datetime import datetime
from zoneinfo import ZoneInfo

from scheduling.models import Appointment


def patients_zone(appointment: Appointment) -> ZoneInfo:
    """By whose clock messages keep quiet at night and are counted by the day. Reads patient and home clinic."""
    return appointment.patient.zone


def reads_another_clock(appointment: Appointment) -> bool:
    """Whether the patient's clock shows another time at the visit than the clinic's: then the zone must be named."""
    start: datetime = appointment.start
    there, here = (start.astimezone(zone).utcoffset() for zone in (patients_zone(appointment), appointment.clinic.zone))
    return there != here
