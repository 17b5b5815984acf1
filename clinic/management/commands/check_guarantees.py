"""`manage.py check_guarantees`: does everything hold that always must?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import guarantees


class Command(BaseCommand):
    """A thin way in."""

    help = "Ask the whole database, in plain SQL that trusts no constraint, whether every guarantee holds."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = [*guarantees.unsound(), *map(str, guarantees.breaches())]
        for fault in faults:
            self.stderr.write(self.style.ERROR(fault))
        if faults:
            raise CommandError(f"Not everything holds: {len(faults)} faults.")
        for one in guarantees.every():
            self.stdout.write(f"{one.code}: {one.says}")
        self.stdout.write(f"{len(guarantees.every())} guarantees hold.")
