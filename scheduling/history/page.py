"""The two pages of a patient's trail, newest first. A fixed number of queries, however long the trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from clinic.audit.models import CHANGES, LOOKS, Entry, What
from clinic.audit.pages import page_words, who_words
from patients.models import Patient, TreatmentPlan
from scheduling.history.values import NOTHING, Names, Row, columns_of, label_of, names_of, words_of
from scheduling.models import Appointment
from scheduling.wording import clock_words, day_words, when_words

PAGE = 60
"""Lines of the trail on one page."""

APPOINTMENTS, PLANS = "scheduling_appointment", "patients_treatmentplan"

GIST = 2

UNSAID = {"id", "patient_id", "plan_id", "appointment_id", "dose_phase_id", "version", "appointment_version"}
"""Columns that tell a reader nothing: what a line is about stands in its heading."""

REASONS = ("override_reason", "reason", "note")
"""Columns where people say why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One column: what it is called, what stood there before, what stands there now."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row that was added, changed or removed."""

    what: str
    verb: str
    subject: str
    lines: tuple[Line, ...]

    @property
    def gist(self) -> str:
        """The first things that an added or removed row says, for its heading."""
        return ", ".join(line.before if self.what == What.DELETE else line.after for line in self.lines[:GIST])


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did at once: the changes of one transaction."""

    id: int
    day: str
    clock: str
    who: str
    how: str
    why: str
    address: str
    agent: str
    request: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at the record, took it out, or was refused."""

    when: str
    what: str
    verb: str
    who: str
    page: str
    address: str


def history_of(patient: Patient, *, before: int | None) -> tuple[list[Deed], int | None]:
    """What was done to a patient's record, older than the entry `before`; and where the next page begins."""
    entries, older = _entries(patient, CHANGES, before)
    zone = patient.home_clinic.zone
    telling = _Telling(patient, entries, zone)
    deeds = [_deed(list(group), telling, zone) for _, group in groupby(entries, key=_at_once)]
    return deeds, older


def looks_at(patient: Patient, *, before: int | None) -> tuple[list[Look], int | None]:
    """Who looked at a patient's record, older than the entry `before`; and where the next page begins."""
    entries, older = _entries(patient, LOOKS, before)
    zone = patient.home_clinic.zone
    looks = [
        Look(
            when=when_words(one.at, zone),
            what=one.what,
            verb=What(one.what).label,
            who=who_words(one.origin, role=one.role),
            page=page_words(one.origin),
            address=(one.origin or {}).get("address", ""),
        )
        for one in entries
    ]
    return looks, older


def _entries(patient: Patient, kinds: Iterable[str], before: int | None) -> tuple[list[Entry], int | None]:
    rows = Entry.objects.filter(patient_id=patient.pk, what__in=list(kinds)).order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def _at_once(entry: Entry) -> tuple[Any, ...]:
    """What is the same for everything that one person did with one press of a button."""
    return entry.transaction, entry.role, entry.origin


def _deed(entries: list[Entry], telling: "_Telling", zone: ZoneInfo) -> Deed:
    first = entries[-1]
    facts: dict[str, Any] = first.origin or {}
    moment = first.at.astimezone(zone)
    return Deed(
        id=first.pk,
        day=day_words(moment.date(), year=True),
        clock=clock_words(moment, zone),
        who=who_words(facts, role=first.role),
        how=page_words(facts),
        why=facts.get("why", "") or telling.reason(entries),
        address=facts.get("address", ""),
        agent=facts.get("agent", ""),
        request=facts.get("request", ""),
        changes=tuple(telling.change(one) for one in reversed(entries)),
    )


class _Telling:
    """Entries of one patient in words, with everything looked up that they point at."""

    def __init__(self, patient: Patient, entries: Sequence[Entry], zone: ZoneInfo) -> None:
        self.zone = zone
        self.plans = dict(TreatmentPlan.objects.filter(patient=patient).values_list("id", "therapy__name"))
        self.visits = {
            pk: (plan, dose)
            for pk, plan, dose in Appointment.objects.filter(patient=patient).values_list(
                "id", "plan_id", "dose_number"
            )
        }
        self.born = self._rows_as_added(patient, entries)
        rows = [(one.table_name, row) for one in entries for row in (one.before, one.after) if row]
        self.names: Names = names_of(rows)

    @staticmethod
    def _rows_as_added(patient: Patient, entries: Sequence[Entry]) -> dict[tuple[str, int | None], Row]:
        """The rows that were changed, as they were when they were added: a change names only what it changed."""
        ids = {one.row_id for one in entries if one.what == What.UPDATE}
        added = Entry.objects.filter(patient_id=patient.pk, what=What.INSERT, row_id__in=ids)
        return {(table, pk): row or {} for table, pk, row in added.values_list("table_name", "row_id", "after")}

    def change(self, entry: Entry) -> Change:
        """One row that was added, changed or removed."""
        _, fields = columns_of(entry.table_name)
        before, after = entry.before or {}, entry.after or {}
        lines = [
            Line(
                label=label_of(fields.get(column), column),
                before=self._words(fields.get(column), before.get(column)),
                after=self._words(fields.get(column), after.get(column)),
            )
            for column in fields or sorted({*before, *after})
            if column not in UNSAID and (column in before or column in after)
        ]
        if entry.what != What.UPDATE:
            lines = [line for line in lines if {line.before, line.after} - {NOTHING, "no", "0"}]
        return Change(entry.what, What(entry.what).label, self._subject(entry), tuple(lines))

    def reason(self, entries: Sequence[Entry]) -> str:
        """What people wrote as their reason, where a changed column holds one."""
        for entry in entries:
            _, fields = columns_of(entry.table_name)
            for column in REASONS:
                if said := (entry.after or {}).get(column):
                    return self._words(fields.get(column), said)
        return ""

    def _subject(self, entry: Entry) -> str:
        name, _ = columns_of(entry.table_name)
        row = entry.before if entry.what == What.DELETE else entry.after
        known = {**self.born.get((entry.table_name, entry.row_id), {}), **(row or {})}
        plan, dose = known.get("plan_id"), known.get("dose_number")
        visit = entry.row_id if entry.table_name == APPOINTMENTS else known.get("appointment_id")
        if visit in self.visits:
            plan, dose = self.visits[visit]
        elif entry.table_name == PLANS:
            plan = entry.row_id
        about = " ".join(str(part) for part in (self.plans.get(plan or 0), f"dose {dose}" if dose else "") if part)
        return f"{name}: {about}" if about else name

    def _words(self, field: Any, value: Any) -> str:
        return words_of(field, value, names=self.names, zone=self.zone)
