"""Drawing a day by quarter hours, as bars for an SVG. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from clinic.quarters import ClinicDate, local_date
from scheduling.engine.day import Day
from scheduling.queries.load_by_quarter import Load, stretches
from scheduling.week.rows import Absence, Shift
from scheduling.week.scene import Scene


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of equal height in a drawing: from quarter `x` on, `width` quarters wide."""

    css: str
    x: int
    width: int
    y: int
    height: int

    @property
    def path(self) -> str:
        """Its outline in the words of an SVG path; one without height is a stroke."""
        stroke = f"M{self.x} {self.y}h{self.width}"
        return f"{stroke}v{self.height}h-{self.width}z" if self.height else stroke


@dataclass(frozen=True, slots=True)
class Strip:
    """A day drawn by quarter hours: places (3 × nurses on the floor), chairs, and patients booked."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    hours: tuple[int, ...]
    """Where the full hours are."""
    spoken: str

    @property
    def grid(self) -> str:
        """The lines of the full hours, as one path."""
        return "".join(f"M{x} 0v{self.height}" for x in self.hours)

    @property
    def paths(self) -> list[tuple[str, str]]:
        """The bars as one path for each class, what lies below first: a page has hundreds of them."""
        found: dict[str, str] = {}
        for bar in self.bars:
            found[bar.css] = found.get(bar.css, "") + bar.path
        return list(found.items())


def load_strip(day: Day, grid: ClinicDate, scene: Scene) -> Strip | None:
    """A day's places, chairs and patients; nothing for a day when nobody could be there."""
    if scene.first >= scene.last or not (day.open or day.stays or day.nurses):
        return None
    loads = scene.loads[grid.day]
    room, present = [load.cover for load in loads], [load.booked + load.held for load in loads]
    return Strip(
        width=scene.last - scene.first,
        height=scene.height,
        bars=(
            *_steps("s-places", room, scene),
            *_steps("s-booked", [min(pair) for pair in zip(present, room, strict=True)], scene),
            *_over(present, room, scene),
            *_chairs(loads, scene),
        ),
        hours=tuple(range(0, scene.last - scene.first, 4)),
        spoken=_spoken(loads, grid, scene),
    )


def over_words(grid: ClinicDate, scene: Scene) -> tuple[str, ...]:
    """When more are booked than nurses or chairs can take: 11:30–12:00: 9 patients, cover for 6."""
    return tuple(
        f"{scene.span(grid.moment_of(one.start), grid.moment_of(one.end))}: {_load_words(one.load)}"
        for one in stretches(scene.loads[grid.day])
        if one.load.is_over
    )


def _load_words(load: Load) -> str:
    patients = "1 patient" if load.booked == 1 else f"{load.booked} patients"
    room = f"{patients}, cover for {load.cover}"
    return f"{room}, {load.chairs} chairs" if load.chairs < load.cover else room


def _spoken(loads: Sequence[Load], grid: ClinicDate, scene: Scene) -> str:
    """The whole drawing in words, stretch by stretch, where the clinic is open or somebody is there."""
    found = [
        f"{scene.span(grid.moment_of(one.start), grid.moment_of(one.end))}: {_load_words(one.load)}"
        for one in stretches(loads)
        if one.load.is_open or one.load.booked
    ]
    return "; ".join(found) + "." if found else "Nobody booked."


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


def shift_strip(shift: Shift, away: Sequence[Absence], scene: Scene) -> Strip:
    """A shift drawn along its day, with breaks and absences."""
    grid = scene.grids[local_date(shift.start, scene.zone)]

    def bar(css: str, start: datetime, end: datetime) -> Bar:
        first, last = (min(max(grid.quarter_of(at), scene.first), scene.last) for at in (start, end))
        return Bar(css, first - scene.first, last - first, 0, 4)

    bars = [bar("s-shift", shift.start, shift.end), *(bar("s-break", *pause) for pause in shift.breaks)]
    bars += [bar("s-away", max(shift.start, one.start), min(shift.end, one.end)) for one in away]
    return Strip(scene.last - scene.first, 4, tuple(bars), (), "")


def _chairs(loads: Sequence[Load], scene: Scene) -> Iterable[Bar]:
    """A line at the height of the chairs in service, one stroke for each stretch."""
    shown = range(scene.first, min(scene.last, len(loads)))
    for seats, quarters in groupby(shown, key=lambda at: loads[at].chairs):
        run = list(quarters)
        if seats:
            yield Bar("s-chairs", run[0] - scene.first, len(run), scene.height - seats, 0)
