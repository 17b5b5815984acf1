"""Writing a message: its words filled in for one patient, as text, as HTML, with the calendar entry."""

from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from reminders import calendar
from reminders.courses import visits_of
from reminders.gsm import SINGLE, plain, septets
from reminders.links import patient_link
from reminders.models import Channel, Message, MessageTemplate
from reminders.voices import Voice, voice_of
from reminders.wording import betraying, fill, therapy_words
from reminders.words import DEFAULT, Language, Words, blocks, clock, language, languages
from reminders.zones import reads_another_clock
from scheduling.models import Appointment, Status
from therapies.models import Therapy

_PRACTICE_SAID_BY = {"water": "water", "sleeves": "cloth", "snacks": "snack", "driver": "drive"}
"""The lines that every patient should read, and the word by which we see that the therapy's own note says so."""


class CannotBeWritten(ValueError):
    """The words of a message make no lawful message. The text says why, for the front desk's list."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with an e-mail."""

    name: str
    method: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as the patient gets it. `key` is the same at every try, so that a provider can tell them apart."""

    key: str
    channel: str
    recipient: str
    sender: str
    body: str
    subject: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


def write(message: Message, *, recipient: str) -> tuple[Letter, list[Appointment]]:
    """The letter for a message as its appointment stands now, and the visits it speaks of.

    Raises `CannotBeWritten`. `message.appointment` should come with its patient, clinic, plan and therapy.
    """
    appointment = message.appointment
    course = visits_of(appointment) if appointment.status in {Status.BOOKED, Status.DONE} else [appointment]
    voice = voice_of(appointment.clinic)
    wording = wording_of(message)
    spoken, words = words_for(wording=wording, channel=message.channel, code=message.language)
    if message.channel == Channel.SMS:
        return _text(message, recipient, words, text_values(appointment, course, voice, spoken)), course
    return _email(message, recipient, words, spoken, voice, course), course


def wording_of(message: Message) -> str:
    """Which words a message takes: the rule's, or the rule's for those who have confirmed, where there are such."""
    wording = f"{message.rule}-confirmed"
    has_own = (wording, message.channel) in languages()[DEFAULT].words
    return wording if message.appointment.confirmed_at and has_own else message.rule


def words_for(*, wording: str, channel: str, code: str) -> tuple[Language, Words]:
    """The words staff wrote, else those of the language's file, else the English ones. Raises `CannotBeWritten`."""
    spoken = language(code)
    edited = MessageTemplate.objects.filter(wording=wording, channel=channel, language=spoken.code).first()
    if edited is not None:
        return spoken, Words(edited.body, edited.subject)
    for each in (spoken, language(DEFAULT)):
        if (wording, channel) in each.words:
            return each, each.words[wording, channel]
    raise CannotBeWritten(f"There are no words for {wording} by {channel}. Add them to words/{DEFAULT}.toml.")


def text_values(appointment: Appointment, course: list[Appointment], voice: Voice, spoken: Language) -> dict[str, str]:
    """What fills the placeholders of a text."""
    zone = appointment.clinic.zone
    named = reads_another_clock(appointment)
    return {
        "sender": voice.sender,
        "day": spoken.days([each.start.astimezone(zone).date() for each in course]),
        "time": clock(appointment.start.astimezone(zone), named=named),
        "place": voice.place,
        "phone": voice.phone,
    }


def preparation(appointment: Appointment, spoken: Language) -> list[str]:
    """How to prepare: the therapy's own lines, and of the general practice what they do not say."""
    own = appointment.plan.therapy.preparation
    lines = spoken.lines_in(own)
    return lines + [spoken.practice[key] for key, word in _PRACTICE_SAID_BY.items() if word not in own.lower()]


def names_to_hide() -> set[str]:
    """The words of all therapies' names and substances. One query."""
    pairs = Therapy.objects.values_list("name", "substance")
    return therapy_words(name for pair in pairs for name in pair)


def _text(message: Message, recipient: str, words: Words, values: dict[str, str]) -> Letter:
    if not values["phone"]:
        raise CannotBeWritten("The clinic has no phone number, and a text must say whom to call. Enter it.")
    body = plain(fill(words.body, values))
    if septets(body) > SINGLE:
        raise CannotBeWritten(f"The text has {septets(body)} characters; {SINGLE} is the most. Shorten its words.")
    if leak := betraying(body, names_to_hide()):
        raise CannotBeWritten(f"The text would say “{leak[0]}”. Change the words or the clinic's name in messages.")
    return Letter(
        key=f"message-{message.pk}", channel=message.channel, recipient=recipient, sender=values["sender"], body=body
    )


def _email(
    message: Message, recipient: str, words: Words, spoken: Language, voice: Voice, course: list[Appointment]
) -> Letter:
    appointment = message.appointment
    clinic = appointment.clinic
    cancelled, before = message.rule == "cancelled", appointment.status == Status.BOOKED
    texts = text_values(appointment, course, voice, spoken)
    times = [(each.start.astimezone(clinic.zone), each.end.astimezone(clinic.zone)) for each in course]
    named = reads_another_clock(appointment)
    said = [spoken.when(start, end, named=named) for start, end in times]
    link = patient_link(appointment) if before else ""
    values = texts | {
        "name": appointment.patient.given_name,
        "day": spoken.days([start.date() for start, _ in times]),
        "when": said[0] if len(said) == 1 else _points(said),
        "address": clinic.address,
        "arrival": clinic.arrival_note,
        "prepare": _points(preparation(appointment, spoken)),
        "aftercare": _points(spoken.lines_in(appointment.plan.therapy.aftercare)),
        "confirm": spoken.phrases["confirmed" if appointment.confirmed_at else "confirm"] if before else "",
        "link": link,
    }
    body = "\n\n".join("\n".join(_written(block.kind, block.lines)) for block in blocks(fill(words.body, values)))
    subject = " ".join(fill(words.subject, texts).split())
    if leak := betraying(subject, names_to_hide(), illness=False):
        raise CannotBeWritten(f"The subject would say “{leak[0]}”. Change the words.")
    html = render_to_string(
        "reminders/email.html",
        {
            "blocks": blocks(body),
            "subject": subject,
            "sender": voice.sender,
            "open": spoken.phrases["open"],
            "footer": spoken.phrases["footer"],
            "language": spoken.code,
        },
    )
    calendar_entries = [
        Attachment(
            f"visit-{each.pk}.ics",
            "CANCEL" if cancelled else "REQUEST",
            calendar.entry(
                each,
                now=timezone.now(),
                summary=fill(spoken.phrases["calendar"], texts),
                location=clinic.address or voice.place,
                description=" ".join(part for part in (link, voice.phone) if part),
                sender=voice.sender,
                organizer=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
                attendee=recipient,
                cancelled=cancelled,
            ),
        )
        for each in course
        if before or cancelled
    ]
    return Letter(
        key=f"message-{message.pk}",
        channel=message.channel,
        recipient=recipient,
        sender=voice.sender,
        subject=subject,
        body=f"{body}\n\n--\n{spoken.phrases['footer']}\n",
        html=html,
        attachments=tuple(calendar_entries),
    )


def _points(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _written(kind: str, lines: tuple[str, ...]) -> list[str]:
    return [f"- {line}" for line in lines] if kind == "list" else list(lines)
