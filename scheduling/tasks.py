"""What the worker does for this room."""

from celery import shared_task

from scheduling import restaffing


@shared_task
def top_up_rosters() -> None:
    """Keep the rosters made from the weekly patterns as far ahead as people book."""
    restaffing.roster_ahead()
