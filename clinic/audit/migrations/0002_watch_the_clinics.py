"""Clinics, chairs, nurses, shifts and staff accounts come under watch."""

from django.db import migrations

from clinic.audit.watching import track


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_trail"), ("clinic", "0003_hours_from_a_day_and_open_holidays")]

    operations = [
        track("clinic_clinic"),
        track("clinic_openinghours"),
        track("clinic_closure"),
        track("clinic_openholiday"),
        track("clinic_chair"),
        track("clinic_chairoutage"),
        track("clinic_nurse"),
        track("clinic_shiftpattern"),
        track("clinic_shift"),
        track("clinic_shiftbreak"),
        track("clinic_absence"),
        track("clinic_floorperiod"),
        track("clinic_membership"),
        track("clinic_user", leave_out=("password", "last_login")),
        track("clinic_user_groups"),
        track("clinic_user_user_permissions"),
    ]
