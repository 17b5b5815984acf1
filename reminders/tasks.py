"""What the worker does for this room. Tasks carry no patient data: the rows are the queue."""

from celery import shared_task

from reminders import dispatch

MOST_HANDS = 8


@shared_task
def look() -> None:
    """Every minute: put right what was left behind, and call as many hands as there is work for."""
    batches = -(-dispatch.look() // dispatch.BATCH)
    for _ in range(min(batches, MOST_HANDS)):
        send_due.apply_async(expires=dispatch.MOST_SECONDS)


@shared_task
def send_due() -> None:
    """Claim and send what is due."""
    dispatch.send_due()
