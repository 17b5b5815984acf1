"""Indexes over the visits that lists look for: not over yet, missed, short-staffed. Made without a lock."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import clinic.periods


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("scheduling", "0008_one_index_of_a_day")]

    operations = [
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                models.F("clinic"),
                clinic.periods.Beginning("period"),
                condition=models.Q(("status__in", ["booked", "arrived", "seated", "infusing", "observing"])),
                name="visits_not_over",
            ),
        ),
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                models.F("clinic"),
                clinic.periods.Beginning("period"),
                condition=models.Q(("status__in", ["no_show", "left"])),
                name="visits_missed",
            ),
        ),
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("short_staffed", True)), fields=["clinic"], name="short_staffed_visits"
            ),
        ),
    ]
