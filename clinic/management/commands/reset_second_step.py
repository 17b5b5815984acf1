"""For an administrator who lost the phone and the recovery codes: nobody else could help."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.accounts import staff
from clinic.models import User


class Command(BaseCommand):
    help = "Forget the second step of one account and end its sessions. The reason is kept with the account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="who asked, and how you know that it was them")

    def handle(self, *args: Any, username: str, reason: str, **options: Any) -> None:
        person = User.objects.filter(username__iexact=username).first()
        if person is None:
            raise CommandError(f"Nobody is called {username}.")
        try:
            staff.reset_second_step(by=None, person=person, reason=reason)
        except staff.Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{person.username} signs in without it once, and sets up a new one where it is asked for.")
