"""What the provider reports of e-mails that it took: delivered, returned, or unwanted."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from patients import consent
from patients.models import ContactSource
from reminders.addresses import is_no_address
from reminders.delivery import OPEN
from reminders.dispatch import fall_back
from reminders.models import Channel, Message, MessageStatus

# Event and reason as django-anymail names them: https://anymail.dev/en/stable/sending/tracking/
TAKEN = {"queued", "sent", "deferred"}
NOT_DELIVERED = {"bounced", "rejected", "failed"}
UNWANTED = {"complained": "Marked as spam by its reader", "unsubscribed": "Unsubscribed at the e-mail service"}
REFUSED_FOR = {"spam": UNWANTED["complained"], "unsubscribed": UNWANTED["unsubscribed"]}
"""Reasons why the provider sends nothing to somebody who wants nothing."""

RETURNED = "Returned: "

DEAD_AFTER_DAYS = 60
"""An address that returned two e-mails in a row in so many days is taken for dead, whatever it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report. `said` is what the receiving server answered, `for_now` that it may take the next e-mail.

    `message_id` is our number of the message: the worker may not have noted the provider's yet. It counts only with
    the right `recipient`, for others may share our account.
    """

    event: str
    provider_id: str = ""
    message_id: int | None = None
    recipient: str = ""
    reason: str = ""
    said: str = ""
    for_now: bool = False


def report(*, wire: str, what: Report) -> bool:
    """Note what a provider says of an e-mail. False when it is no e-mail of ours.

    The same report again changes nothing. An e-mail may be returned after it was delivered. A dead address and a reader
    who wants no e-mail are put in the ledger, so what is still to come goes by the other channel; so does what was
    returned.
    """
    with transaction.atomic():
        message = _find(what)
        if message is None:
            return False
        if what.event in UNWANTED:
            _object(message, UNWANTED[what.event])
        elif what.event in NOT_DELIVERED:
            _returned(message, what)
        elif message.status in OPEN and what.event in TAKEN | {"delivered"}:
            _taken(message, is_delivered=what.event == "delivered")
        message.wire = wire
        message.provider_id = message.provider_id or what.provider_id
        message.save(
            update_fields=[
                "wire",
                "provider_id",
                "status",
                "sending_at",
                "sent_at",
                "delivered_at",
                "objected_at",
                "error",
            ]
        )
    return True


def _find(what: Report) -> Message | None:
    mails = Message.objects.filter(channel=Channel.EMAIL).select_related("appointment__patient")
    mails = mails.select_for_update(of=["self"])
    message = mails.filter(provider_id=what.provider_id).first() if what.provider_id else None
    if message is None and what.message_id is not None:
        ours = mails.filter(pk=what.message_id, provider_id="", recipient__iexact=what.recipient)
        message = ours.filter(status__in=OPEN).first()
    return message


def _taken(message: Message, *, is_delivered: bool) -> None:
    now = timezone.now()
    message.sent_at, message.error = message.sent_at or now, ""
    message.status = MessageStatus.DELIVERED if is_delivered else MessageStatus.SENT
    message.delivered_at = now if is_delivered else None


def _returned(message: Message, what: Report) -> None:
    if message.status not in {*OPEN, MessageStatus.DELIVERED}:
        return
    source, address = ContactSource.PROVIDER, message.recipient
    why = what.said or what.reason or "no reason given"
    if unwanted := REFUSED_FOR.get(what.reason):
        why = unwanted
        consent.withdraw(
            value=address, channel=Channel.EMAIL, source=source, words=why, patient=message.appointment.patient
        )
    elif _is_dead(message, what):
        consent.mark_dead(value=address, channel=Channel.EMAIL, source=source, words=RETURNED + why)
    message.status, message.error = MessageStatus.FAILED, (RETURNED + why).replace("\0", "")[:300]
    message.sending_at = message.delivered_at = None
    fall_back(message)


def _object(message: Message, words: str) -> None:
    """The reader wants no e-mail. It arrived, so nothing is told again; what is to come goes another way."""
    if message.status in OPEN:
        _taken(message, is_delivered=True)
    if message.objected_at is None:
        message.objected_at = timezone.now()
        consent.withdraw(
            value=message.recipient,
            channel=Channel.EMAIL,
            source=ContactSource.PROVIDER,
            words=words,
            patient=message.appointment.patient,
        )


def _is_dead(message: Message, what: Report) -> bool:
    if what.reason == "invalid" or (what.event == "rejected" and what.reason == "bounced"):
        return True
    if what.event == "bounced" and not what.for_now:
        verdict = is_no_address(what.said)
        if verdict or (verdict is None and what.reason == "bounced"):
            return True
    return what.event == "bounced" and _was_returned_before(message)


def _was_returned_before(message: Message) -> bool:
    """Whether the e-mail before this one, to the same address, came back too."""
    before = (
        Message.objects.filter(
            recipient=message.recipient,
            channel=Channel.EMAIL,
            sent_at__gt=timezone.now() - timedelta(days=DEAD_AFTER_DAYS),
            status__in=[MessageStatus.DELIVERED, MessageStatus.FAILED],
        )
        .exclude(pk=message.pk)
        .order_by("-sent_at")
        .first()
    )
    return before is not None and before.error.startswith(RETURNED)
