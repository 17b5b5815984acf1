"""Rows to engine days: one query per need, however many days; a day is built when it is looked at.

A clinic day's appointments are those that start on it; no stay crosses local midnight. Chairs that an open offer holds
are stays of the day too, with the offer's id made negative.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import connection
from django.utils import timezone

from clinic.hours import ClinicDayKey, days_between, open_periods
from clinic.models import Chair, ChairOutage, Clinic
from clinic.quarters import QUARTER_SECONDS, ClinicDate
from scheduling.engine.day import Care, ChairDay, Day, NurseDay, Stay, span
from scheduling.models import HELD, IN_CHAIR, Status

STAYS = """
    select a.clinic_id, extract(epoch from lower(a.period))::bigint, extract(epoch from upper(a.period))::bigint,
           a.id, a.chair_id, a.status = any(%s), a.status = %s,
           n.nurse_id, extract(epoch from lower(n.period))::bigint, extract(epoch from upper(n.period))::bigint, n.place
    from scheduling_appointment a
        left join scheduling_nurseassignment n on n.appointment_id = a.id
    where a.clinic_id = any(%s) and lower(a.period) >= %s and lower(a.period) < %s and a.status = any(%s)
    order by a.id, lower(n.period)
"""

HELD_CHAIRS = """
    select c.clinic_id, extract(epoch from lower(o.period))::bigint, extract(epoch from upper(o.period))::bigint,
           -o.id, o.chair_id
    from scheduling_waitlistoffer o
        join clinic_chair c on c.id = o.chair_id
    where c.clinic_id = any(%s) and lower(o.period) >= %s and lower(o.period) < %s
        and o.outcome = '' and o.held_until > %s
"""

FLOORS = """
    select clinic_id, extract(epoch from lower(period))::bigint, extract(epoch from upper(period))::bigint, nurse_id
    from clinic_floorperiod
    where clinic_id = any(%s) and lower(period) >= %s and lower(period) < %s
    order by nurse_id
"""


Row = tuple[Any, ...]
Span = tuple[datetime, datetime]


class Days:
    """The rows of some clinic days, read at once; an engine day is built when it is looked at."""

    def __init__(self, clinics: Sequence[Clinic], first_day: date, last_day: date) -> None:
        days = days_between(first_day, last_day)
        self.grids = {(clinic.pk, day): ClinicDate(day, clinic.zone) for clinic in clinics for day in days}
        self._days = days
        self._starts = {
            clinic.pk: [int(self.grids[clinic.pk, day].start.timestamp()) for day in days] for clinic in clinics
        }
        ids = list(self._starts)
        start = min(grid.start for grid in self.grids.values())
        end = max(grid.end for grid in self.grids.values())
        self._floors = self._by_day(_fetch(FLOORS, [ids, start, end]))
        self._stays = self._by_day(_fetch(STAYS, [list(IN_CHAIR), Status.BOOKED, ids, start, end, list(HELD)]))
        self._held = self._by_day(_fetch(HELD_CHAIRS, [ids, start, end, timezone.now()]))
        self._hours = open_periods(clinics=clinics, first_day=first_day, last_day=last_day)
        self._chairs = _chairs(ids)
        self._outages = _outages(ids, start, end)
        self._promised: dict[ClinicDayKey, list[Stay]] = {}

    def promise(self, key: ClinicDayKey, stay: Stay) -> None:
        """Let a stay count from now on as if its chair were held, for whoever is looked for next."""
        self._promised.setdefault(key, []).append(stay)

    def open_days(self) -> list[ClinicDayKey]:
        """The days on which a clinic is open at all."""
        return list(self._hours)

    def build(self, key: ClinicDayKey) -> Day:
        """One of the days, as the engine sees it."""
        grid = self.grids[key]
        zero = int(grid.start.timestamp())
        nurses, stays = _nurses(self._floors.get(key, ()), zero), _stays(self._stays.get(key, ()), zero)
        # A row written by hand may run past midnight: the day is then long enough to hold it, and nothing breaks.
        length = max(grid.length, *(stay.end for stay in stays), *(nurse.floor.bit_length() for nurse in nurses), 0)
        whole = span(0, length)
        return Day(
            length=length,
            open=_quarters(grid, self._hours.get(key, ())),
            chairs=tuple(
                ChairDay(pk, kind, whole & ~_quarters(grid, self._outages.get(pk, ())))
                for pk, kind in self._chairs.get(key[0], ())
            ),
            nurses=nurses,
            stays=stays,
            held=(
                *(
                    Stay(pk, chair, _quarter(start, zero), _quarter(end, zero))
                    for _, start, end, pk, chair in self._held.get(key, ())
                ),
                *self._promised.get(key, ()),
            ),
        )

    def _by_day(self, rows: Iterable[Row]) -> dict[ClinicDayKey, list[Row]]:
        """Rows that begin with clinic and moment, put on their days."""
        found: dict[ClinicDayKey, list[Row]] = {}
        for row in rows:
            day = self._days[bisect_right(self._starts[row[0]], row[1]) - 1]
            found.setdefault((row[0], day), []).append(row)
        return found


def load_day(*, clinic: Clinic, day: date) -> Day:
    """One clinic day as it stands in the database. Seven queries."""
    return load_days(clinics=[clinic], first_day=day, last_day=day).build((clinic.pk, day))


def load_days(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> Days:
    """The days of some clinics (one at least) from the first to the last, both included. Seven queries in all."""
    return Days(clinics, first_day, last_day)


def _nurses(rows: Iterable[Row], zero: int) -> tuple[NurseDay, ...]:
    floors: dict[int, int] = {}
    for _, start, end, nurse in rows:
        floors[nurse] = floors.get(nurse, 0) | span(_quarter(start, zero), _quarter(end, zero))
    return tuple(NurseDay(nurse, floor) for nurse, floor in floors.items())


def _stays(rows: Iterable[Row], zero: int) -> tuple[Stay, ...]:
    """Stays from one row per assignment; the rows of a stay follow each other."""
    found: list[Stay] = []
    for (pk, chair, start, end, in_chair, is_expected), group in groupby(
        rows, key=lambda row: (row[3], row[4], row[1], row[2], row[5], row[6])
    ):
        care = tuple(
            Care(nurse, _quarter(begins, zero), _quarter(ends, zero), place)
            for *_, nurse, begins, ends, place in group
            if nurse is not None
        )
        found.append(Stay(pk, chair, _quarter(start, zero), _quarter(end, zero), care, in_chair, is_expected))
    return tuple(found)


def _chairs(ids: list[int]) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    chairs = Chair.objects.filter(clinic__in=ids, is_active=True).order_by("position", "pk")
    for clinic_id, pk, kind in chairs.values_list("clinic_id", "pk", "kind"):
        found.setdefault(clinic_id, []).append((pk, kind))
    return found


def _outages(ids: list[int], start: datetime, end: datetime) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    outages = ChairOutage.objects.filter(chair__clinic__in=ids, period__overlap=(start, end))
    for chair_id, period in outages.values_list("chair_id", "period"):
        found.setdefault(chair_id, []).append((period.lower, period.upper))
    return found


def _quarters(grid: ClinicDate, periods: Sequence[Span]) -> int:
    """The quarters of a day that some periods cover."""
    covered = 0
    for start, end in periods:
        covered |= span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
    return covered


def _quarter(epoch: int, zero: int) -> int:
    return (epoch - zero) // QUARTER_SECONDS


def _fetch(sql: str, params: list[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
