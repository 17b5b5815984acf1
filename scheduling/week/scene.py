"""What the columns and cells of a week share."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from clinic.models import Clinic
from clinic.quarters import ClinicDate, local_date
from scheduling.engine.day import PATIENTS_PER_NURSE, Day, each
from scheduling.queries.load_by_quarter import load_by_quarter


class Scene:
    """What the columns and cells of a week share."""

    def __init__(self, clinic: Clinic, days: Mapping[date, Day], now: datetime) -> None:
        self.clinic = clinic
        self.zone = clinic.zone
        self.days = days
        self.today = local_date(now, clinic.zone)
        self.grids = {day: ClinicDate(day, clinic.zone) for day in days}
        self.loads = {day: load_by_quarter(of_day) for day, of_day in days.items()}
        shown = 0
        for of_day in days.values():
            shown |= of_day.open
            for nurse in of_day.nurses:
                shown |= nurse.floor
            for stay in of_day.stays:
                shown |= stay.quarters
        self.first = next(iter(each(shown)), 0) // 4 * 4
        self.last = -(-shown.bit_length() // 4) * 4
        self.height = max((max([*places(one), chairs(one), *one.present]) for one in days.values()), default=1) or 1

    def clock(self, moment: datetime) -> str:
        """A time of day: 9:15."""
        return f"{moment.astimezone(self.zone):%-I:%M}"

    def span(self, start: datetime, end: datetime) -> str:
        """From when to when: 9:15–11:00."""
        return f"{self.clock(start)}–{self.clock(end)}"


def places(day: Day) -> list[int]:
    """How many patients the nurses can care for at each quarter."""
    return [PATIENTS_PER_NURSE * nurses for nurses in day.on_floor]


def chairs(day: Day) -> int:
    """How many chairs there are."""
    return len(day.chairs)


def runs(quarters: int, first: int, last: int) -> Iterable[tuple[int, int, bool]]:
    """The stretches from one quarter to another that are in a set, and those that are not."""
    at = first
    while at < last:
        on = bool(quarters >> at & 1)
        end = at + 1
        while end < last and bool(quarters >> end & 1) == on:
            end += 1
        yield at, end, on
        at = end
