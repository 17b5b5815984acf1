"""Words that staff write in place of the shipped ones, and what they would look like."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from clinic.models import User
from reminders.gsm import SINGLE, septets, strangers
from reminders.letters import names_to_hide
from reminders.models import Channel, MessageTemplate
from reminders.wording import IN_EMAILS, IN_TEXTS, faults_of, fill, longest, placeholder_faults
from reminders.words import DEFAULT, LONGEST_CLOCK, Language, Words, languages


class Unlawful(ValueError):
    """Words that may not be sent. `faults` says why, in sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Preview:
    """Words with the longest values filled in. `length` counts a text as the network does; None for an e-mail."""

    subject: str
    body: str
    length: int | None
    faults: list[str]

    @property
    def is_too_long(self) -> bool:
        """Whether a text would not fit."""
        return self.length is not None and self.length > SINGLE


def shipped(*, wording: str, channel: str, spoken: Language) -> Words | None:
    """The words in the language's file, else the English ones. None when there are no such words at all."""
    return spoken.words.get((wording, channel)) or languages()[DEFAULT].words.get((wording, channel))


def current(*, wording: str, channel: str, spoken: Language) -> tuple[Words | None, MessageTemplate | None]:
    """The words in use, and the row when staff wrote them. One query."""
    row = (
        MessageTemplate.objects.filter(wording=wording, channel=channel, language=spoken.code)
        .select_related("changed_by")
        .first()
    )
    return (Words(row.body, row.subject) if row else shipped(wording=wording, channel=channel, spoken=spoken)), row


def preview(*, channel: str, body: str, subject: str, spoken: Language) -> Preview:
    """What words would look like, and what is wrong with them. One query."""
    body, subject = _tidy(body), " ".join(subject.split())
    faults = faults_of(channel=channel, body=body, subject=subject, language=spoken, therapy_words=names_to_hide())
    if placeholder_faults(body, IN_TEXTS if channel == Channel.SMS else IN_EMAILS) or placeholder_faults(
        subject, IN_TEXTS
    ):
        return Preview(subject, body, None, faults)
    if channel == Channel.SMS:
        filled = longest(body, spoken)
        odd = strangers(filled)
        return Preview("", filled, len(filled) if odd else septets(filled), faults)
    values = example(spoken)
    return Preview(fill(subject, values), fill(body, values), None, faults)


def use(*, wording: str, channel: str, spoken: Language, body: str, subject: str, by: User) -> None:
    """Use these words from the next message on. Words like the shipped ones need no row. Raises `Unlawful`."""
    seen = preview(channel=channel, body=body, subject=subject, spoken=spoken)
    if seen.faults:
        raise Unlawful(seen.faults)
    words = Words(_tidy(body), "" if channel == Channel.SMS else " ".join(subject.split()))
    if words == shipped(wording=wording, channel=channel, spoken=spoken):
        reset(wording=wording, channel=channel, spoken=spoken)
        return
    MessageTemplate.objects.update_or_create(
        wording=wording,
        channel=channel,
        language=spoken.code,
        defaults={"body": words.body, "subject": words.subject, "changed_by": by, "changed_at": timezone.now()},
    )


def reset(*, wording: str, channel: str, spoken: Language) -> None:
    """Use the shipped words again."""
    MessageTemplate.objects.filter(wording=wording, channel=channel, language=spoken.code).delete()


def example(spoken: Language) -> Mapping[str, str]:
    """Values as an e-mail could have them."""
    day, practice = spoken.longest_day(), list(spoken.practice.values())
    points = "\n".join(f"- {line}" for line in practice)
    return {
        "sender": "Northside Clinic",
        "place": "Springfield",
        "day": day,
        "time": LONGEST_CLOCK,
        "phone": "715-555-0100",
        "name": "Alexandria",
        "when": f"{day}, {LONGEST_CLOCK}",
        "address": "1200 North Main Street, Springfield, WI 54700",
        "arrival": "Parking is free behind the house; take the east door.",
        "prepare": points,
        "aftercare": points,
        "confirm": spoken.phrases["confirm"],
        "link": "https://example.org/a/…/",
    }


def _tidy(body: str) -> str:
    """What a browser posts, with the line ends and edges of the files."""
    return "\n".join(line.rstrip() for line in body.replace("\r\n", "\n").strip().split("\n"))
