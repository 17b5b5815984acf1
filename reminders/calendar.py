"""A visit as a calendar entry that later ones update or cancel."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from scheduling.models import Appointment


def entry(
    appointment: Appointment,
    *,
    now: datetime,
    summary: str,
    location: str,
    description: str,
    sender: str,
    organizer: str,
    attendee: str,
    cancelled: bool = False,
) -> bytes:
    """One visit as an iCalendar file with METHOD REQUEST, or CANCEL.

    The UID is the appointment's for good, the SEQUENCE its version, so each replaces the one before. Times are UTC,
    which every calendar shows in its own zone; a cancellation counts one higher than what it cancels.
    """
    calendar = _calendar("CANCEL" if cancelled else "REQUEST")
    event = _event(appointment, now=now, summary=summary, location=location, description=description)
    if cancelled:
        event["sequence"], event["status"] = appointment.version + 1, vText("CANCELLED")
    event["organizer"] = _person(organizer, sender)
    event["attendee"] = _person(attendee, "")
    calendar.add_component(event)
    return calendar.to_ical()


def to_keep(
    appointments: Iterable[Appointment], *, now: datetime, summary: str, location: str, description: str
) -> bytes:
    """Visits as one iCalendar file with METHOD PUBLISH, which a calendar takes without asking for an answer.

    The entries are the ones that e-mails carry: later ones replace or cancel them.
    """
    calendar = _calendar("PUBLISH")
    for appointment in appointments:
        calendar.add_component(
            _event(appointment, now=now, summary=summary, location=location, description=description)
        )
    return calendar.to_ical()


def uid(appointment: Appointment) -> str:
    """The name that calendars know an appointment by."""
    host = settings.PUBLIC_URL.split("//", 1)[1].split(":")[0]
    return f"visit-{appointment.pk}@{host}"


def _person(address: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    if name:
        person.params["CN"] = vText(name)
    return person


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Chairside//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _event(appointment: Appointment, *, now: datetime, summary: str, location: str, description: str) -> Event:
    event = Event()
    event.add("uid", uid(appointment))
    event.add("sequence", appointment.version)
    event.add("dtstamp", now)
    event.add("dtstart", appointment.start)
    event.add("dtend", appointment.end)
    event.add("summary", summary)
    event.add("status", "CONFIRMED")
    if location:
        event.add("location", location)
    if description:
        event.add("description", description)
    return event
