"""Bring the default reminder rules up to what `rules.toml` says."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from reminders.rules import load_rules, read_rules


class Command(BaseCommand):
    help = "Load the default reminder rules from rules.toml. What clinics changed for themselves stays."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = read_rules()
        load_rules(rows=rows, apps=apps)
        self.stdout.write(f"{len(rows)} rules loaded.")
