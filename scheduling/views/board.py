"""The day board."""

from collections.abc import Callable
from datetime import date

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed, may
from clinic.models import Clinic
from scheduling.board.page import board as lay_out
from scheduling.day_bar import day_bar
from scheduling.models import ClinicDay
from scheduling.views.place import clinic_for
from scheduling.views.request import Request

SESSION_INITIALS = "initials_only"
"""Session key: show initials in place of names, for a screen that faces the room."""


@never_cache
@require_safe
@allowed(Act.SEE_BOARD)
def board(request: Request, clinic: str, day: date) -> HttpResponse:
    """A clinic's day. A poll that already has this version of this minute is answered with 304."""
    place = clinic_for(request, slug=clinic, act=Act.SEE_BOARD)
    if "initials" in request.GET:
        request.session[SESSION_INITIALS] = request.GET["initials"] == "1"
        return redirect("board", place.slug, day)
    now = timezone.now()
    initials_only = bool(request.session.get(SESSION_INITIALS))
    may_book = may(user=request.user, act=Act.BOOK, clinic=place)
    version = ClinicDay.objects.filter(clinic=place, date=day).values_list("version", flat=True).first() or 0
    etag = f'"{version}.{now:%Y%m%d%H%M}.{initials_only:d}{may_book:d}"'
    if request.htmx and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    laid_out = lay_out(
        clinic=place,
        day=day,
        now=now,
        initials_only=initials_only,
        appointment_url=lambda pk: reverse("appointment", args=[pk]),
        booking_url=_booking_url(place, day) if may_book else None,
    )
    context = {
        "clinic": place,
        "day": day,
        "board": laid_out,
        "board_etag": etag,
        "initials_only": initials_only,
        "may_book": may_book,
        "may_replan": may(user=request.user, act=Act.REPLAN, clinic=place),
    }
    if request.htmx:
        page = render(request, "scheduling/board_live.html", context)
    else:
        context["bar"] = day_bar(
            user=request.user,
            act=Act.SEE_BOARD,
            clinic=place,
            day=day,
            page="board",
            open_weekdays=laid_out.open_weekdays or frozenset(range(7)),
        )
        page = render(request, "scheduling/board.html", context)
    page.headers["ETag"] = etag
    return page


def _booking_url(clinic: Clinic, day: date) -> Callable[[int, str], str]:
    """Addresses of free quarters: hundreds on a page, so the pattern is reversed once."""
    pattern = reverse("book_here", args=[clinic.slug, day, 0, "00:00"])
    return lambda chair_id, clock: pattern.replace("/0/00:00", f"/{chair_id}/{clock}")
