"""Figures side by side: a section by clinic, by therapy or by week, with all of it together first. Pure: no Django."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduling.reports.figures import Figure
from scheduling.reports.metrics import Batch, Metric, Section

SPLITS = {"clinic": "By clinic", "therapy": "By therapy", "week": "By week"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table."""

    name: str
    figures: tuple[Figure, ...]
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of a section, split one way."""

    section: Section
    split: str
    metrics: tuple[Metric, ...]
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """Who comes, by clinic."""
        return f"{self.section.title}, {SPLITS[self.split].lower()}"


def table(*, section: Section, split: str, batches: Mapping[str, Batch], total: Batch) -> Table:
    """The figures of a section for each batch, by name in order, under all of it together if there are several."""
    metrics = tuple(metric for metric in section.metrics if metric.by_therapy or split != "therapy")
    if len(batches) == 1:
        [(name, only)] = batches.items()
        return Table(section, split, metrics, (Line(name, tuple(metric.of(only) for metric in metrics)),))
    lines = [Line("All together", tuple(metric.of(total) for metric in metrics), is_all=True)]
    lines += [Line(name, tuple(metric.of(batch) for metric in metrics)) for name, batch in batches.items()]
    return Table(section, split, metrics, tuple(lines))


def split_for(section: Section, split: str) -> str:
    """The split that a section can be shown by: by clinic where nothing in it can be told for one therapy."""
    is_possible = split != "therapy" or any(metric.by_therapy for metric in section.metrics)
    return split if is_possible else "clinic"


def batched(batch: Batch, keys: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, Batch]:
    """A batch split by a key of its rows. Rows without the key are in none of the parts."""
    parts = {name: Batch() for name in keys}
    for kind in ("visits", "days", "shifts", "doses", "prepared"):
        lists = {name: getattr(part, kind) for name, part in parts.items()}
        for row in getattr(batch, kind):
            mine = lists.get(key(row))
            if mine is not None:
                mine.append(row)
    return parts


def since(batch: Batch, *, first: int, last: int) -> Batch:
    """What of a batch happened from a day to a day, both included."""

    def within(rows: Sequence[Any]) -> list[Any]:
        return [row for row in rows if first <= row.day <= last]

    return Batch(
        within(batch.visits), within(batch.days), within(batch.shifts), within(batch.doses), within(batch.prepared)
    )
