"""A file of patients, as spreadsheets write it, read into lines of cells. Knows no database."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000

COLUMNS = {
    "mrn": "Medical record number: letters, digits and hyphens. One MRN is one patient.",
    "family_name": "As on the chart.",
    "given_name": "As on the chart.",
    "birth_date": "3/14/1975 or 1975-03-14.",
    "clinic": "The patient's own clinic: its name or short name (eau-claire).",
    "mobile": "(715) 555-0100; other countries with + and country code.",
    "email": "anna@example.org",
    "language": "Two- or three-letter code: en, es, hmn.",
    "timezone": "Only if not the clinic's: America/Denver.",
    "extra_minutes": "Minutes this patient needs on top of the usual stay.",
    "alerts": "Allergies, earlier reactions, fall risk.",
    "therapy": "Name or short name, as in the list of therapies. A patient on two therapies has two lines.",
    "variant": "The ordered variant of the course, e.g. fast.",
    "start_on": "The day dose 1 is ordered for. Needed when no dose was given yet.",
    "first_dose_on": "The day dose 1 was given, where a later dose counts from it (Ocrevus dose 3).",
    "last_dose_number": "Which dose was given last: 7.",
    "last_dose_on": "The day it was given.",
    "interval_days": "An ordered interval in place of the therapy's own: 42.",
    "usual_weekday": "Monday to Friday, or Mon to Fri.",
    "usual_time": "9:30 or 1:15 PM, by the clinic's clock.",
    "prescriber": "",
}
"""Every column, in the template's order, with what to write in it."""

REQUIRED = ("mrn", "family_name", "given_name", "birth_date", "clinic")

_OTHER_NAMES = {
    "dob": "birth_date",
    "date_of_birth": "birth_date",
    "last_name": "family_name",
    "first_name": "given_name",
    "mobile_phone": "mobile",
    "cell": "mobile",
    "e_mail": "email",
    "time_zone": "timezone",
    "weekday": "usual_weekday",
    "time": "usual_time",
}


class CannotImport(ValueError):
    """The file as a whole cannot be imported. Says why and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the number of its line in the file, and its filled cells by column, trimmed."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file read: its rows, and the columns it has that mean nothing here."""

    lines: list[Line]
    ignored_columns: list[str]


def read_file(content: bytes) -> Sheet:
    """The rows of a CSV file: UTF-8, with commas, semicolons or tabs, columns in any order. Raises `CannotImport`."""
    if len(content) > MOST_BYTES:
        raise CannotImport(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it and import the parts.")
    text = _decode(content)
    rows = _rows(text)
    number, header = next(rows, (0, []))
    names = [_column(name) for name in header]
    _check_header(names)
    lines: list[Line] = []
    for number, row in rows:
        if len(lines) == MOST_ROWS:
            raise CannotImport(f"The file has more than {MOST_ROWS:,} rows. Split it and import the parts.")
        if any(cell.strip() for cell in row[len(names) :]):
            raise CannotImport(f"Line {number} has more cells than the header has columns. Look for a stray separator.")
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if name in COLUMNS}
        lines.append(Line(number, {name: cell for name, cell in cells.items() if cell}))
    if not lines:
        raise CannotImport("The file has a header but no rows. Add one row per patient and therapy.")
    return Sheet(
        lines, [written.strip() for written, name in zip(header, names, strict=True) if name and name not in COLUMNS]
    )


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise CannotImport("This is not a CSV file in UTF-8. In Excel: Save As, then “CSV UTF-8 (Comma delimited)”.")
    return text


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of its first line."""
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise CannotImport(f"Line {number} cannot be read ({error}). Look for a quotation mark that is never closed.")


def _column(written: str) -> str:
    name = re.sub(r"[\s\-/]+", "_", written.strip().lower())
    return _OTHER_NAMES.get(name, name)


def _check_header(names: list[str]) -> None:
    if missing := [name for name in REQUIRED if name not in names]:
        raise CannotImport(
            f"The first line must name the columns; missing: {', '.join(missing)}. The template has them all."
        )
    if twice := sorted({name for name in names if name in COLUMNS and names.count(name) > 1}):
        raise CannotImport(f"The column {twice[0]} is there twice. Remove one of them.")
