import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0002_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("via", models.CharField(choices=[("sms", "Text"), ("page", "The patient's page")], max_length=4)),
                ("provider_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("number", models.CharField(blank=True, db_default="", default="", help_text="E.164.", max_length=20)),
                ("words", models.CharField(blank=True, help_text="What the patient wrote.", max_length=1600)),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            ("confirm", "Will come"),
                            ("another", "Wants another time"),
                            ("moved", "Chose another time"),
                            ("stop", "No more messages"),
                            ("start", "Messages again"),
                            ("help", "Asked who we are"),
                            ("other", "To be read"),
                        ],
                        default="other",
                        max_length=7,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="What came of it.", max_length=200
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="What we texted back.", max_length=320
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("for_people", models.BooleanField(db_default=True, default=True)),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ["-received_at", "-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_once_per_version",
        ),
        migrations.AddField(
            model_name="message",
            name="again",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How often people decided to send it anew after it failed."
            ),
        ),
        migrations.AddField(
            model_name="patientlink",
            name="wrong_tries",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="Wrong dates of birth in a row. Too many lock the page."
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                fields=("appointment", "appointment_version", "rule", "channel", "again"),
                name="message_once_per_version",
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="appointment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replies",
                to="scheduling.appointment",
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="clinic",
            field=models.ForeignKey(
                help_text="Empty: a number that we do not know.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replies",
                to="clinic.clinic",
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="handled_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="patient",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="replies", to="patients.patient"
            ),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(
                condition=models.Q(("for_people", True), ("handled_at__isnull", True)),
                fields=["clinic", "received_at"],
                name="replies_for_people",
            ),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(fields=["number", "received_at"], name="replies_of_a_number"),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.UniqueConstraint(
                condition=models.Q(("provider_id", ""), _negated=True), fields=("provider_id",), name="reply_taken_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("meaning__in", ["confirm", "another", "moved", "stop", "start", "help", "other"])),
                name="reply_meaning_is_known",
            ),
        ),
    ]
