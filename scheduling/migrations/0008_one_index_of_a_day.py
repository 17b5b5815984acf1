"""A clinic's days are found by the index of their beginnings. That of the clinic alone misled the planner: it read a
clinic's whole history to find a week."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0007_one_index_of_a_day"),
        ("scheduling", "0007_next_dose"),
    ]

    operations = [
        migrations.AlterField(
            model_name="appointment",
            name="clinic",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appointments",
                to="clinic.clinic",
            ),
        ),
    ]
