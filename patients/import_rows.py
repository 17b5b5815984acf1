"""The cells of an import file, read into facts, with what is wrong with them said per line and column."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from clinic.models import Clinic, Weekday
from patients.dates import read_date
from patients.errors import Refused
from patients.import_file import Line
from patients.registering import Contacts, checked_contacts
from therapies.models import Therapy

PERSON_COLUMNS = (
    "family_name",
    "given_name",
    "birth_date",
    "clinic",
    "language",
    "timezone",
    "extra_minutes",
    "alerts",
)
CONTACT_COLUMNS = ("mobile", "email")
ORDER_COLUMNS = ("variant", "start_on", "interval_days", "usual_weekday", "usual_time", "prescriber")
DOSE_COLUMNS = ("first_dose_on", "last_dose_number", "last_dose_on")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one cell, and what to do. `value` is what the cell says."""

    line: int
    column: str
    value: str
    message: str


@dataclass(slots=True)
class Row:
    """One line read: facts by column, only those that are filled in."""

    line: int
    mrn: str
    facts: dict[str, Any] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)

    def only(self, columns: tuple[str, ...]) -> dict[str, Any]:
        """The facts of some columns."""
        return {name: self.facts[name] for name in columns if name in self.facts}

    def error(self, column: str, message: str) -> RowError:
        """Something wrong with a cell of this row."""
        return RowError(self.line, column, self.cells.get(column, ""), message)


class Reader:
    """Reads lines. Clinics and therapies are found by name or slug."""

    def __init__(self, *, clinics: Collection[Clinic], therapies: Collection[Therapy], today: date) -> None:
        self._today = today
        self._clinics = {name.lower(): clinic for clinic in clinics for name in (clinic.slug, clinic.name)}
        self._therapies = {name.lower(): therapy for therapy in therapies for name in (therapy.slug, therapy.name)}
        self._readers: Mapping[str, Callable[[str], Any]] = {
            "mrn": str.upper,
            "birth_date": self._birth_date,
            "clinic": self._clinic,
            "mobile": partial(_contact, "mobile"),
            "email": partial(_contact, "email"),
            "language": str.lower,
            "extra_minutes": _number,
            "therapy": self._therapy,
            "variant": str.lower,
            "start_on": self._day,
            "first_dose_on": self._day,
            "last_dose_on": self._day,
            "last_dose_number": _number,
            "interval_days": _number,
            "usual_weekday": _weekday,
            "usual_time": _time,
        }

    def read(self, line: Line) -> tuple[Row, list[RowError]]:
        """The facts of a line, and what is wrong with it."""
        row = Row(line=line.number, mrn=line.cells.get("mrn", "").upper(), cells=line.cells)
        errors = []
        for column, cell in line.cells.items():
            try:
                row.facts[column] = self._readers.get(column, str)(cell)
            except ValueError as error:
                errors.append(row.error(column, str(error)))
        return row, errors + list(_gaps(row))

    def _birth_date(self, cell: str) -> date:
        day = read_date(cell, latest=self._today)
        if not day:
            raise ValueError("This is not a date. Write 3/14/1975 or 1975-03-14.")
        return day

    def _day(self, cell: str) -> date:
        # A start may lie ahead: a year of two digits may be one of the next few.
        day = read_date(cell, latest=self._today + timedelta(days=5 * 365))
        if not day:
            raise ValueError("This is not a date. Write 3/14/2026 or 2026-03-14.")
        return day

    def _clinic(self, cell: str) -> Clinic:
        if clinic := self._clinics.get(cell.lower()):
            return clinic
        known = ", ".join(sorted({clinic.slug for clinic in self._clinics.values()}))
        raise ValueError(f"You do not manage a clinic of this name. Write one of: {known}.")

    def _therapy(self, cell: str) -> Therapy:
        if therapy := self._therapies.get(cell.lower()):
            return therapy
        known = ", ".join(sorted({therapy.slug for therapy in self._therapies.values()}))
        raise ValueError(f"There is no therapy of this name. Write one of: {known}.")


def _number(cell: str) -> int:
    if not re.fullmatch(r"\d{1,4}(\.0+)?", cell):
        raise ValueError("This is not a whole number. Write digits only.")
    return int(float(cell))


def _weekday(cell: str) -> int:
    for day in Weekday:
        if len(cell) >= 2 and day.label.lower().startswith(cell.lower().rstrip(".")):
            return day.value
    raise ValueError("This is not a weekday. Write Monday, or Mon.")


def _time(cell: str) -> time:
    compact = re.sub(r"[\s.]+", "", cell).upper()
    for form in ("%H:%M", "%H:%M:%S", "%I:%M%p", "%I:%M:%S%p", "%I%p"):
        with suppress(ValueError):
            return datetime.strptime(compact, form).time()  # noqa: DTZ007  (a time of day has no zone)
    raise ValueError("This is not a time of day. Write 9:30 or 1:15 PM.")


def _contact(kind: str, cell: str) -> str:
    try:
        return str(getattr(checked_contacts(contacts=Contacts(**{kind: cell})), kind))
    except Refused as refused:
        raise ValueError(refused.message) from refused


def _gaps(row: Row) -> Iterator[RowError]:
    """What is missing beside what is there."""
    cells = row.cells
    if not row.mrn:
        yield row.error("mrn", "Every row needs an MRN. It is how a patient is recognized next time.")
    if "therapy" not in cells and (stray := [name for name in (*ORDER_COLUMNS, *DOSE_COLUMNS) if name in cells]):
        yield row.error("therapy", f"Say which therapy {stray[0]} belongs to, or leave {stray[0]} empty.")
    if "last_dose_number" in cells and "last_dose_on" not in cells:
        yield row.error("last_dose_on", "Say on which day the last dose was given.")
    if "last_dose_on" in cells and "last_dose_number" not in cells:
        yield row.error("last_dose_number", "Say which dose was given on that day: 1, 2, 3 …")
    first, last = row.facts.get("first_dose_on"), row.facts.get("last_dose_on")
    if row.facts.get("last_dose_number") == 1 and first and last and first != last:
        yield row.error("first_dose_on", "Dose 1 is the last dose too, so both days must be the same.")
