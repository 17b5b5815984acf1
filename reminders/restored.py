"""The database has gone back to a backup: what was due since may have been sent, and must not be sent again."""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from reminders.models import WAITING, Channel, Message, MessageStatus


def doubt_what_was_due(made_at: datetime) -> str:
    """Turn every message that was due by now into one that was perhaps sent: people see it, and ask the patient."""
    doubted = (
        Message.objects.filter(status__in=WAITING, due_at__lte=timezone.now())
        .exclude(channel=Channel.CALL)
        .update(
            status=MessageStatus.UNKNOWN,
            sending_at=F("due_at"),
            claim=None,
            claimed_at=None,
            error=f"Perhaps sent after the backup of {made_at:%Y-%m-%d %H:%M} UTC that was restored. Ask the patient.",
        )
    )
    return f"{doubted:,} messages that were due by now may have been sent: they are on the worklist." if doubted else ""
