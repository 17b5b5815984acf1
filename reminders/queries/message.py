"""One message as the patient sees it, or will see it."""

from dataclasses import dataclass

from django.db import transaction
from django.template.loader import render_to_string

from clinic.models import User
from patients.phones import shown
from reminders.gsm import SINGLE, septets, strangers
from reminders.handling import why_not_again
from reminders.letters import CannotBeWritten, write
from reminders.models import FOR_PEOPLE, Channel, Message, MessageStatus
from reminders.queries.outbox import Line, ReplyLine, line_of, reply_line
from reminders.reach import first_of_kind
from reminders.voices import voice_of
from reminders.words import Block, blocks, language
from scheduling.queries.who import Who
from scheduling.wording import when_words

FOOTER = "\n\n--\n"
"""What divides an e-mail's words from its footer, by `reminders.letters`."""


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a text message some words take."""

    length: int
    most: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """The words of a message. `is_draft`: as they would be now; nothing has left."""

    recipient: str
    sender: str
    subject: str
    body: str
    blocks: list[Block]
    footer: str
    meter: Meter | None
    is_draft: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A message with everything that happened to it."""

    line: Line
    who: Who
    sheet: Sheet | None
    steps: list[tuple[str, str]]
    replies: list[ReplyLine]
    may_send_again: bool
    why_not_again: str
    is_open: bool
    handled: str
    link: str


def card_of(message: Message) -> Card:
    """A message, read with `of_clinics`. The number of queries is fixed; nothing is written."""
    zone = message.appointment.clinic.zone
    why_not = why_not_again(message)
    sheet = sheet_of(message)
    steps = [
        (word, when_words(moment, zone))
        for word, moment in (
            ("Planned", message.created_at),
            ("Due", message.due_at),
            ("Next try", message.try_after),
            ("Sent", message.sent_at or message.sending_at),
            ("Delivered", message.delivered_at),
            ("Too late", message.cut_off_at),
        )
        if moment
    ]
    replies = message.appointment.replies.select_related("patient", "clinic", "appointment__clinic", "handled_by")
    return Card(
        line=line_of(message),
        who=Who.of(message.appointment.patient),
        sheet=sheet,
        steps=steps,
        replies=[reply_line(reply) for reply in replies[:10]],
        may_send_again=not why_not,
        why_not_again=why_not if message.status in {MessageStatus.FAILED, MessageStatus.UNKNOWN} else "",
        is_open=message.status in FOR_PEOPLE and message.handled_at is None,
        handled=_handled(message.handled_by, message),
        link=_link(sheet),
    )


def sheet_of(message: Message) -> Sheet | None:
    """What stands on a message: the words as sent, or as they would be sent now. None for a call."""
    if message.channel == Channel.CALL:
        return None
    voice = voice_of(message.appointment.clinic)
    spoken = language(message.language)
    if message.body:
        body, _, footer = message.body.partition(FOOTER)
        to = _to(message, message.recipient)
        return _sheet(message.channel, to, voice.sender, message.subject, body, footer.strip(), is_draft=False)
    point = first_of_kind(message.appointment.patient.contact_points.all(), message.channel)
    recipient = point.value if point else ""
    try:
        # Writing an e-mail makes the link to the patient's page where there is none. A look at it must not.
        with transaction.atomic():
            letter, _course = write(message, recipient=recipient)
            transaction.set_rollback(True)
    except CannotBeWritten as error:
        return Sheet("", voice.sender, "", "", [], "", None, is_draft=True, problem=str(error))
    body, _, footer = letter.body.partition(FOOTER)
    return _sheet(
        message.channel,
        _to(message, recipient) if recipient else "",
        letter.sender,
        letter.subject,
        body,
        footer.strip() or spoken.phrases["footer"],
        is_draft=True,
    )


def html_of(message: Message) -> str:
    """An e-mail as its reader sees it."""
    sheet = sheet_of(message)
    if sheet is None or message.channel != Channel.EMAIL:
        return ""
    spoken = language(message.language)
    return render_to_string(
        "reminders/email.html",
        {
            "blocks": sheet.blocks,
            "subject": sheet.subject,
            "sender": sheet.sender,
            "open": spoken.phrases["open"],
            "footer": sheet.footer,
            "language": spoken.code,
        },
    )


def meter_of(text: str) -> Meter:
    """The length of a text as the network counts it."""
    length = len(text) if strangers(text) else septets(text)
    return Meter(length, SINGLE, length > SINGLE)


def _sheet(channel: str, recipient: str, sender: str, subject: str, body: str, footer: str, *, is_draft: bool) -> Sheet:
    is_text = channel == Channel.SMS
    return Sheet(
        recipient=recipient,
        sender=sender,
        subject=subject,
        body=body,
        blocks=[] if is_text else blocks(body),
        footer="" if is_text else footer,
        meter=meter_of(body) if is_text else None,
        is_draft=is_draft,
    )


def _to(message: Message, recipient: str) -> str:
    return shown(recipient) if message.channel == Channel.SMS else recipient


def _handled(by: User | None, message: Message) -> str:
    if message.handled_at is None:
        return ""
    who = f" by {by.label}" if by else ""
    return f"Dealt with{who}, {when_words(message.handled_at, message.appointment.clinic.zone)}"


def _link(sheet: Sheet | None) -> str:
    """The address of the patient's page in a message that has left."""
    if sheet is None or sheet.is_draft:
        return ""
    return next((block.lines[0] for block in sheet.blocks if block.kind == "link"), "")
