"""When a clinic is open, and its chairs, as their page shows them. A fixed number of queries."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from clinic.hours import Clocks, weekly_hours
from clinic.models import Chair, ChairKind, ChairOutage, Clinic, OpeningHours, Weekday
from scheduling.models import LIVE
from scheduling.wording import day_words, stretch_words


@dataclass(frozen=True, slots=True)
class HoursFrom:
    """The hours of a week from a day on."""

    since: str
    """From which day on; empty for those in force."""
    days: tuple[tuple[str, str], ...]
    """Each weekday with its hours."""


@dataclass(frozen=True, slots=True)
class ChairLine:
    """A chair: what it is, how many are booked on it, and when it is out of service."""

    id: int
    name: str
    kind: str
    is_active: bool
    booked: int
    outages: tuple[str, ...]


def hours_of(*, clinic: Clinic, today: date) -> list[HoursFrom]:
    """The hours in force, then those planned for later. Two queries."""
    known = weekly_hours(clinics=[clinic])[clinic.pk]
    later = OpeningHours.objects.filter(clinic=clinic, valid_from__gt=today).order_by("valid_from")
    starts = [today, *later.values_list("valid_from", flat=True).distinct()]
    found = []
    for number, start in enumerate(starts):
        week = known.as_of(start)
        since = f"From {day_words(start, year=True)} on" if number else ""
        found.append(HoursFrom(since, tuple((day.label, _words(week[day.value])) for day in Weekday)))
    return found


def chairs_of(*, clinic: Clinic, now: datetime) -> list[ChairLine]:
    """The chairs, those taken away last. Two queries."""
    outages: dict[int, list[str]] = {}
    for one in ChairOutage.objects.filter(chair__clinic=clinic, period__endswith__gt=now):
        words = f"Out of service {stretch_words(one.period.lower, one.period.upper, clinic.zone)}: {one.reason}"
        outages.setdefault(one.chair_id, []).append(words)
    coming = Count("appointments", filter=Q(appointments__status__in=LIVE, appointments__period__endswith__gt=now))
    rows = Chair.objects.filter(clinic=clinic).annotate(coming=coming).order_by("-is_active", "position", "pk")
    return [
        ChairLine(
            one.pk, one.name, ChairKind(one.kind).label, one.is_active, one.coming, tuple(outages.get(one.pk, ()))
        )
        for one in rows
    ]


def _words(times: Clocks | None) -> str:
    return f"{times[0]:%-I:%M %p} – {times[1]:%-I:%M %p}" if times else "Closed"
