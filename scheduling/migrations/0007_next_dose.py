"""Where each course stands, kept by the database itself: read `next_dose.sql` beside this file."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

HERE = Path(__file__).parent


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_hours_from_a_day_and_open_holidays"),
        ("patients", "0006_emergency_access"),
        ("scheduling", "0006_calls_to_make"),
    ]

    operations = [
        migrations.CreateModel(
            name="NextDose",
            fields=[
                (
                    "plan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="patients.treatmentplan",
                    ),
                ),
                ("dose_number", models.PositiveSmallIntegerField()),
                ("day", models.DateField()),
                ("latest", models.DateField()),
            ],
        ),
        migrations.RunSQL(
            sql=(HERE / "next_dose.sql").read_text(),
            reverse_sql=(HERE / "next_dose_undo.sql").read_text(),
        ),
    ]
