"""The guarantees in SQL: read `guarantees.sql` beside this file."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=(HERE / "guarantees.sql").read_text(),
            reverse_sql=(HERE / "guarantees_undo.sql").read_text(),
        )
    ]
