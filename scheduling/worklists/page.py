"""The lists as the page shows them: whom a row is about and how to reach them, who works on it, and what sleeps."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from clinic.models import Clinic, User
from patients.models import ContactKind, ContactPoint
from scheduling.models import PatientClaim, Snooze
from scheduling.queries.who import Who
from scheduling.wording import day_words
from scheduling.worklists.lists import Glimpse, Reading, Row, Worklist, every
from scheduling.worklists.marks import CLAIM, since_words

SHOWN = 8
"""Rows of a list that are shown until somebody asks for all."""

PAGE = 100
"""Rows that come with each further press of a button, when somebody asked for all of a long list."""

MOST = 1000
"""Rows of a list that are shown at most. Whoever is through with them sees the next."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to call."""

    shown: str
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is drawn. `claimed` says who works on it and since when; `asleep` until when it need not be shown.

    `caution` is what to know before calling.
    """

    row: Row
    who: Who
    phones: tuple[Phone, ...]
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

    The number of queries is fixed: those of the lists, and three.
    """
    reading = reading_for(clinics)
    lists = every() if lists is None else lists
    seen = {
        one.name: one.glimpse(reading, look.most(one)) if one.glimpse and look.asleep != one.name else None
        for one in lists
    }
    rows = {one.name: list(one.read(reading)) if (of := seen[one.name]) is None else of.rows for one in lists}
    snoozes = _snoozes(rows)
    sorted_ = {
        one.name: _glimpsed(of) if (of := seen[one.name]) else _sort(one, rows[one.name], snoozes, look, reading.now)
        for one in lists
    }
    patient_ids = {row.patient.pk for of_list in sorted_.values() for row in of_list.shown}
    lines = _Lines(snoozes, _claims(patient_ids, reading.now), _phones(patient_ids), user, reading.now)
    return [_section(one, sorted_[one.name], lines, look) for one in lists]


def row_of(*, worklist: Worklist, key: str, clinics: Sequence[Clinic]) -> Row | None:
    """The row of a list with a key, if it is there at some clinics now. What is not in the list cannot be acted on."""
    reading = replace(reading_for(clinics), only=key)
    return next((row for row in worklist.read(reading) if row.key == key), None)


Snoozes = dict[tuple[str, str], Snooze]


def _snoozes(rows: Mapping[str, Sequence[Row]]) -> Snoozes:
    keys = {row.key for of_list in rows.values() for row in of_list}
    found = Snooze.objects.filter(worklist__in=rows, subject__in=keys).select_related("by")
    return {(one.worklist, one.subject): one for one in found}


def _claims(patient_ids: Collection[int], now: datetime) -> dict[int, PatientClaim]:
    found = PatientClaim.objects.filter(patient__in=patient_ids, at__gt=now - CLAIM).select_related("by")
    return {one.patient_id: one for one in found}


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The rows of a list that are shown, and how many there are to be worked, press, and sleep."""

    shown: Sequence[Row]
    awake: int
    urgent: int
    asleep: int
    is_more: bool = False


def _glimpsed(of: Glimpse) -> _Sorted:
    return _Sorted(of.rows, of.awake, of.urgent, of.asleep, of.is_more)


def _sort(worklist: Worklist, rows: Sequence[Row], snoozes: Snoozes, look: Look, now: datetime) -> _Sorted:
    awake: list[Row] = []
    asleep: list[Row] = []
    for row in rows:
        one = snoozes.get((worklist.name, row.key))
        (asleep if one and one.until > now else awake).append(row)
    shown = [*awake[: look.most(worklist)], *(asleep[:MOST] if look.asleep == worklist.name else ())]
    return _Sorted(shown, len(awake), sum(row.is_urgent for row in awake), len(asleep))


def _section(worklist: Worklist, rows: _Sorted, lines: "_Lines", look: Look) -> Section:
    is_whole = look.whole == worklist.name
    return Section(
        worklist=worklist,
        lines=tuple(lines.draw(worklist, row) for row in rows.shown),
        count=rows.awake,
        urgent=rows.urgent,
        hidden=max(0, rows.awake - look.most(worklist)) if look.rows < MOST or not is_whole else 0,
        snoozed=rows.asleep,
        is_more=rows.is_more,
        shows_snoozed=look.asleep == worklist.name,
        shows_all=is_whole and rows.awake > SHOWN,
        next_rows=min(look.rows + PAGE, MOST) if is_whole else PAGE,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """What drawing a row needs to know besides the row."""

    snoozes: Snoozes
    claims: dict[int, PatientClaim]
    phones: dict[int, tuple[Phone, ...]]
    user: User
    now: datetime

    def draw(self, worklist: Worklist, row: Row) -> Line:
        """A row with who works on it, until when it sleeps, and how to reach the patient."""
        snooze = self.snoozes.get((worklist.name, row.key))
        claim = self.claims.get(row.patient.pk)
        is_mine = claim is not None and claim.by == self.user
        who = "You" if is_mine else claim.by.label if claim else ""
        return Line(
            row=row,
            who=Who.of(row.patient),
            phones=self.phones.get(row.patient.pk, ()),
            claimed=f"{who}, {since_words(claim.at)}" if claim else "",
            is_mine=is_mine,
            asleep=f"Until {day_words(timezone.localdate(snooze.until))}" if snooze and snooze.until > self.now else "",
            note=f"{snooze.by.label}: {snooze.note}" if snooze and snooze.note else "",
            caution=f"Needs an interpreter ({row.patient.language})" if row.patient.needs_interpreter else "",
        )


def _phones(patient_ids: Collection[int]) -> dict[int, tuple[Phone, ...]]:
    found: dict[int, list[Phone]] = defaultdict(list)
    points: Iterable[ContactPoint] = ContactPoint.objects.filter(patient__in=patient_ids).exclude(
        kind=ContactKind.EMAIL
    )
    for point in points:
        found[point.patient_id].append(Phone(str(point), f"tel:{point.value}"))
    return {patient_id: tuple(of_patient) for patient_id, of_patient in found.items()}
