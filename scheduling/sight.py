"""Whose record a member of staff may open: patients of their clinics, and those who have an appointment there."""

from django.core.exceptions import PermissionDenied

from clinic.access import Act, Anyone, clinic_ids_for
from clinic.audit.log import seen
from patients.models import Patient
from scheduling.models import Appointment


def may_see(*, user: Anyone, patient: Patient, act: Act = Act.SEE_PATIENTS) -> bool:
    """Whether the person may do `act` at the patient's home clinic, or at a clinic of one of their appointments."""
    clinics = clinic_ids_for(user=user, act=act)
    if patient.home_clinic_id in clinics:
        return True
    return bool(clinics) and Appointment.objects.filter(patient=patient, clinic__in=clinics).exists()


def require_sight(*, user: Anyone, patient: Patient, act: Act = Act.SEE_PATIENTS) -> None:
    """Raise `PermissionDenied` unless the person may open this patient's record. That they do is in the audit trail."""
    if not may_see(user=user, patient=patient, act=act):
        raise PermissionDenied("This patient is not treated at a clinic of yours. Ask their clinic, or your manager.")
    seen(patient_id=patient.pk)
