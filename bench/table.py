"""A result beside its limit and its mark; all of them as a table and as a file."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Result:
    """One number.

    `took` is what it took and `limit` what the bare work takes, both in `unit`. `is_met` says whether the mark is
    reached, None where there is none. `facts` go to the file only.
    """

    what: str
    took: float
    unit: str = "ms"
    limit: float | None = None
    mark: str = ""
    is_met: bool | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times the limit it took."""
        return self.took / self.limit if self.limit else None


def text(results: Sequence[Result]) -> str:
    """The table, as Markdown."""
    head = ("what", "took", "bare limit", "times the limit", "mark", "")
    rows = [
        (
            result.what,
            _number(result.took, result.unit),
            _number(result.limit, result.unit) if result.limit is not None else "–",
            f"{result.ratio:.1f}×" if result.ratio else "–",
            result.mark or "–",
            {True: "met", False: "MISSED", None: ""}[result.is_met],
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (head, *rows)
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def write(results: Sequence[Result], *, is_small: bool) -> Path:
    """Put the results into `bench/results.json` with what they were measured on; small ones into a file beside it."""
    path = HERE / ("results-small.json" if is_small else "results.json")
    about = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    rows = [{**asdict(result), "ratio": result.ratio} for result in results]
    path.write_text(json.dumps({"measured_on": about, "results": rows}, indent=2, default=str) + "\n")
    return path


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"
