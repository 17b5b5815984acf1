"""Dates as people type them. Pure: no Django, no database."""

import re
from collections.abc import Iterator
from datetime import date

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"

WRITTEN_DATE = re.compile(
    rf"""(?<![\w/-])(?:
        (?P<iso>\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}})
      | (?P<us>\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}}))
      | (?P<day_first>\d{{1,2}}(?:st|nd|rd|th)?[ -]*{_MONTH}[ ,-]*(?:\d{{4}}|\d{{2}}))
      | (?P<month_first>{_MONTH.replace("month", "month2")}[ ]*\d{{1,2}}(?:st|nd|rd|th)?[ ,]+(?:\d{{4}}|\d{{2}}))
    )(?![\w/-])""",
    re.IGNORECASE | re.VERBOSE,
)
"""A date with separators or a month's name, inside a longer text."""


def read_date(text: str, *, latest: date) -> date | None:
    """The date that a text means, or nothing.

    Takes 1975-03-14, 3/14/1975, 3-14-75, 3.14.1975, 14 Mar 1975, March 14, 1975. Month first, as written in the
    United States; 14/3/1975 can only mean the day first and is read so. A year of two digits is the newest that
    does not lie after `latest`.
    """
    found = WRITTEN_DATE.fullmatch(text.strip())
    return next(_readings(found, latest), None) if found else None


def written_date(found: re.Match[str], *, latest: date) -> date | None:
    """The date that a match of `WRITTEN_DATE` means, or nothing when there is no such day."""
    return next(_readings(found, latest), None)


def dates_of_digits(digits: str, *, latest: date) -> list[date]:
    """Every date that digits without separators can mean: 03141975, 19750314, 031475."""
    if len(digits) == 8:
        parts = [(digits[4:], digits[:2], digits[2:4]), (digits[:4], digits[4:6], digits[6:])]
    elif len(digits) == 6:
        parts = [(digits[4:], digits[:2], digits[2:4])]
    else:
        parts = []
    days = (_day(year, int(month), int(day), latest) for year, month, day in parts)
    return [day for day in days if day and date(1900, 1, 1) <= day <= latest]


def _readings(found: re.Match[str], latest: date) -> Iterator[date]:
    month_name = found["month"] or found["month2"]
    numbers = re.findall(r"\d+", found[0])
    if month_name:
        orders = [(numbers[1], _MONTHS[month_name[:3].lower()], int(numbers[0]))]
    elif found["iso"]:
        orders = [(numbers[0], int(numbers[1]), int(numbers[2]))]
    else:
        first, second = int(numbers[0]), int(numbers[1])
        orders = [(numbers[2], first, second), (numbers[2], second, first)]
    for order in orders:
        if day := _day(*order, latest):
            yield day


def _day(year: str, month: int, day: int, latest: date) -> date | None:
    full_year = int(year)
    if len(year) == 2:
        full_year += latest.year // 100 * 100
    try:
        read = date(full_year, month, day)
        return read.replace(year=full_year - 100) if len(year) == 2 and read > latest else read
    except ValueError:
        return None
