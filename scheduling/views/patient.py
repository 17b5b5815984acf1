"""A patient's own page: who they are, their courses, and when they come."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed, may
from patients.models import Patient
from scheduling.queries.patient import patient_page
from scheduling.sight import may_see, require_sight
from scheduling.views.request import Request


@never_cache
@require_safe
@allowed(Act.SEE_PATIENTS)
def patient(request: Request, patient_id: int) -> HttpResponse:
    """What is known of a patient, and what can be done for them."""
    person = get_object_or_404(Patient.objects.select_related("home_clinic"), pk=patient_id)
    access = require_sight(user=request.user, patient=person, in_emergency=True)
    context = {
        "page": patient_page(person),
        "emergency": access,
        "may_book": access is None and may(user=request.user, act=Act.BOOK),
        "may_see_audit": may_see(user=request.user, patient=person, act=Act.SEE_AUDIT),
        "may_edit": may(user=request.user, act=Act.EDIT_PATIENTS, clinic=person.home_clinic),
    }
    return render(request, "scheduling/patient.html", context)
