"""The clinic days of the demonstration as the engine sees them, to choose a start that booking will accept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from clinic.hours import ClinicDayKey
from clinic.models import Clinic
from clinic.quarters import ClinicDate, local_date
from scheduling.engine.day import Day, Stay, each
from scheduling.load import load_days
from scheduling.models import Appointment

FAR = 8
"""Quarters from the usual hour within which a start is taken as it is; beyond, another day may be better."""


@dataclass(frozen=True, slots=True)
class Start:
    """A start that is free, and how many quarters it lies from the hour that was wanted."""

    clinic: Clinic
    day: date
    moment: datetime
    away: int


class Diary:
    """Every clinic day from the first to the last. Kept in step with what is booked, without asking the database."""

    def __init__(self, *, clinics: Sequence[Clinic], first_day: date, last_day: date) -> None:
        self._rows = load_days(clinics=clinics, first_day=first_day, last_day=last_day)
        self._open = set(self._rows.open_days())
        self._days: dict[ClinicDayKey, Day] = {}

    def is_open(self, clinic: Clinic, day: date) -> bool:
        """Whether a clinic is open on a day."""
        return (clinic.pk, day) in self._open

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
        free = 0
        for starts in self.day(clinic, day).starts(quarters, kinds=kinds).values():
            free |= starts
        if not free:
            return None
        best = min(each(free), key=lambda quarter: (abs(quarter - wanted), quarter))
        return Start(clinic, day, grid.moment_of(best), abs(best - wanted))

    def add(self, appointment: Appointment) -> None:
        """Note what was booked."""
        clinic = appointment.clinic
        grid = ClinicDate(local_date(appointment.start, clinic.zone), clinic.zone)
        stay = Stay(
            appointment.pk, appointment.chair_id, grid.quarter_of(appointment.start), grid.quarter_of(appointment.end)
        )
        self._days[clinic.pk, grid.day] = self.day(clinic, grid.day).with_stay(stay)

    def remove(self, appointment: Appointment) -> None:
        """Note what was given up."""
        clinic = appointment.clinic
        day = local_date(appointment.start, clinic.zone)
        self._days[clinic.pk, day] = self.day(clinic, day).without(appointment.pk)
