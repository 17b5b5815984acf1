"""Evening out the nurses of a day: look, do it, take it back."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import Act, allowed
from clinic.models import Clinic
from clinic.once.presses import once
from clinic.quarters import ClinicDate
from scheduling.day_bar import day_bar
from scheduling.engine.day import Care
from scheduling.queries.balance import balance_page
from scheduling.rebalancing import CareByAppointment, Evened, even_out, propose, take_back
from scheduling.refusals import NotAvailable
from scheduling.views.place import clinic_for
from scheduling.views.request import Request

SESSION_EVENED = "evened_out"
"""Session key: the day that this person evened out last, and everybody's nurses before and after."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def balance(request: Request, clinic: str, day: date) -> HttpResponse:
    """How the day's nurses could be evened out. A POST does it, if the day still is as it was shown."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    if request.method != "POST":
        return _page(request, place, day)
    version = request.POST.get("version", "")
    try:
        evened = even_out(clinic=place, date=day, version=int(version) if version.isdecimal() else -1)
    except NotAvailable as refusal:
        return _page(request, place, day, problem=refusal.reason, status=409)
    request.session[SESSION_EVENED] = {
        "clinic": place.pk,
        "day": day.isoformat(),
        "before": _packed(evened.before),
        "after": _packed(evened.after),
    }
    count = len(evened.after)
    messages.success(request, f"{count} patient{'s have' if count != 1 else ' has'} another nurse now.")
    return redirect("balance", place.slug, day)


@never_cache
@require_POST
@allowed(Act.EDIT_STAFFING)
@once
def balance_undo(request: Request, clinic: str, day: date) -> HttpResponse:
    """Give everybody the nurses from before again, if nothing has changed since."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    evened = _evened(request, place, day)
    if evened is None:
        messages.error(request, "There is nothing to take back on this day.")
        return redirect("balance", place.slug, day)
    try:
        take_back(clinic=place, date=day, evened=evened)
    except NotAvailable as refusal:
        messages.error(request, refusal.reason)
    else:
        messages.success(request, "Everybody has the nurse from before again.")
    del request.session[SESSION_EVENED]
    return redirect("balance", place.slug, day)


def _page(request: Request, place: Clinic, day: date, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "clinic": place,
        "day": day,
        "bar": day_bar(user=request.user, act=Act.EDIT_STAFFING, clinic=place, day=day, page="balance"),
        "page": balance_page(clinic=place, grid=ClinicDate(day, place.zone), proposal=propose(clinic=place, date=day)),
        "may_undo": _evened(request, place, day) is not None,
        "problem": problem,
    }
    return render(request, "scheduling/balance.html", context, status=status)


def _evened(request: Request, place: Clinic, day: date) -> Evened | None:
    """What this person did to this day last."""
    kept = request.session.get(SESSION_EVENED)
    if not kept or (kept["clinic"], kept["day"]) != (place.pk, day.isoformat()):
        return None
    return Evened(before=_unpacked(kept["before"]), after=_unpacked(kept["after"]))


def _packed(care: CareByAppointment) -> dict[str, list[list[int]]]:
    return {str(pk): [[piece.nurse, piece.start, piece.end] for piece in pieces] for pk, pieces in care.items()}


def _unpacked(kept: dict[str, Any]) -> CareByAppointment:
    return {int(pk): tuple(Care(*piece) for piece in pieces) for pk, pieces in kept.items()}
