"""Invitations, what was done to accounts, and second steps come under watch: without their secrets."""

from django.db import migrations

from clinic.audit.watching import track


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_watch_the_clinics"),
        ("clinic", "0004_staff_accounts"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        track("clinic_invitation", leave_out=("digest",)),
        track("clinic_staffevent"),
        track("mfa_authenticator", leave_out=("data", "last_used_at")),
    ]
