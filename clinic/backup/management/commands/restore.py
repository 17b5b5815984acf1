"""`manage.py restore FILE`: fill an empty database from a backup, and prove that all is there."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from clinic.backup import BackupError
from clinic.backup.restoring import restore


class Command(BaseCommand):
    """A thin way in."""

    help = "Fill an EMPTY database from a backup. Refused where anything is. Everything is checked before and after."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            faults = restore(file, say=self._say)
        except BackupError as error:
            raise CommandError(f"Nothing was restored. {error}") from error
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        for fault in faults:
            self.stderr.write(self.style.ERROR(fault))
        if faults:
            raise CommandError(f"Restored, but not everything holds: {len(faults)} faults. Do not work with it yet.")
        self._say("Every row is there, every guarantee holds, the audit trail is as it was written.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
