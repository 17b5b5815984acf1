"""Drawing a day by quarter hours, as bars for an SVG. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from clinic.hours import Period
from clinic.models import Absence, Shift
from clinic.quarters import ClinicDate, local_date
from scheduling.engine.day import Day
from scheduling.week.scene import Scene, chairs, places


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of equal height in a drawing: from quarter `x` on, `width` quarters wide."""

    css: str
    x: int
    width: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Strip:
    """A day drawn by quarter hours: places (3 × nurses on the floor), chairs, and patients booked."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    hours: tuple[int, ...]
    """Where the full hours are."""
    spoken: str


def load_strip(day: Day, grid: ClinicDate, scene: Scene) -> Strip | None:
    """A day's places, chairs and patients; nothing for a day when nobody could be there."""
    if scene.first >= scene.last or not (day.open or day.stays or day.nurses):
        return None
    height = scene.height
    room, present, seats = places(day), day.present, chairs(day)
    bars = [
        *_steps("s-places", room, scene),
        *_steps("s-booked", [min(pair) for pair in zip(present, room, strict=True)], scene),
        *_over(present, room, scene),
    ]
    if seats:
        bars.append(Bar("s-chairs", 0, scene.last - scene.first, height - seats, 0))
    peak = peak_words(day, grid, scene)
    return Strip(
        width=scene.last - scene.first,
        height=height,
        bars=tuple(bars),
        hours=tuple(range(0, scene.last - scene.first, 4)),
        spoken=f"At most {peak}." if peak else "Nobody booked.",
    )


def peak_words(day: Day, grid: ClinicDate, scene: Scene) -> str:
    """The most patients at one time, and when first: 7 at 10:15."""
    if not day.stays:
        return ""
    most = max(day.present)
    return f"{most} at {scene.clock(grid.moment_of(day.present.index(most)))}"


def _steps(css: str, values: Sequence[int], scene: Scene) -> Iterable[Bar]:
    """Bars from the ground up, one for each stretch of equal height."""
    last = min(scene.last, len(values))
    at = scene.first
    while at < last:
        end = at + 1
        while end < last and values[end] == values[at]:
            end += 1
        if values[at]:
            yield Bar(css, at - scene.first, end - at, scene.height - values[at], values[at])
        at = end


def _over(present: Sequence[int], room: Sequence[int], scene: Scene) -> Iterable[Bar]:
    """The patients whom nobody can care for, on top of the others."""
    shown = range(scene.first, min(scene.last, len(present)))
    for (here, able), quarters in groupby(shown, key=lambda at: (present[at], room[at])):
        run = list(quarters)
        if here > able:
            yield Bar("s-over", run[0] - scene.first, len(run), scene.height - here, here - able)


def shift_strip(shift: Shift, pauses: Sequence[Period], away: Sequence[Absence], scene: Scene) -> Strip:
    """A shift drawn along its day, with breaks and absences."""
    grid = scene.grids[local_date(shift.period.lower, scene.zone)]

    def bar(css: str, start: datetime, end: datetime) -> Bar:
        first, last = (min(max(grid.quarter_of(at), scene.first), scene.last) for at in (start, end))
        return Bar(css, first - scene.first, last - first, 0, 4)

    start, end = shift.period.lower, shift.period.upper
    bars = [bar("s-shift", start, end), *(bar("s-break", *pause) for pause in pauses)]
    bars += [bar("s-away", max(start, one.period.lower), min(end, one.period.upper)) for one in away]
    return Strip(scene.last - scene.first, 4, tuple(bars), (), "")
