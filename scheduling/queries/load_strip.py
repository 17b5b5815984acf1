"""A day's load as a strip to be drawn: a bar per stretch of quarter hours, and the same in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from clinic.quarters import ClinicDate
from scheduling.queries.load_by_quarter import Load, stretches
from scheduling.wording import span_words

HEIGHT = 12


@dataclass(frozen=True, slots=True)
class Bars:
    """All stretches of one kind, drawn as one SVG path: each as high as the patients there, of `HEIGHT` for full."""

    css: str
    path: str


@dataclass(frozen=True, slots=True)
class LoadStrip:
    """Bars from left to right over `width` quarters, where noon is if the clinic is open then, and what they say."""

    bars: tuple[Bars, ...]
    width: int
    noon: int | None
    height: int
    words: str


def strip_of(*, loads: Sequence[Load], opens: int, grid: ClinicDate) -> LoadStrip:
    """The strip of a day's opening hours; `loads` are its quarters from `opens` on."""
    paths: dict[str, str] = {}
    for stretch in stretches(loads):
        height, width = _height(stretch.load), stretch.end - stretch.start
        css = "over" if stretch.load.is_over else "full" if stretch.load.is_full else "some"
        if height:
            bar = f"M{stretch.start} {HEIGHT - height}h{width}v{height}h-{width}z"
            paths[css] = paths.get(css, "") + bar
    noon = grid.quarter_at(time(12)) - opens
    return LoadStrip(
        bars=tuple(Bars(css, path) for css, path in paths.items()),
        width=len(loads),
        noon=noon if 0 < noon < len(loads) else None,
        height=HEIGHT,
        words=load_words(loads=loads, opens=opens, grid=grid),
    )


def load_words(*, loads: Sequence[Load], opens: int, grid: ClinicDate) -> str:
    """When a day is full, else when it is fullest: full 10:00–11:30 AM; up to 7 of 9 patients 12:00–1:00 PM."""

    def said(start: int, end: int) -> str:
        return span_words(grid.moment_of(opens + start), grid.moment_of(opens + end), grid.zone)

    full = _runs([load.is_full for load in loads])
    if full:
        return "Full " + ", ".join(said(start, end) for start, end in full)
    shares = [_taken(load) / load.limit if load.limit else 0.0 for load in loads]
    most = max(shares, default=0.0)
    if not most:
        return "Nobody is booked yet"
    start, end = _runs([share == most for share in shares])[0]
    top = loads[start]
    return f"Up to {_taken(top)} of {top.limit} patients, {said(start, end)}"


def _taken(load: Load) -> int:
    return load.booked + load.held


def _height(load: Load) -> int:
    if not _taken(load):
        return 0
    return max(1, min(HEIGHT, HEIGHT * _taken(load) // load.limit)) if load.limit else HEIGHT


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """The stretches that are true."""
    starts = [at for at, flag in enumerate(flags) if flag and not (at and flags[at - 1])]
    ends = [at + 1 for at, flag in enumerate(flags) if flag and not (at + 1 < len(flags) and flags[at + 1])]
    return list(zip(starts, ends, strict=True))
