"""After a new key was put first in SIGN_IN_KEYS: encrypt every secret of the second step with it."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from clinic.accounts.second_step import renew_encryption


class Command(BaseCommand):
    help = "Encrypt the secrets of the second step with the newest key of SIGN_IN_KEYS. Then the old key can go."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = renew_encryption()
        except InvalidToken:
            raise CommandError(
                "A secret fits none of the keys. Put the key that is missing back into SIGN_IN_KEYS."
            ) from None
        self.stdout.write(f"{count} {'secret is' if count == 1 else 'secrets are'} encrypted with the newest key.")
