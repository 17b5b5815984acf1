"""The lists of this room."""

from scheduling.worklists import calls, due, missed, offers, papers, visits
from scheduling.worklists.lists import register

LISTS = (
    visits.SHORT,
    calls.LIST,
    due.LIST,
    visits.UNCONFIRMED,
    visits.UNREADY,
    missed.LIST,
    visits.LEFT_OPEN,
    offers.LIST,
    papers.LIST,
)


def register_own() -> None:
    """Make the lists of this room known."""
    for one in LISTS:
        register(one)
