"""What a change at the desk would tell the patient: found by making it and taking it back, so it can't be wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from patients import consent
from reminders.models import WAITING, Message
from reminders.reach import usable, why_not
from reminders.timing import ANSWERS
from scheduling.models import Appointment


@dataclass(frozen=True, slots=True)
class Foretold:
    """By which channels an answer would go out and from when on; `not_by` says why others would not."""

    by: tuple[str, ...] = ()
    at: datetime | None = None
    not_by: tuple[str, ...] = ()


def foretell(*, change: Callable[[], Appointment]) -> Foretold:
    """What the patient would be told at once if a change were made. Nothing is kept of it. Raises as `change` does."""
    with transaction.atomic():
        after = change()
        rows = list(
            Message.objects.filter(
                appointment=after, rule__in=ANSWERS, status__in=WAITING, visit_start=after.start
            ).order_by("channel")
        )
        points = list(after.patient.contact_points.all()) if rows else []
        transaction.set_rollback(True)
    standings = consent.standings(values=[point.value for point in points])
    reached = [row for row in rows if usable(points, row.channel, standings)]
    return Foretold(
        by=tuple(row.get_channel_display() for row in reached),
        at=min((row.due_at for row in reached), default=None),
        not_by=tuple(why_not(points, row.channel, standings) for row in rows if row not in reached),
    )
