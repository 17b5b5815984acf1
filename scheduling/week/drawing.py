"""The cells of the week as HTML: with four nurses some thirty of shifts, and one of each day's load."""

from collections.abc import Iterable
from datetime import date

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scheduling.markup import NOTHING, icon, joined
from scheduling.week.page import Cell, Notice, NurseWeek, ShiftBlock, Week, WeekDay
from scheduling.week.strips import Strip


def loads_of(week: Week, *, clinic: str, may_edit: bool) -> SafeString:
    """The load of each day, with whatever is to be said of it. `clinic` is the slug."""
    return joined(_load(day, number, clinic, may_edit=may_edit) for number, day in enumerate(week.days, 1))


def cells_of(nurse: NurseWeek, *, clinic: str, may_edit: bool) -> SafeString:
    """A nurse's days. `clinic` is the slug."""
    return joined(_cell(cell, nurse, clinic, may_edit=may_edit) for cell in nurse.cells)


def _cell(cell: Cell, nurse: NurseWeek, clinic: str, *, may_edit: bool) -> SafeString:
    shifts = [_shift(shift, may_edit=may_edit) for shift in cell.shifts]
    if not shifts and may_edit:
        shifts = [_add(cell.day, nurse, clinic)]
    return _td(joined(shifts), is_today=cell.is_today, is_shut=cell.is_closed)


def _td(content: SafeString, *, is_today: bool, is_shut: bool) -> SafeString:
    css = f"{'is-today' if is_today else ''}{' is-shut' if is_shut else ''}"
    return format_html('<td class="{}">{}</td>', css, content)


def _add(day: date, nurse: NurseWeek, clinic: str) -> SafeString:
    """The empty cell of somebody who can be given a shift."""
    return format_html(
        '<a class="week-add" href="{url}" id="add-{nurse}-{day}" hx-get="{url}"'
        ' aria-label="Add a shift for {name} on {weekday}"></a>',
        url=f"{reverse('shift_add', args=[clinic, day])}?nurse={nurse.id}",
        nurse=nurse.id,
        day=f"{day:%m%d}",
        name=nurse.name,
        weekday=f"{day:%A}",
    )


def _shift(shift: ShiftBlock, *, may_edit: bool) -> SafeString:
    if shift.elsewhere:
        return format_html('<p class="shift is-elsewhere"><b>{}</b> <span>{}</span></p>', shift.time, shift.elsewhere)
    css = "shift is-away" if shift.is_all_away else "shift"
    content = format_html(
        "<b>{}</b>{}{}{}",
        shift.time,
        joined(format_html('<span class="shift-away">{}</span>', away.words) for away in shift.away),
        _breaks(shift.breaks) if shift.breaks and not shift.is_all_away else NOTHING,
        _svg(shift.strip) if shift.strip else NOTHING,
    )
    if not may_edit:
        return format_html('<p class="{}">{}</p>', css, content)
    return format_html(
        '<a href="{url}" id="shift-{id}" hx-get="{url}" class="{css}">{content}</a>',
        url=reverse("shift", args=[shift.id]),
        id=shift.id,
        css=css,
        content=content,
    )


def _breaks(breaks: Iterable[str]) -> SafeString:
    return format_html('<span class="shift-break"><i>Break</i> {}</span>', ", ".join(breaks))


def _svg(strip: Strip) -> SafeString:
    """A shift's strip repeats what is written above it."""
    return format_html(
        '<svg class="strip strip-shift" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        strip.width,
        strip.height,
        _paths(strip),
    )


def _paths(strip: Strip) -> SafeString:
    return joined(format_html('<path class="{}" d="{}"/>', css, path) for css, path in strip.paths)


def _load(day: WeekDay, number: int, clinic: str, *, may_edit: bool) -> SafeString:
    """A day's load above its shifts; `number` is the day's, from 1."""
    said = [
        *([_load_svg(day.strip)] if day.strip else []),
        *([format_html('<p class="week-peak">Most <b>{}</b></p>', day.peak)] if day.peak else []),
        *(format_html('<p class="week-over">{}{}</p>', icon("short"), words) for words in day.over),
        *([format_html('<p class="week-full">Full {}</p>', day.full)] if day.full else []),
        *([_short(day, clinic)] if day.short else []),
        *(
            format_html(
                '<p class="week-lone{}">{}{}</p>', " is-bad" if lone.patients else "", icon("short"), lone.words
            )
            for lone in day.lone
        ),
        *(_notice("closure", one, number, may_edit=may_edit) for one in day.closures),
        *([_propose(day.day, clinic)] if may_edit and day.has_shifts and not day.is_past else []),
        *(_notice("outage", one, number, may_edit=may_edit) for one in day.outages),
    ]
    return _td(joined(said), is_today=day.is_today, is_shut=not day.hours)


def _load_svg(strip: Strip) -> SafeString:
    return format_html(
        '<svg class="strip strip-load" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="s-hours" d="{}"/>{}</svg>',
        strip.width,
        strip.height,
        strip.spoken,
        strip.grid,
        _paths(strip),
    )


def _short(day: WeekDay, clinic: str) -> SafeString:
    return format_html(
        '<p><a class="flag flag-short" href="{}">{}{} without a nurse</a></p>',
        reverse("roster", args=[clinic, day.day]),
        icon("short"),
        day.short,
    )


def _notice(kind: str, notice: Notice, number: int, *, may_edit: bool) -> SafeString:
    """A closure or a chair out of service, which leads to taking it back. It may stand on several days."""
    if not may_edit:
        return format_html('<p class="week-notice">{}</p>', notice.words)
    return format_html(
        '<p class="week-notice"><a href="{url}" id="{kind}-{id}-{number}" hx-get="{url}">{words}</a></p>',
        url=reverse(f"{kind}_end", args=[notice.id]),
        kind=kind,
        id=notice.id,
        number=number,
        words=notice.words,
    )


def _propose(day: date, clinic: str) -> SafeString:
    return format_html(
        '<p class="no-print"><a class="week-breaks" href="{url}" id="lunches-{day}" hx-get="{url}"'
        ' aria-label="Propose breaks for {weekday}">Propose breaks</a></p>',
        url=reverse("lunches", args=[clinic, day]),
        day=f"{day:%m%d}",
        weekday=f"{day:%A}",
    )
