"""Calls to make come under watch of the audit trail."""

from django.db import migrations

from clinic.audit.watching import track

OF_APPOINTMENT = "(select patient_id from scheduling_appointment where id = this.appointment_id)"


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0006_calls_to_make")]

    operations = [track("scheduling_calltomake", patient=OF_APPOINTMENT)]
