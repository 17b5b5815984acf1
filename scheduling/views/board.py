"""The day board."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed, may
from clinic.models import Clinic
from clinic.quarters import local_date
from scheduling.board.chairs import Moving
from scheduling.board.page import board as lay_out
from scheduling.day_bar import day_bar
from scheduling.models import ClinicDay
from scheduling.queries.places import places_of
from scheduling.refusals import NotAvailable
from scheduling.views.appointment import appointment_for
from scheduling.views.place import clinic_for
from scheduling.views.request import Request
from scheduling.wording import day_words, span_words

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
    wanted = request.GET.get("move", "") if may_book else ""
    version = ClinicDay.objects.filter(clinic=place, date=day).values_list("version", flat=True).first() or 0
    etag = f'"{version}.{now:%Y%m%d%H%M}.{initials_only:d}{may_book:d}.{wanted if wanted.isdecimal() else ""}"'
    if request.htmx and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    move = _move(request, place, day, int(wanted), initials_only) if wanted.isdecimal() else None
    laid_out = lay_out(
        clinic=place,
        day=day,
        now=now,
        initials_only=initials_only,
        appointment_url=lambda pk: reverse("appointment", args=[pk]),
        booking_url=_booking_url(place, day) if may_book else None,
        moving=move.moving if move else None,
    )
    context = {
        "clinic": place,
        "day": day,
        "board": laid_out,
        "board_etag": etag,
        "initials_only": initials_only,
        "may_book": may_book,
        "may_replan": may(user=request.user, act=Act.REPLAN, clinic=place),
        "move": move,
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


@dataclass(frozen=True, slots=True)
class Move:
    """An appointment that is being moved, in words; without `moving`, `problem` says why it can't be."""

    id: int
    name: str
    now_at: str
    count: int = 0
    moving: Moving | None = None
    problem: str = ""


def _move(request: Request, place: Clinic, day: date, appointment_id: int, initials_only: bool) -> Move:
    """The places of this day's board that an appointment could go to."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    who = one.patient
    name = f"{who.given_name[:1]}{who.family_name[:1]}" if initials_only else str(who)
    zone = one.clinic.zone
    now_at = f"{day_words(local_date(one.start, zone))}, {span_words(one.start, one.end, zone)}, {one.chair}"
    try:
        found = places_of(appointment=one, clinic=place, day=day)
    except NotAvailable as refusal:
        return Move(one.pk, name, now_at, problem=refusal.reason)
    pattern = reverse("move_here", args=[one.pk, place.slug, day, 0, "00:00"])
    moving = Moving(
        id=one.pk,
        starts=found.starts,
        quarters=found.quarters,
        place_url=lambda chair_id, clock: pattern.replace("/0/00:00", f"/{chair_id}/{clock}"),
    )
    return Move(one.pk, name, now_at, found.count, moving)


def _booking_url(clinic: Clinic, day: date) -> Callable[[int, str], str]:
    """Addresses of free quarters: hundreds on a page, so the pattern is reversed once."""
    pattern = reverse("book_here", args=[clinic.slug, day, 0, "00:00"])
    return lambda chair_id, clock: pattern.replace("/0/00:00", f"/{chair_id}/{clock}")
