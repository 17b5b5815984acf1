"""What patients are told, and what they answer, comes under watch of the audit trail."""

from django.db import migrations

from clinic.audit.watching import track

OF_APPOINTMENT = "(select patient_id from scheduling_appointment where id = this.appointment_id)"


class Migration(migrations.Migration):
    dependencies = [("reminders", "0004_mail_reports"), ("audit", "0001_trail")]

    operations = [
        track("reminders_reminderrule"),
        # The steps of a worker's claim are left out: what became of the message is what counts.
        track(
            "reminders_message",
            patient=OF_APPOINTMENT,
            leave_out=("claim", "claimed_at", "try_after", "sending_at", "attempts"),
        ),
        track("reminders_clinicvoice"),
        track("reminders_messagetemplate"),
        track("reminders_patientlink", patient=OF_APPOINTMENT, leave_out=("key",)),
        track("reminders_reply", patient="this.patient_id"),
    ]
