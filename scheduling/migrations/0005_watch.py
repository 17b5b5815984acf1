"""Appointments, who cares for them and who waits come under watch of the audit trail."""

from django.db import migrations

from clinic.audit.watching import track

OF_APPOINTMENT = "(select patient_id from scheduling_appointment where id = this.appointment_id)"
OF_PLAN = "(select patient_id from patients_treatmentplan where id = this.plan_id)"
OF_ENTRY = (
    "(select patient_id from patients_treatmentplan plan join scheduling_waitlistentry entry on entry.plan_id = plan.id"
    " where entry.id = this.{})"
)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_claims_and_snoozes"), ("audit", "0001_trail")]

    operations = [
        track("scheduling_appointment", patient="this.patient_id"),
        track("scheduling_nurseassignment", patient=OF_APPOINTMENT),
        track("scheduling_statuschange", patient=OF_APPOINTMENT),
        track("scheduling_waitlistentry", patient=OF_PLAN),
        track("scheduling_waitlistentry_clinics", patient=OF_ENTRY.format("waitlistentry_id")),
        track("scheduling_waitlistoffer", patient=OF_ENTRY.format("entry_id")),
        track("scheduling_snooze"),
        track("scheduling_followupcall", patient=OF_APPOINTMENT),
    ]
