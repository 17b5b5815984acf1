"""The head of a list that may be long: its rows are counted by their keys, and only those that are shown are made."""

from collections.abc import Callable, Collection, Mapping, Sequence

from django.utils import timezone

from scheduling.models import Snooze
from scheduling.worklists.lists import Glimpse, Row


def glimpse_of(
    *,
    sleeping: Collection[str],
    keys: Mapping[str, bool],
    make: Callable[[Sequence[str]], Sequence[Row]],
    most: int,
    is_more: bool = False,
) -> Glimpse:
    """A list by the keys of its rows in order, each with whether it presses."""
    awake = [key for key in keys if key not in sleeping]
    return Glimpse(
        rows=make(awake[:most]),
        awake=len(awake),
        urgent=sum(keys[key] for key in awake),
        asleep=len(keys) - len(awake),
        is_more=is_more,
    )


def sleeping_of(worklist: str) -> set[str]:
    """The keys of the rows of a list that sleep now, wherever they are. One query."""
    sleeping = Snooze.objects.filter(worklist=worklist, until__gt=timezone.now())
    return set(sleeping.values_list("subject", flat=True))
