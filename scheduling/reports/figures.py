"""What a figure is: a share, a use of hours, a typical length, a sum; in words and as numbers. Pure: no Django.

Where there is too little to count, a figure says so instead of a percentage of two visits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from scheduling.reports.rows import DAY, HOUR, MINUTE

ENOUGH = 10
"""A share or a typical length is told from so many visits on: below, one visit would move it by over ten points."""

TOO_FEW = "not enough visits"

Number = int | float | None


class Figure(Protocol):
    """What tables, tiles and downloads ask of a figure."""

    @property
    def value(self) -> float | None:
        """The number that is compared and drawn: points of a hundred, minutes, days or hours. None when too few."""

    @property
    def measured_in(self) -> str:
        """What its value is a number of."""

    @property
    def words(self) -> str:
        """The figure as people read it."""

    @property
    def basis(self) -> str:
        """What it rests on, in a few words; empty if nothing needs saying."""

    def cells(self) -> dict[str, Number]:
        """The numbers of a download, by what follows the figure's name in the head of their column."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int
    things: str = "visits"

    @property
    def value(self) -> float | None:
        """Points of a hundred."""
        return 100 * self.part / self.whole if self.whole >= ENOUGH else None

    @property
    def measured_in(self) -> str:
        """Points of a hundred."""
        return "percent"

    @property
    def words(self) -> str:
        """82 %."""
        return TOO_FEW.replace("visits", self.things) if self.value is None else percent(self.value)

    @property
    def basis(self) -> str:
        """41 of 50."""
        return f"{self.part:,} of {self.whole:,}"

    def cells(self) -> dict[str, Number]:
        """Percent, part and whole."""
        return {"%": rounded(self.value), "count": self.part, "of": self.whole}


@dataclass(frozen=True, slots=True)
class Use:
    """So many seconds used of those there were."""

    used: int
    available: int

    @property
    def value(self) -> float | None:
        """Points of a hundred."""
        return 100 * self.used / self.available if self.available else None

    @property
    def measured_in(self) -> str:
        """Points of a hundred."""
        return "percent"

    @property
    def words(self) -> str:
        """74 %."""
        return "nothing open" if self.value is None else percent(self.value)

    @property
    def basis(self) -> str:
        """310 of 420 h."""
        return f"{self.used / HOUR:,.0f} of {self.available / HOUR:,.0f} h"

    def cells(self) -> dict[str, Number]:
        """Percent, and both in hours."""
        return {"%": rounded(self.value), "hours": hours(self.used), "of hours": hours(self.available)}


@dataclass(frozen=True, slots=True)
class Typical:
    """The middle of some lengths in seconds, and what nine of ten keep within. `unit` is the length of one."""

    middle: float | None
    nine_of_ten: float | None
    count: int
    unit: int = MINUTE

    @property
    def value(self) -> float | None:
        """The median, in units."""
        return self.middle / self.unit if self.middle is not None and self.count >= ENOUGH else None

    @property
    def measured_in(self) -> str:
        """Days or minutes."""
        return "days" if self.unit == DAY else "minutes"

    @property
    def words(self) -> str:
        """12 min."""
        return TOO_FEW if self.value is None else self._said(self.value)

    @property
    def basis(self) -> str:
        """9 of 10 within 25 min."""
        if self.value is None or self.nine_of_ten is None:
            return f"{self.count:,} counted"
        return f"9 of 10 within {self._said(self.nine_of_ten / self.unit)}"

    def cells(self) -> dict[str, Number]:
        """Median, ninetieth percentile, and how many they are of."""
        unit = "days" if self.unit == DAY else "min"
        tail = None if self.value is None or self.nine_of_ten is None else rounded(self.nine_of_ten / self.unit)
        return {f"median {unit}": rounded(self.value), f"9 of 10 within {unit}": tail, "count": self.count}

    def _said(self, number: float) -> str:
        return f"{number:,.0f} {'days' if self.unit == DAY else 'min'}" if round(number) != 1 else self._one()

    def _one(self) -> str:
        return "1 day" if self.unit == DAY else "1 min"


@dataclass(frozen=True, slots=True)
class Length:
    """A sum of seconds."""

    seconds: int
    note: str = ""

    @property
    def value(self) -> float | None:
        """In minutes."""
        return self.seconds / MINUTE

    @property
    def measured_in(self) -> str:
        """Minutes."""
        return "minutes"

    @property
    def words(self) -> str:
        """45 min, 3 h 20 min, 120 h."""
        minutes = round(self.seconds / MINUTE)
        if minutes < 60:
            return f"{minutes} min"
        if minutes < 6000:
            return f"{minutes // 60} h {minutes % 60:02d} min" if minutes % 60 else f"{minutes // 60} h"
        return f"{minutes / 60:,.0f} h"

    @property
    def basis(self) -> str:
        """On 3 days."""
        return self.note

    def cells(self) -> dict[str, Number]:
        """Minutes."""
        return {"min": round(self.seconds / MINUTE)}


@dataclass(frozen=True, slots=True)
class Count:
    """How many."""

    number: int

    @property
    def value(self) -> float | None:
        """The number itself."""
        return float(self.number)

    @property
    def measured_in(self) -> str:
        """Nothing but their number."""
        return "number"

    @property
    def words(self) -> str:
        """1,204."""
        return f"{self.number:,}"

    @property
    def basis(self) -> str:
        """A count rests on itself."""
        return ""

    def cells(self) -> dict[str, Number]:
        """The number."""
        return {"": self.number}


def typical(lengths: Iterable[int], *, unit: int = MINUTE) -> Typical:
    """The median and the ninetieth percentile of some lengths in seconds: of the sorted ones, the first that nine of
    ten do not exceed."""
    ordered = sorted(lengths)
    if not ordered:
        return Typical(None, None, 0, unit)
    half = len(ordered) // 2
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return Typical(middle, ordered[-(-9 * len(ordered) // 10) - 1], len(ordered), unit)


def is_beyond_chance(one: Figure, other: Figure) -> bool:
    """Whether two figures differ by more than chance lets figures differ.

    Two shares do when they lie more than two standard errors apart (both taken for samples of one share); everything
    else when its words differ.
    """
    if one.value is None or other.value is None or one.words == other.words:
        return False
    if isinstance(one, Share) and isinstance(other, Share):
        both = (one.part + other.part) / (one.whole + other.whole)
        error = (both * (1 - both) * (1 / one.whole + 1 / other.whole)) ** 0.5
        return abs(one.part / one.whole - other.part / other.whole) > 2 * error
    return True


def percent(value: float) -> str:
    """A percentage: 82 %, 4.4 %, 0 %; one decimal below ten, where a point is much."""
    if 0 < value < 0.05:
        return "under 0.1 %"
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"


def hours(seconds: int) -> float:
    """Seconds as hours, to a tenth."""
    return round(seconds / HOUR, 1)


def rounded(value: float | None) -> float | None:
    """To a tenth, for a download."""
    return None if value is None else round(value, 1)
