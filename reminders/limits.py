"""How many texts a number may get: one a day, three in any seven days in a row. Pure: no Django, no database.

The law counts per number, over everybody who shares it (TCPA exemption for health care, 2015).
Days are local dates, so a clock change makes no day longer.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

MOST_A_DAY = 1
MOST_A_WEEK = 3
WEEK = 7


def fits(day: date, taken: Sequence[date]) -> bool:
    """Whether one more text on a day keeps the limits, when texts were sent, or are promised, on the days `taken`."""
    if taken.count(day) >= MOST_A_DAY:
        return False
    weeks = (day - timedelta(days=back) for back in range(WEEK))
    return all(_in_week(first, taken) < MOST_A_WEEK for first in weeks)


def next_fit(day: date, taken: Sequence[date], *, last: date) -> date | None:
    """The first day from `day` to `last` on which one more text keeps the limits."""
    while day <= last:
        if fits(day, taken):
            return day
        day += timedelta(days=1)
    return None


def _in_week(first: date, taken: Collection[date]) -> int:
    return sum(first <= each < first + timedelta(days=WEEK) for each in taken)
