"""When clinics are open: weekly hours in wall-clock time, minus closures."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection

from clinic.models import Clinic
from clinic.quarters import at_wall_clock, day_bounds

Period = tuple[datetime, datetime]
Clocks = tuple[time, time]
"""When a clinic opens and closes, by its wall clock."""
ClinicDayKey = tuple[int, date]


HOURS = """
    select clinic_id, weekday, opens, closes, valid_from from clinic_openinghours where clinic_id = any(%s)
"""

HOURS_AND_CLOSURES = f"""
    select *, null::timestamptz as closed_from, null::timestamptz as closed_until from ({HOURS}) as hours
    union all
    select clinic_id, null, null, null, null, lower(period), upper(period) from clinic_closure
    where clinic_id = any(%s) and period && tstzrange(%s, %s)
"""


def days_between(first_day: date, last_day: date) -> list[date]:
    """Every date from the first to the last, both included."""
    return [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]


class Hours(NamedTuple):
    """When a clinic is open on one weekday from a day on; without times it is closed."""

    weekday: int
    opens: time | None
    closes: time | None
    valid_from: date


class WeeklyHours:
    """A clinic's opening hours, and from which day on each of them holds."""

    def __init__(self, rows: Iterable[Hours] = ()) -> None:
        self._by_weekday: dict[int, list[Hours]] = {}
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
    rows: dict[int, list[Hours]] = {clinic.pk: [] for clinic in clinics}
    with connection.cursor() as cursor:
        cursor.execute(HOURS, [list(rows)])
        for clinic_id, *facts in cursor:
            rows[clinic_id].append(Hours(*facts))
    return {pk: WeeklyHours(of_clinic) for pk, of_clinic in rows.items()}


class OpenHours:
    """When some clinics are open, from the first day to the last: hours minus closures. One query, at once."""

    def __init__(self, *, clinics: Sequence[Clinic], first_day: date, last_day: date) -> None:
        self._clinics = {clinic.pk: clinic for clinic in clinics}
        self._dates = days_between(first_day, last_day)
        self._weekly: dict[int, WeeklyHours] = {}
        self._closed: dict[int, list[Period]] = {}
        if clinics:
            self._read(first_day, last_day)

    def _read(self, first_day: date, last_day: date) -> None:
        ids, zones = list(self._clinics), {clinic.zone for clinic in self._clinics.values()}
        start = min(day_bounds(first_day, zone)[0] for zone in zones)
        end = max(day_bounds(last_day, zone)[1] for zone in zones)
        rows: dict[int, list[Hours]] = {pk: [] for pk in ids}
        with connection.cursor() as cursor:
            cursor.execute(HOURS_AND_CLOSURES, [ids, ids, start, end])
            for clinic_id, *hours, closed_from, closed_until in cursor:
                if closed_until:
                    self._closed.setdefault(clinic_id, []).append((closed_from, closed_until))
                else:
                    rows[clinic_id].append(Hours(*hours))
        self._weekly = {pk: WeeklyHours(of_clinic) for pk, of_clinic in rows.items()}

    def days(self) -> Iterator[ClinicDayKey]:
        """The days on which a clinic is open at all."""
        for pk, weekly in self._weekly.items():
            for day in self._dates:
                if self.periods((pk, day)) if pk in self._closed else weekly.on(day):
                    yield pk, day

    def periods(self, key: ClinicDayKey) -> list[Period]:
        """The open stretches of a clinic day, in UTC."""
        pk, day = key
        times = self._weekly[pk].on(day)
        if times is None:
            return []
        zone = self._clinics[pk].zone
        whole = (at_wall_clock(day, times[0], zone), at_wall_clock(day, times[1], zone))
        return subtract([whole], self._closed.get(pk, []))


def open_periods(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> dict[ClinicDayKey, list[Period]]:
    """The open stretches of each clinic on each day, in UTC: hours minus closures. Closed days are left out.

    One query, however many clinics and days.
    """
    hours = OpenHours(clinics=clinics, first_day=first_day, last_day=last_day)
    return {key: hours.periods(key) for key in hours.days()}


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
