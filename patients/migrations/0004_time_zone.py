from django.db import migrations, models

import clinic.models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0003_clearances"),
    ]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="timezone",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where the patient lives, e.g. America/Denver. Empty: as the home clinic.",
                max_length=40,
                validators=[clinic.models.validate_zone],
                verbose_name="time zone",
            ),
        ),
    ]
