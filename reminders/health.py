"""How the telling goes: what is due, what became of it, and whether the background work lives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from clinic.metrics import gauge
from clinic.models import Clinic
from reminders.dispatch import due
from reminders.handling import STILL_TO_CALL
from reminders.models import FOR_PEOPLE, Message, MessageStatus, Pulse, Reply

LATE = timedelta(minutes=5)
"""A message that is due for longer, and is not waiting for a better hour, is late."""

LOOKS_MISSED = 3
"""So many looks of the dispatcher may fail to come before the background work counts as stopped."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether messages leave: what is due now, for how long, and when the background work last did a round."""

    now: datetime
    last_look: datetime | None
    due: int
    oldest_due: datetime | None

    @property
    def is_alive(self) -> bool:
        """Whether clock, broker and a worker have lately done a round together."""
        most = timedelta(seconds=LOOKS_MISSED * settings.DISPATCH_EVERY)
        # A look ahead of now was made before the clock was set back: it shows no life today.
        return self.last_look is not None and abs(self.now - self.last_look) <= most

    @property
    def is_late(self) -> bool:
        """Whether something has been due for too long."""
        return self.oldest_due is not None and self.now - self.oldest_due > LATE

    @property
    def words(self) -> str:
        """One line for a monitor: ok, or what is wrong."""
        if self.last_look is None:
            return "not started: no worker has looked for messages yet"
        if not self.is_alive:
            return f"stopped: no worker has looked for messages since {self.last_look:%Y-%m-%d %H:%M:%S} UTC"
        if self.is_late and self.oldest_due:
            minutes = int((self.now - self.oldest_due).total_seconds() // 60)
            return f"late: {self.due} due, the oldest for {minutes} min"
        return "ok"


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of messages: planned, in a worker's hand, sent and delivered in a day, open for people."""

    planned: int
    in_hand: int
    sent: int
    delivered: int
    failed: int
    missed: int
    unknown: int
    calls: int
    replies: int


def alive() -> Alive:
    """Whether messages leave, over all clinics. Two queries."""
    now = timezone.now()
    found = Message.objects.filter(due(now)).aggregate(
        due=Count("pk"), oldest_due=Min("due_at", filter=Q(try_after=None))
    )
    pulse = Pulse.objects.filter(name="dispatch").first()
    return Alive(now=now, last_look=pulse.at if pulse else None, **found)


def counts(*, clinics: Sequence[Clinic], now: datetime) -> Counts:
    """What became of the messages of some clinics. Two queries."""
    day = now - timedelta(days=1)
    in_hand = [MessageStatus.CLAIMED, MessageStatus.SENDING]

    def open_(status: MessageStatus) -> Count:
        return Count("pk", filter=Q(status=status, handled_at=None))

    found = Message.objects.filter(clinic__in=clinics).aggregate(
        planned=Count("pk", filter=Q(status=MessageStatus.PENDING)),
        in_hand=Count("pk", filter=Q(status__in=in_hand)),
        sent=Count("pk", filter=Q(sent_at__gt=day, sent_at__lte=now)),
        delivered=Count("pk", filter=Q(delivered_at__gt=day)),
        failed=open_(MessageStatus.FAILED),
        missed=open_(MessageStatus.MISSED),
        unknown=open_(MessageStatus.UNKNOWN),
        calls=Count("pk", filter=STILL_TO_CALL),
    )
    replies = Reply.objects.filter(Q(clinic__in=clinics) | Q(clinic=None), for_people=True, handled_at=None).count()
    return Counts(replies=replies, **found)


def numbers() -> Iterator[Metric]:
    """For the monitor, over all clinics: how many messages stand where, and how late the work is. Three queries."""
    state = alive()
    standing = GaugeMetricFamily(
        "chairside_messages", "Messages that wait, are being sent, or wait for people", labels=["status"]
    )
    unfinished = Q(status="pending") | Q(status__in=["claimed", "sending"])
    for_people = Q(status__in=[*FOR_PEOPLE], handled_at=None)
    rows = Message.objects.filter(unfinished | for_people).order_by().values_list("status")
    for status, count in rows.annotate(count=Count("pk")):
        standing.add_metric([status], count)
    yield standing
    yield gauge("messages_due", "Messages that should have left by now", state.due)
    yield gauge("messages_oldest_due_seconds", "For how long the oldest of them is due", _age(state, state.oldest_due))
    if state.last_look:
        yield gauge("messages_last_look_seconds", "Since a worker looked for messages", _age(state, state.last_look))


def _age(state: Alive, moment: datetime | None) -> float:
    return max(0.0, (state.now - moment).total_seconds()) if moment else 0.0


def in_words() -> str:
    """For a monitor."""
    return alive().words
