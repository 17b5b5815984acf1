"""Calls to make after a day was planned again."""

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.audit.watching import track


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_hours_from_a_day_and_open_holidays"),
        ("scheduling", "0005_watch"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CallToMake",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("why", models.CharField(max_length=240)),
                ("asked_at", models.DateTimeField()),
                ("called_at", models.DateTimeField(null=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls_to_make",
                        to="scheduling.appointment",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "called_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "old_clinic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.clinic"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "calls to make",
                "ordering": ["asked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("called_at__isnull", True)),
                        fields=("appointment",),
                        name="one_open_call_about_a_visit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("called_by__isnull", True), ("called_at__isnull", False), _connector="OR"),
                        name="call_was_made_when",
                    ),
                ],
            },
        ),
        track(
            "scheduling_calltomake",
            patient="(select patient_id from scheduling_appointment where id = this.appointment_id)",
        ),
    ]
