"""What every rule about an appointment shares: reading it whole, its day, its end, and who set its status."""

from collections.abc import Collection
from datetime import date

from django.utils import timezone

from clinic.models import Clinic, User
from clinic.quarters import local_date
from clinic.sql import insert
from patients.models import Patient, TreatmentPlan
from scheduling.locks import lock
from scheduling.models import Appointment, NurseAssignment, Status


def fresh(appointment: Appointment) -> Appointment:
    """The appointment as it stands now, with what every rule needs of it."""
    return Appointment.objects.select_related("plan__patient", "plan__therapy", "patient", "clinic", "chair").get(
        pk=appointment.pk
    )


def fresh_plan(plan: TreatmentPlan, clinic: Clinic) -> TreatmentPlan:
    """A plan and its patient as they stand now; `clinic` is known, and mostly the patient's own. Two queries."""
    [now] = TreatmentPlan.objects.raw("select * from patients_treatmentplan where id = %s", [plan.pk])
    [patient] = Patient.objects.raw("select * from patients_patient where id = %s", [plan.patient_id])
    now.patient, now.therapy = patient, plan.therapy
    if patient.home_clinic_id == clinic.pk:
        patient.home_clinic = clinic
    return now


def hold(appointment: Appointment, *, and_days: Collection[tuple[Clinic, date]] = ()) -> Appointment:
    """Take the locks that a change of an appointment needs, and read it as it stands under them.

    The patient comes first: nobody moves the appointment from then on, so the clinic day that is locked next is the one
    it is on now, whatever the caller saw. Only its chair may still change until then, when somebody else is booked
    there. `and_days` are locked too. Call inside `guarded`.
    """
    lock(days=(), patient=appointment.patient)
    appointment = fresh(appointment)
    lock(days={day_of(appointment), *and_days})
    return fresh(appointment)


def day_of(appointment: Appointment) -> tuple[Clinic, date]:
    """The clinic day that an appointment counts on."""
    return appointment.clinic, local_date(appointment.start, appointment.clinic.zone)


def stamp(appointment: Appointment, status: str, by: User | None) -> None:
    """Keep who set a status, and when."""
    change = {"appointment_id": appointment.pk, "status": status, "at": timezone.now(), "by_id": by.pk if by else None}
    insert("scheduling_statuschange", [change])


def release(appointment: Appointment, status: Status, *, reason: str, note: str, by: User | None) -> None:
    """End an appointment untreated: no nurse cares for it any more, its chair is free. Call under its day's lock.

    Without a `note` the one from booking stays.
    """
    NurseAssignment.objects.filter(appointment=appointment).delete()
    appointment.status, appointment.reason, appointment.note = status, reason, note or appointment.note
    appointment.short_staffed = False
    appointment.save(update_fields=["status", "reason", "note", "short_staffed"])
    stamp(appointment, status, by)
