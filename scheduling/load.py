"""Rows to engine days: one query per need, however many days; a day is read and built when it is looked at.

A clinic day's appointments are those that start on it; no stay crosses local midnight. Chairs that an open offer holds
are stays of the day too, with the offer's id made negative.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple

from django.utils import timezone

from clinic.hours import ClinicDayKey, OpenHours, days_between
from clinic.models import Clinic
from clinic.quarters import ClinicDate, day_bounds
from clinic.sql import Row, fetch
from scheduling.engine.day import Care, ChairDay, Day, NurseDay, Stay, span
from scheduling.models import HELD, IN_CHAIR, Status

QUARTER = "floor(extract(epoch from {} - asked.starts) / 900)::int"
"""The quarter of the day that begins at a moment."""

ROWS = f"""
    select asked.number, id, chair_id, {QUARTER.format("lower(period)")}, {QUARTER.format("upper(period)")},
           in_chair, is_expected, nurse_id, {QUARTER.format("lower(cares)")}, {QUARTER.format("upper(cares)")}, place
    from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) with ordinality
            as asked (clinic_id, starts, ends, number)
        cross join lateral (
            select a.id, a.chair_id, a.period, a.status = any(%s) as in_chair, a.status = %s as is_expected,
                   n.nurse_id, n.period as cares, n.place
            from scheduling_appointment a
                left join scheduling_nurseassignment n on n.appointment_id = a.id
            where a.clinic_id = asked.clinic_id and lower(a.period) >= asked.starts and lower(a.period) < asked.ends
                and a.status = any(%s)
            union all
            select -o.id, o.chair_id, o.period, false, false, null, null, null
            from clinic_chair c
                join scheduling_waitlistoffer o on o.chair_id = c.id
            where c.clinic_id = asked.clinic_id and lower(o.period) >= asked.starts and lower(o.period) < asked.ends
                and o.outcome = '' and o.held_until > %s
            union all
            select null, null, null, null, null, f.nurse_id, f.period, null
            from clinic_floorperiod f
            where f.clinic_id = asked.clinic_id and lower(f.period) >= asked.starts and lower(f.period) < asked.ends
            order by id, cares
            offset 0
        ) as of_day
"""
"""The rows of some clinic days, each with the number of its day, from 1: who sits where and who cares for them, one row
for each assignment; with an id below zero the chairs that are held; and without an id who is on the floor.

`offset 0` has each day looked up by itself in the index: joined as a whole, the planner reads the whole table."""

CHAIRS = """
    select c.clinic_id, c.id, c.kind, lower(o.period), upper(o.period)
    from clinic_chair c
        left join clinic_chairoutage o on o.chair_id = c.id and o.period && tstzrange(%s, %s)
    where c.clinic_id = any(%s) and c.is_active
    order by c.position, c.id
"""
"""Chairs, one row for each stretch when they are out of service, or one without."""

ROUNDS = (24, 96, 1024)
"""Clinic days that are read after the first ones, where the order of looking at them is known; at last the rest."""


Span = tuple[datetime, datetime]


class Days:
    """Some clinic days. Hours and chairs are read at once, the rows of a day when it is first looked at, together with
    those of the days that will be looked at next; an engine day is built each time it is looked at."""

    def __init__(self, clinics: Sequence[Clinic], first_day: date, last_day: date) -> None:
        self._zones = {clinic.pk: clinic.zone for clinic in clinics}
        self._dates = days_between(first_day, last_day)
        self._hours = OpenHours(clinics=clinics, first_day=first_day, last_day=last_day)
        self._chairs = _chairs(
            list(self._zones),
            min(day_bounds(first_day, zone)[0] for zone in self._zones.values()),
            max(day_bounds(last_day, zone)[1] for zone in self._zones.values()),
        )
        self._order: Sequence[ClinicDayKey] | None = None
        self._rounds = iter(ROUNDS)
        self._read: set[ClinicDayKey] = set()
        self._rows: dict[ClinicDayKey, list[Row]] = {}
        self._promised: dict[ClinicDayKey, list[Stay]] = {}

    def expect(self, keys: Sequence[ClinicDayKey], *, at_once: int) -> None:
        """Say in which order days will be looked at, so that those which may never be are not read; but the first
        `at_once` nearly always are."""
        self._order, self._rounds = keys, iter((at_once, *ROUNDS))

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
        rows = self._rows.get(key, ())
        nurses, stays = _nurses(rows), _stays(rows)
        # A row written by hand may run past midnight: the day is then long enough to hold it, and nothing breaks.
        length = max(grid.length, *(stay.end for stay in stays), *(nurse.floor.bit_length() for nurse in nurses), 0)
        whole = span(0, length)
        return Day(
            length=length,
            open=_quarters(grid, self._hours.periods(key)),
            chairs=tuple(
                ChairDay(chair.id, chair.kind, whole & ~_quarters(grid, chair.outages))
                for chair in self._chairs.get(key[0], ())
            ),
            nurses=nurses,
            stays=tuple(stay for stay in stays if stay.id > 0),
            held=(*(stay for stay in stays if stay.id < 0), *self._promised.get(key, ())),
        )

    def _read_on(self, key: ClinicDayKey) -> None:
        """Read the rows of a day and of those that come next, all at once where no order is known. One query."""
        size = next(self._rounds, None) if self._order is not None else None
        every = self._order if self._order is not None else [(pk, day) for pk in self._zones for day in self._dates]
        unread = (one for one in every if one not in self._read and one != key)
        keys = [key, *islice(unread, None if size is None else size - 1)]
        asked = (
            [pk for pk, _ in keys],
            [self.grid(one).start for one in keys],
            [self.grid(one).end for one in keys],
        )
        for row in fetch(ROWS, [*asked, list(IN_CHAIR), Status.BOOKED, list(HELD), timezone.now()]):
            self._rows.setdefault(keys[row[0] - 1], []).append(row)
        self._read.update(keys)


def load_day(*, clinic: Clinic, day: date) -> Day:
    """One clinic day as it stands in the database. Three queries."""
    return load_days(clinics=[clinic], first_day=day, last_day=day).build((clinic.pk, day))


def load_days(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> Days:
    """The days of some clinics (one at least) from the first to the last, both included. Two queries, and one more
    when a day is looked at; at most six where `expect` was told in which order that will be."""
    return Days(clinics, first_day, last_day)


def _nurses(found: Iterable[Row]) -> tuple[NurseDay, ...]:
    floors: dict[int, int] = {}
    for _, pk, *_, nurse, start, end, _ in found:
        if pk is None:
            floors[nurse] = floors.get(nurse, 0) | span(start, end)
    return tuple(NurseDay(nurse, floor) for nurse, floor in sorted(floors.items()))


def _stays(found: Iterable[Row]) -> tuple[Stay, ...]:
    """Stays from one row per assignment; the rows of a stay follow each other."""
    stays: list[Stay] = []
    for pk, rows_of_stay in groupby(found, key=itemgetter(1)):
        if pk is None:
            continue
        of_stay = list(rows_of_stay)
        _, _, chair, start, end, in_chair, is_expected, *_ = of_stay[0]
        care = tuple(Care(*row[7:]) for row in of_stay if row[7] is not None)
        stays.append(Stay(pk, chair, start, end, care, in_chair, is_expected))
    return tuple(stays)


class _Chair(NamedTuple):
    """A chair, and the stretches when it is out of service."""

    id: int
    kind: str
    outages: list[Span]


def _chairs(ids: list[int], start: datetime, end: datetime) -> dict[int, list[_Chair]]:
    """The chairs of each clinic in the order of the board, with their outages between two moments."""
    found: dict[int, list[_Chair]] = {}
    for clinic_id, pk, kind, out_from, out_until in fetch(CHAIRS, [start, end, ids]):
        of_clinic = found.setdefault(clinic_id, [])
        if not of_clinic or of_clinic[-1].id != pk:
            of_clinic.append(_Chair(pk, kind, []))
        if out_until:
            of_clinic[-1].outages.append((out_from, out_until))
    return found


def _quarters(grid: ClinicDate, periods: Sequence[Span]) -> int:
    """The quarters of a day that some periods cover."""
    covered = 0
    for start, end in periods:
        covered |= span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
    return covered
