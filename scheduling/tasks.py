"""What the worker does for this room."""

from celery import shared_task

from scheduling import restaffing, waitlist


@shared_task
def top_up_rosters() -> None:
    """Keep the rosters made from the weekly patterns as far ahead as people book."""
    restaffing.roster_ahead()


@shared_task
def write_down_lapsed_offers() -> None:
    """Note which offers of the waitlist have lapsed. Their chairs are free since the moment they did."""
    waitlist.write_down_lapsed()
