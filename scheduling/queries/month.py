"""A month's days by load, clinic by clinic: how much of what chairs and nurses can take is booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.urls import reverse

from clinic.hours import days_between
from clinic.models import Clinic, Closure
from clinic.quarters import ClinicDate
from scheduling.load import Days, load_days
from scheduling.queries.load_by_quarter import Load, load_by_quarter

LEVELS = ((100, "full", "Full"), (80, "busy", "Busy"), (50, "half", "Half full"), (0, "quiet", "Quiet"))
"""From so many percent on: how it is drawn, and called."""

QUARTERS_IN_HOUR = 4


@dataclass(frozen=True, slots=True)
class DayCell:
    """A clinic's day. `share` is the percent booked of the staffed chair-hours, None where there are none.

    `words` says it in full, `closed` why the clinic is closed, `height` fills the bar, of 100.
    """

    url: str
    day: date
    share: int | None
    level: str
    word: str
    height: int
    closed: str
    spoken: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A week of a clinic, Monday to Sunday; None for days of other months."""

    cells: tuple[DayCell | None, ...]


@dataclass(frozen=True, slots=True)
class ClinicMonth:
    """A clinic's month, and the percent booked over all its days that are still to come or were."""

    clinic: Clinic
    rows: tuple[Row, ...]
    share: int | None
    closures: tuple[str, ...]


def month_pages(*, clinics: Sequence[Clinic], month: date, today: date) -> list[ClinicMonth]:
    """The month that begins at `month`, at some clinics. Eight queries, however many clinics."""
    if not clinics:
        return []
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    dates = days_between(month, last)
    days = load_days(clinics=clinics, first_day=month, last_day=last)
    closed = _closures(clinics, days, dates)
    return [_clinic_month(clinic, dates, days, closed, today) for clinic in clinics]


def _clinic_month(
    clinic: Clinic, dates: Sequence[date], days: Days, closed: dict[tuple[int, date], str], today: date
) -> ClinicMonth:
    open_days = {day for pk, day in days.open_days() if pk == clinic.pk}
    cells: list[DayCell | None] = [None] * dates[0].weekday()
    booked = staffed = 0
    for day in dates:
        loads = load_by_quarter(days.build((clinic.pk, day)))
        here, room = _hours(loads)
        booked, staffed = booked + here, staffed + room
        cells.append(
            _cell(clinic, day, here, room, closed.get((clinic.pk, day), ""), day in open_days, is_today=day == today)
        )
    cells += [None] * (-len(cells) % 7)
    return ClinicMonth(
        clinic=clinic,
        rows=tuple(Row(tuple(cells[at : at + 7])) for at in range(0, len(cells), 7)),
        share=_percent(booked, staffed),
        closures=tuple(_closure_words(clinic, dates, closed)),
    )


def _hours(loads: Sequence[Load]) -> tuple[int, int]:
    """Booked and staffed chair-quarters while the clinic is open; what is booked past it counts as booked."""
    return sum(load.booked for load in loads), sum(load.limit for load in loads if load.is_open)


def _cell(
    clinic: Clinic, day: date, booked: int, staffed: int, closed: str, is_open: bool, *, is_today: bool
) -> DayCell:
    share = _percent(booked, staffed)
    level, word = next(((css, said) for least, css, said in LEVELS if share is not None and share >= least), ("", ""))
    if share is None:
        word = "Closed" if closed or not is_open else "No nurse"
        level = "shut" if word == "Closed" else "bare"
        if booked:
            level, word = "over", "Booked, not staffed"
    hours = f"{booked / QUARTERS_IN_HOUR:g} of {staffed / QUARTERS_IN_HOUR:g} staffed chair-hours booked"
    said = [f"{day:%A, %B} {day.day}", word, closed, f"{share} percent, {hours}" if share is not None else ""]
    return DayCell(
        url=reverse("board", args=[clinic.slug, day]),
        day=day,
        share=share,
        level=level,
        word=word,
        height=min(share or 0, 100),
        closed=closed,
        spoken=", ".join(filter(None, said)),
        is_today=is_today,
    )


def _percent(booked: int, staffed: int) -> int | None:
    return 100 * booked // staffed if staffed else None


def _closures(clinics: Sequence[Clinic], days: Days, dates: Sequence[date]) -> dict[tuple[int, date], str]:
    """Why a clinic is closed on a day, or for part of it."""
    first = min(days.grid((clinic.pk, dates[0])).start for clinic in clinics)
    last = max(days.grid((clinic.pk, dates[-1])).end for clinic in clinics)
    found: dict[tuple[int, date], str] = {}
    rows = Closure.objects.filter(clinic__in=clinics, period__overlap=(first, last)).order_by("period")
    for clinic_id, period, reason in rows.values_list("clinic_id", "period", "reason"):
        for day in dates:
            grid: ClinicDate = days.grid((clinic_id, day))
            if period.lower < grid.end and grid.start < period.upper:
                found.setdefault((clinic_id, day), reason)
    return found


def _closure_words(clinic: Clinic, dates: Sequence[date], closed: dict[tuple[int, date], str]) -> list[str]:
    """The closures of a month: Dec 24–26 Holidays."""
    mine = [(day, closed[clinic.pk, day]) for day in dates if (clinic.pk, day) in closed]
    words = []
    for _, run in groupby(enumerate(mine), key=lambda item: (item[1][1], item[1][0].toordinal() - item[0])):
        of_run = [day for _, (day, _) in run]
        until = f"–{of_run[-1].day}" if len(of_run) > 1 else ""
        words.append(f"{of_run[0]:%b} {of_run[0].day}{until}: {closed[clinic.pk, of_run[0]]}")
    return words
