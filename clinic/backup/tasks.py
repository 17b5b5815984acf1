"""What the worker does for the backups."""

from celery import shared_task

from clinic.backup import regular


# Taken off the broker at its start: it may last longer than the broker waits, and what is lost is due again.
@shared_task(acks_late=False, time_limit=regular.LONGEST.total_seconds())
def back_up() -> None:
    """Every ten minutes: make the backup that is due."""
    regular.back_up_if_due()
