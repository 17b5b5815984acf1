"""`manage.py import_patients FILE`: says what a file of patients would change; with --commit, imports it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.models import Clinic
from patients.import_file import CannotImport
from patients.importing import Result, import_patients


class Command(BaseCommand):
    """The way in for whoever runs the machine: it may import to every clinic."""

    help = "Say what a CSV file of patients and plans would change; with --commit, import it, all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a CSV file; docs/import-example.csv shows the columns")
        parser.add_argument("--commit", action="store_true", help="write; without it nothing is changed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
            result = import_patients(
                content=content, clinics=list(Clinic.objects.all()), by=None, commit=options["commit"]
            )
        except (OSError, CannotImport) as error:
            raise CommandError(str(error)) from error
        self._tell(result, has_commit=options["commit"])

    def _tell(self, result: Result, *, has_commit: bool) -> None:
        if result.ignored_columns:
            self.stdout.write(f"Ignored columns: {', '.join(result.ignored_columns)}")
        for error in result.errors:
            said = f" “{error.value}”" if error.value else ""
            self.stderr.write(f"Line {error.line}, {error.column}{said}: {error.message}")
        if result.errors:
            raise CommandError(f"{len(result.errors)} errors. Nothing was imported: correct the file and try again.")
        for line, mrn, text in result.changes:
            self.stdout.write(f"Line {line}, {mrn}: {text}")
        for name, number in sorted(result.counts.items()):
            self.stdout.write(f"{number:6,} {name}")
        if result.is_all_on_record:
            self.stdout.write("Everything in this file is on record already.")
        elif not has_commit:
            self.stdout.write("Nothing was written. To import, add --commit.")
        else:
            self.stdout.write(self.style.SUCCESS("Imported."))
