"""The head of a list: its rows are counted by their keys, and only those that are shown are made."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clinic.sql import fetch
from scheduling.worklists.lists import Glimpse, Reading, Row, every


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What is asked before any list is read: the keys of the rows that sleep, by list, and which lists give a sign."""

    sleeping: Mapping[str, set[str]]
    signs: set[str]


def first_look(reading: Reading) -> FirstLook:
    """A first look at all lists. What sleeps is known wherever it is. One query."""
    signs = [one for one in every() if one.sign]
    found = fetch(
        " union all ".join(
            [
                "select worklist, subject from scheduling_snooze where until > %(now)s",
                *(f"select '{one.name}', null where exists ({one.sign})" for one in signs),
            ]
        ),
        {"now": reading.now, "clinics": [clinic.pk for clinic in reading.clinics]},
    )
    sleeping: dict[str, set[str]] = defaultdict(set)
    for name, key in found:
        if key is not None:
            sleeping[name].add(key)
    return FirstLook(sleeping, {name for name, key in found if key is None})


def glimpse_of(
    reading: Reading,
    *,
    worklist: str,
    keys: Mapping[str, bool],
    make: Callable[[Sequence[str]], Sequence[Row]],
    most: int,
    is_more: bool = False,
) -> Glimpse:
    """A list by the keys of its rows in order, each with whether it presses."""
    sleeping = reading.once(first_look).sleeping[worklist]
    awake = [key for key in keys if key not in sleeping]
    return Glimpse(
        shown=awake[:most],
        make=make,
        awake=len(awake),
        urgent=sum(keys[key] for key in awake),
        asleep=len(keys) - len(awake),
        is_more=is_more,
    )
