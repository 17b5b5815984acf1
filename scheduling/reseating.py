"""Writing that others get another chair, so that one patient more has room: same time, same nurse.

Nothing that a patient was told changes with the chair. The version stays, nobody listens for it, no message goes out;
the audit trail has each row.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection
from django.db.models import Case, Value, When

from scheduling.models import Appointment


def change_chairs(moves: Mapping[int, int]) -> None:
    """Give appointments, by id, other chairs at once, so that two may swap. Call under the lock of their day."""
    if moves:
        to = [When(pk=appointment, then=Value(chair)) for appointment, chair in moves.items()]
        Appointment.objects.filter(pk__in=moves).update(chair=Case(*to))


@contextmanager
def chairs_judged_together() -> Iterator[None]:
    """What is written inside is held against "one patient in a chair at a time" as a whole, at the end."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints chair_holds_one_patient_at_a_time deferred")
    yield
    with connection.cursor() as cursor:
        cursor.execute("set constraints chair_holds_one_patient_at_a_time immediate")
