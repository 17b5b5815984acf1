"""The page of a patient's numbers and addresses: which may be used for messages, and why not."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Act, allowed, may
from clinic.once.presses import once
from patients import consent
from patients.models import ContactChange, ContactPoint, ContactSource
from patients.sight import patient_for

_SAID = {
    ContactChange.GIVEN: "messages may go there again",
    ContactChange.WITHDRAWN: "gets no more messages",
    ContactChange.ALIVE: "is tried again",
}


@never_cache
@allowed(Act.SEE_PATIENTS)
@require_safe
def patient_contacts(request: HttpRequest, patient_id: int) -> HttpResponse:
    """How each number and address stands for messages, with all that was entered about it."""
    patient = patient_for(request, patient_id)
    context = {
        "patient": patient,
        "ways": consent.ways_of(patient=patient),
        "may_edit": may(user=request.user, act=Act.EDIT_PATIENTS, clinic=patient.home_clinic),
    }
    return render(request, "patients/contacts.html", context)


@allowed(Act.EDIT_PATIENTS)
@require_POST
@once
def contact_change(request: HttpRequest, patient_id: int, point_id: int) -> HttpResponse:
    """Note what somebody told us about a number or address: no messages, messages again, or that it works again."""
    patient = patient_for(request, patient_id, act=Act.EDIT_PATIENTS)
    point = get_object_or_404(ContactPoint, pk=point_id, patient=patient)
    channel, change, by = consent.CHANNEL_OF.get(point.kind, ""), request.POST.get("change", ""), _user(request)
    if not channel or change not in _SAID:
        raise Http404
    about: dict[str, Any] = {"value": point.value, "channel": channel, "source": ContactSource.STAFF, "by": by}
    if change == ContactChange.GIVEN:
        consent.give(**about, patient=patient)
    elif change == ContactChange.WITHDRAWN:
        consent.withdraw(**about, patient=patient)
    else:
        consent.mark_alive(**about)
    messages.success(request, f"{point}: {_SAID[ContactChange(change)]}.")
    return redirect("patient_contacts", patient.pk)


def _user(request: HttpRequest) -> Any:
    return request.user
