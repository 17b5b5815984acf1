"""Pages of patients, their plans and doses: find, register, change."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import Act, allowed, clinics_for, may
from clinic.navigation import home_clinic
from clinic.once.presses import once
from patients import course, plans, registering
from patients.errors import Refused
from patients.forms import DoseForm, PatientForm, PlanForm
from patients.models import DoseSource, Patient
from patients.search import search
from patients.sight import patient_for, plan_for

_STATUS_CHANGES = {
    "pause": (plans.pause_plan, "is paused. It is not booked or listed as due until you resume it."),
    "resume": (plans.resume_plan, "is active again."),
    "end": (plans.end_plan, "has ended."),
}


@never_cache
@allowed(Act.SEE_PATIENTS)
@require_http_methods(["GET", "POST"])
def patient_search(request: HttpRequest) -> HttpResponse:
    """The search page, and the list below the box while somebody types. What is typed travels by POST, not in a URL.

    Enter once more on the same words opens the only patient found, before any script has loaded too.
    """
    text = request.POST.get("q", "").strip()
    found = search(text=text, clinics=clinics_for(user=request.user, act=Act.SEE_PATIENTS))
    htmx: Any = getattr(request, "htmx", False)
    if text and not htmx and len(found) == 1 and request.POST.get("found_for") == text:
        return redirect("patient", found[0].patient.pk)
    context = {
        "text": text,
        "found": found,
        "may_book": may(user=request.user, act=Act.BOOK),
        "may_edit": may(user=request.user, act=Act.EDIT_PATIENTS),
        "may_import": may(user=request.user, act=Act.IMPORT_PATIENTS),
        "nav_search_url": None,
    }
    return render(request, "patients/found.html" if htmx else "patients/search.html", context)


@never_cache
@allowed(Act.EDIT_PATIENTS)
@require_http_methods(["GET", "POST"])
@once
def patient_new(request: HttpRequest) -> HttpResponse:
    """Register a patient."""
    form = PatientForm(
        _typed(request),
        clinics=clinics_for(user=request.user, act=Act.EDIT_PATIENTS),
        initial={"home_clinic": home_clinic(request, act=Act.EDIT_PATIENTS)},
    )
    if form.is_valid():
        try:
            patient = registering.register(person=form.person(), contacts=form.contacts())
        except Refused as refused:
            form.show(refused)
        else:
            messages.success(request, f"{patient} is registered. Next: start a treatment plan.")
            return redirect("patient", patient.pk)
    return _form(request, form, title="New patient", action="Register")


@never_cache
@allowed(Act.EDIT_PATIENTS)
@require_http_methods(["GET", "POST"])
def patient_edit(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Correct what is known of a patient."""
    patient = patient_for(request, patient_id, act=Act.EDIT_PATIENTS)
    form = PatientForm(
        _typed(request),
        clinics=clinics_for(user=request.user, act=Act.EDIT_PATIENTS),
        initial=PatientForm.initial_of(patient),
    )
    if form.is_valid():
        try:
            registering.change(patient=patient, person=form.person(), contacts=form.contacts())
        except Refused as refused:
            form.show(refused)
        else:
            messages.success(request, f"{patient} is saved.")
            return redirect("patient", patient.pk)
    return _form(request, form, title="Edit patient", action="Save", patient=Patient.objects.get(pk=patient.pk))


@never_cache
@allowed(Act.EDIT_PATIENTS)
@require_http_methods(["GET", "POST"])
@once
def plan_new(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Start a course of treatment."""
    patient = patient_for(request, patient_id, act=Act.EDIT_PATIENTS)
    form = PlanForm(_typed(request))
    if form.is_valid():
        try:
            plan = plans.start_plan(patient=patient, therapy=form.cleaned_data["therapy"], order=form.order())
        except Refused as refused:
            form.show(refused)
        else:
            messages.success(request, f"{plan.therapy} is started for {patient}. Next: book the first dose.")
            return redirect("patient", patient.pk)
    return _form(request, form, title="New treatment plan", action="Start plan", patient=patient)


@never_cache
@allowed(Act.EDIT_PATIENTS)
@require_http_methods(["GET", "POST"])
@once
def plan_edit(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Change an order, or pause, resume or end the course."""
    plan = plan_for(request, plan_id, act=Act.EDIT_PATIENTS)
    status_change = _STATUS_CHANGES.get(request.POST.get("change", ""))
    form = PlanForm(None if status_change else _typed(request), plan=plan)
    try:
        if status_change:
            change_status, news = status_change
            change_status(plan=plan)
            messages.success(request, f"{plan.therapy} of {plan.patient} {news}")
            return redirect("patient", plan.patient_id)
        if form.is_valid():
            plans.change_plan(plan=plan, order=form.order())
            messages.success(request, f"{plan.therapy} of {plan.patient} is saved. Due dates follow.")
            return redirect("patient", plan.patient_id)
    except Refused as refused:
        if status_change:
            messages.error(request, refused.message)
        else:
            form.show(refused)
    return _form(request, form, title=f"{plan.therapy} plan", action="Save", patient=plan.patient, plan=plan)


@never_cache
@allowed(Act.EDIT_PATIENTS)
@require_http_methods(["GET", "POST"])
@once
def dose_given_new(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Enter a dose that was given elsewhere, or here before this program."""
    plan = plan_for(request, plan_id, act=Act.EDIT_PATIENTS)
    doses = list(plan.doses_given.order_by("-dose_number"))
    form = DoseForm(_typed(request), initial=DoseForm.initial_of(doses))
    if form.is_valid():
        try:
            dose = course.record_dose(plan=plan, source=DoseSource.ENTERED, by=_user(request), **form.cleaned_data)
        except Refused as refused:
            form.show(refused)
        else:
            messages.success(request, f"{plan.therapy} {dose} is on record. Due dates follow.")
            return redirect("patient", plan.patient_id)
    title = f"{plan.therapy}: a dose given elsewhere"
    return _form(request, form, title=title, action="Save dose", patient=plan.patient, doses=doses, doses_plan=plan)


@allowed(Act.EDIT_PATIENTS)
@require_POST
@once
def dose_given_remove(request: HttpRequest, plan_id: int, dose_number: int) -> HttpResponse:
    """Take back a dose that was entered or imported by mistake."""
    plan = plan_for(request, plan_id, act=Act.EDIT_PATIENTS)
    get_object_or_404(plan.doses_given.exclude(source=DoseSource.HERE), dose_number=dose_number)
    course.remove_dose(plan=plan, dose_number=dose_number)
    messages.success(request, f"Dose {dose_number} of {plan.therapy} is no longer on record. Due dates follow.")
    return redirect("dose_given_new", plan.pk)


def _typed(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _user(request: HttpRequest) -> Any:
    return request.user


def _form(request: HttpRequest, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "patients/form.html", {"form": form, **context}, status=status)
