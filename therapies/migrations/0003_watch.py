"""Therapies and their facts come under watch of the audit trail."""

from django.db import migrations

from clinic.audit.watching import track


class Migration(migrations.Migration):
    dependencies = [("therapies", "0002_catalog"), ("audit", "0001_trail")]

    operations = [
        track("therapies_therapy"),
        track("therapies_therapyversion"),
        track("therapies_dosephase"),
        track("therapies_prerequisite"),
    ]
