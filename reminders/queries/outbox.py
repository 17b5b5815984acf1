"""The outbox: what was planned, sent and not sent, as the front desk reads it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from clinic.models import Clinic
from patients.phones import shown
from reminders.handling import STILL_TO_CALL
from reminders.models import TOLD, WAITING, Channel, Message, MessageStatus, Reply
from scheduling.wording import clock_words, day_words, when_words

PER_PAGE = 40

RULES = {
    "booked": "At booking",
    "moved": "New time",
    "cancelled": "Cancelled",
    "three_weeks": "3 weeks before",
    "week": "1 week before",
    "three_days": "3 days before",
    "day": "The day before",
    "call": "Not confirmed",
    "aftercare": "After the visit",
    "no_show": "Did not come",
}

ICONS = {
    MessageStatus.PENDING: "late",
    MessageStatus.CLAIMED: "late",
    MessageStatus.SENDING: "forward",
    MessageStatus.SENT: "forward",
    MessageStatus.DELIVERED: "done",
    MessageStatus.UNKNOWN: "unconfirmed",
    MessageStatus.FAILED: "short",
    MessageStatus.MISSED: "no_show",
    MessageStatus.WITHHELD: "private",
    MessageStatus.RETIRED: "cancelled",
    MessageStatus.LISTED: "arrived",
}


@dataclass(frozen=True, slots=True)
class Tray:
    """A part of the outbox: `which` chooses its messages, `order` sorts them; empty it says `nothing`, then `holds`."""

    name: str
    label: str
    which: Q
    order: tuple[str, ...]
    nothing: str
    holds: str
    is_for_people: bool = False


_OPEN = Q(handled_at=None)
TRAYS = (
    Tray(
        "planned",
        "Planned",
        Q(status__in=WAITING),
        ("due_at", "pk"),
        "Nothing is planned.",
        "Messages are planned as soon as a visit is booked, moved or cancelled.",
    ),
    Tray(
        "sent",
        "Sent",
        Q(status__in=[MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED])
        | (Q(status=MessageStatus.UNKNOWN) & ~_OPEN),
        ("-sending_at", "-pk"),
        "Nothing was sent yet.",
        "What has left stands here, with whether it was delivered.",
    ),
    Tray(
        "failed",
        "Failed",
        Q(status=MessageStatus.FAILED) & _OPEN,
        ("-due_at", "pk"),
        "Nothing failed that somebody has not dealt with.",
        "What could not be sent stands here until somebody has told the patient in another way.",
        is_for_people=True,
    ),
    Tray(
        "missed",
        "Missed",
        Q(status=MessageStatus.MISSED) & _OPEN,
        ("-due_at", "pk"),
        "No message came too late.",
        "What could not leave in time stands here until somebody has called.",
        is_for_people=True,
    ),
    Tray(
        "unknown",
        "Perhaps sent",
        Q(status=MessageStatus.UNKNOWN) & _OPEN,
        ("-due_at", "pk"),
        "Of every message we know what became of it.",
        "If the line broke while a message left, it stands here: it is never sent twice on a guess.",
        is_for_people=True,
    ),
    Tray(
        "calls",
        "To call",
        STILL_TO_CALL,
        ("visit_start", "pk"),
        "Nobody waits for a call.",
        "Patients whom no message reaches stand here when there is something to tell them.",
        is_for_people=True,
    ),
    Tray(
        "withheld",
        "Not sent",
        Q(status__in=[MessageStatus.WITHHELD, MessageStatus.RETIRED]) | (~_OPEN & ~Q(status__in=TOLD)),
        ("-due_at", "pk"),
        "Nothing was held back.",
        "What was not needed any more stands here, and what the patient did not want to get.",
    ),
)
REPLIES = "replies"


@dataclass(frozen=True, slots=True)
class Tab:
    """A tray in the page's tabs."""

    name: str
    label: str
    count: int | None
    is_here: bool
    is_alarm: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One message in a list."""

    id: int
    patient: str
    patient_id: int
    clinic: str
    what: str
    channel: str
    channel_word: str
    visit: str
    appointment_id: int
    when: str
    status: str
    status_word: str
    icon: str
    why: str


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """Something that a patient told us."""

    id: int
    patient: str
    patient_id: int | None
    appointment_id: int | None
    clinic: str
    number: str
    words: str
    meaning: str
    meaning_word: str
    outcome: str
    answer: str
    visit: str
    when: str
    is_open: bool
    handled: str


def tray_named(name: str) -> Tray:
    """The tray of a name; the first one for any other name."""
    return next((tray for tray in TRAYS if tray.name == name), TRAYS[0])


def tabs(*, clinics: Collection[Clinic], here: str) -> list[Tab]:
    """The trays with how much lies in those that wait for somebody. Two queries."""
    counts = Message.objects.filter(clinic__in=clinics).aggregate(
        **{tray.name: Count("pk", filter=tray.which) for tray in TRAYS if tray.is_for_people or tray.name == "planned"}
    )
    found = [Tab(tray.name, tray.label, counts.get(tray.name), tray.name == here, tray.is_for_people) for tray in TRAYS]
    waiting = replies_of(clinics).filter(for_people=True, handled_at=None).count()
    return [*found, Tab(REPLIES, "Replies", waiting, here == REPLIES, is_alarm=True)]


def messages_in(*, tray: Tray, clinics: Collection[Clinic], number: str) -> tuple[list[Line], Page]:
    """A page of a tray. Two queries."""
    page = Paginator(_messages(clinics).filter(tray.which).order_by(*tray.order), PER_PAGE).get_page(number)
    return [line_of(message) for message in page], page


def messages_about(*, appointment_id: int) -> list[Line]:
    """All messages about one appointment, the latest planned last. One query."""
    rows = Message.objects.filter(appointment=appointment_id).select_related(
        "appointment__patient", "appointment__clinic", "clinic"
    )
    return [line_of(message) for message in rows.order_by("due_at", "pk")]


def replies_in(*, clinics: Collection[Clinic], number: str) -> tuple[list[ReplyLine], Page]:
    """A page of what patients told us, what waits for somebody first. Two queries."""
    rows = (
        replies_of(clinics)
        .select_related("patient", "clinic", "appointment__clinic", "handled_by")
        .annotate(rank=Count("pk", filter=Q(for_people=True, handled_at=None)))
        .order_by("-rank", "-received_at", "-pk")
    )
    page = Paginator(rows, PER_PAGE).get_page(number)
    return [reply_line(reply) for reply in page], page


def replies_of(clinics: Collection[Clinic]) -> QuerySet[Reply]:
    """What patients of some clinics told us, and numbers that no clinic knows."""
    return Reply.objects.filter(Q(clinic__in=clinics) | Q(clinic=None))


def line_of(message: Message) -> Line:
    """A message, read with its appointment, patient and clinics, as a list shows it."""
    zone = message.appointment.clinic.zone
    return Line(
        id=message.pk,
        patient=str(message.appointment.patient),
        patient_id=message.appointment.patient_id,
        clinic=message.clinic.name,
        what=rule_words(message.rule),
        channel=message.channel,
        channel_word=Channel(message.channel).label,
        visit=when_words(message.visit_start, zone),
        appointment_id=message.appointment_id,
        when=_when(message),
        status=message.status,
        status_word=MessageStatus(message.status).label,
        icon=ICONS[MessageStatus(message.status)],
        why=message.error,
    )


def reply_line(reply: Reply) -> ReplyLine:
    """A reply, read with patient, clinic, appointment and who handled it, as a list shows it."""
    visit = reply.appointment
    handled = ""
    if reply.handled_at:
        who = f" by {reply.handled_by.label}" if reply.handled_by else ""
        handled = f"Done{who}, {_moment(reply.handled_at, reply.clinic)}"
    return ReplyLine(
        id=reply.pk,
        patient=str(reply.patient) if reply.patient else "",
        patient_id=reply.patient_id,
        appointment_id=reply.appointment_id,
        clinic=reply.clinic.name if reply.clinic else "",
        number=shown(reply.number),
        words=reply.words,
        meaning=reply.meaning,
        meaning_word=reply.get_meaning_display(),
        outcome=reply.outcome,
        answer=reply.answer,
        visit=when_words(visit.start, visit.clinic.zone) if visit else "",
        when=_moment(reply.received_at, reply.clinic),
        is_open=reply.for_people and reply.handled_at is None,
        handled=handled,
    )


def rule_words(code: str) -> str:
    """What a rule is for, in a few words."""
    return RULES.get(code, code.replace("_", " ").capitalize())


def _messages(clinics: Collection[Clinic]) -> QuerySet[Message]:
    return Message.objects.filter(clinic__in=clinics).select_related(
        "appointment__patient", "appointment__clinic", "clinic"
    )


def _when(message: Message) -> str:
    """When it was told, or is due."""
    zone = message.appointment.clinic.zone
    moment = message.delivered_at or message.sent_at or message.sending_at or message.try_after or message.due_at
    return f"{day_words(moment.astimezone(zone).date())}, {clock_words(moment, zone)}"


def _moment(moment: datetime, clinic: Clinic | None) -> str:
    zone = clinic.zone if clinic else ZoneInfo(settings.TIME_ZONE)
    return when_words(moment, zone)


def clinics_chosen(clinics: Sequence[Clinic], slug: str) -> list[Clinic]:
    """The clinic of a slug among some, or all of them."""
    return [clinic for clinic in clinics if clinic.slug == slug] or list(clinics)
