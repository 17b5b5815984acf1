"""What the audit trail costs a booking: `booking.book` with its triggers and without, in turns, in one run.

python -m bench.audit
"""

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from time import perf_counter

import django
import time_machine

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
DAYS = 20
ROUNDS = 30
MOST = 1.30
"""A booking may take so many times as long as without the trail."""


def main() -> int:
    """Measure, print, and say by the exit code whether the promise holds."""
    django.setup()
    from django.test.utils import setup_databases, teardown_databases

    from tests.world import BEFORE

    old = setup_databases(verbosity=0, interactive=False)
    try:
        with time_machine.travel(BEFORE, tick=True):
            print(json.dumps(figures := measure()))
    finally:
        teardown_databases(old, verbosity=0)
    return int(figures["ratio"] > MOST)


def measure() -> dict[str, float]:
    """Milliseconds of a booking with and without the trail, committed each time, and their ratio."""
    times: dict[bool, list[float]] = {True: [], False: []}
    book_all = clinic_days()
    for number in range(ROUNDS):
        for watched in (True, False) if number % 2 else (False, True):
            with triggers(on=watched):
                times[watched] += book_all()
    with_trail, without = (1000 * statistics.median(times[watched]) for watched in (True, False))
    return {
        "bookings": len(times[True]),
        "with_ms": round(with_trail, 2),
        "without_ms": round(without, 2),
        "ratio": round(with_trail / without, 3),
    }


def clinic_days() -> Callable[[], list[float]]:
    """A clinic with a nurse on many days, and what books one appointment on each and takes it away again."""
    from scheduling.booking import book
    from scheduling.models import Appointment
    from tests.world import DAY, at, make_clinic, make_nurse, make_plan, make_ready, on_floor

    clinic = make_clinic()
    nurse = make_nurse(clinic)
    days: list[date] = [DAY + timedelta(days=number) for number in range(DAYS)]
    for day in days:
        on_floor(clinic, day=day, nurse=nurse)
    plans = [make_ready(make_plan(clinic, start_on=day), day) for day in days]

    def book_all() -> list[float]:
        times = []
        for plan, day in zip(plans, days, strict=True):
            start = at(clinic, "9:00", day)
            begun = perf_counter()
            book(plan=plan, dose_number=1, clinic=clinic, start=start, by=None)
            times.append(perf_counter() - begun)
        Appointment.objects.all().delete()
        return times

    return book_all


@contextmanager
def triggers(*, on: bool) -> Iterator[None]:
    """Changes are written down inside, or not."""
    _switch("enable" if on else "disable")
    yield
    _switch("enable")


def _switch(how: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("""
            select tgrelid::regclass::text, tgname from pg_trigger
            where tgname in ('audit_insert', 'audit_update', 'audit_delete')
        """)
        for table, name in cursor.fetchall():
            cursor.execute(f"alter table {table} {how} trigger {name}")


if __name__ == "__main__":
    sys.exit(main())
