"""Who comes: no-shows, late cancellations, confirmations, and how long before visits are booked. Pure: no Django."""

from collections.abc import Sequence

from scheduling.reports.figures import Share, Typical, typical
from scheduling.reports.rows import DAY, Visit

LATE_NOTICE = 24 * 3600


def no_show(visits: Sequence[Visit]) -> Share:
    """Visits that were due and to which nobody came."""
    due = [visit for visit in visits if visit.is_due]
    return Share(sum(visit.status == "no_show" for visit in due), len(due))


def late_cancellation(visits: Sequence[Visit]) -> Share:
    """Cancelled less than 24 hours before the start, of those that were in the book until then."""
    late = sum(_is_cancelled_late(visit) for visit in visits)
    return Share(late, late + sum(visit.is_due for visit in visits))


def cancellation(visits: Sequence[Visit]) -> Share:
    """Cancelled at any time before, of all that were booked."""
    return Share(sum(not visit.is_due for visit in visits), len(visits))


def confirmed(visits: Sequence[Visit]) -> Share:
    """Visits that were due and confirmed by the end of the day before."""
    due = [visit for visit in visits if visit.is_due]
    in_time = sum(visit.confirmed_at is not None and visit.confirmed_at < visit.midnight for visit in due)
    return Share(in_time, len(due))


def refilled(visits: Sequence[Visit]) -> Share:
    """Cancelled visits whose chair and time somebody else was booked into afterwards."""
    cancelled = [visit for visit in visits if not visit.is_due]
    return Share(sum(bool(visit.was_refilled) for visit in cancelled), len(cancelled), "cancellations")


def lead_time(visits: Sequence[Visit]) -> Typical:
    """From the booking to the visit, of those that were due."""
    return typical((visit.start - visit.booked_at for visit in visits if visit.is_due), unit=DAY)


def clog_time(visits: Sequence[Visit]) -> Typical:
    """From the booking to its cancellation: how long a time was blocked for nothing."""
    return typical(
        (visit.ended - visit.booked_at for visit in visits if not visit.is_due and visit.ended is not None), unit=DAY
    )


def reasons(visits: Sequence[Visit], status: str) -> dict[str, int]:
    """How often each reason was given for one way of ending, the most frequent first."""
    counts: dict[str, int] = {}
    for visit in visits:
        if visit.status == status:
            counts[visit.reason] = counts.get(visit.reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _is_cancelled_late(visit: Visit) -> bool:
    return not visit.is_due and visit.ended is not None and visit.start - visit.ended < LATE_NOTICE
