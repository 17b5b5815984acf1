"""What the front desk has to do about messages: read replies, reach those who could not be told.

Whoever did not confirm or did not come is on the lists of `scheduling` already.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from clinic.models import User
from reminders.handling import set_handled
from reminders.models import TOLD, WAITING, Meaning, Message, MessageStatus, Reply
from reminders.queries.outbox import rule_words
from reminders.replies import handle
from scheduling.models import Status
from scheduling.queries.dose import Fit
from scheduling.wording import when_words
from scheduling.worklists import Button, Reading, Row, Worklist

SOON = timedelta(days=3)
"""So long before a visit it presses that the patient has not been told, or has asked for something."""

NOT_TOLD_FOR = timedelta(days=14)
"""So long before a visit somebody looks for a way to tell a patient whom no message can reach."""

WRONG = (MessageStatus.FAILED, MessageStatus.MISSED, MessageStatus.UNKNOWN)


def read_replies(reading: Reading) -> Iterable[Row]:
    """What patients told us that nobody has dealt with, the nearest visit first. One query."""
    replies = Reply.objects.filter(
        clinic__in=reading.clinics, for_people=True, handled_at=None, patient__isnull=False
    ).select_related("patient", "clinic", "appointment__clinic")
    found = [_reply_row(reply, reading) for reply in replies.order_by("received_at", "pk")]
    yield from sorted(found, key=lambda row: not row.is_urgent)


def read_untold(reading: Reading) -> Iterable[Row]:
    """Coming visits with a message that failed, came too late or perhaps did not arrive, or that nothing can tell of.

    One query.
    """
    is_told = Q(status__in=TOLD) | Q(status__in=WAITING, contact_point__isnull=False)
    told = Message.objects.filter(is_told, appointment=OuterRef("appointment"), visit_start=OuterRef("visit_start"))
    no_way = Q(status=MessageStatus.WITHHELD, visit_start__lt=reading.now + NOT_TOLD_FOR) & ~Exists(told)
    rows = (
        Message.objects.filter(
            Q(status__in=WRONG) | no_way,
            clinic__in=reading.clinics,
            handled_at=None,
            visit_start__gt=reading.now,
            appointment__status=Status.BOOKED,
        )
        .select_related("appointment__patient", "appointment__clinic")
        .order_by("visit_start", "appointment", "due_at", "pk")
    )
    of_visit: dict[int, list[Message]] = {}
    for message in rows:
        of_visit.setdefault(message.appointment_id, []).append(message)
    for messages in of_visit.values():
        yield _untold_row(messages, reading)


def _reply_row(reply: Reply, reading: Reading) -> Row:
    visit, patient = reply.appointment, reply.patient
    assert patient is not None
    zone = visit.clinic.zone if visit else reply.clinic.zone if reply.clinic else reading.clinics[0].zone
    buttons = [Button("Done", do="done")]
    if visit and reply.meaning == Meaning.ANOTHER_TIME and visit.status == Status.BOOKED:
        buttons.insert(0, Button("Move…", url=reverse("appointment_move", args=[visit.pk]), beside=True))
    return Row(
        key=str(reply.pk),
        patient=patient,
        clinic=reply.clinic.name if reply.clinic else "",
        what=f"“{reply.words}”" if reply.words else reply.get_meaning_display(),
        when=when_words(visit.start, zone) if visit else "",
        url=reverse("appointment", args=[visit.pk]) if visit else "",
        beside=visit is not None,
        states=(Fit("amber", "unconfirmed", reply.get_meaning_display()),),
        notes=(f"{reply.get_via_display()}, {when_words(reply.received_at, zone)}",),
        buttons=buttons,
        is_urgent=visit is not None and visit.start < reading.now + SOON,
        subject=reply,
    )


def _untold_row(messages: list[Message], reading: Reading) -> Row:
    visit = messages[0].appointment
    reasons = [f"{each.get_channel_display()}, {rule_words(each.rule).lower()}: {each.error}" for each in messages]
    return Row(
        key=str(visit.pk),
        patient=visit.patient,
        clinic=visit.clinic.name,
        what="A message did not reach the patient",
        when=when_words(visit.start, visit.clinic.zone),
        url=reverse("appointment", args=[visit.pk]),
        beside=True,
        states=tuple(
            Fit("amber" if state == MessageStatus.UNKNOWN else "red", "short", MessageStatus(state).label)
            for state in dict.fromkeys(each.status for each in messages)
        ),
        notes=list(dict.fromkeys(reasons))[:3],
        buttons=(Button("Dealt with", do="done"),),
        is_urgent=visit.start < reading.now + SOON,
        subject=messages,
    )


def _read(row: Row, by: User, form: Mapping[str, str]) -> str:
    handle(reply=row.subject, by=by)
    return f"{row.patient}: the reply is off the list."


def _dealt_with(row: Row, by: User, form: Mapping[str, str]) -> str:
    for message in row.subject:
        set_handled(message=message, by=by)
    return f"{row.patient}: off the list."


LISTS = (
    Worklist(
        name="replies",
        title="Replies to read",
        icon="forward",
        nothing="Every reply was read.",
        position=25,
        read=read_replies,
        do={"done": _read},
        sign="select from reminders_reply where clinic_id = any(%(clinics)s) and for_people and handled_at is null",
    ),
    Worklist(
        name="untold",
        title="Not told",
        icon="short",
        nothing="Every message for a coming visit found its way.",
        position=35,
        read=read_untold,
        do={"done": _dealt_with},
        sign="""
            select from reminders_message
            where clinic_id = any(%(clinics)s) and handled_at is null and visit_start > %(now)s
                and status in ('failed', 'missed', 'unknown', 'withheld')
        """,
    ),
)
