"""`manage.py seed_demo`: three clinics with patients, half a year of history and a busy today, to look at."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from clinic.models import Clinic
from scheduling.demo.places import PLACES
from scheduling.demo.seeding import CannotSeed, seed, wipe


class Command(BaseCommand):
    """A thin way in."""

    help = "Make the demonstration: three clinics, their staff and patients. Refuses in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--again", action="store_true", help="wipe the demonstration first, with all that was done in it"
        )

    def handle(self, *args: Any, again: bool = False, **options: Any) -> None:
        try:
            with transaction.atomic():
                if again:
                    wipe()
                elif self._is_there() and not settings.PRODUCTION:
                    self.stdout.write(
                        "The demonstration is there already. To make it anew, for today: seed_demo --again"
                    )
                    return
                seeded = seed(now=timezone.now())
        except CannotSeed as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            for what, number in asdict(seeded).items():
                self.stdout.write(f"{number:6,} {what.replace('_', ' ')}")
            self.stdout.write(self.style.SUCCESS("The demonstration is ready."))

    @staticmethod
    def _is_there() -> bool:
        return Clinic.objects.filter(slug__in=[place.slug for place in PLACES]).count() == len(PLACES)
