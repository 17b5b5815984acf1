"""The lists as the page shows them: whom a row is about and how to reach them, who works on it, and what sleeps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from clinic.models import Clinic, User
from scheduling.queries.who import Who
from scheduling.wording import day_words
from scheduling.worklists.around import Marks, Phone, marks_of
from scheduling.worklists.glimpses import first_look
from scheduling.worklists.lists import Glimpse, Reading, Row, Worklist, every
from scheduling.worklists.marks import since_words

SHOWN = 8
"""Rows of a list that are shown until somebody asks for all."""

PAGE = 100
"""Rows that come with each further press of a button, when somebody asked for all of a long list."""

MOST = 1000
"""Rows of a list that are shown at most. Whoever is through with them sees the next."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is drawn. `claimed` says who works on it and since when; `asleep` until when it need not be shown.

    `caution` is what to know before calling.
    """

    row: Row
    who: Who
    phones: Sequence[Phone]
    claimed: str
    is_mine: bool
    asleep: str
    note: str
    caution: str

    @property
    def is_taken(self) -> bool:
        """Whether a colleague works on it."""
        return bool(self.claimed) and not self.is_mine


@dataclass(frozen=True, slots=True)
class Section:
    """One list on the page. `count` is how many rows there are to work, `hidden` how many of them are not shown.

    With `is_more` there are more than that. `next_rows` is how many are shown when somebody asks for more.
    """

    worklist: Worklist
    lines: tuple[Line, ...]
    count: int
    urgent: int
    hidden: int
    snoozed: int
    is_more: bool
    shows_snoozed: bool
    shows_all: bool
    next_rows: int

    @property
    def count_words(self) -> str:
        """How many there are: 12, or 40+ when nobody counted them all."""
        return f"{self.count:,}{'+' if self.is_more else ''}"

    @property
    def urgent_words(self) -> str:
        """How many of them press."""
        return f"{self.urgent:,}{'+' if self.is_more else ''}"

    @property
    def shows_next(self) -> str:
        """What shows more of them: Show all 10, Show 100 of 1,200."""
        is_all = not self.is_more and self.count <= self.next_rows
        return f"Show all {self.count:,}" if is_all else f"Show {self.next_rows:,} of {self.count_words}"


@dataclass(frozen=True, slots=True)
class Look:
    """What of the page somebody wants to see whole: `rows` of one list, and the ones that sleep of one."""

    whole: str = ""
    asleep: str = ""
    rows: int = PAGE

    def most(self, worklist: Worklist) -> int:
        """How many rows of a list are shown."""
        return self.rows if self.whole == worklist.name else SHOWN


def reading_for(clinics: Sequence[Clinic]) -> Reading:
    """Read now, for some clinics."""
    now = timezone.now()
    return Reading(clinics=clinics, now=now, today=timezone.localdate(now))


def sections(
    *, clinics: Sequence[Clinic], user: User, look: Look, lists: Sequence[Worklist] | None = None
) -> list[Section]:
    """The lists (all unless some are named) of some clinics, as a person sees them now.

    The number of queries is fixed: those of the lists, and two.
    """
    reading = reading_for(clinics)
    lists = every() if lists is None else lists
    seen = {one.name: _seen(one, reading, look) for one in lists}
    rows = {name: of_list.rows for name, of_list in seen.items()}
    lines = _Lines(marks_of(rows, reading.now), user, reading.now)
    return [_section(one, seen[one.name], tuple(lines.draw(one, row) for row in rows[one.name]), look) for one in lists]


def row_of(*, worklist: Worklist, key: str, clinics: Sequence[Clinic]) -> Row | None:
    """The row of a list with a key, if it is there at some clinics now. What is not in the list cannot be acted on."""
    reading = replace(reading_for(clinics), only=key)
    return next((row for row in worklist.read(reading) if row.key == key), None)


def _seen(worklist: Worklist, reading: Reading, look: Look) -> Glimpse:
    """The rows of a list that are shown, and how many there are."""
    if worklist.glimpse and look.asleep != worklist.name:
        return worklist.glimpse(reading, look.most(worklist))
    first = reading.once(first_look)
    if worklist.sign and worklist.name not in first.signs:
        return Glimpse((), lambda _: (), 0, 0, 0)
    awake: list[Row] = []
    asleep: list[Row] = []
    for row in worklist.read(reading):
        (asleep if row.key in first.sleeping[worklist.name] else awake).append(row)
    shown = [*awake[: look.most(worklist)], *(asleep[:MOST] if look.asleep == worklist.name else ())]
    return Glimpse(
        [row.key for row in shown], lambda _: shown, len(awake), sum(row.is_urgent for row in awake), len(asleep)
    )


def _section(worklist: Worklist, of_list: Glimpse, lines: tuple[Line, ...], look: Look) -> Section:
    is_whole = look.whole == worklist.name
    return Section(
        worklist=worklist,
        lines=lines,
        count=of_list.awake,
        urgent=of_list.urgent,
        hidden=max(0, of_list.awake - look.most(worklist)) if look.rows < MOST or not is_whole else 0,
        snoozed=of_list.asleep,
        is_more=of_list.is_more,
        shows_snoozed=look.asleep == worklist.name,
        shows_all=is_whole and of_list.awake > SHOWN,
        next_rows=min(look.rows + PAGE, MOST) if is_whole else PAGE,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """What drawing a row needs to know besides the row."""

    marks: Marks
    user: User
    now: datetime

    def draw(self, worklist: Worklist, row: Row) -> Line:
        """A row with who works on it, until when it sleeps, and how to reach the patient."""
        snooze = self.marks.snoozes.get((worklist.name, row.key))
        claim = self.marks.claims.get(row.patient.pk)
        is_mine = claim is not None and claim.by == self.user
        who = "You" if is_mine else claim.by.label if claim else ""
        return Line(
            row=row,
            who=Who.of(row.patient),
            phones=self.marks.phones.get(row.patient.pk, ()),
            claimed=f"{who}, {since_words(claim.at)}" if claim else "",
            is_mine=is_mine,
            asleep=f"Until {day_words(timezone.localdate(snooze.until))}" if snooze and snooze.until > self.now else "",
            note=f"{snooze.by.label}: {snooze.note}" if snooze and snooze.note else "",
            caution=f"Needs an interpreter ({row.patient.language})" if row.patient.needs_interpreter else "",
        )
