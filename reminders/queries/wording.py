"""The words of messages, laid out for those who change them."""

from dataclasses import dataclass
from typing import Any

from reminders.models import Channel, MessageTemplate
from reminders.queries.outbox import rule_words
from reminders.wording import IN_EMAILS, IN_TEXTS
from reminders.words import DEFAULT, languages

MEANINGS = {
    "sender": "who is calling",
    "day": "the day",
    "time": "the time",
    "place": "the town",
    "phone": "the number to call",
    "name": "the first name",
    "when": "day and time in full",
    "address": "the address",
    "arrival": "parking and entrance",
    "prepare": "how to prepare",
    "aftercare": "what to watch for",
    "confirm": "please confirm, or thank you",
    "link": "the link to the patient's page",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The words for one purpose and channel in one language."""

    code: str
    language: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """The words for one purpose and channel, in every language."""

    wording: str
    channel: str
    label: str
    channel_word: str
    start: str
    cells: list[Cell]


def shelves() -> list[Shelf]:
    """All words, in the order of the file. One query."""
    changed = set(MessageTemplate.objects.values_list("wording", "channel", "language"))
    return [
        Shelf(
            wording,
            channel,
            label_of(wording),
            Channel(channel).label,
            words.subject or words.body,
            [Cell(each.code, each.name, (wording, channel, each.code) in changed) for each in languages().values()],
        )
        for (wording, channel), words in languages()[DEFAULT].words.items()
    ]


def fields_of(*, wording: str, channel: str, code: str) -> dict[str, Any]:
    """What the page of one wording says around its words."""
    names = IN_TEXTS if channel == Channel.SMS else IN_EMAILS
    return {
        "wording": wording,
        "channel": channel,
        "code": code,
        "language": languages()[code].name,
        "label": label_of(wording),
        "channel_word": Channel(channel).label,
        "placeholders": [(f"{{{name}}}", MEANINGS.get(name, name)) for name in names],
    }


def label_of(wording: str) -> str:
    """What words are for: The day before, to those who have confirmed."""
    rule, _, kind = wording.partition("-")
    return rule_words(rule) + (", to those who have confirmed" if kind == "confirmed" else "")
