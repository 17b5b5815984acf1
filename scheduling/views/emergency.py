"""Emergency access: asking for a record, giving it back, and the managers' list of what was opened."""

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Act, allowed, require
from patients import emergency
from patients.errors import Refused
from patients.forms import RuleForm, TypedDateField
from patients.models import EmergencyAccess
from scheduling.views.request import Request

MOST_LISTED = 100


class EmergencyForm(RuleForm):
    """Whose record, and why it cannot wait."""

    known_as = forms.CharField(label="MRN or family name", max_length=60)
    birth_date = TypedDateField(label="Date of birth", example="3/14/1975")
    reason = forms.CharField(
        label="Why it cannot wait",
        max_length=emergency.MOST_REASON,
        error_messages={"required": "Say why it cannot wait."},
        help_text="The manager of the patient's clinic reads this. Leave out the patient's name.",
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.OPEN_IN_EMERGENCY)
def emergency_open(request: Request) -> HttpResponse:
    """Ask for a record by two identifiers. A few tries an hour: it is no way to look for people."""
    form = EmergencyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (wait := ratelimit.consume_or_429(request, action="emergency", user=request.user)):
        return wait
    if form.is_valid():
        try:
            access = emergency.open_record(by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.show(refused)
        else:
            return redirect("patient", access.patient_id)
    return render(request, "scheduling/emergency.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_POST
@allowed(Act.OPEN_IN_EMERGENCY)
def emergency_close(request: Request, access_id: int) -> HttpResponse:
    """Give back what one has opened."""
    access = get_object_or_404(EmergencyAccess, pk=access_id, by=request.user)
    emergency.close(access=access)
    messages.success(request, "The record is closed again.")
    return redirect("patient_search")


@never_cache
@require_safe
@allowed(Act.REVIEW_EMERGENCIES)
def emergencies(request: Request) -> HttpResponse:
    """Whose records of the manager's clinics were opened in an emergency, by whom, and why."""
    found = emergency.accesses_at(user=request.user, limit=MOST_LISTED)
    return render(request, "scheduling/emergencies.html", {"accesses": found})


@never_cache
@require_POST
@allowed(Act.REVIEW_EMERGENCIES)
def emergency_reviewed(request: Request, access_id: int) -> HttpResponse:
    """The manager has looked at it."""
    access = get_object_or_404(EmergencyAccess.objects.select_related("patient__home_clinic"), pk=access_id)
    require(user=request.user, act=Act.REVIEW_EMERGENCIES, clinic=access.patient.home_clinic)
    try:
        emergency.review(access=access, by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, "Noted: you have looked at it.")
    return redirect("emergencies")
