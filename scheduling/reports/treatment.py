"""Whether doses are given in time, and whether what they ask for was in order before. Pure: no Django."""

from collections.abc import Sequence
from datetime import date, timedelta

from scheduling.reports.figures import Share
from scheduling.reports.rows import Dose, Prepared
from therapies.series import NoPhase, PhaseFacts, due_dose, window_of

_SOME_DAY = date(2000, 1, 1)


def on_interval(doses: Sequence[Dose]) -> Share:
    """Doses given on a day of their green window, of those whose window is known."""
    known = [dose.is_on_interval for dose in doses if dose.is_on_interval is not None]
    return Share(sum(known), len(known), "doses")


def ready_7(visits: Sequence[Prepared]) -> Share:
    """Visits whose papers were in order by the end of the seventh day before."""
    known = [visit.at_7 for visit in visits if visit.at_7 is not None]
    return Share(sum(known), len(known))


def ready_2(visits: Sequence[Prepared]) -> Share:
    """Visits whose papers and drug were in order by the end of the second day before."""
    known = [visit.at_2 for visit in visits if visit.at_2 is not None]
    return Share(sum(known), len(known))


def is_green(
    *,
    phases: Sequence[PhaseFacts],
    dose_number: int,
    start: int,
    earlier: Sequence[tuple[int, int]],
    variant: str,
    interval_days: int | None,
) -> bool | None:
    """Whether a dose was given on a day of its green window.

    Days are counted from the one on which it was given: the ordered `start`, and those of the `earlier` doses by
    number. None when the therapy says nothing about this dose, or when no dose before it is on record.
    """
    if dose_number > 1 and not earlier:
        return None
    try:
        due = due_dose(
            phases=phases,
            dose_number=dose_number,
            dates={number: _SOME_DAY + timedelta(days=day) for number, day in earlier},
            start_on=_SOME_DAY + timedelta(days=start),
            variant=variant,
            interval_days=interval_days,
        )
    except NoPhase:
        return None
    return window_of(due, _SOME_DAY) == "green"
