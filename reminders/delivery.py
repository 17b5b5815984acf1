"""What the provider reports of texts that it took: delivered, or not and why."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from patients import consent
from patients.models import ContactSource
from reminders.dispatch import fall_back
from reminders.models import Channel, Message, MessageStatus

OPEN = (MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.SENT)
"""Statuses of texts whose end we do not know yet. Reports come in any order: one that comes later changes nothing."""

TAKEN = {"accepted", "queued", "sending", "sent", "scheduled"}
NOT_DELIVERED = {"undelivered", "failed", "canceled"}

# https://www.twilio.com/docs/api/errors
DEAD_NUMBER = {"30005": "The number does not exist", "30006": "A landline, or a carrier that takes no texts"}
SWITCHED_OFF = {"30003": "The phone was off or out of reach"}
OPTED_OUT = {"21610"}
OTHER_REASONS = {
    "30004": "The carrier or the phone blocked it",
    "30007": "The carrier took it for unwanted mail",
    "30008": "The carrier did not say why",
}

DEAD_AFTER_DAYS = 60
"""A phone that was off for two texts in a row in so many days is taken for dead; off once happens to everybody."""


def report(*, provider_id: str, status: str, code: str = "", message_id: int | None = None) -> bool:
    """Note what the provider says of a text. `message_id` is ours: the worker may not have noted the provider's yet.

    A dead number is put in the ledger, and what did not arrive is told by the other channel. False when it is no text
    of ours.
    """
    with transaction.atomic():
        message = _find(provider_id, message_id)
        if message is None:
            return False
        if message.status not in OPEN:
            return True
        message.provider_id, message.wire = provider_id, "twilio"
        message.sent_at = message.sent_at or timezone.now()
        if status == "delivered":
            message.status, message.delivered_at, message.error = MessageStatus.DELIVERED, timezone.now(), ""
        elif status in NOT_DELIVERED:
            # What did not arrive takes nobody's place among the few texts that a number may get.
            message.status, message.error, message.sending_at = MessageStatus.FAILED, _why(code), None
        elif status in TAKEN:
            message.status, message.error = MessageStatus.SENT, ""
        message.save(update_fields=["provider_id", "wire", "status", "sending_at", "sent_at", "delivered_at", "error"])
        _learn(message, code)
        if message.status == MessageStatus.FAILED:
            fall_back(message)
    return True


def _find(provider_id: str, message_id: int | None) -> Message | None:
    texts = Message.objects.filter(channel=Channel.SMS).select_related("appointment").select_for_update(of=["self"])
    message = texts.filter(provider_id=provider_id).first() if provider_id else None
    if message is None and message_id is not None:
        message = texts.filter(pk=message_id, provider_id="", status__in=OPEN).first()
    return message


def _why(code: str) -> str:
    said = DEAD_NUMBER | SWITCHED_OFF | OTHER_REASONS
    return f"Did not arrive: {said.get(code, 'no reason given')} ({code or 'no code'})"


def _learn(message: Message, code: str) -> None:
    """Keep in the ledger what a report says about the number."""
    number, source = message.recipient, ContactSource.PROVIDER
    if message.status == MessageStatus.DELIVERED:
        consent.mark_alive(value=number, channel=Channel.SMS, source=source, words="A text arrived")
    elif message.status != MessageStatus.FAILED:
        return
    elif code in DEAD_NUMBER or (code in SWITCHED_OFF and _was_off_before(message)):
        consent.mark_dead(value=number, channel=Channel.SMS, source=source, words=message.error)
    elif code in OPTED_OUT:
        consent.withdraw(
            value=number, channel=Channel.SMS, source=source, words="The provider knows that this number opted out"
        )


def _was_off_before(message: Message) -> bool:
    """Whether the text before this one, to the same number, found the phone off too."""
    before = (
        Message.objects.filter(
            recipient=message.recipient,
            channel=Channel.SMS,
            sent_at__gt=timezone.now() - timedelta(days=DEAD_AFTER_DAYS),
            status__in=[MessageStatus.DELIVERED, MessageStatus.FAILED],
        )
        .exclude(pk=message.pk)
        .order_by("-sent_at")
        .first()
    )
    return before is not None and any(f"({code})" in before.error for code in SWITCHED_OFF)
