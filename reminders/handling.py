"""What people do about messages that went wrong: send again on purpose, or note that it is dealt with."""

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from clinic.models import User
from patients.errors import Refused
from reminders.models import FOR_PEOPLE, Channel, Message, MessageStatus
from reminders.verdict import not_needed
from scheduling.models import Status

STILL_TO_CALL = Q(status=MessageStatus.LISTED, handled_at=None) & (
    Q(appointment__status=Status.BOOKED, appointment__confirmed_at=None) | Q(appointment__status=Status.NO_SHOW)
)
"""Calls to be made that nothing has settled since: neither a confirmation nor a change."""


def send_again(*, message: Message, by: User) -> Message:
    """A new message in place of one that certainly failed: due now, sent once, with words as they stand now.

    The failed one stays on record, as handled. What may have been sent is never sent again. Raises `Refused`.
    """
    with transaction.atomic():
        held = Message.objects.select_for_update(of=["self"]).select_related("appointment__clinic").get(pk=message.pk)
        if why := why_not_again(held):
            raise Refused(why)
        siblings = Message.objects.filter(
            appointment=held.appointment_id,
            appointment_version=held.appointment_version,
            rule=held.rule,
            channel=held.channel,
        )
        if siblings.filter(again__gt=held.again).exists():
            raise Refused("This was sent again already. Look at the newer message.")
        new = Message.objects.create(
            appointment_id=held.appointment_id,
            appointment_version=held.appointment_version,
            clinic_id=held.clinic_id,
            visit_start=held.visit_start,
            rule=held.rule,
            channel=held.channel,
            again=(siblings.aggregate(last=Max("again"))["last"] or 0) + 1,
            contact_point_id=held.contact_point_id,
            language=held.language,
            only_unconfirmed=held.only_unconfirmed,
            due_at=timezone.now(),
            cut_off_at=held.cut_off_at,
        )
        _mark_handled(held, by)
    return new


def why_not_again(message: Message) -> str:
    """Why a message cannot be sent again, as a sentence; empty when it can. Its appointment should come with it."""
    if message.status == MessageStatus.UNKNOWN:
        return "It may have arrived, so it is not sent again. Ask the patient."
    if message.status != MessageStatus.FAILED or message.channel == Channel.CALL:
        return "Only a message that failed can be sent again."
    if message.cut_off_at <= timezone.now():
        return "It is too late for this message. Call the patient."
    if why := not_needed(message):
        return f"It is not needed any more: {why[0].lower()}{why[1:]}."
    return ""


def set_handled(*, message: Message, by: User) -> None:
    """Somebody has dealt with a message that needed people. Doing it twice keeps who was first. Raises `Refused`."""
    if message.status not in {*FOR_PEOPLE, MessageStatus.WITHHELD}:
        raise Refused("Nobody has to do anything about this message.")
    _mark_handled(message, by)


def _mark_handled(message: Message, by: User) -> None:
    Message.objects.filter(pk=message.pk, handled_at=None).update(handled_at=timezone.now(), handled_by=by)
