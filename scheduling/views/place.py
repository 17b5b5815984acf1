"""Pages that belong to one clinic: which one an address names, and where a page without a day leads."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import Act, clinics_for
from clinic.models import Clinic
from clinic.navigation import remember_clinic
from clinic.quarters import local_date


def clinic_for(request: HttpRequest, *, slug: str, act: Act) -> Clinic:
    """The clinic that an address names, if the person may do `act` there. Raises 404 or `PermissionDenied`."""
    for clinic in clinics_for(user=request.user, act=act):
        if clinic.slug == slug:
            remember_clinic(request, clinic=clinic)
            return clinic
    stranger = get_object_or_404(Clinic, slug=slug)
    raise PermissionDenied(f"You do not work at {stranger}, or your role there does not include this page.")


@require_safe
def to_day(request: HttpRequest, clinic: str, page: str, act: Act) -> HttpResponse:
    """Send to a page of a clinic on `?date=`, or today."""
    place = clinic_for(request, slug=clinic, act=act)
    try:
        day = date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        day = local_date(timezone.now(), place.zone)
    return redirect(page, place.slug, day)
