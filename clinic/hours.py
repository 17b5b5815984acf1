"""When clinics are open: weekly hours in wall-clock time, minus closures."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from clinic.models import Clinic, Closure, OpeningHours
from clinic.quarters import at_wall_clock, day_bounds

Period = tuple[datetime, datetime]
ClinicDayKey = tuple[int, date]


def days_between(first_day: date, last_day: date) -> list[date]:
    """Every date from the first to the last, both included."""
    return [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]


def open_periods(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> dict[ClinicDayKey, list[Period]]:
    """The open stretches of each clinic on each day, in UTC: hours minus closures. Closed days are left out.

    Two queries, however many clinics and days.
    """
    if not clinics:
        return {}
    hours = {(row.clinic_id, row.weekday): row for row in OpeningHours.objects.filter(clinic__in=clinics)}
    closed: dict[int, list[Period]] = {}
    start = min(day_bounds(first_day, clinic.zone)[0] for clinic in clinics)
    end = max(day_bounds(last_day, clinic.zone)[1] for clinic in clinics)
    for closure in Closure.objects.filter(clinic__in=clinics, period__overlap=(start, end)):
        closed.setdefault(closure.clinic_id, []).append((closure.period.lower, closure.period.upper))
    found: dict[ClinicDayKey, list[Period]] = {}
    for clinic in clinics:
        zone = clinic.zone
        for day in days_between(first_day, last_day):
            row = hours.get((clinic.pk, day.weekday()))
            if row is None:
                continue
            whole = (at_wall_clock(day, row.opens, zone), at_wall_clock(day, row.closes, zone))
            left = subtract([whole], closed.get(clinic.pk, []))
            if left:
                found[clinic.pk, day] = left
    return found


def subtract(periods: Iterable[Period], holes: Iterable[Period]) -> list[Period]:
    """What is left of some periods when others are cut out of them, in order."""
    left = sorted(periods)
    for hole_start, hole_end in holes:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, hole_start)), (max(start, hole_end), end))
            if piece[0] < piece[1]
        ]
    return left
