"""Pages of a patient's papers: labs and enrolments of a plan, and payers' authorizations."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import Act, allowed, may, require
from clinic.models import User
from clinic.once.presses import once
from patients import authorizations, clearances
from patients.errors import Refused
from patients.models import Authorization, Clearance, Patient, PlanStatus, TreatmentPlan
from patients.papers_forms import AuthorizationForm, ClearanceForm
from patients.readiness import dossier
from patients.sight import patient_for, plan_for, plan_to_read
from therapies.readiness import AUTHORIZATION, Check, Dossier, readiness

MOST_SHOWN = 100


@never_cache
@allowed(Act.SEE_PATIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def plan_clearances(request: HttpRequest, plan_id: int) -> HttpResponse:
    """What is in order of a plan today, what is missing, and what was entered. A POST enters something."""
    plan, access = plan_to_read(request, plan_id)
    may_enter = may(user=request.user, act=Act.CHANGE_STATUS, clinic=plan.patient.home_clinic)
    known = dossier(plan=plan)
    checks, names = _checks(known), {asked.code: asked.name for asked in known.requirements}
    form = ClearanceForm(
        request.POST if request.method == "POST" else None,
        checks=checks,
        initial={"code": request.GET.get("code", "")},
    )
    if request.method == "POST":
        require(user=request.user, act=Act.CHANGE_STATUS, clinic=plan.patient.home_clinic)
        if form.is_valid():
            try:
                clearances.record(plan=plan, by=_user(request), **form.cleaned_data)
            except Refused as refused:
                form.show(refused)
            else:
                messages.success(request, f"{names[form.cleaned_data['code']]} is on record.")
                return redirect("plan_clearances", plan.pk)
    context = {
        "plan": plan,
        "patient": plan.patient,
        "checks": checks,
        "authorization": AUTHORIZATION,
        "history": [(names.get(one.code, one.code), one) for one in _history(plan)],
        "form": form if may_enter else None,
        "may_enter": may_enter,
        "emergency": access,
    }
    return render(request, "patients/clearances.html", context, status=422 if form.errors else 200)


@allowed(Act.CHANGE_STATUS)
@require_POST
def clearance_withdraw(request: HttpRequest, plan_id: int, clearance_id: int) -> HttpResponse:
    """Take back what was entered by mistake. It stays on the page, crossed out."""
    plan = plan_for(request, plan_id, act=Act.CHANGE_STATUS)
    clearance = get_object_or_404(Clearance, pk=clearance_id, patient=plan.patient)
    clearances.withdraw(clearance=clearance, by=_user(request))
    messages.success(request, "Withdrawn. It stays on record, crossed out.")
    return redirect("plan_clearances", plan.pk)


@never_cache
@allowed(Act.SEE_PATIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def patient_authorizations(request: HttpRequest, patient_id: int) -> HttpResponse:
    """What payers agreed to, what of it is used, and what is left. A POST enters an authorization."""
    patient = patient_for(request, patient_id)
    may_edit = may(user=request.user, act=Act.EDIT_PATIENTS, clinic=patient.home_clinic)
    plans = list(patient.plans.select_related("therapy").exclude(status=PlanStatus.ENDED))
    form = AuthorizationForm(request.POST if request.method == "POST" else None, plans=plans)
    if request.method == "POST":
        require(user=request.user, act=Act.EDIT_PATIENTS, clinic=patient.home_clinic)
        if form.is_valid():
            try:
                made = authorizations.add(plan=form.cleaned_data["plan"], terms=form.terms(), by=_user(request))
            except Refused as refused:
                form.show(refused)
            else:
                messages.success(request, f"{made} is on record.")
                return redirect("patient_authorizations", patient.pk)
    standings = authorizations.standings(plans=plans)
    context = {
        "patient": patient,
        "plans": [(plan, standings[plan.pk]) for plan in plans],
        "today": timezone.localdate(),
        "form": form if may_edit and plans else None,
        "may_edit": may_edit,
    }
    return render(request, "patients/authorizations.html", context, status=422 if form.errors else 200)


@never_cache
@allowed(Act.EDIT_PATIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def authorization_correct(request: HttpRequest, patient_id: int, authorization_id: int) -> HttpResponse:
    """Enter an authorization anew as it should be. The wrong one stays on record as withdrawn."""
    patient = patient_for(request, patient_id, act=Act.EDIT_PATIENTS)
    one = _authorization(patient, authorization_id)
    form = AuthorizationForm(request.POST if request.method == "POST" else None, plans=[], authorization=one)
    if form.is_valid():
        try:
            made = authorizations.correct(authorization=one, terms=form.terms(), by=_user(request))
        except Refused as refused:
            form.show(refused)
        else:
            messages.success(request, f"{made} is corrected.")
            return redirect("patient_authorizations", patient.pk)
    context = {"form": form, "title": f"Correct {one}", "action": "Save", "patient": patient}
    return render(request, "patients/form.html", context, status=422 if form.errors else 200)


@allowed(Act.EDIT_PATIENTS)
@require_POST
@once
def authorization_withdraw(request: HttpRequest, patient_id: int, authorization_id: int) -> HttpResponse:
    """Take back an authorization that was entered by mistake, or that the payer took back."""
    patient = patient_for(request, patient_id, act=Act.EDIT_PATIENTS)
    one = authorizations.withdraw(authorization=_authorization(patient, authorization_id), by=_user(request))
    messages.success(request, f"{one} is withdrawn.")
    return redirect("patient_authorizations", patient.pk)


def _authorization(patient: Patient, authorization_id: int) -> Authorization:
    return get_object_or_404(Authorization, pk=authorization_id, plan__patient=patient, withdrawn_at=None)


def _checks(known: Dossier) -> list[Check]:
    """How what is asked once or periodically stands today, for the dose after those given."""
    today = timezone.localdate()
    found = readiness(dossier=known, dose_number=max(known.given, default=0) + 1, day=today, today=today)
    return [check for check in found.checks if check.life in ("once", "periodic")]


def _history(plan: TreatmentPlan) -> list[Clearance]:
    """What was entered for the plan, or for every course of the patient, the latest first."""
    own = Clearance.objects.filter(patient=plan.patient).exclude(plan__in=plan.patient.plans.exclude(pk=plan.pk))
    return list(own.select_related("by", "withdrawn_by").order_by("-recorded_at", "-pk")[:MOST_SHOWN])


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
