"""A table of the report as rows of cells, for `clinic.spreadsheets`. Pure: no Django."""

from scheduling.reports.figures import Number
from scheduling.reports.tables import SPLITS, Table

Cell = str | Number


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
