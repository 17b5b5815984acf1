"""`manage.py verify_audit`: is the audit trail as it was written?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.audit.verifying import verify


class Command(BaseCommand):
    """A thin way in."""

    help = "Check every hash of the audit trail. Exit code 1 when a row was changed, removed, reordered or slipped in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--noted", default="", metavar="NUMBER:HASH", help="a head that was printed earlier")

    def handle(self, *args: Any, noted: str, **options: Any) -> None:
        report = verify(noted=noted)
        for fault in report.faults:
            self.stderr.write(self.style.ERROR(fault))
        if report.faults:
            raise CommandError(f"The audit trail is not as it was written: {len(report.faults)} faults.")
        self.stdout.write(f"{report.entries:,} entries stand as written; {report.unsealed:,} wait for their seal.")
        self.stdout.write(f"Head {report.head or 'none yet'}")
        self.stdout.write("Keep the head somewhere else: verify_audit --noted proves later that nothing was cut off.")
