"""Only in a demonstration: let messages leave ahead of time, and answer them as the patient would.

A demonstration sends nothing to anybody: with a provider set up, or in production, all of this refuses.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce, Greatest
from django.dispatch import receiver
from django.utils import timezone

from clinic.models import Clinic
from reminders.channels import has_provider
from reminders.dispatch import fall_back
from reminders.models import Channel, Message, MessageStatus, Reply
from reminders.replies import receive
from reminders.rules import load_rules, read_rules
from reminders.verdict import judge
from scheduling.demo.clock import story_clock
from scheduling.models import Status
from scheduling.signals import demonstration_made, demonstration_wiped

MOST = 300
"""So many messages leave ahead of time by one press of a button: a page has to answer."""


TEXTS = (
    "Yes",
    "Can we move it to another day? My ride fell through",
    "I have had a cold since yesterday. Should I still come?",
    "C",
    "Could I get a later time please, the school bus is at 9",
    "May my daughter sit with me?",
)
FIRST_TEXT = timedelta(hours=3)
"""So long before the moment that a demonstration shows the first of them came."""


class NotADemonstration(Exception):
    """Patients would really be told."""


def is_demonstration() -> bool:
    """Whether messages reach nobody here."""
    return not settings.PRODUCTION and not any(has_provider(channel) for channel in (Channel.SMS, Channel.EMAIL))


def send_ahead(*, clinics: list[Clinic], until: datetime) -> dict[str, int]:
    """See all through that will be due at some clinics until a moment, each as if at its time, at most `MOST` at once.

    The same judgement as at the real time decides what is sent, put off, withheld or listed; `sent_at` says when it
    would have left. Counts by new status. Raises `NotADemonstration`.
    """
    return _see_through(clinics, until, earliest=timezone.now(), most=MOST)


@receiver(demonstration_made, dispatch_uid="told_before_the_demonstration")
def catch_up(sender: object, clinics: list[Clinic], now: datetime, **_: Any) -> None:
    """What fell due in the history that a demonstration tells was sent then, and some patients have texted back."""
    if is_demonstration():
        _see_through(clinics, now, earliest=None, most=None)
        _text_back(clinics, now)


@receiver(demonstration_wiped, dispatch_uid="rules_after_the_wipe")
def bring_rules_back(sender: object, **_: Any) -> None:
    """The default rules name no clinic, but stand in the same table as those that do."""
    load_rules(rows=read_rules(), apps=apps)


def answer_as_patient(*, message: Message, words: str) -> Reply:
    """A text back from the number a message went to. Raises `NotADemonstration`."""
    if not is_demonstration():
        raise NotADemonstration
    return receive(provider_id=f"demo-{uuid4().hex}", number=message.recipient, words=words)


def _see_through(
    clinics: list[Clinic], until: datetime, *, earliest: datetime | None, most: int | None
) -> dict[str, int]:
    """See messages through in the order of their times; what is put off or told another way comes up again."""
    if not is_demonstration():
        raise NotADemonstration
    counts: Counter[str] = Counter()
    while turns := _turns(clinics, until, most and most - counts.total()):
        for pk, turn in turns:
            counts[_one(pk, max(turn, earliest) if earliest else turn)] += 1
    return {status: count for status, count in counts.items() if status and status != MessageStatus.PENDING}


def _text_back(clinics: list[Clinic], now: datetime) -> None:
    """The last hours' texts of patients who were told of a visit from tomorrow on."""
    told = Message.objects.filter(
        channel=Channel.SMS,
        status=MessageStatus.SENT,
        clinic__in=clinics,
        sent_at__lt=now - FIRST_TEXT,
        visit_start__range=(now + timedelta(days=1), now + timedelta(days=8)),
        appointment__status=Status.BOOKED,
        appointment__confirmed_at=None,
    )
    by_patient = {
        message.appointment.patient_id: message for message in told.select_related("appointment").order_by("pk")
    }
    some = list(by_patient.values())[:: max(1, len(by_patient) // len(TEXTS))]
    for place, (message, words) in enumerate(zip(some, TEXTS, strict=False)):
        with story_clock(now - FIRST_TEXT * (len(TEXTS) - place) / len(TEXTS)):
            receive(provider_id=f"demo-{message.pk}", number=message.recipient, words=words)


def _turns(clinics: list[Clinic], until: datetime, most: int | None) -> list[tuple[int, datetime]]:
    """The next messages, and when it is their turn. No more than `most`."""
    waiting = Message.objects.filter(status=MessageStatus.PENDING, clinic__in=clinics).annotate(
        turn=Greatest("due_at", Coalesce("try_after", "due_at"))
    )
    return list(waiting.filter(turn__lte=until).order_by("turn", "pk").values_list("pk", "turn")[:most])


def _one(pk: int, moment: datetime) -> str:
    """See one message through as if it were that moment. Its new status; empty when somebody else has it."""
    with transaction.atomic():
        message = (
            Message.objects.filter(pk=pk, status=MessageStatus.PENDING)
            .select_related(
                "appointment__patient__home_clinic",
                "appointment__clinic",
                "appointment__dose_phase",
                "appointment__plan__therapy",
            )
            .select_for_update(of=["self"], skip_locked=True)
            .first()
        )
        if message is None:
            return ""
        verdict = judge(message, now=moment)
        values = dict(verdict.values)
        if verdict.letter is not None:
            values |= {"status": MessageStatus.SENT, "sending_at": moment, "sent_at": moment, "wire": "outbox"}
        Message.objects.filter(pk=pk).update(**values)
        if verdict.fall_back:
            fall_back(message, now=moment)
    return str(values["status"])
