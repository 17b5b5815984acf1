"""What the worker does for this room."""

from celery import shared_task

from clinic.once import presses


@shared_task
def forget_old_presses() -> None:
    """Delete the answers that nobody waits for any more."""
    presses.forget_old()
