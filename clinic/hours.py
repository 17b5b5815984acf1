"""When clinics are open: weekly hours in wall-clock time, minus closures."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from clinic.models import Clinic, Closure, OpeningHours
from clinic.quarters import at_wall_clock, day_bounds

Period = tuple[datetime, datetime]
Clocks = tuple[time, time]
"""When a clinic opens and closes, by its wall clock."""
ClinicDayKey = tuple[int, date]


def days_between(first_day: date, last_day: date) -> list[date]:
    """Every date from the first to the last, both included."""
    return [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]


class WeeklyHours:
    """A clinic's opening hours, and from which day on each of them holds."""

    def __init__(self, rows: Iterable[OpeningHours] = ()) -> None:
        self._by_weekday: dict[int, list[OpeningHours]] = {}
        for row in sorted(rows, key=lambda row: row.valid_from, reverse=True):
            self._by_weekday.setdefault(row.weekday, []).append(row)

    def on(self, day: date) -> Clocks | None:
        """When the clinic opens and closes on a day, by its wall clock; nothing on a weekday when it is closed."""
        for row in self._by_weekday.get(day.weekday(), ()):
            if row.valid_from <= day:
                return (row.opens, row.closes) if row.opens and row.closes else None
        return None

    def as_of(self, day: date) -> dict[int, Clocks | None]:
        """The hours of every weekday, 0 to 6, by what is in force on a day, changes to come left aside."""
        found: dict[int, Clocks | None] = dict.fromkeys(range(7))
        for weekday, rows in self._by_weekday.items():
            row = next((row for row in rows if row.valid_from <= day), None)
            found[weekday] = (row.opens, row.closes) if row and row.opens and row.closes else None
        return found

    def open_weekdays(self, day: date) -> frozenset[int]:
        """The weekdays on which the clinic opens by what is in force on a day."""
        return frozenset(weekday for weekday, times in self.as_of(day).items() if times)


def weekly_hours(*, clinics: Iterable[Clinic]) -> dict[int, WeeklyHours]:
    """The opening hours of some clinics by the clinic's id. One query."""
    rows: dict[int, list[OpeningHours]] = {clinic.pk: [] for clinic in clinics}
    for row in OpeningHours.objects.filter(clinic__in=rows):
        rows[row.clinic_id].append(row)
    return {pk: WeeklyHours(of_clinic) for pk, of_clinic in rows.items()}


def open_periods(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> dict[ClinicDayKey, list[Period]]:
    """The open stretches of each clinic on each day, in UTC: hours minus closures. Closed days are left out.

    Two queries, however many clinics and days.
    """
    if not clinics:
        return {}
    hours = weekly_hours(clinics=clinics)
    closed: dict[int, list[Period]] = {}
    start = min(day_bounds(first_day, clinic.zone)[0] for clinic in clinics)
    end = max(day_bounds(last_day, clinic.zone)[1] for clinic in clinics)
    for closure in Closure.objects.filter(clinic__in=clinics, period__overlap=(start, end)):
        closed.setdefault(closure.clinic_id, []).append((closure.period.lower, closure.period.upper))
    found: dict[ClinicDayKey, list[Period]] = {}
    for clinic in clinics:
        zone = clinic.zone
        for day in days_between(first_day, last_day):
            times = hours[clinic.pk].on(day)
            if times is None:
                continue
            whole = (at_wall_clock(day, times[0], zone), at_wall_clock(day, times[1], zone))
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
