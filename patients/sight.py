"""Which patients the pages of this room open. With appointments elsewhere: `scheduling.sight`."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from clinic.access import Act, may, require
from clinic.audit.log import seen
from patients import emergency
from patients.models import EmergencyAccess, Patient, TreatmentPlan


def patient_for(request: HttpRequest, patient_id: int, *, act: Act | None = None) -> Patient:
    """A patient of the person's clinics: not there for anybody else; and not open without the right to do `act`."""
    patient = _patient(patient_id)
    if not may(user=request.user, act=Act.SEE_PATIENTS, clinic=patient.home_clinic):
        raise Http404
    if act is not None:
        require(user=request.user, act=act, clinic=patient.home_clinic)
    seen(patient_id=patient.pk)
    return patient


def plan_for(request: HttpRequest, plan_id: int, *, act: Act | None = None) -> TreatmentPlan:
    """A plan of such a patient."""
    plan = _plan(plan_id)
    plan.patient = patient_for(request, plan.patient_id, act=act)
    return plan


def plan_to_read(request: HttpRequest, plan_id: int) -> tuple[TreatmentPlan, EmergencyAccess | None]:
    """A plan for a page that is only read: in an emergency also of another clinic's patient. Then says by which one."""
    plan = _plan(plan_id)
    plan.patient = _patient(plan.patient_id)
    access = None
    if not may(user=request.user, act=Act.SEE_PATIENTS, clinic=plan.patient.home_clinic):
        access = emergency.open_now(user=request.user, patient=plan.patient)
        if access is None:
            raise Http404
    seen(patient_id=plan.patient_id)
    return plan, access


def _patient(patient_id: int) -> Patient:
    return get_object_or_404(Patient.objects.select_related("home_clinic"), pk=patient_id)


def _plan(plan_id: int) -> TreatmentPlan:
    return get_object_or_404(TreatmentPlan.objects.select_related("therapy"), pk=plan_id)
