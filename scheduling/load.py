"""Rows to engine days: one query per need, however many days; a day is read and built when it is looked at.

A clinic day's appointments are those that start on it; no stay crosses local midnight. Chairs that an open offer holds
are stays of the day too, with the offer's id made negative.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby, islice
from typing import Any

from django.db import connection
from django.utils import timezone

from clinic.hours import ClinicDayKey, OpenHours, days_between
from clinic.models import Clinic
from clinic.quarters import QUARTER_SECONDS, ClinicDate, day_bounds
from scheduling.engine.day import Care, ChairDay, Day, NurseDay, Stay, span
from scheduling.models import HELD, IN_CHAIR, Status

OF_EACH_DAY = """
    select asked.number, of_day.*
    from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) with ordinality
            as asked (clinic_id, starts, ends, number)
        cross join lateral ({} offset 0) as of_day
"""
"""Rows of some clinic days, each with the number of its day, from 1. `offset 0` has each day looked up by itself in the
index: joined as a whole, the planner reads the whole table."""

STAYS = OF_EACH_DAY.format("""
    select extract(epoch from lower(a.period))::bigint, extract(epoch from upper(a.period))::bigint,
           a.id, a.chair_id, a.status = any(%s), a.status = %s,
           n.nurse_id, extract(epoch from lower(n.period))::bigint, extract(epoch from upper(n.period))::bigint, n.place
    from scheduling_appointment a
        left join scheduling_nurseassignment n on n.appointment_id = a.id
    where a.clinic_id = asked.clinic_id and lower(a.period) >= asked.starts and lower(a.period) < asked.ends
        and a.status = any(%s)
    order by a.id, lower(n.period)
""")

HELD_CHAIRS = OF_EACH_DAY.format("""
    select extract(epoch from lower(o.period))::bigint, extract(epoch from upper(o.period))::bigint, -o.id, o.chair_id
    from clinic_chair c
        join scheduling_waitlistoffer o on o.chair_id = c.id
    where c.clinic_id = asked.clinic_id and lower(o.period) >= asked.starts and lower(o.period) < asked.ends
        and o.outcome = '' and o.held_until > %s
""")

FLOORS = OF_EACH_DAY.format("""
    select extract(epoch from lower(f.period))::bigint, extract(epoch from upper(f.period))::bigint, f.nurse_id
    from clinic_floorperiod f
    where f.clinic_id = asked.clinic_id and lower(f.period) >= asked.starts and lower(f.period) < asked.ends
    order by f.nurse_id
""")

CHAIRS = """
    select clinic_id, id, kind from clinic_chair where clinic_id = any(%s) and is_active order by position, id
"""

OUTAGES = """
    select o.chair_id, lower(o.period), upper(o.period)
    from clinic_chairoutage o join clinic_chair c on c.id = o.chair_id
    where c.clinic_id = any(%s) and o.period && tstzrange(%s, %s)
"""

ROUNDS = (12, 96, 1024)
"""Clinic days that are read first, then next, where the order of looking at them is known; at last the rest."""


Row = tuple[Any, ...]
Span = tuple[datetime, datetime]


class Days:
    """Some clinic days. Hours and chairs are read at once, the rows of a day when it is first looked at, together with
    those of the days that will be looked at next; an engine day is built each time it is looked at."""

    def __init__(self, clinics: Sequence[Clinic], first_day: date, last_day: date) -> None:
        self._zones = {clinic.pk: clinic.zone for clinic in clinics}
        self._dates = days_between(first_day, last_day)
        self._hours = OpenHours(clinics=clinics, first_day=first_day, last_day=last_day)
        self._chairs = _chairs(list(self._zones))
        self._outages = _outages(
            list(self._zones),
            min(day_bounds(first_day, zone)[0] for zone in self._zones.values()),
            max(day_bounds(last_day, zone)[1] for zone in self._zones.values()),
        )
        self._order: Sequence[ClinicDayKey] | None = None
        self._rounds = iter(ROUNDS)
        self._read: set[ClinicDayKey] = set()
        self._floors: dict[ClinicDayKey, list[Row]] = {}
        self._stays: dict[ClinicDayKey, list[Row]] = {}
        self._held: dict[ClinicDayKey, list[Row]] = {}
        self._promised: dict[ClinicDayKey, list[Stay]] = {}

    def expect(self, keys: Sequence[ClinicDayKey]) -> None:
        """Say in which order days will be looked at, so that those which may never be are not read."""
        self._order, self._rounds = keys, iter(ROUNDS)

    def grid(self, key: ClinicDayKey) -> ClinicDate:
        """The quarter hours of a clinic day."""
        return ClinicDate(key[1], self._zones[key[0]])

    def promise(self, key: ClinicDayKey, stay: Stay) -> None:
        """Let a stay count from now on as if its chair were held, for whoever is looked for next."""
        self._promised.setdefault(key, []).append(stay)

    def open_days(self) -> list[ClinicDayKey]:
        """The days on which a clinic is open at all."""
        return list(self._hours.days())

    def build(self, key: ClinicDayKey) -> Day:
        """One of the days, as the engine sees it."""
        if key not in self._read:
            self._read_on(key)
        grid = self.grid(key)
        zero = int(grid.start.timestamp())
        nurses, stays = _nurses(self._floors.get(key, ()), zero), _stays(self._stays.get(key, ()), zero)
        # A row written by hand may run past midnight: the day is then long enough to hold it, and nothing breaks.
        length = max(grid.length, *(stay.end for stay in stays), *(nurse.floor.bit_length() for nurse in nurses), 0)
        whole = span(0, length)
        return Day(
            length=length,
            open=_quarters(grid, self._hours.periods(key)),
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

    def _read_on(self, key: ClinicDayKey) -> None:
        """Read the rows of a day and of those that come next, all at once where no order is known. Three queries."""
        size = next(self._rounds, None) if self._order is not None else None
        every = self._order if self._order is not None else [(pk, day) for pk in self._zones for day in self._dates]
        unread = (one for one in every if one not in self._read and one != key)
        keys = [key, *islice(unread, None if size is None else size - 1)]
        asked = (
            [pk for pk, _ in keys],
            [self.grid(one).start for one in keys],
            [self.grid(one).end for one in keys],
        )
        _add(self._floors, keys, _fetch(FLOORS, [*asked]))
        _add(self._stays, keys, _fetch(STAYS, [*asked, list(IN_CHAIR), Status.BOOKED, list(HELD)]))
        _add(self._held, keys, _fetch(HELD_CHAIRS, [*asked, timezone.now()]))
        self._read.update(keys)


def load_day(*, clinic: Clinic, day: date) -> Day:
    """One clinic day as it stands in the database. Seven queries."""
    return load_days(clinics=[clinic], first_day=day, last_day=day).build((clinic.pk, day))


def load_days(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> Days:
    """The days of some clinics (one at least) from the first to the last, both included. Four queries, and three more
    when a day is looked at; at most twelve where `expect` was told in which order that will be."""
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


def _add(found: dict[ClinicDayKey, list[Row]], keys: Sequence[ClinicDayKey], rows: Iterable[Row]) -> None:
    """Put rows that begin with the number of their day on it."""
    for row in rows:
        found.setdefault(keys[row[0] - 1], []).append(row)


def _chairs(ids: list[int]) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for clinic_id, pk, kind in _fetch(CHAIRS, [ids]):
        found.setdefault(clinic_id, []).append((pk, kind))
    return found


def _outages(ids: list[int], start: datetime, end: datetime) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    for chair_id, out_from, out_until in _fetch(OUTAGES, [ids, start, end]):
        found.setdefault(chair_id, []).append((out_from, out_until))
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
