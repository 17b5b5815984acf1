"""A clinic's days are found by the index of their beginnings. That of the clinic alone misled the planner: it read a
clinic's whole history to find a week."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0006_presses"),
    ]

    operations = [
        migrations.AlterField(
            model_name="floorperiod",
            name="clinic",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="floor_periods",
                to="clinic.clinic",
            ),
        ),
        migrations.AlterField(
            model_name="shift",
            name="clinic",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="shifts", to="clinic.clinic"
            ),
        ),
    ]
