"""Whose record a member of staff may open: patients of their clinics, and those who come there or lately did.

In an emergency a record of another clinic can be opened for an hour, to read: `patients.emergency`. Only the pages that
ask for it here (`in_emergency=True`) open then; all others stay shut, so nothing can be changed.
"""

from collections.abc import Collection
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from clinic.access import Act, Anyone, clinic_ids_for
from clinic.audit.log import seen
from patients import emergency
from patients.models import EmergencyAccess, Patient
from scheduling.models import HELD, Appointment, StatusChange

AFTER_A_VISIT = timedelta(days=180)
"""For so long its clinic opens the record: a late reaction, a letter, the next dose of a drug given twice a year."""

AFTER_GIVING_UP = timedelta(days=30)
"""For so long after a visit was cancelled or missed: to call the patient and to book again."""


def may_see(*, user: Anyone, patient: Patient, act: Act = Act.SEE_PATIENTS) -> bool:
    """Whether the person may do `act` at the patient's home clinic, or at one where the patient comes or lately did."""
    clinics = clinic_ids_for(user=user, act=act)
    if patient.home_clinic_id in clinics:
        return True
    return bool(clinics) and _comes_to(clinics, patient)


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


def _comes_to(clinics: Collection[int], patient: Patient) -> bool:
    """Whether a visit there lies ahead, or not long ago; one that was given up, whether that was lately."""
    now = timezone.now()
    lately = StatusChange.objects.filter(
        appointment=OuterRef("pk"), status=OuterRef("status"), at__gt=now - AFTER_GIVING_UP
    )
    is_held = Q(status__in=HELD)
    counts = (is_held & Q(period__endswith__gt=now - AFTER_A_VISIT)) | (~is_held & Exists(lately))
    return Appointment.objects.filter(counts, patient=patient, clinic__in=clinics).exists()
