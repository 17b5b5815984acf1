"""The cells of chairs as HTML. A full day has thousands of pieces, which cost a template most of the page's time."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from scheduling.board.chairs import Block, Cell, Chair, Flag, Part
from scheduling.markup import NOTHING, icon, joined

TO_CHOOSE = SafeString(" data-item")
OUT_OF_REACH = SafeString(' tabindex="-1"')
"""While an appointment is being moved, only the places for it can be chosen."""


@dataclass(frozen=True, slots=True)
class Row:
    """A chair's row, ready for the page."""

    name: str
    kind: str
    cells: SafeString


def row_of(chair: Chair, *, is_moving: bool) -> Row:
    """Draw a chair's row."""
    return Row(chair.name, chair.kind, joined(_cell(cell, is_moving=is_moving) for cell in chair.cells))


def _cell(cell: Cell, *, is_moving: bool) -> SafeString:
    if cell.block:
        block = _block(cell.block, is_moving=is_moving)
        return format_html('<td class="stay {}" colspan="{}">{}</td>', cell.css, cell.span, block)
    if cell.kind in {"fit", "free"}:
        css = f"{'fit-here' if cell.kind == 'fit' else 'free'} {cell.css}"
        return format_html('<td class="{}">{}</td>', css, _link(cell) if cell.url else NOTHING)
    word = format_html("<span{}>{}</span>", _hidden(cell), cell.word) if cell.word else NOTHING
    return format_html('<td class="{}"{}>{}</td>', cell.kind, _colspan(cell.span), word)


def _link(cell: Cell) -> SafeString:
    return format_html('<a href="{}" id="{}" aria-label="{}" data-item></a>', cell.url, cell.key, cell.word)


def _hidden(cell: Cell) -> SafeString:
    """What is too narrow for its word is only spoken."""
    return SafeString(' class="visually-hidden"') if cell.span < 3 else NOTHING


def _colspan(span: int) -> SafeString:
    return format_html(' colspan="{}"', span) if span > 1 else NOTHING


def _block(block: Block, *, is_moving: bool) -> SafeString:
    reach = OUT_OF_REACH if is_moving else _may_move(block)
    css = " ".join(["block", *(f"has-{flag.css}" for flag in block.flags)])
    return format_html(
        '<a href="{url}" hx-get="{url}" id="appointment-{id}" class="{css}" aria-label="{spoken}"{reach}>{words}'
        '<svg class="b-parts" viewBox="0 0 {minutes} 4" preserveAspectRatio="none" aria-hidden="true">{parts}</svg>'
        "</a>",
        url=block.url,
        id=block.id,
        css=css,
        spoken=block.spoken,
        reach=reach,
        words=_words(block),
        minutes=block.minutes,
        parts=joined(_part(part) for part in block.parts),
    )


def _may_move(block: Block) -> SafeString:
    return format_html(' data-item data-move="{}"', block.id) if block.may_move else TO_CHOOSE


def _words(block: Block) -> SafeString:
    """Who it is; what wants a look, and whose patient; what and when; how it stands."""
    ready = format_html('<span class="b-ready">, {}</span>', block.ready_word) if block.ready_word else NOTHING
    return format_html(
        '<span class="b-words"><span class="b-id">{}<b>{}</b></span>'
        '<span class="b-side">{}<span class="b-nurse">{}</span></span>'
        '<span class="b-facts"><span class="b-what"><span class="b-drug">{}</span>#{}</span>'
        '<span>{}</span><span>{}</span></span><span class="b-status">{}{}</span></span>',
        icon(block.status),
        block.name,
        joined(_flag(flag) for flag in block.flags),
        block.nurses,
        block.drug,
        block.dose_number,
        block.time,
        block.dose,
        block.status_word,
        ready,
    )


def _flag(flag: Flag) -> SafeString:
    return format_html('<span class="flag flag-{}">{}<span>{}</span></span>', flag.css, icon(flag.icon), flag.word)


def _part(part: Part) -> SafeString:
    return format_html('<rect class="p-{}" x="{}" width="{}" height="4"/>', part.css, part.at, part.minutes)
