"""Sending what is due: claim, commit, look again, mark, commit, send, mark.

A row is claimed by one worker only (skip-locked), and again only if it was never about to leave. Right before the
provider is called the row becomes `sending`, in a transaction that holds the appointment still: a move or a
cancellation comes either before it, and the message is retired, or after it, and then finds that the patient was told
and tells them anew. A row found `sending` after its worker was lost may have been sent: it becomes `unknown`, is shown
to people, and is never sent again.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from patients import consent
from patients.models import ContactSource
from reminders import channels
from reminders.channels import Refused, Uncertain, Wires
from reminders.letters import Letter
from reminders.models import Channel, Message, MessageStatus, Pulse
from reminders.reach import OTHER
from reminders.verdict import Verdict, judge

log = logging.getLogger(__name__)

BATCH = 100
MOST_SECONDS = 45.0
"""How long one task goes on claiming: the next one comes within the minute."""

LADDER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
"""Pauses between tries after certain failures."""

BUSY = timedelta(minutes=1)
LOCK_TIMEOUT = "4s"
FROZEN = "60s"


@dataclass(slots=True)
class Tally:
    """What became of the rows of a run."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, status: str) -> None:
        self.counts[status] = self.counts.get(status, 0) + 1


def due(now: datetime) -> Q:
    """What may be claimed at a moment."""
    return Q(status=MessageStatus.PENDING, due_at__lte=now) & (Q(try_after=None) | Q(try_after__lte=now))


def look() -> int:
    """The look of every minute: sweep, leave a pulse, and count what is due."""
    sweep()
    now = timezone.now()
    Pulse.objects.update_or_create(name="dispatch", defaults={"at": now})
    return Message.objects.filter(due(now)).count()


def send_due(*, most: int = BATCH, seconds: float = MOST_SECONDS) -> dict[str, int]:
    """Claim and send what is due, batch by batch, until nothing is left or the time is up. Counts by new status."""
    tally, give_up = Tally(), time.monotonic() + seconds
    with channels.opened() as wires:
        while time.monotonic() < give_up:
            claim, rows = _claim(most)
            for pk, channel in rows:
                if wires.is_down(channel):
                    tally.add(_put_back(pk, claim, timezone.now() + BUSY))
                else:
                    tally.add(_one(pk, claim, wires))
            if len(rows) < most:
                break
    return tally.counts


def sweep() -> dict[str, int]:
    """Put right what lost workers left, and mark what came too late. Touches no row that somebody holds."""
    now = timezone.now()
    return {
        "released": _update_free(
            Q(status=MessageStatus.CLAIMED) & _is_lost("claimed_at", now),
            status=MessageStatus.PENDING,
            claim=None,
            claimed_at=None,
        ),
        "unknown": _update_free(
            Q(status=MessageStatus.SENDING) & _is_lost("sending_at", now),
            status=MessageStatus.UNKNOWN,
            error="The worker was lost while it sent this: it may have arrived. Ask the patient.",
        ),
        "missed": _update_free(
            Q(status=MessageStatus.PENDING, cut_off_at__lte=now), status=MessageStatus.MISSED, claim=None
        ),
    }


def _is_lost(taken_at: str, now: datetime) -> Q:
    """Whose lease is over; or lies ahead, because the clock was set back: else they would wait until it is there."""
    lease = timedelta(seconds=settings.MESSAGE_LEASE)
    return Q(**{f"{taken_at}__lt": now - lease}) | Q(**{f"{taken_at}__gt": now + lease})


def _claim(most: int) -> tuple[UUID, list[tuple[int, str]]]:
    """Take up to `most` due rows for this worker: their ids and channels. Committed before anything is sent."""
    now, claim = timezone.now(), uuid4()
    with transaction.atomic():
        found = Message.objects.filter(due(now)).order_by("due_at", "visit_start", "id")
        rows = list(found.select_for_update(skip_locked=True, no_key=True).values_list("pk", "channel")[:most])
        Message.objects.filter(pk__in=[pk for pk, _ in rows]).update(
            status=MessageStatus.CLAIMED, claim=claim, claimed_at=now
        )
    return claim, rows


def _one(pk: int, claim: UUID, wires: Wires) -> str:
    """See one claimed row through. Whatever happens to it, the others go on. Its new status."""
    try:
        verdict = _prepare(pk, claim)
    except OperationalError:
        # Somebody holds the appointment: not the message's fault.
        log.warning("message %s: the appointment was busy", pk)
        return _put_back(pk, claim, timezone.now() + BUSY)
    except Exception as error:
        log.exception("message %s cannot be prepared", pk)
        return _failed(pk, claim, f"Cannot be prepared: {type(error).__name__}: {error}", permanent=False)
    if verdict is None or verdict.letter is None:
        return verdict.status if verdict else "lost"
    return _send(pk, claim, verdict.letter, wires)


def _prepare(pk: int, claim: UUID) -> Verdict | None:
    """Look at a claimed row once more, holding its appointment and its number still, and write down what becomes of it.

    After this commits a row that is to leave is `sending`. None when the row is not ours any more.
    """
    now = timezone.now()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # A worker that freezes here must not keep the appointment from the front desk.
            cursor.execute(
                f"set local lock_timeout = '{LOCK_TIMEOUT}'; set local idle_in_transaction_session_timeout = '{FROZEN}'"
            )
            cursor.execute(
                "select from scheduling_appointment where id ="
                " (select appointment_id from reminders_message where id = %s) for share",
                [pk],
            )
        message = (
            Message.objects.filter(pk=pk, claim=claim, status=MessageStatus.CLAIMED)
            .select_related(
                "appointment__patient__home_clinic",
                "appointment__clinic",
                "appointment__dose_phase",
                "appointment__plan__therapy",
            )
            .first()
        )
        if message is None:
            return None
        verdict = judge(message, now=now)
        values = dict(verdict.values)
        if verdict.letter is not None:
            values |= {"status": MessageStatus.SENDING, "sending_at": now, "attempts": message.attempts + 1}
        if not _mark(pk, claim, [MessageStatus.CLAIMED], values):
            return None
        if verdict.fall_back:
            fall_back(message)
    return verdict


def _send(pk: int, claim: UUID, letter: Letter, wires: Wires) -> str:
    in_flight = [MessageStatus.SENDING, MessageStatus.UNKNOWN]
    wire = wires.by(letter.channel)
    try:
        provider_id = wire.send(letter)
    except Refused as error:
        wires.note(letter.channel, trouble=error.unreachable)
        return _refused(pk, claim, letter, error)
    except Exception as error:
        wires.note(letter.channel, trouble=True)
        if not isinstance(error, Uncertain):
            log.exception("message %s: sending failed in a way we do not know", pk)
        why = str(error) if isinstance(error, Uncertain) else f"{type(error).__name__}: {error}"
        _mark(pk, claim, in_flight, {"status": MessageStatus.UNKNOWN, "wire": wire.name, "error": _short(why)})
        return MessageStatus.UNKNOWN
    wires.note(letter.channel, trouble=False)
    sent = {"status": MessageStatus.SENT, "sent_at": timezone.now(), "wire": wire.name, "provider_id": provider_id}
    _mark(pk, claim, in_flight, sent | {"error": ""})
    return MessageStatus.SENT


def _refused(pk: int, claim: UUID, letter: Letter, error: Refused) -> str:
    """The provider said no. Keep what it taught us about the number, and go the other way where that helps."""
    if error.dead:
        consent.mark_dead(
            value=letter.recipient, channel=letter.channel, source=ContactSource.PROVIDER, words=str(error)
        )
    if error.opted_out:
        consent.withdraw(
            value=letter.recipient, channel=letter.channel, source=ContactSource.PROVIDER, words=str(error)
        )
    with transaction.atomic():
        status = _failed(pk, claim, str(error), permanent=error.permanent)
        if status == MessageStatus.FAILED:
            fall_back(Message.objects.select_related("appointment").get(pk=pk))
    return status


def fall_back(message: Message, *, now: datetime | None = None) -> None:
    """Plan the same message by the other channel, once, unless it was planned there anyway. `now` is the present."""
    other = OTHER.get(Channel(message.channel))
    now = now or timezone.now()
    if other is None or message.cut_off_at <= now:
        return
    Message.objects.bulk_create(
        [
            Message(
                appointment=message.appointment,
                appointment_version=message.appointment_version,
                clinic_id=message.clinic_id,
                visit_start=message.visit_start,
                rule=message.rule,
                channel=other,
                language=message.language,
                only_unconfirmed=message.only_unconfirmed,
                due_at=now,
                cut_off_at=message.cut_off_at,
            )
        ],
        ignore_conflicts=True,
    )


def _failed(pk: int, claim: UUID, why: str, *, permanent: bool) -> str:
    """A certain failure: try again after a pause, or give up and list it."""
    now = timezone.now()
    message = Message.objects.filter(pk=pk, claim=claim).only("attempts", "status", "cut_off_at").first()
    if message is None:
        return "lost"
    # A row that failed before it was marked has not counted this try yet.
    tries = message.attempts + (message.status == MessageStatus.CLAIMED)
    again = now + LADDER[min(tries, len(LADDER)) - 1]
    if permanent or tries > len(LADDER) or again >= message.cut_off_at:
        status, again_at = MessageStatus.FAILED, None
    else:
        status, again_at = MessageStatus.PENDING, again
    values = {"status": status, "attempts": tries, "try_after": again_at, "sending_at": None, "error": _short(why)}
    before = [MessageStatus.CLAIMED, MessageStatus.SENDING, MessageStatus.UNKNOWN]
    _mark(pk, claim, before, values | {"claim": None, "claimed_at": None})
    return status


def _put_back(pk: int, claim: UUID, try_after: datetime) -> str:
    values = {"status": MessageStatus.PENDING, "claim": None, "claimed_at": None, "try_after": try_after}
    _mark(pk, claim, [MessageStatus.CLAIMED], values)
    return MessageStatus.PENDING


def _mark(pk: int, claim: UUID, before: list[MessageStatus], values: dict[str, Any]) -> bool:
    """Write what became of a row, if it is still ours and stands as we left it."""
    return bool(Message.objects.filter(pk=pk, claim=claim, status__in=before).update(**values))


def _short(why: str) -> str:
    """What a provider said, as the row can keep it."""
    return why.replace("\0", "")[:300]


def _update_free(which: Q, **values: object) -> int:
    with transaction.atomic():
        ids = list(
            Message.objects.filter(which).select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        )
        return Message.objects.filter(pk__in=ids).update(**values) if ids else 0
