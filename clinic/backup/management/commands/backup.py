"""`manage.py backup`: one encrypted, checked file of everything in the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from clinic.backup import BackupError, regular
from clinic.backup.making import make


class Command(BaseCommand):
    """A thin way in."""

    help = "Back up the database into one encrypted, checked file. Without --to: the regular backup, made now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="another place, where nothing is ever removed")

    def handle(self, *args: Any, to: Path | None, **options: Any) -> None:
        try:
            if to is None:
                run = regular.back_up()
                if run.error:
                    raise CommandError(run.error)
                path, rows, size = settings.BACKUP_DIR / run.file, run.rows, run.bytes
            else:
                made = make(directory=to.resolve())
                path, rows, size = made.path, made.manifest.total, made.size
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        self.stdout.write(f"{path}\n{rows:,} rows, {size:,} bytes, encrypted; read back and counted.")
