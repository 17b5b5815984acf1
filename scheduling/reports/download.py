"""A table as CSV, safe to open in a spreadsheet. Pure: no Django."""

import csv
from collections.abc import Sequence
from io import StringIO

from scheduling.reports.figures import Number
from scheduling.reports.tables import SPLITS, Table

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | Number


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def written(rows: Sequence[Sequence[Cell]]) -> str:
    """Rows as CSV. Texts are made safe; numbers, negative ones too, stay numbers; nothing is an empty cell.

    Begins with a byte order mark, without which spreadsheets read accents wrongly.
    """
    out = StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in row])
    return "\ufeff" + out.getvalue()


def table_rows(table: Table) -> list[list[Cell]]:
    """A table with a column for each number of each figure."""
    total = table.lines[0]
    head: list[Cell] = [SPLITS[table.split].removeprefix("By ").capitalize()]
    for metric, figure in zip(table.metrics, total.figures, strict=True):
        head += [f"{metric.name} {what}".strip() for what in figure.cells()]
    rows = [head]
    for line in table.lines:
        cells: list[Cell] = [line.name]
        for figure in line.figures:
            cells += figure.cells().values()
        rows.append(cells)
    return rows
