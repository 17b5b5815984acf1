"""What the audit trail costs a booking: `booking.book` with its triggers and without, in turns."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from django.db import connection

from bench.booking import Supply, book_pair
from bench.clock import each_of
from bench.table import Result
from bench.world import EmptyDays, clinics_of

AT_A_TIME = 10
MOST = 1.30
"""A booking may take so many times as long as without the trail."""


def run(*, days: EmptyDays, is_small: bool) -> list[Result]:
    """Book with the trail and without, a few at a time, so that both meet the machine in the same mood."""
    turns = 2 if is_small else 12
    supply = Supply(clinics_of(3), 2 * turns * AT_A_TIME, days=days, prefix="T")
    took: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * turns):
        watched = turn % 4 in (0, 3)
        with triggers(on=watched):
            took[watched] += each_of(partial(book_pair, pair) for pair in supply.take(AT_A_TIME))
    with_trail, without = median(took[True]), median(took[False])
    return [
        Result(
            "book, with the audit trail, beside without",
            with_trail,
            limit=without,
            mark=f"≤ {MOST:.1f}×",
            is_met=with_trail <= MOST * without,
        )
    ]


@contextmanager
def triggers(*, on: bool) -> Iterator[None]:
    """Changes are written down inside, or not."""
    _switch("enable" if on else "disable")
    yield
    _switch("enable")


def _switch(how: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            select tgrelid::regclass::text, tgname from pg_trigger
            where tgname in ('audit_insert', 'audit_update', 'audit_delete')
        """)
        for table, name in cursor.fetchall():
            cursor.execute(f"alter table {table} {how} trigger {name}")
