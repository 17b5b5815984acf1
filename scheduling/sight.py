"""Whose record a member of staff may open: patients of their clinics, and those who have an appointment there.

In an emergency a record of another clinic can be opened for an hour, to read: `patients.emergency`. Only the pages that
ask for it here (`in_emergency=True`) open then; all others stay shut, so nothing can be changed.
"""

from django.core.exceptions import PermissionDenied

from clinic.access import Act, Anyone, clinic_ids_for
from clinic.audit.log import seen
from patients import emergency
from patients.models import EmergencyAccess, Patient
from scheduling.models import Appointment


def may_see(*, user: Anyone, patient: Patient, act: Act = Act.SEE_PATIENTS) -> bool:
    """Whether the person may do `act` at the patient's home clinic, or at a clinic of one of their appointments."""
    clinics = clinic_ids_for(user=user, act=act)
    if patient.home_clinic_id in clinics:
        return True
    return bool(clinics) and Appointment.objects.filter(patient=patient, clinic__in=clinics).exists()


def require_sight(
    *, user: Anyone, patient: Patient, act: Act = Act.SEE_PATIENTS, in_emergency: bool = False
) -> EmergencyAccess | None:
    """Raise `PermissionDenied` unless the person may open this patient's record. That they do is in the audit trail.

    Returns the emergency by which alone it is open, for a page that is only read and says `in_emergency`.
    """
    access = None
    if not may_see(user=user, patient=patient, act=act):
        access = emergency.open_now(user=user, patient=patient) if in_emergency else None
        if access is None:
            raise PermissionDenied(
                "This patient is not treated at a clinic of yours. Ask their clinic, or your manager. If it cannot"
                " wait: Patients, Emergency access."
            )
    seen(patient_id=patient.pk)
    return access
