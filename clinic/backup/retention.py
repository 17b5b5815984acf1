"""Which backups to keep. Pure: no Django, no disk."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

ALL_OF_THE_LAST = timedelta(days=2)
"""Of so long every backup is kept: an hour may matter."""


def kept(moments: Collection[datetime], *, now: datetime, days: int, weeks: int, months: int) -> set[datetime]:
    """The moments whose backups stay: all young ones, and the last of each of so many days, weeks and months.

    Only days, weeks and months that have a backup count, so what stopped being made is not thrown away by the clock.
    """
    newest_first = sorted(moments, reverse=True)
    keep = {moment for moment in newest_first if now - moment < ALL_OF_THE_LAST}
    periods: tuple[tuple[int, Callable[[datetime], Any]], ...] = (
        (days, datetime.date),
        (weeks, lambda moment: moment.isocalendar()[:2]),
        (months, lambda moment: (moment.year, moment.month)),
    )
    for most, period_of in periods:
        last: dict[Any, datetime] = {}
        for moment in newest_first:
            last.setdefault(period_of(moment), moment)
        keep |= set(list(last.values())[:most])
    return keep | set(newest_first[:1])
