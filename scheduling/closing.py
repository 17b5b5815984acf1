"""Closing a clinic or taking a chair out of service, and whom that leaves without a place.

Saving never fails because of patients: the appointments in the way stay as they are until somebody moves them,
and are named. The locks of the days make sure that nobody books into the stretch unseen.
"""

from datetime import datetime

from clinic import closing
from clinic.hours import days_between
from clinic.models import Chair, ChairOutage, Clinic, Closure
from clinic.quarters import QUARTER, local_date
from scheduling.locks import guarded, lock
from scheduling.models import LIVE, Appointment


def close_clinic(*, clinic: Clinic, start: datetime, end: datetime, reason: str) -> list[Appointment]:
    """Close a clinic for a stretch. Returns the live appointments in the way. Raises `ClosingConflict`."""
    with guarded():
        _lock(clinic, start, end)
        closing.close_clinic(clinic=clinic, start=start, end=end, reason=reason)
        return _in_the_way(start, end, clinic=clinic)


def reopen(*, closure: Closure) -> None:
    """Take a closure back."""
    with guarded():
        _lock(closure.clinic, closure.period.lower, closure.period.upper)
        closing.reopen(closure=closure)


def put_chair_out(*, chair: Chair, start: datetime, end: datetime, reason: str) -> list[Appointment]:
    """Take a chair out of service. Returns the live appointments in the way. Raises `ClosingConflict`."""
    with guarded():
        _lock(chair.clinic, start, end)
        closing.put_chair_out(chair=chair, start=start, end=end, reason=reason)
        return _in_the_way(start, end, chair=chair)


def put_chair_back(*, outage: ChairOutage) -> None:
    """Take an outage back."""
    with guarded():
        _lock(outage.chair.clinic, outage.period.lower, outage.period.upper)
        closing.put_chair_back(outage=outage)


def _lock(clinic: Clinic, start: datetime, end: datetime) -> None:
    first, last = (local_date(moment, clinic.zone) for moment in (start, max(start, end - QUARTER)))
    lock(days={(clinic, day) for day in days_between(first, last)})


def _in_the_way(start: datetime, end: datetime, **where: Clinic | Chair) -> list[Appointment]:
    found = (
        Appointment.objects.filter(status__in=LIVE, period__overlap=(start, end), **where)
        .select_related("patient", "chair", "clinic")
        .prefetch_related("assignments__nurse")
        .order_by("period", "pk")
    )
    return list(found)
