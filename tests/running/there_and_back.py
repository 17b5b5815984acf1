"""Takes back every migration of every room, in the database that the environment names, and makes them all again."""

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

for label in ("reminders", "scheduling", "patients", "therapies", "backup", "audit", "clinic"):
    call_command("migrate", label, "zero", verbosity=0)
ours = [name for name in connection.introspection.table_names() if name.split("_")[0] not in {"django", "auth"}]
print("left:", *ours)
call_command("migrate", verbosity=0)
call_command("migrate", check_unapplied=True, verbosity=0)
print("made again")
