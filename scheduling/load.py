"""Rows to engine days: one query per need, however many days.

A clinic day's appointments are those that start on it; no stay crosses local midnight.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from clinic.hours import ClinicDayKey, days_between, open_periods
from clinic.models import Chair, ChairOutage, Clinic
from clinic.quarters import QUARTER_SECONDS, ClinicDate
from scheduling.engine.day import Care, ChairDay, Day, NurseDay, Stay, span
from scheduling.models import HELD, IN_CHAIR

STAYS = """
    select a.clinic_id, a.id, a.chair_id, a.status = any(%s),
           extract(epoch from lower(a.period))::bigint, extract(epoch from upper(a.period))::bigint,
           n.nurse_id, extract(epoch from lower(n.period))::bigint, extract(epoch from upper(n.period))::bigint, n.place
    from scheduling_appointment a
        left join scheduling_nurseassignment n on n.appointment_id = a.id
    where a.clinic_id = any(%s) and lower(a.period) >= %s and lower(a.period) < %s and a.status = any(%s)
    order by a.id, lower(n.period)
"""

FLOORS = """
    select clinic_id, nurse_id, extract(epoch from lower(period))::bigint, extract(epoch from upper(period))::bigint
    from clinic_floorperiod
    where clinic_id = any(%s) and lower(period) >= %s and lower(period) < %s
    order by nurse_id
"""


@dataclass(slots=True)
class _Rows:
    """What is known of one clinic day while its rows come in."""

    stays: dict[int, tuple[int, int, int, bool]] = field(default_factory=dict)
    care: dict[int, list[Care]] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)


class _Calendar:
    """The days of one clinic in a range, to put a moment on the right one."""

    def __init__(self, clinic: Clinic, days: Sequence[date]) -> None:
        self.days = [ClinicDate(day, clinic.zone) for day in days]
        self.starts = [int(day.start.timestamp()) for day in self.days]

    def place(self, epoch: int) -> tuple[date, int]:
        """The day that holds a moment, and its start in seconds."""
        index = bisect_right(self.starts, epoch) - 1
        return self.days[index].day, self.starts[index]


def load_day(*, clinic: Clinic, day: date) -> Day:
    """One clinic day as it stands in the database."""
    return load_days(clinics=[clinic], first_day=day, last_day=day)[clinic.pk, day]


def load_days(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> dict[ClinicDayKey, Day]:
    """Every day of some clinics from the first to the last, both included. Six queries in all."""
    if not clinics:
        return {}
    days = days_between(first_day, last_day)
    calendars = {clinic.pk: _Calendar(clinic, days) for clinic in clinics}
    ids = list(calendars)
    start = min(calendar.days[0].start for calendar in calendars.values())
    end = max(calendar.days[-1].end for calendar in calendars.values())
    rows = _collect(calendars, ids, start, end)
    hours = open_periods(clinics=clinics, first_day=first_day, last_day=last_day)
    chairs = _chairs(ids)
    outages = _outages(ids, start, end)
    loaded: dict[ClinicDayKey, Day] = {}
    for clinic_id, calendar in calendars.items():
        for grid in calendar.days:
            key = (clinic_id, grid.day)
            loaded[key] = _build(grid, rows.get(key) or _Rows(), hours.get(key, ()), chairs.get(clinic_id, ()), outages)
    return loaded


def _collect(
    calendars: dict[int, _Calendar], ids: list[int], start: datetime, end: datetime
) -> dict[ClinicDayKey, _Rows]:
    found: dict[ClinicDayKey, _Rows] = {}
    for clinic_id, nurse, begins, ends in _fetch(FLOORS, [ids, start, end]):
        day, zero = calendars[clinic_id].place(begins)
        floors = found.setdefault((clinic_id, day), _Rows()).floors
        floors[nurse] = floors.get(nurse, 0) | span(_quarter(begins, zero), _quarter(ends, zero))
    for clinic_id, pk, chair, in_chair, begins, ends, nurse, from_, to, place in _fetch(
        STAYS, [list(IN_CHAIR), ids, start, end, list(HELD)]
    ):
        day, zero = calendars[clinic_id].place(begins)
        of_day = found.setdefault((clinic_id, day), _Rows())
        of_day.stays[pk] = (chair, _quarter(begins, zero), _quarter(ends, zero), in_chair)
        if nurse is not None:
            care = Care(nurse, _quarter(from_, zero), _quarter(to, zero), place)
            of_day.care.setdefault(pk, []).append(care)
    return found


def _build(
    grid: ClinicDate,
    rows: _Rows,
    hours: Sequence[tuple[datetime, datetime]],
    chairs: Sequence[tuple[int, str]],
    outages: dict[int, list[tuple[datetime, datetime]]],
) -> Day:
    length = grid.length
    whole = span(0, length)
    return Day(
        length=length,
        open=_quarters(grid, hours),
        chairs=tuple(
            ChairDay(pk, kind, whole & ~_quarters(grid, outages[pk]) if pk in outages else whole) for pk, kind in chairs
        ),
        nurses=tuple(NurseDay(pk, floor) for pk, floor in rows.floors.items()),
        stays=tuple(
            Stay(pk, chair, start, end, tuple(rows.care.get(pk, ())), in_chair)
            for pk, (chair, start, end, in_chair) in rows.stays.items()
        ),
    )


def _chairs(ids: list[int]) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    chairs = Chair.objects.filter(clinic__in=ids, is_active=True).order_by("position", "pk")
    for clinic_id, pk, kind in chairs.values_list("clinic_id", "pk", "kind"):
        found.setdefault(clinic_id, []).append((pk, kind))
    return found


def _outages(ids: list[int], start: datetime, end: datetime) -> dict[int, list[tuple[datetime, datetime]]]:
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    outages = ChairOutage.objects.filter(chair__clinic__in=ids, period__overlap=(start, end))
    for chair_id, period in outages.values_list("chair_id", "period"):
        found.setdefault(chair_id, []).append((period.lower, period.upper))
    return found


def _quarters(grid: ClinicDate, periods: Sequence[tuple[datetime, datetime]]) -> int:
    """The quarters of a day that some periods cover."""
    covered = 0
    for start, end in periods:
        covered |= span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
    return covered


def _quarter(epoch: int, zero: int) -> int:
    return (epoch - zero) // QUARTER_SECONDS


def _fetch(sql: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        yield from cursor.fetchall()
