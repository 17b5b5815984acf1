"""For the manager: what was done to a patient's record, and who looked at it. Looking here is in the trail too."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed
from patients.models import Patient
from scheduling.history.page import history_of, looks_at
from scheduling.queries.who import Who
from scheduling.sight import require_sight
from scheduling.views.request import Request


@never_cache
@require_safe
@allowed(Act.SEE_AUDIT)
def patient_history(request: Request, patient_id: int) -> HttpResponse:
    """Who changed what, when, from what to what, and why."""
    return _page(request, patient_id, "scheduling/history.html", history_of)


@never_cache
@require_safe
@allowed(Act.SEE_AUDIT)
def patient_looked(request: Request, patient_id: int) -> HttpResponse:
    """Who opened the record."""
    return _page(request, patient_id, "scheduling/looked.html", looks_at)


def _page(request: Request, patient_id: int, template: str, read: Any) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.select_related("home_clinic"), pk=patient_id)
    require_sight(user=request.user, patient=patient, act=Act.SEE_AUDIT)
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    rows, older = read(patient, before=before)
    context = {"who": Who.of(patient), "rows": rows, "older": older, "is_first": before is None}
    return render(request, template, context)
