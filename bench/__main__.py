"""All benchmarks: `python -m bench [--small] [--only NAME ...]`. Prints a table and writes the results to a file."""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.table import Result

CLINICS, CLINICS_WHEN_SMALL = 300, 4
FULL_DAYS_AHEAD, FULL_DAYS_AHEAD_WHEN_SMALL = 90, 28
PRICED = 60
"""Bookings whose median is the cost of one."""


def main() -> None:
    """Measure on a database of its own, which is thrown away, and say where the results are."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Chairside's benchmarks.")
    parser.add_argument("--small", action="store_true", help="little data: proves that it works, measures nothing")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="some of the families of numbers")
    options = parser.parse_args()
    data = mkdtemp(prefix="chairside-bench-")
    os.environ.update(CHAIRSIDE_DATA=data, DJANGO_SETTINGS_MODULE="bench.settings")
    try:
        results = _measure(is_small=options.small, only=options.only)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    from bench import table

    print(table.text(results))
    if not options.only:
        print(f"\nWritten to {table.write(results, is_small=options.small)}")


def _measure(*, is_small: bool, only: Collection[str]) -> "list[Result]":
    """Grow the world from three clinics to many, and measure on the way what depends on its size."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from bench import audit, booking, desks, openings, pages, reminders, replanning, series, starting
    from bench.world import EmptyDays, Span, clinics_of, make_clinics

    call_command("migrate", verbosity=0)
    before, ahead = (7, FULL_DAYS_AHEAD_WHEN_SMALL) if is_small else (28, FULL_DAYS_AHEAD)
    span = Span.around(timezone.localdate(), before=before, after=ahead, rostered=ahead + 14)
    long = replace(span, last_rostered=span.today + timedelta(days=480))
    everywhere, in_three = (
        EmptyDays(span.last_day, span.last_rostered),
        EmptyDays(span.last_rostered, long.last_rostered),
    )
    many = CLINICS_WHEN_SMALL if is_small else CLINICS
    priced = 5 if is_small else PRICED

    def cost(clinics: int, prefix: str) -> float:
        return booking.cost_of_one(days=everywhere, clinics=clinics_of(clinics), count=priced, prefix=prefix)

    _told("three clinics", lambda: make_clinics(1, 3, span=long))
    small_world = cost(3, "A")
    _told(f"{many} clinics", lambda: make_clinics(4, many, span=span))
    families: dict[str, Callable[[], list[Result]]] = {
        "booking": lambda: [
            *booking.run(days=in_three, is_small=is_small),
            booking.growth(small_world, cost(3, "B"), "the same 3 clinics"),
            booking.growth(small_world, cost(many, "C"), f"{many} clinics"),
        ],
        "audit": lambda: audit.run(days=in_three, is_small=is_small),
        "openings": lambda: openings.run(is_small=is_small),
        "pages": lambda: pages.run(is_small=is_small),
        "series": lambda: series.run(days=in_three, is_small=is_small),
        "desks": lambda: desks.run(days=everywhere, is_small=is_small),
        "replanning": lambda: replanning.run(is_small=is_small),
        "starting": starting.run,
        "reminders": lambda: reminders.run(is_small=is_small),
    }
    chosen = {name: work for name, work in families.items() if not only or name in only}
    return [result for name, work in chosen.items() for result in _told(name, work) or []]


def _told(name: str, work: "Callable[[], list[Result] | None]") -> "list[Result] | None":
    """Do a piece of the work, and say on the way what it is and how long it took."""
    print(f"{name} ...", end=" ", flush=True, file=sys.stderr)
    began = time.perf_counter()
    made = work()
    print(f"{time.perf_counter() - began:.0f} s", flush=True, file=sys.stderr)
    return made


if __name__ == "__main__":
    main()
