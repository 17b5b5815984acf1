"""The rows of the lists as HTML. The page shows nearly a hundred, each of some fifty pieces."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scheduling.markup import NOTHING, fit, icon, joined
from scheduling.worklists.lists import Button, Question, Row
from scheduling.worklists.marks import LONGEST_SNOOZE
from scheduling.worklists.page import Line

NO_PHONE = SafeString('<span class="quiet">No phone on record</span>')
CLAIM = SafeString(
    '<button class="btn btn-secondary wl-mark" name="act" value="claim" data-row-key="c" data-row-label="Work on it">'
    "I’m on it</button>"
)
RELEASE = SafeString(
    '<button class="btn btn-secondary wl-mark" name="act" value="release" data-row-key="c"'
    ' data-row-label="Work on it no more">You’re on it</button>'
)
WAKE = SafeString('<button class="btn btn-secondary" name="act" value="wake">Show again</button>')
OPEN = SafeString(" open")


@dataclass(frozen=True, slots=True)
class Paper:
    """What the rows of a list are drawn on: which list, where their buttons send to, with which token, and the day.

    With a `problem` the row of a key says it, and keeps what was `typed`.
    """

    worklist: str
    query: str
    token: str
    today: date
    problem: str = ""
    key: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    def to(self, row: Row) -> str:
        """Where the buttons of a row send to."""
        return f"{reverse('worklist_row', args=[self.worklist, row.key])}{self.query}"

    def typed_in(self, row: Row, name: str) -> str:
        """What was typed in a field of a row, when it was refused."""
        return self.typed.get(name, "") if self._is_refused(row) else ""

    def opens(self, row: Row, act: str) -> SafeString:
        """A small form stays open when what it asked for was refused."""
        return OPEN if self._is_refused(row) and self.typed.get("act") == act else NOTHING

    def problem_of(self, row: Row) -> str:
        """What is wrong with what was asked of a row."""
        return self.problem if self._is_refused(row) else ""

    def _is_refused(self, row: Row) -> bool:
        return bool(self.problem) and self.key == row.key


def rows_of(lines: Iterable[Line], paper: Paper) -> SafeString:
    """Rows as items of a list."""
    return joined(_row(line, paper) for line in lines)


def _row(line: Line, paper: Paper) -> SafeString:
    row = line.row
    problem = paper.problem_of(row)
    return format_html(
        '<li class="wl-row{taken}{mine}{asleep}" id="row-{name}-{key}" tabindex="-1" data-row>'
        '<div class="wl-who">'
        '<a class="wl-name" href="{patient}" data-row-key="p" data-row-label="Open the patient">{who}</a>'
        ' <span class="who-line number">{born} <span class="quiet">MRN {mrn}</span></span></div>'
        '<div class="wl-what">{what}{notes}</div><div class="wl-state">{states}</div>'
        '<div class="wl-call">{call}</div><div class="wl-do">{do}</div>{problem}</li>',
        taken=" wl-taken" if line.is_taken else "",
        mine=" wl-mine" if line.is_mine else "",
        asleep=" wl-asleep" if line.asleep else "",
        name=paper.worklist,
        key=row.key,
        patient=reverse("patient", args=[row.patient.pk]),
        who=line.who.name,
        born=line.who.born,
        mrn=line.who.mrn,
        what=_what(row, paper),
        notes=_notes(row),
        states=_states(line),
        call=_call(line, paper),
        do=NOTHING if line.is_taken else _do(line, paper),
        problem=_problem(problem) if problem else NOTHING,
    )


def _what(row: Row, paper: Paper) -> SafeString:
    """What it is about, with the way to it; when and where."""
    beside = NOTHING
    if row.url and row.beside:
        beside = format_html(
            ' hx-get="{}" hx-target="#panel-body" hx-swap="innerHTML" id="open-{}-{}"', row.url, paper.worklist, row.key
        )
    what = row.what
    if row.url:
        what = format_html(
            '<a href="{}"{} data-row-key="o" data-row-label="Open the visit">{}</a>', row.url, beside, row.what
        )
    return format_html(
        '<span>{}</span> <span class="number">{}{}<span class="quiet">{}</span></span>',
        what,
        row.when,
        " · " if row.when else "",
        row.clinic,
    )


def _notes(row: Row) -> SafeString:
    notes = joined(format_html("<span>{}</span>", note) for note in row.notes)
    return format_html(' <span class="wl-note">{}</span>', notes) if notes else NOTHING


def _states(line: Line) -> SafeString:
    states = joined(fit(one) for one in line.row.states)
    return format_html('{}<span class="flag flag-quiet">{}</span>', states, line.asleep) if line.asleep else states


def _call(line: Line, paper: Paper) -> SafeString:
    """Who works on it; if nobody else does, the numbers, which claim the patient when they are used."""
    if line.is_taken:
        reach = format_html('<span class="wl-claim">{}{}</span>', icon("arrived"), line.claimed)
    else:
        reach = _phones(line, paper) or NO_PHONE
    small = joined(format_html(' <span class="wl-note">{}</span>', one) for one in (line.caution, line.note) if one)
    return format_html("{}{}", reach, small)


def _phones(line: Line, paper: Paper) -> SafeString:
    claims = NOTHING
    if line.phones and not line.is_mine:
        claims = format_html(' hx-post="{}" hx-trigger="click" hx-vals=\'{{"act": "claim"}}\'', paper.to(line.row))
    return joined(
        format_html(
            '<span{}><a class="wl-phone number" href="{}"{}>{}</a></span>',
            claims,
            phone.url,
            NOTHING if number else SafeString(' data-row-key="t" data-row-label="Telephone"'),
            phone.shown,
        )
        for number, phone in enumerate(line.phones)
    )


def _do(line: Line, paper: Paper) -> SafeString:
    """The buttons: what the list does about it, who works on it; and the small forms."""
    row = line.row
    buttons = [_button(button, is_first=not number) for number, button in enumerate(row.buttons)]
    return format_html(
        "{form}{buttons}{mark}{wake}</form>{question}{snooze}",
        form=_form(row, paper),
        buttons=joined(buttons),
        mark=RELEASE if line.is_mine else CLAIM,
        wake=WAKE if line.asleep else NOTHING,
        question=_question(row, row.question, paper) if row.question else NOTHING,
        snooze=NOTHING if line.asleep else _snooze(row, paper),
    )


def _form(row: Row, paper: Paper) -> SafeString:
    return format_html(
        '<form method="post" action="{to}" hx-post="{to}">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{token}">',
        to=paper.to(row),
        token=paper.token,
    )


def _button(button: Button, *, is_first: bool) -> SafeString:
    css = "btn-primary" if is_first else "btn-secondary"
    key = format_html(' data-row-key="a" data-row-label="{}"', button.label) if is_first else NOTHING
    if button.url:
        leads = (
            format_html(' hx-get="{}" hx-target="#panel-body" hx-swap="innerHTML"', button.url)
            if button.beside
            else SafeString(" data-claims")
        )
        return format_html('<a class="btn {}" href="{}"{}{}>{}</a> ', css, button.url, leads, key, button.label)
    value = format_html('<input type="hidden" name="value" value="{}">', button.value) if button.value else NOTHING
    return format_html(
        '{}<button class="btn {}" name="act" value="{}"{}>{}</button> ', value, css, button.do, key, button.label
    )


def _question(row: Row, question: Question, paper: Paper) -> SafeString:
    """A small form with a button for each answer."""
    return format_html(
        '<details class="wl-pop"{open} data-pop>'
        '<summary class="btn btn-secondary" data-row-key="r" data-row-label="Record the call">{label}</summary>'
        '{form}<input type="hidden" name="act" value="{do}">'
        '<label class="form-label" for="note-q-{key}">Note <span class="quiet">(if you like)</span></label>'
        '<input class="form-control" id="note-q-{key}" name="note" maxlength="240" autocomplete="off" value="{note}">'
        '<div class="wl-answers">{answers}</div></form></details>',
        open=paper.opens(row, question.do),
        label=question.label,
        form=_form(row, paper),
        do=question.do,
        key=row.key,
        note=paper.typed_in(row, "note"),
        answers=joined(
            format_html('<button class="btn btn-secondary" name="value" value="{}">{}</button>', value, label)
            for value, label in question.choices
        ),
    )


def _snooze(row: Row, paper: Paper) -> SafeString:
    """A small form that asks until when the row may sleep."""
    tomorrow = paper.today + timedelta(days=1)
    return format_html(
        '<details class="wl-pop"{open} data-pop>'
        '<summary class="btn btn-secondary" data-row-key="s" data-row-label="Snooze" aria-label="Snooze">{icon}'
        "</summary>"
        '{form}<input type="hidden" name="act" value="snooze">'
        '<label class="form-label" for="note-{name}-{key}">Show again…</label>'
        '<input class="form-control" id="note-{name}-{key}" name="note" maxlength="240" autocomplete="off"'
        ' placeholder="Why, if you like" value="{note}">'
        '<div class="wl-answers"><button class="btn btn-secondary" name="until" value="{tomorrow}">Tomorrow</button>'
        '<button class="btn btn-secondary" name="until" value="{in_three_days}">In 3 days</button></div>'
        '<div class="wl-day"><input class="form-control" type="date" name="until_day" min="{tomorrow}" max="{latest}"'
        ' aria-label="On a day" value="{until_day}">'
        '<button class="btn btn-secondary" name="until" value="">On that day</button></div></form></details>',
        open=paper.opens(row, "snooze"),
        icon=icon("late"),
        form=_form(row, paper),
        name=paper.worklist,
        key=row.key,
        note=paper.typed_in(row, "note"),
        tomorrow=tomorrow.isoformat(),
        in_three_days=(paper.today + timedelta(days=3)).isoformat(),
        latest=(paper.today + LONGEST_SNOOZE).isoformat(),
        until_day=paper.typed_in(row, "until_day"),
    )


def _problem(words: str) -> SafeString:
    return format_html(
        '<p class="message message-error wl-problem" role="alert">{}<span>{}</span></p>', icon("short"), words
    )
