"""Federal holidays and those of the state of Wisconsin, and what each clinic has decided about them.

A clinic closed for the whole of its opening hours has decided to close; one that stays open says so in `OpenHoliday`.
Neither is proposed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db import transaction
from holidays import country_holidays

from clinic.closing import close_clinic
from clinic.hours import WeeklyHours, subtract, weekly_hours
from clinic.models import Clinic, Closure, OpenHoliday, User
from clinic.quarters import at_wall_clock, day_bounds

STATE = "WI"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day that the federal government or the state calls a holiday."""

    day: date
    name: str
    by_whom: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a clinic has decided about a holiday: `closed` with the reason, `open`, `not_open` anyway, or nothing."""

    clinic: Clinic
    state: str
    words: str

    @property
    def is_due(self) -> bool:
        """Whether somebody has to decide."""
        return self.state == ""

    @property
    def is_open_to_choice(self) -> bool:
        """Whether somebody can decide: the clinic would be open, and nothing closes it yet."""
        return self.state in ("", "open")


def holidays_between(first_day: date, last_day: date) -> list[Holiday]:
    """The holidays from one day to another, both included, in order."""
    return [
        holiday
        for year in range(first_day.year, last_day.year + 1)
        for holiday in _of_year(year)
        if first_day <= holiday.day <= last_day
    ]


@lru_cache(maxsize=16)
def _of_year(year: int) -> tuple[Holiday, ...]:
    federal, state = country_holidays("US", years=year), country_holidays("US", subdiv=STATE, years=year)
    found = []
    for day in sorted({*federal, *state}):
        if day.year == year:
            whose = "Federal and Wisconsin" if day in federal and day in state else "Federal"
            found.append(Holiday(day, state.get(day) or federal[day], whose if day in federal else "Wisconsin"))
    return tuple(found)


def decisions(*, clinics: Sequence[Clinic], holidays: Sequence[Holiday]) -> dict[date, list[Decision]]:
    """What each clinic has decided about each holiday. Three queries."""
    if not clinics or not holidays:
        return {}
    days = [holiday.day for holiday in holidays]
    hours = weekly_hours(clinics=clinics)
    start = min(day_bounds(days[0], clinic.zone)[0] for clinic in clinics)
    end = max(day_bounds(days[-1], clinic.zone)[1] for clinic in clinics)
    closures: dict[int, list[Closure]] = {clinic.pk: [] for clinic in clinics}
    for closure in Closure.objects.filter(clinic__in=clinics, period__overlap=(start, end)):
        closures[closure.clinic_id].append(closure)
    stays_open = set(OpenHoliday.objects.filter(clinic__in=clinics, day__in=days).values_list("clinic", "day"))
    return {
        day: [
            _decision(clinic, day, hours[clinic.pk], closures[clinic.pk], is_open=(clinic.pk, day) in stays_open)
            for clinic in clinics
        ]
        for day in days
    }


def _decision(clinic: Clinic, day: date, hours: WeeklyHours, closures: Sequence[Closure], *, is_open: bool) -> Decision:
    times = hours.on(day)
    if times is None:
        return Decision(clinic, "not_open", "Not open that weekday")
    whole = (at_wall_clock(day, times[0], clinic.zone), at_wall_clock(day, times[1], clinic.zone))
    holes = [one for one in closures if one.period.lower < whole[1] and whole[0] < one.period.upper]
    if holes and not subtract([whole], [(one.period.lower, one.period.upper) for one in holes]):
        return Decision(clinic, "closed", f"Closed: {holes[0].reason}")
    if is_open:
        return Decision(clinic, "open", "Stays open")
    return Decision(clinic, "", "")


@transaction.atomic
def close_for(*, clinic: Clinic, holiday: Holiday) -> None:
    """Close a clinic for the whole of a holiday. Raises `ClosingConflict` when it is closed already."""
    OpenHoliday.objects.filter(clinic=clinic, day=holiday.day).delete()
    start, end = day_bounds(holiday.day, clinic.zone)
    close_clinic(clinic=clinic, start=start, end=end, reason=holiday.name)


def stay_open(*, clinic: Clinic, holiday: Holiday, by: User | None) -> None:
    """Remember that a clinic stays open on a holiday. Once is enough."""
    OpenHoliday.objects.get_or_create(clinic=clinic, day=holiday.day, defaults={"name": holiday.name, "decided_by": by})


def decide_again(*, clinic: Clinic, holiday: Holiday) -> None:
    """Forget that a clinic stays open on a holiday: it is proposed again."""
    OpenHoliday.objects.filter(clinic=clinic, day=holiday.day).delete()
