"""What somebody at the desk typed into the search box, read as names, dates of birth and numbers. Pure: no database."""

import re
from dataclasses import dataclass
from datetime import date

from patients.dates import WRITTEN_DATE, dates_of_digits, written_date
from patients.folding import fold

LEAST_LETTERS = 2
LEAST_DIGITS = 4

_MRN_LABEL = re.compile(r"\b(?:mrn|dob|born)\b[\s:#]*|#", re.IGNORECASE)
_EMAIL = re.compile(r"\S+@\S*")
_NUMBER = re.compile(r"(?<!\w)[+(]?\d[\d\s().\-/]*\d(?!\w)")
_RECORD_NUMBER = re.compile(r"(?<![\w-])(?=[\w-]*\d)[A-Za-z][\w-]*(?![\w-])")


@dataclass(frozen=True, slots=True)
class Terms:
    """What to look for. Names and numbers must all fit; a number fits as any of the things it can mean."""

    names: tuple[str, ...] = ()
    """Folded words, each the beginning of a name."""
    birth_dates: tuple[date, ...] = ()
    digits: str = ""
    """The end of a phone number."""
    mrns: tuple[str, ...] = ()
    """Whole record numbers, upper case."""
    email: str = ""
    """The beginning of an e-mail address."""

    @property
    def has_identifier(self) -> bool:
        """Whether anything but a name is looked for."""
        return bool(self.birth_dates or self.digits or self.mrns or self.email)

    @property
    def is_enough(self) -> bool:
        """Whether this narrows the search at all: two letters of a name, four digits, or a whole date."""
        return self.has_identifier or sum(map(len, self.names)) >= LEAST_LETTERS


def read(text: str, *, today: date) -> Terms:
    """The terms in a typed text.

    `jo an`, `Johnson, Anna 3/14/1975`, `14 Mar 1975`, `03141975`, `(715) 555-0100`, `0100`, `MRN A-1021`.
    A number without a name may be a date of birth, the end of a phone number or an MRN: all are looked for.
    """
    rest = _MRN_LABEL.sub(" ", text[:200])
    birth_dates: list[date] = []

    def take_date(found: re.Match[str]) -> str:
        day = written_date(found, latest=today)
        if day is None or day > today:
            return found[0]
        birth_dates.append(day)
        return " "

    rest = WRITTEN_DATE.sub(take_date, rest)
    rest, emails = _take(_EMAIL, rest)
    rest, records = _take(_RECORD_NUMBER, rest)
    rest, numbers = _take(_NUMBER, rest)
    digits = re.sub(r"\D", "", "".join(numbers))
    # The country code is not kept apart from the area code by everybody.
    phone = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
    return Terms(
        names=tuple(word for word in fold(rest).split() if not word.isdigit()),
        birth_dates=(*birth_dates, *dates_of_digits(digits, latest=today)),
        digits=phone if len(phone) >= LEAST_DIGITS else "",
        mrns=tuple(dict.fromkeys(number.strip().upper() for number in (*records, *numbers))),
        email=emails[0].lower() if emails else "",
    )


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, list[str]]:
    found = [match[0] for match in pattern.finditer(text)]
    return pattern.sub(" ", text), found
