"""The cards of the roster as HTML. Everybody's roster has forty, each of some fifty pieces."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scheduling.markup import NOTHING, fit, icon, joined
from scheduling.queries.readiness import Badge
from scheduling.roster.cards import Card, Flag, Step
from scheduling.roster.phases import NOW, Phase

IS_NOW = SafeString('<span class="visually-hidden"> now</span>')


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a tap did nothing, to be said on the card it was on."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Paper:
    """What every card is drawn on: where its steps are sent, with which token, and which tap was refused."""

    here: str
    token: str
    refused: Refusal | None


def cards_of(cards: Iterable[Card], paper: Paper) -> SafeString:
    """Some patients' cards as items of a list."""
    return joined(_card(card, paper) for card in cards)


def _card(card: Card, paper: Paper) -> SafeString:
    return format_html(
        '<li class="card-of s-{status}{cover}{bare}" id="card-{key}">{where}{main}{refused}'
        '<ol class="card-phases">{phases}</ol>{step}</li>',
        status=card.status,
        cover=" is-cover" if card.cover else "",
        bare=" is-bare" if card.bare else "",
        key=card.key,
        where=_where(card),
        main=_main(card),
        refused=_refused(paper.refused) if paper.refused and paper.refused.id == card.id else NOTHING,
        phases=_phases(card),
        step=_step(card, card.step, paper) if card.step else NOTHING,
    )


def _where(card: Card) -> SafeString:
    """Chair and time, to be read from the door."""
    word = format_html("<small>{}</small> ", card.chair_word) if card.chair_word else NOTHING
    return format_html(
        '<div class="card-where"><p class="card-chair">{}<b>{}</b></p><p class="card-time">{}</p></div>',
        word,
        card.chair,
        card.time,
    )


def _main(card: Card) -> SafeString:
    """Who it is, what they get, and what to mind."""
    return format_html(
        '<div class="card-main"><h4><a href="{url}" id="open-{key}" hx-get="{url}" hx-target="#panel-body"'
        ' hx-swap="innerHTML">{name}</a></h4>'
        '<p class="card-ids"><span>born <b>{born}</b></span> <span>MRN <b>{mrn}</b></span></p>'
        '<p class="card-drug"><b>{treatment}</b> · {dose}</p>{alerts}{note}'
        '<p class="card-flags">{status}{flags}</p>{ready}{hand_over}</div>',
        url=reverse("appointment", args=[card.id]),
        key=card.key,
        name=card.name,
        born=card.born,
        mrn=card.mrn,
        treatment=card.treatment,
        dose=card.dose,
        alerts=format_html('<p class="card-alert">{}{}</p>', icon("short"), card.alerts) if card.alerts else NOTHING,
        note=format_html('<p class="card-note">{}</p>', card.note) if card.note else NOTHING,
        status=_status(card),
        flags=joined(_flag(flag, card) for flag in card.flags),
        ready=_ready(card.ready) if card.ready else NOTHING,
        hand_over=_hand_over(card),
    )


def _status(card: Card) -> SafeString:
    return format_html('<span class="status status-{}">{}{}</span>', card.status, icon(card.status), card.status_word)


def _flag(flag: Flag, card: Card) -> SafeString:
    when = f" {card.bare}" if flag.css == "short" and card.bare else ""
    return format_html(' <span class="flag flag-{}">{}{}{}</span>', flag.css, icon(flag.icon), flag.word, when)


def _ready(badge: Badge) -> SafeString:
    """How ready the patient is, and why not."""
    why = joined(format_html("<li>{}</li>", reason) for reason in badge.why)
    return format_html(
        '<div class="card-ready">{}{}</div>',
        fit(badge.fit),
        format_html('<ul class="ready-why">{}</ul>', why) if why else NOTHING,
    )


def _hand_over(card: Card) -> SafeString:
    if card.cover:
        return format_html('<p class="card-hand"><b>Cover {}</b></p>', card.cover)
    return format_html('<p class="card-hand">{}</p>', " · ".join(card.hand_overs)) if card.hand_overs else NOTHING


def _refused(refusal: Refusal) -> SafeString:
    return format_html(
        '<p class="card-refused message message-error" role="alert">{}<span>{}</span></p>',
        icon("short"),
        refusal.reason,
    )


def _phases(card: Card) -> SafeString:
    """What to do when, as items of a list."""
    return joined(_phase(one) for one in card.phases)


@lru_cache(maxsize=1024)
def _phase(one: Phase) -> SafeString:
    """A day has few different ones: visits begin on quarter hours, and most take as long as others."""
    return format_html(
        '<li class="p-{}"><i class="tick" aria-hidden="true"></i><span>{}</span> <b>{}</b>{}</li>',
        one.state,
        one.name,
        one.clock,
        IS_NOW if one.state == NOW else NOTHING,
    )


def _step(card: Card, step: Step, paper: Paper) -> SafeString:
    """The big button, the small one beside it, and what `taps.js` shows while a tap waits for the network."""
    return format_html(
        '<form class="card-step no-print" method="post" action="{here}" hx-post="{here}" hx-target="#roster-live"'
        ' hx-swap="outerHTML" hx-sync="this:drop" hx-request=\'{{"timeout": 10000}}\' data-tap>'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        '<input type="hidden" name="appointment" value="{id}"><input type="hidden" name="seen" value="{seen}">'
        '<p class="card-waits" data-waits hidden></p>'
        '<button class="btn btn-secondary untap" type="button" data-untap hidden>Take back{whose}</button>'
        '<button class="btn btn-primary step" id="step-{key}" name="status" value="{status}">{label}'
        ' <span class="step-at">at {at}</span>{whose}</button>{back}</form>',
        here=paper.here,
        token=paper.token,
        id=card.id,
        seen=card.status,
        whose=_whose(card),
        key=card.key,
        status=step.status,
        label=step.label,
        at=card.step_at,
        back=_back(card, card.back) if card.back else NOTHING,
    )


def _back(card: Card, step: Step) -> SafeString:
    return format_html(
        '<button class="btn btn-secondary step-back" id="back-{}" name="status" value="{}">{}{}</button>',
        card.key,
        step.status,
        step.label,
        _whose(card),
    )


def _whose(card: Card) -> SafeString:
    """The patient's name, for those who hear the buttons without seeing the card."""
    return format_html('<span class="visually-hidden">: {}</span>', card.name)
