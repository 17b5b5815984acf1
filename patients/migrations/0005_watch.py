"""Patients, plans and papers come under watch of the audit trail."""

from django.db import migrations

from clinic.audit.watching import track

OF_PLAN = "(select patient_id from patients_treatmentplan where id = this.plan_id)"


class Migration(migrations.Migration):
    dependencies = [("patients", "0004_time_zone"), ("audit", "0001_trail")]

    operations = [
        track("patients_patient", patient="this.id", leave_out=("search_name",)),
        track("patients_contactpoint", patient="this.patient_id"),
        track("patients_contactentry", patient="this.patient_id"),
        track("patients_treatmentplan", patient="this.patient_id"),
        track("patients_dosegiven", patient=OF_PLAN),
        track("patients_clearance", patient="this.patient_id"),
        track("patients_authorization", patient=OF_PLAN),
    ]
