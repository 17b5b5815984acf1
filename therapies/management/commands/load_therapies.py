"""`manage.py load_therapies`: bring what changed in catalog.toml into the database, as new versions."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from therapies.catalog import Loaded, load_catalog
from therapies.shipped import CatalogError, read_catalog

SENTENCES = {
    "new": "{name}: new, version {version} from {effective_from}.",
    "changed": "{name}: facts changed, version {version} from {effective_from}.",
    "unchanged": "{name}: unchanged, version {version}.",
    "superseded": "{name}: the file says what version {version} says, but a newer version is there and stays. "
    "To go back, make a new version from version {version} in the admin.",
}


class Command(BaseCommand):
    """Load the shipped therapies. Only what changed becomes a new version; nothing already there is rewritten."""

    help = "Loads the shipped therapies; a therapy whose facts changed gets a new version."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say per therapy what was done."""
        try:
            catalog = read_catalog()
        except CatalogError as error:
            raise CommandError(f"Nothing was loaded. {error}")
        for loaded in load_catalog(catalog=catalog, apps=apps, today=timezone.localdate()):
            self.stdout.write(_sentence(loaded))


def _sentence(loaded: Loaded) -> str:
    return SENTENCES[loaded.outcome].format(
        name=loaded.name, version=loaded.version, effective_from=loaded.effective_from
    )
