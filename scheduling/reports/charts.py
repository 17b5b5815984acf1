"""Charts as numbers for SVG: columns week by week, with their values as text. Pure: no Django.

Two series differ by hatching as well as colour, so a chart says the same printed in black and white.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 216
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 30, 176
"""The ground of the columns, in the units of the drawing."""

LABELS = 13
"""So many columns bear a text; of more columns every other, third or fourth does."""


@dataclass(frozen=True, slots=True)
class Series:
    """A row of values; None where there is too little to tell."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Column:
    """One bar, with its value in words."""

    x: float
    y: float
    width: float
    height: float
    series: int
    text: str
    text_x: float
    text_y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """The name of a week under its columns."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """The line of a benchmark. `text_y` is the base of its words."""

    y: float
    text: str
    text_y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the template draws."""

    key: str
    title: str
    unit: str
    says: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    rules: tuple[Rule, ...]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = _BOTTOM
    left: int = _LEFT
    right: int = WIDTH - _RIGHT


def columns(
    *,
    key: str,
    title: str,
    unit: str,
    labels: Sequence[str],
    series: Sequence[Series],
    benchmarks: Sequence[tuple[str, float]] = (),
) -> Chart:
    """Columns for each label, one beside the other for each series. Values are never negative."""
    known = [value for one in series for value in one.values if value is not None]
    top = max([*known, *(value for _, value in benchmarks)], default=0) or 1
    step = (WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    every = -(-len(labels) // LABELS)
    width = step * 0.8 / len(series)
    drawn = []
    for number, one in enumerate(series):
        for place, value in enumerate(one.values):
            if value is not None:
                x = _LEFT + place * step + step * 0.1 + number * width
                text = short(value) if _is_told(place, len(labels), every) else ""
                drawn.append(_column(x, width, value / top, number, text))
    return Chart(
        key=key,
        title=title,
        unit=unit,
        says=_summary(title, unit, labels, series),
        names=tuple(one.name for one in series),
        columns=tuple(drawn),
        ticks=tuple(
            Tick(round(_LEFT + (place + 0.5) * step, 1), label)
            for place, label in enumerate(labels)
            if _is_told(place, len(labels), every)
        ),
        rules=tuple(_rule(text, value / top) for text, value in benchmarks),
    )


def short(value: float) -> str:
    """A value above its column: 82, 4.4, 1,204."""
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"


def _column(x: float, width: float, part: float, series: int, text: str) -> Column:
    height = round(part * (_BOTTOM - _TOP), 1)
    return Column(
        x=round(x, 1),
        y=round(_BOTTOM - height, 1),
        width=round(max(width - 1, 1), 1),
        height=height,
        series=series,
        text=text,
        text_x=round(x + (width - 1) / 2, 1),
        text_y=round(_BOTTOM - height - 4, 1),
    )


def _rule(text: str, part: float) -> Rule:
    y = round(_BOTTOM - part * (_BOTTOM - _TOP), 1)
    return Rule(y, text, round(y - 4, 1))


def _is_told(place: int, count: int, every: int) -> bool:
    """Whether a column bears a text: the last one always, and each so many before it."""
    return (count - 1 - place) % every == 0


def _summary(title: str, unit: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """The chart in a sentence, for those who do not see it; the numbers of each week stand in the table by week."""
    said = []
    for one in series:
        known = [(value, label) for value, label in zip(one.values, labels, strict=True) if value is not None]
        if not known:
            said.append(f"{one.name}: not enough to tell in any week")
            continue
        low, high = min(known), max(known)
        said.append(f"{one.name} between {short(low[0])} (week of {low[1]}) and {short(high[0])} (week of {high[1]})")
    return f"{title} by week, {unit}. {'; '.join(said)}."
