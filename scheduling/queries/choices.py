"""What can be chosen on the book and move pages: openings as buttons, day by day. A page has dozens of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.models import Clinic
from scheduling.markup import NOTHING, fit, icon, joined
from scheduling.queries.dose import Fit
from scheduling.queries.load_strip import LoadStrip
from scheduling.queries.readiness import Badge


@dataclass(frozen=True, slots=True)
class Choice:
    """One opening, as a button. `value` is what the button sends, `digit` the key that reaches it.

    `moves` says who gets another chair for it; nearly always nobody.
    """

    value: str
    digit: int | None
    clock: str
    until: str
    words: str
    moves: str
    spoken: str
    fit: Fit

    @property
    def html(self) -> SafeString:
        """The button."""
        return format_html(
            '<button class="choice" type="submit" name="opening" value="{value}" aria-label="{spoken}{words}{moves}"'
            ' data-choice{keys}><span class="choice-clock">{clock}{digit}</span> <span class="choice-until">to {until}'
            '</span> {why}{who}<span class="choice-go" aria-hidden="true">Press Enter</span></button>',
            value=self.value,
            spoken=self.spoken,
            words=f", {self.words}" if self.words else "",
            moves=f". {self.moves}" if self.moves else "",
            keys=format_html(' data-digit="{0}" aria-keyshortcuts="{0}"', self.digit) if self.digit else NOTHING,
            clock=self.clock,
            digit=format_html("<kbd>{}</kbd>", self.digit) if self.digit else NOTHING,
            until=self.until,
            why=format_html('<span class="choice-why">{}</span> ', self.words) if self.words else NOTHING,
            who=_moves(self.moves) if self.moves else NOTHING,
        )


@dataclass(frozen=True, slots=True)
class ChoiceDay:
    """A day at a clinic with its openings in the order of the clock. `words` hold for all of them.

    `worry` is what speaks against this day but not against the due day: an authorization that ends before. `load`
    shows how full the day is, hour by hour.
    """

    id: str
    label: str
    words: str
    fit: Fit
    worry: Badge | None
    load: LoadStrip
    choices: tuple[Choice, ...]
    more: int
    more_url: str

    @property
    def html(self) -> SafeString:
        """The day with its buttons."""
        return format_html(
            '<div class="opening-day" id="{id}"><h4><span>{label}</span>{fit}</h4>{worry}{load}{words}'
            '<div class="choices">{choices}</div>{more}</div>',
            id=self.id,
            label=self.label,
            fit=fit(self.fit),
            worry=_worry(self.worry) if self.worry else NOTHING,
            load=_load(self.load),
            words=format_html('<p class="opening-why">{}</p>', self.words) if self.words else NOTHING,
            choices=joined(choice.html for choice in self.choices),
            more=_more(self.more, self.more_url) if self.more else NOTHING,
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A clinic and its days."""

    clinic: Clinic
    is_home: bool
    days: tuple[ChoiceDay, ...]


def _moves(words: str) -> SafeString:
    return format_html('<span class="choice-moves">{}{}</span> ', icon("chair"), words)


def _worry(badge: Badge) -> SafeString:
    return format_html('<ul class="opening-worry">{}</ul>', joined(_reasons(badge)))


def _reasons(badge: Badge) -> Iterable[SafeString]:
    return (format_html("<li>{}{}</li>", icon(badge.fit.icon), reason) for reason in badge.why)


def _load(load: LoadStrip) -> SafeString:
    """The drawing, which is not spoken, and what it says."""
    bars = joined(format_html('<path class="load-{}" d="{}"/>', bar.css, bar.path) for bar in load.bars)
    return format_html(
        '<p class="load-strip"><svg viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}{}</svg>'
        "<span>{}</span></p>",
        load.width,
        load.height,
        bars,
        _noon(load.noon, load.height) if load.noon else NOTHING,
        load.words,
    )


def _noon(at: int, height: int) -> SafeString:
    return format_html('<rect class="load-noon" x="{}" y="0" width="0.2" height="{}"/>', at, height)


def _more(count: int, url: str) -> SafeString:
    """Leads to all times of the day. The link is boosted as in `scheduling/openings_link.html`."""
    return format_html(
        '<p class="opening-more" hx-boost="true" hx-target="#openings" hx-select="#openings"'
        ' hx-swap="outerHTML show:none"><a href="{}">{} more time{} this day</a></p>',
        url,
        count,
        "" if count == 1 else "s",
    )
