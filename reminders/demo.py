"""Only in a demonstration: let messages leave ahead of time, and answer them as the patient would.

A demonstration sends nothing to anybody: with a provider set up, or in production, all of this refuses.
"""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from clinic.models import Clinic
from reminders.dispatch import fall_back
from reminders.models import Message, MessageStatus, Reply
from reminders.replies import receive
from reminders.verdict import judge

MOST = 400


class NotADemonstration(Exception):
    """Patients would really be told."""


def is_demonstration() -> bool:
    """Whether messages reach nobody here."""
    return not settings.PRODUCTION and settings.TWILIO is None and not settings.EMAIL_HOST


def send_ahead(*, clinics: list[Clinic], until: datetime) -> dict[str, int]:
    """See all through that will be due at some clinics until a moment, one after the other, each as if at its time.

    The same judgement as at the real time decides what is sent, put off, withheld or listed; `sent_at` says when it
    would have left. Counts by new status. Raises `NotADemonstration`.
    """
    if not is_demonstration():
        raise NotADemonstration
    counts: dict[str, int] = {}
    for _ in range(MOST):
        status = _next(clinics, until)
        if not status:
            break
        if status != MessageStatus.PENDING:
            counts[status] = counts.get(status, 0) + 1
    return counts


def answer_as_patient(*, message: Message, words: str) -> Reply:
    """A text back from the number a message went to. Raises `NotADemonstration`."""
    if not is_demonstration():
        raise NotADemonstration
    return receive(provider_id=f"demo-{uuid4().hex}", number=message.recipient, words=words)


def _next(clinics: list[Clinic], until: datetime) -> str:
    """See the next message through. Its new status; empty when none is due any more."""
    with transaction.atomic():
        message = (
            Message.objects.filter(status=MessageStatus.PENDING, clinic__in=clinics)
            .annotate(turn=Greatest("due_at", Coalesce("try_after", "due_at")))
            .filter(turn__lte=until)
            .select_related(
                "appointment__patient", "appointment__clinic", "appointment__dose_phase", "appointment__plan__therapy"
            )
            .select_for_update(of=["self"], skip_locked=True)
            .order_by("turn", "pk")
            .first()
        )
        if message is None:
            return ""
        moment = max(message.turn, timezone.now())
        verdict = judge(message, now=moment)
        values = dict(verdict.values)
        if verdict.letter is not None:
            values |= {"status": MessageStatus.SENT, "sending_at": moment, "sent_at": moment, "wire": "outbox"}
        Message.objects.filter(pk=message.pk).update(**values)
        if verdict.fall_back:
            fall_back(message)
    return str(values["status"])
