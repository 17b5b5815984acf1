"""The words of each language, one file a language. Pure: no Django, no database."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One message's words with their placeholders; a text has no subject."""

    body: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """All that is said in one language."""

    code: str
    name: str
    dates: dict[str, Any]
    phrases: dict[str, str]
    practice: dict[str, str]
    lines: dict[str, str]
    words: dict[tuple[str, str], Words]
    answers: dict[str, str]
    page: dict[str, str]

    def day(self, day: date) -> str:
        """A day as texts say it: Tue Mar 3."""
        return self._written("day", day, short=True)

    def day_long(self, day: date) -> str:
        """A day as e-mails say it: Tuesday, March 3, 2026."""
        return self._written("day_long", day, short=False)

    def days(self, days: Sequence[date]) -> str:
        """A day, or the first and the last of a course: Mar 2-Mar 6."""
        if len(days) == 1:
            return self.day(days[0])
        return "-".join(self._written("day_in_course", day, short=True) for day in (days[0], days[-1]))

    def when(self, start: datetime, end: datetime, *, named: bool = False) -> str:
        """A visit in local times, written out with its end; `named` as in `clock`."""
        pattern: str = self.dates["when"]
        return pattern.format(
            day=self.day_long(start.date()), time=clock(start, named=named), until=clock(end, named=named)
        )

    def longest_day(self) -> str:
        """The longest way to write a day, or the days of a course, in a text."""
        days = [date(2026, month, day) for month in range(1, 13) for day in range(22, 29)]
        pairs = [self.days([one, other]) for one in days[::7] for other in days[::7]]
        return max([self.day(day) for day in days] + pairs, key=len)

    def lines_in(self, text: str) -> list[str]:
        """The lines of a therapy's note in this language, where they are known."""
        return [self.lines.get(line, line) for line in map(str.strip, text.splitlines()) if line]

    def _written(self, pattern: str, day: date, *, short: bool) -> str:
        suffix = "_short" if short else ""
        written: str = self.dates[pattern].format(
            weekday=self.dates[f"weekdays{suffix}"][day.weekday()],
            month=self.dates[f"months{suffix}"][day.month - 1],
            day=day.day,
            year=day.year,
        )
        return written


def clock(moment: datetime, *, named: bool = False) -> str:
    """A local time as people say it: 9:15 AM; `named` for readers elsewhere, with its zone: 9:15 AM CT."""
    said = f"{moment:%I:%M %p}".lstrip("0")
    return f"{said} {_zone_letters(moment)}" if named else said


LONGEST_CLOCK = "12:45 PM CT"


def _zone_letters(moment: datetime) -> str:
    """The letters of a zone, the same all year: CT for CST and CDT. A zone without letters is named by its offset."""
    letters = f"{moment:%Z}"
    if not letters.isalpha():
        return f"UTC{letters}"
    return re.sub(r"[SD]T$", "T", letters)


@lru_cache(maxsize=1)
def languages() -> dict[str, Language]:
    """Every language that has a file, by code."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.toml"))}


def language(code: str) -> Language:
    """The language of a patient, or English when it has no file."""
    return languages().get(code, languages()[DEFAULT])


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of an e-mail: a paragraph, the points of a list, or an address to open."""

    kind: str
    lines: tuple[str, ...]


def blocks(body: str) -> list[Block]:
    """The pieces of a filled-in body, which blank lines divide."""
    found = []
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        lines = tuple(paragraph.splitlines())
        if all(line.startswith("- ") for line in lines):
            found.append(Block("list", tuple(line[2:] for line in lines)))
        elif len(lines) == 1 and re.fullmatch(r"https?://\S+", lines[0]):
            found.append(Block("link", lines))
        else:
            found.append(Block("paragraph", lines))
    return found


def _read(path: Path) -> Language:
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    words = {}
    for wording, entry in file["words"].items():
        words[wording, "sms"] = Words(entry["sms"].strip())
        if "email" in entry:
            words[wording, "email"] = Words(entry["email"].strip(), entry["subject"].strip())
    return Language(
        code=path.stem,
        name=file["name"],
        dates=file["dates"],
        phrases=file["phrases"],
        practice=file["practice"],
        lines=file["lines"],
        words=words,
        answers=file["answers"],
        page=file["page"],
    )
