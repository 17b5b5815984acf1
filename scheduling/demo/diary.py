"""The clinic days of the demonstration as the engine sees them, to choose a start that booking will accept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from clinic.hours import ClinicDayKey
from clinic.models import Clinic
from clinic.quarters import ClinicDate
from scheduling.engine.day import Day, Stay, each
from scheduling.engine.seating import choose_chair
from scheduling.load import load_days

FAR = 8
"""Quarters from the usual hour within which a start is taken as it is; beyond, another day may be better."""


@dataclass(frozen=True, slots=True)
class Start:
    """A start that is free, with a chair, and how many quarters it lies from the hour that was wanted."""

    clinic: Clinic
    day: date
    start: datetime
    end: datetime
    chair_id: int
    away: int


class Diary:
    """Every clinic day from the first to the last. Kept in step with what is booked, without asking the database."""

    def __init__(self, *, clinics: Sequence[Clinic], first_day: date, last_day: date) -> None:
        self._rows = load_days(clinics=clinics, first_day=first_day, last_day=last_day)
        self._open = set(self._rows.open_days())
        self._days: dict[ClinicDayKey, Day] = {}

    def is_open(self, clinic: Clinic, day: date) -> bool:
        """Whether a clinic is open on a day, and nurses are rostered."""
        return (clinic.pk, day) in self._open and bool(self.day(clinic, day).nurses)

    def day(self, clinic: Clinic, day: date) -> Day:
        """One clinic day as it stands."""
        key = (clinic.pk, day)
        if key not in self._days:
            self._days[key] = self._rows.build(key)
        return self._days[key]

    def start_near(
        self, *, clinic: Clinic, day: date, clock: time, quarters: int, kinds: frozenset[str]
    ) -> Start | None:
        """The free start of a day nearest to a wall-clock time."""
        if not self.is_open(clinic, day):
            return None
        grid = ClinicDate(day, clinic.zone)
        wanted = grid.quarter_at(clock)
        day_ = self.day(clinic, day)
        free = day_.starts(quarters, kinds=kinds)
        union = 0
        for starts in free.values():
            union |= starts
        if not union:
            return None
        best = min(each(union), key=lambda quarter: (abs(quarter - wanted), quarter))
        chairs = [chair for chair, starts in free.items() if starts >> best & 1]
        return Start(
            clinic=clinic,
            day=day,
            start=grid.moment_of(best),
            end=grid.moment_of(best + quarters),
            chair_id=choose_chair(day_, start=best, length=quarters, chairs=chairs),
            away=abs(best - wanted),
        )

    def hold(self, key: int, start: Start) -> None:
        """Note that a start was taken. `key` tells it from others of that day."""
        grid = ClinicDate(start.day, start.clinic.zone)
        stay = Stay(key, start.chair_id, grid.quarter_of(start.start), grid.quarter_of(start.end))
        self._days[start.clinic.pk, start.day] = self.day(start.clinic, start.day).with_stay(stay)

    def release(self, key: int, start: Start) -> None:
        """Note that it was given up."""
        self._days[start.clinic.pk, start.day] = self.day(start.clinic, start.day).without(key)
