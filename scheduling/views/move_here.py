"""Moving an appointment to a place on the board: what would change, said before it does. A panel, or a page."""

from datetime import date, datetime, time

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from clinic.access import Act, allowed
from clinic.models import Chair, Clinic
from clinic.once.presses import once
from clinic.quarters import QUARTER, local_date
from scheduling import booking
from scheduling.chairs import change_chair, free_chairs
from scheduling.models import Appointment
from scheduling.needs import Needs, needs_of
from scheduling.queries.appointment import visit_of
from scheduling.queries.booking import booked_words
from scheduling.queries.dose import Dose, fit_of
from scheduling.queries.places import is_same_time
from scheduling.refusals import NotAvailable
from scheduling.undoing import remember
from scheduling.views.appointment import appointment_for
from scheduling.views.book import OUTSIDE_WINDOW
from scheduling.views.book_here import Place, place_of
from scheduling.views.request import Request, page_or_part
from scheduling.wording import day_words, span_words
from therapies.series import window_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
@once
def move_here(
    request: Request, appointment_id: int, clinic: str, day: date, chair_id: int, clock: time
) -> HttpResponse:
    """Where the appointment is, where it would go, and whether the patient is told. A POST moves it."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    place = place_of(request, clinic, day, chair_id, clock)
    if request.method != "POST":
        return _show(request, one, place)
    note = request.POST.get("note", "").strip()[:240]
    chair = place.chosen.chair
    assert chair
    try:
        if is_same_time(one, place.clinic, place.chosen.start):
            done, moved = "chair", change_chair(appointment=one, chair=chair, by=request.user)
        elif _needs_reason(one, place) and not note:
            return _show(request, one, place, note_error=OUTSIDE_WINDOW, status=422)
        else:
            done, moved = "moved", _move(request, one, place, chair, note)
    except NotAvailable as refusal:
        answer = _show(request, one, place, refusal=refusal, status=409)
        return trigger_client_event(answer, "appointment-changed", {}) if request.htmx else answer
    undo = remember(done=done, before=one, after=moved, by=request.user)
    said = f"{moved.patient}: moved to {booked_words(moved)}."
    if not request.htmx:
        messages.success(request, said, extra_tags=undo)
        return redirect("board", place.clinic.slug, place.day)
    answer = render(request, "scheduling/moved.html", {"said": said, "undo": undo})
    trigger_client_event(answer, "close-panel", {}, after="swap")
    return trigger_client_event(answer, "appointment-moved", {"id": moved.pk}, after="swap")


def _move(request: Request, one: Appointment, place: Place, chair: Chair, note: str) -> Appointment:
    return booking.move(
        appointment=one, clinic=place.clinic, start=place.chosen.start, chair=chair, note=note, by=request.user
    )


def _needs_reason(one: Appointment, place: Place) -> bool:
    due = needs_of(plan=one.plan, dose_number=one.dose_number, moving=one).due
    return window_of(due, place.day) == "red" and local_date(one.start, one.clinic.zone) != place.day


def _show(
    request: Request,
    one: Appointment,
    place: Place,
    *,
    refusal: NotAvailable | None = None,
    note_error: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "visit": visit_of(one),
        "place": place,
        "board_url": reverse("board", args=[place.clinic.slug, place.day]),
        "problem": refusal.reason if refusal else "",
        "note": request.POST.get("note", ""),
        "note_error": note_error,
    }
    if not refusal:
        context |= _change(one, place)
    return page_or_part(
        request,
        page="scheduling/move_here.html",
        part="scheduling/move_here_steps.html",
        context=context,
        status=status,
    )


def _change(one: Appointment, place: Place) -> dict[str, object]:
    """What would change; or why it can't be."""
    clinic, start, chair = place.clinic, place.chosen.start, place.chosen.chair
    assert chair
    try:
        if is_same_time(one, clinic, start):
            if chair not in free_chairs(appointment=one):
                raise NotAvailable(f"{chair} is not free for the whole stay. Choose another chair.", code="chair")
            return _new(one, clinic, start, one.end, chair)
        needs = booking.check(
            plan=one.plan, dose_number=one.dose_number, clinic=clinic, start=start, chair=chair, moving=one
        )
    except NotAvailable as stop:
        return {"problem": stop.reason}
    end = start + needs.quarters * QUARTER
    return _new(one, clinic, start, end, chair) | _of_day(one, needs, place.day)


def _new(one: Appointment, clinic: Clinic, start: datetime, end: datetime, chair: Chair) -> dict[str, object]:
    day = local_date(start, clinic.zone)
    wanted = one.patient.chair_kind
    return {
        "when": f"{day_words(day)}, {span_words(start, end, clinic.zone)}",
        "where": f"{clinic}, {chair}",
        "same_when": is_same_time(one, clinic, start),
        "same_where": clinic == one.clinic and chair == one.chair,
        "wrong_kind": one.patient.get_chair_kind_display().lower() if wanted and wanted != chair.kind else "",
        "fits": True,
    }


def _of_day(one: Appointment, needs: Needs, day: date) -> dict[str, object]:
    """How another day suits the dose; on the same day nothing changes in that."""
    if local_date(one.start, one.clinic.zone) == day:
        return {}
    fit = fit_of(needs.due, day)
    return {"fit": fit, "dose": Dose.of(needs, today=timezone.localdate()), "asks_reason": fit.css == "red"}
