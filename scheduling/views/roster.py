"""The nurse roster: read at arm's length, and one tap to the next step."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotModified
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from clinic.access import Act, allowed, may, nurse_of, require
from clinic.hours import weekly_hours
from clinic.models import Clinic
from scheduling import booking
from scheduling.day_bar import day_bar
from scheduling.models import Appointment, ClinicDay
from scheduling.refusals import NotAvailable
from scheduling.roster.drawing import Paper, Refusal, cards_of
from scheduling.roster.page import Roster, Sheet
from scheduling.roster.page import roster as lay_out
from scheduling.views.place import clinic_for
from scheduling.views.request import Request

SESSION_SHOW = "roster_show"
"""Session key: whose sheets a nurse wants to see, `mine` or `everyone`."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.SEE_ROSTER)
def roster(request: Request, clinic: str, day: date) -> HttpResponse:
    """A clinic's day, nurse by nurse. A POST takes a patient one step on. An unchanged poll is answered with 304."""
    place = clinic_for(request, slug=clinic, act=Act.SEE_ROSTER)
    if request.method == "POST":
        return _step(request, place, day)
    if request.GET.get("show") in ("mine", "everyone"):
        request.session[SESSION_SHOW] = request.GET["show"]
        return redirect("roster", place.slug, day)
    return _page(request, place, day)


def _step(request: Request, place: Clinic, day: date) -> HttpResponse:
    """Set a status. Tapping twice is the same as tapping once, and a tap that comes late undoes nobody's step."""
    require(user=request.user, act=Act.CHANGE_STATUS, clinic=place)
    number, status = request.POST.get("appointment", ""), request.POST.get("status", "")
    one = get_object_or_404(Appointment, pk=int(number) if number.isdecimal() else 0, clinic=place)
    said, refused = "", None
    if one.status != status:
        try:
            seen = request.POST.get("seen", "")
            after = booking.set_status(appointment=one, status=status, by=request.user, seen=seen)
            said = f"{after.patient}: {after.get_status_display().lower()}."
        except NotAvailable as refusal:
            refused = Refusal(one.pk, refusal.reason)
    if not request.htmx:
        if refused:
            messages.error(request, f"{one.patient}: {refused.reason}")
        return redirect("roster", place.slug, day)
    page = _page(request, place, day, refused=refused)
    return trigger_client_event(page, "say", {"value": said}) if said else page


def _page(request: Request, place: Clinic, day: date, *, refused: Refusal | None = None) -> HttpResponse:
    now = timezone.now()
    nurse = nurse_of(request.user)
    nurse_id = nurse.pk if nurse else None
    may_step = may(user=request.user, act=Act.CHANGE_STATUS, clinic=place)
    version = ClinicDay.objects.filter(clinic=place, date=day).values_list("version", flat=True).first() or 0
    etag = f'"{version}.{now:%Y%m%d%H%M}.{nurse_id}.{may_step:d}.{request.session.get(SESSION_SHOW)}"'
    if request.method != "POST" and request.htmx and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    laid_out = lay_out(clinic=place, day=day, now=now, nurse_id=nurse_id, may_step=may_step)
    only_mine = laid_out.has_mine and request.session.get(SESSION_SHOW) != "everyone"
    paper = Paper(reverse("roster", args=[place.slug, day]), get_token(request) if may_step else "", refused)
    context: dict[str, Any] = {
        "clinic": place,
        "day": day,
        "roster": laid_out,
        "sheets": [
            (sheet, [(group, cards_of(group.cards, paper)) for group in sheet.groups])
            for sheet in _shown(laid_out, only_mine=only_mine)
        ],
        "short": cards_of(laid_out.short, paper),
        "only_mine": only_mine,
        "etag": etag,
        "may_even_out": may(user=request.user, act=Act.EDIT_STAFFING, clinic=place),
        "bar": day_bar(
            user=request.user,
            act=Act.SEE_ROSTER,
            clinic=place,
            day=day,
            page="roster",
            open_weekdays=weekly_hours(clinics=[place])[place.pk].open_weekdays(day) or frozenset(range(7)),
        ),
    }
    page = render(request, "scheduling/roster_live.html" if request.htmx else "scheduling/roster.html", context)
    page.headers["ETag"] = etag
    return page


def _shown(laid_out: Roster, *, only_mine: bool) -> list[Sheet]:
    return [sheet for sheet in laid_out.sheets if sheet.is_mine or not only_mine]
