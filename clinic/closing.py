"""When a place that would be in use is not: a clinic closed, a chair out of service.

These functions know nothing of patients. `scheduling.closing` calls them under the locks of the days and says
which appointments stand in the way.
"""

from datetime import datetime

from django.db import transaction

from clinic.models import Chair, ChairOutage, Clinic, Closure
from clinic.quarters import is_on_quarter


class ClosingConflict(ValueError):
    """The closing as asked for cannot be: the message says why, for people."""


@transaction.atomic
def close_clinic(*, clinic: Clinic, start: datetime, end: datetime, reason: str) -> Closure:
    """Close a clinic for a stretch. Raises `ClosingConflict` when it is closed all that time already."""
    _check_times(start, end)
    already = Closure.objects.filter(clinic=clinic, period__contains=(start, end)).first()
    if already:
        raise ClosingConflict(f"{clinic} is closed at that time already: {already.reason}.")
    closure = Closure.objects.create(clinic=clinic, period=(start, end), reason=reason)
    return Closure.objects.get(pk=closure.pk)


def reopen(*, closure: Closure) -> None:
    """Take a closure back: the weekly hours hold again."""
    closure.delete()


@transaction.atomic
def put_chair_out(*, chair: Chair, start: datetime, end: datetime, reason: str) -> ChairOutage:
    """Take a chair out of service for a stretch. Raises `ClosingConflict` when it is out all that time already."""
    _check_times(start, end)
    already = ChairOutage.objects.filter(chair=chair, period__contains=(start, end)).first()
    if already:
        raise ClosingConflict(f"{chair} is out of service at that time already: {already.reason}.")
    outage = ChairOutage.objects.create(chair=chair, period=(start, end), reason=reason)
    return ChairOutage.objects.get(pk=outage.pk)


def put_chair_back(*, outage: ChairOutage) -> None:
    """Take an outage back: the chair can be booked again."""
    outage.delete()


def _check_times(start: datetime, end: datetime) -> None:
    if not (is_on_quarter(start) and is_on_quarter(end) and start < end):
        raise ClosingConflict("Choose quarter hours, with the end after the beginning.")
