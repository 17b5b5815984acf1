"""The columns of the board: quarter hours of the clinic's day, with the words of its wall clock. Pure."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from clinic.quarters import ClinicDate


@dataclass(frozen=True, slots=True)
class Column:
    """One quarter hour. `label` is what people read (9:15 AM), `clock` what addresses say (09:15)."""

    quarter: int
    label: str
    clock: str
    css: str


@dataclass(frozen=True, slots=True)
class Hour:
    """A header over the quarters of one hour."""

    label: str
    span: int


@dataclass(frozen=True, slots=True)
class Columns:
    """The stretch of the day that the board shows."""

    first: int
    last: int
    past_until: int
    """Quarters before this one are over."""
    quarters: tuple[Column, ...]
    hours: tuple[Hour, ...]


def clock_label(moment: datetime) -> str:
    """A moment of the clinic's wall clock as people read it: 9:15 AM."""
    return f"{moment:%-I:%M %p}"


def clock_short(moment: datetime) -> str:
    """A time of day where AM or PM goes without saying: 9:15."""
    return f"{moment:%-I:%M}"


def columns_of(*, grid: ClinicDate, first: int, last: int, now: datetime) -> Columns:
    """The columns from one quarter up to, not including, another."""
    at = [(quarter, grid.moment_of(quarter).astimezone(grid.zone)) for quarter in range(first, last)]
    past_until = max(0, min(grid.quarter_of(now), grid.length))
    now_quarter = past_until if grid.start <= now < grid.end else None
    return Columns(
        first=first,
        last=last,
        past_until=past_until,
        quarters=tuple(
            Column(
                quarter,
                clock_label(moment),
                f"{moment:%H:%M}",
                _css(moment) + (_now_css(now) if quarter == now_quarter else ""),
            )
            for quarter, moment in at
        ),
        hours=tuple(
            Hour(f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}", len(list(group)))
            # The offset keeps apart the two hours of one name when the clocks go back.
            for (hour, _), group in groupby(at, key=lambda item: (item[1].hour, item[1].utcoffset()))
        ),
    )


def _css(moment: datetime) -> str:
    return "h" if moment.minute == 0 else "m" if moment.minute == 30 else "q"


def _now_css(now: datetime) -> str:
    """Which third of the quarter it is: the line of now moves every five minutes."""
    return f" now now-{now.minute % 15 // 5}"
