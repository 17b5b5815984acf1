"""Tables as CSV, safe to open in a spreadsheet. Pure: no Django."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def written(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV. Texts are made safe; numbers, negative ones too, stay numbers; nothing is an empty cell.

    Begins with a byte order mark, without which spreadsheets read accents wrongly.
    """
    out = StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in row])
    return "\ufeff" + out.getvalue()
