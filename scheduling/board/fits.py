"""What still fits on the day: the first free time for a visit of a common length. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clinic.quarters import ClinicDate
from scheduling.board.columns import clock_label
from scheduling.board.rows import DayRows, Stretch
from scheduling.engine import day as engine
from scheduling.engine.day import each, span
from scheduling.wording import length_words

ADD_ON_MINUTES = (90, 180, 300)
"""Visits that come on short notice: a steroid for a relapse; a half-day drug; a long one."""


@dataclass(frozen=True, slots=True)
class AddOn:
    """The first place of the day for a visit of a length. Without a `where`, none is left."""

    length: str
    when: str = ""
    where: str = ""
    url: str = ""


def engine_day(rows: DayRows, grid: ClinicDate) -> engine.Day:
    """The day as the engine sees it, from what the board has read already: the same as `scheduling.load` makes."""
    whole = span(0, grid.length)
    hours = span(rows.opens, rows.closes) if rows.opens is not None and rows.closes is not None else 0
    return engine.Day(
        length=grid.length,
        open=hours & ~_covered(rows.closures),
        chairs=tuple(
            engine.ChairDay(chair.id, chair.kind, whole & ~_covered(chair.outages))
            for chair in rows.chairs
            if chair.is_active
        ),
        nurses=tuple(
            engine.NurseDay(nurse.id, _covered(Stretch(start, end, "") for start, end in nurse.floor))
            for nurse in rows.nurses
            if nurse.floor
        ),
        stays=tuple(
            engine.Stay(stay.id, stay.chair_id, stay.start, stay.end) for stay in rows.stays if stay.holds_chair
        ),
        held=tuple(
            engine.Stay(-chair.id, chair.id, held.start, held.end) for chair in rows.chairs for held in chair.held
        ),
    )


def add_ons(
    *,
    rows: DayRows,
    grid: ClinicDate,
    earliest: int,
    booking_url: Callable[[int, str], str] | None,
    lengths: Sequence[int] = ADD_ON_MINUTES,
) -> tuple[AddOn, ...]:
    """The first place from a quarter on for each length, in minutes."""
    day = engine_day(rows, grid)
    return tuple(_add_on(rows, grid, day, minutes, earliest, booking_url) for minutes in lengths)


def _add_on(
    rows: DayRows,
    grid: ClinicDate,
    day: engine.Day,
    minutes: int,
    earliest: int,
    booking_url: Callable[[int, str], str] | None,
) -> AddOn:
    possible = day.starts(-(-minutes // 15), earliest=earliest)
    if not possible:
        return AddOn(length_words(minutes))
    quarter, chair_id = min((next(iter(each(starts))), chair_id) for chair_id, starts in possible.items())
    chair = next(chair.name for chair in rows.chairs if chair.id == chair_id)
    moment = grid.moment_of(quarter).astimezone(grid.zone)
    url = booking_url(chair_id, f"{moment:%H:%M}") if booking_url else ""
    return AddOn(length_words(minutes), clock_label(moment), chair, url)


def _covered(stretches: Iterable[Stretch]) -> int:
    quarters = 0
    for stretch in stretches:
        quarters |= span(stretch.start, stretch.end)
    return quarters
