"""One appointment: what it is, and what can be done about it. A page of its own, and the panel beside the board."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Act, allowed, clinic_ids_for, clinics_for, may, require
from clinic.models import Chair
from clinic.once.presses import once
from clinic.quarters import local_date
from patients.dates import read_date
from patients.errors import Refused
from patients.models import EmergencyAccess
from scheduling import booking, readying
from scheduling.chairs import NOT_YET_SEATED, change_chair, free_chairs
from scheduling.forms import BookingForm, Chosen, ReasonForm
from scheduling.models import Appointment, Status
from scheduling.needs import needs_of
from scheduling.queries.appointment import LONGER, visit_of
from scheduling.queries.booking import booked_words
from scheduling.queries.dose import Dose
from scheduling.queries.openings import Link, Look, choices_of, openings_page
from scheduling.queries.readiness import panel_of
from scheduling.queries.series import shift_after, shifts_together
from scheduling.refusals import NotAvailable
from scheduling.sight import require_sight
from scheduling.undoing import remember
from scheduling.views.book import OUTSIDE_WINDOW
from scheduling.views.request import Request, page_or_part
from scheduling.wording import clock_words
from therapies.series import window_of

WHOLE = ("plan__patient", "plan__therapy", "patient", "clinic", "chair", "dose_phase")
"""What the page reads with an appointment."""


@never_cache
@require_safe
@allowed(Act.SEE_PATIENTS)
def appointment(request: Request, appointment_id: int) -> HttpResponse:
    """The appointment as it stands now."""
    one = _whole(appointment_id)
    access = require_sight(user=request.user, patient=one.patient, in_emergency=True)
    return _card(request, one, emergency=access)


@never_cache
@require_POST
@allowed(Act.CHANGE_STATUS)
@once
def appointment_status(request: Request, appointment_id: int) -> HttpResponse:
    """The patient arrived, sits, is infused, is done; or did not come, or left: those with a coded reason."""
    one = appointment_for(request, appointment_id, act=Act.CHANGE_STATUS)
    status = request.POST.get("status", "")
    facts: dict[str, str] = {}
    if status in (Status.NO_SHOW, Status.LEFT):
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return _card(request, one, reason_form=form, opened=status, status=422)
        facts = form.cleaned_data
    return _do(
        request, one, lambda: booking.set_status(appointment=one, status=status, by=request.user, **facts), said=_now_is
    )


@never_cache
@require_POST
@allowed(Act.CHANGE_STATUS)
def appointment_clear(request: Request, appointment_id: int) -> HttpResponse:
    """Something that the visit asks for is in order, today or as of a day; or a check is taken back."""
    one = appointment_for(request, appointment_id, act=Act.CHANGE_STATUS)
    if undo := request.POST.get("undo", ""):
        return _do(
            request,
            one,
            lambda: readying.take_back(appointment=one, code=undo, by=request.user),
            said=lambda _: "Taken back.",
        )
    code, typed = request.POST.get("code", ""), request.POST.get("cleared_on", "").strip()
    day = read_date(typed, latest=timezone.localdate()) if typed else timezone.localdate()
    if day is None:
        unread = NotAvailable(f"“{typed}” is not a date. Enter a date such as 3/14/2026.", code="date")
        return _card(request, one, refusal=unread, status=422)
    return _do(
        request,
        one,
        lambda: readying.mark_done(appointment=one, code=code, cleared_on=day, by=request.user),
        said=lambda _: "Marked as done.",
    )


@never_cache
@require_POST
@allowed(Act.CHANGE_STATUS)
def appointment_reaction(request: Request, appointment_id: int) -> HttpResponse:
    """The patient reacts to the drug."""
    one = appointment_for(request, appointment_id, act=Act.CHANGE_STATUS)
    return _do(
        request,
        one,
        lambda: readying.note_reaction(appointment=one),
        said=lambda _: "The reaction is on record. Later visits get no shortened stay.",
    )


@never_cache
@require_POST
@allowed(Act.BOOK)
def appointment_confirm(request: Request, appointment_id: int) -> HttpResponse:
    """The patient said they will come."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    return _do(request, one, lambda: booking.confirm(appointment=one, by=request.user), said=lambda _: "Confirmed.")


@never_cache
@require_POST
@allowed(Act.BOOK)
@once
def appointment_cancel(request: Request, appointment_id: int) -> HttpResponse:
    """The appointment is given up, with a coded reason."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _card(request, one, reason_form=form, opened="cancel", status=422)
    return _do(
        request,
        one,
        lambda: booking.cancel(appointment=one, by=request.user, **form.cleaned_data),
        said=lambda _: "Cancelled. Chair and nurse are free again.",
        undo="cancelled",
        reason_form=form,
        opened="cancel",
    )


@never_cache
@require_POST
@allowed(Act.BOOK)
@once
def appointment_extend(request: Request, appointment_id: int) -> HttpResponse:
    """The stay runs on. What is in the way is named."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    minutes = {str(each): each for each in LONGER}.get(request.POST.get("minutes", ""), 0)
    return _do(
        request,
        one,
        lambda: booking.extend(appointment=one, end=one.end + timedelta(minutes=minutes), by=request.user),
        said=lambda after: f"The stay now ends at {clock_words(after.end, after.clinic.zone)}.",
    )


@never_cache
@require_POST
@allowed(Act.BOOK)
@once
def appointment_chair(request: Request, appointment_id: int) -> HttpResponse:
    """The same time in another chair."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    number = request.POST.get("chair", "")
    chair = get_object_or_404(Chair, pk=int(number) if number.isdecimal() else 0, clinic=one.clinic)
    return _do(
        request,
        one,
        lambda: change_chair(appointment=one, chair=chair, by=request.user),
        said=lambda after: f"Now in {after.chair}.",
        undo="chair",
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
@once
def appointment_move(request: Request, appointment_id: int) -> HttpResponse:
    """Other times near the present one, and free chairs at the same time. A POST moves."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    if request.method != "POST":
        return _times(request, one)
    form = BookingForm({**request.POST.dict(), "dose": one.dose_number}, clinics=_bookable(request))
    if not form.is_valid():
        return _times(request, one, problem="Choose one of the times below.", status=422)
    chosen: Chosen = form.cleaned_data["opening"]
    note = form.cleaned_data["note"]
    try:
        due = needs_of(plan=one.plan, dose_number=one.dose_number, moving=one).due
        if window_of(due, local_date(chosen.start, chosen.clinic.zone)) == "red" and not note:
            return _times(request, one, chosen=chosen, note_error=OUTSIDE_WINDOW, status=422)
        moved = booking.move(
            appointment=one, clinic=chosen.clinic, start=chosen.start, chair=chosen.chair, note=note, by=request.user
        )
    except NotAvailable as refusal:
        return _times(request, one, refusal=refusal, note=note, status=409)
    away = local_date(moved.start, moved.clinic.zone) - local_date(one.start, one.clinic.zone)
    undo = remember(done="moved", before=one, after=moved, by=request.user)
    return _done(request, moved, f"Moved to {booked_words(moved)}.", then=shift_after(moved, away=away), undo=undo)


def appointment_for(request: Request, pk: int, *, act: Act) -> Appointment:
    """An appointment of a patient whom the person may see, at a clinic where they may do `act`. 404 or 403."""
    one = _whole(pk)
    require_sight(user=request.user, patient=one.patient)
    require(user=request.user, act=act, clinic=one.clinic)
    return one


def _whole(pk: int) -> Appointment:
    return get_object_or_404(Appointment.objects.select_related(*WHOLE), pk=pk)


def _do(
    request: Request,
    one: Appointment,
    change: Callable[[], Appointment],
    *,
    said: Callable[[Appointment], str],
    undo: str = "",
    **typed: Any,
) -> HttpResponse:
    """Make a change; show what came of it, or why it cannot be, with whatever was typed. `undo` names what it does."""
    try:
        after = change()
    except NotAvailable as refusal:
        return _card(request, _reread(one), refusal=refusal, status=409, **typed)
    except Refused as refused:
        return _card(request, _reread(one), refusal=NotAvailable(refused.message, code="record"), status=409, **typed)
    token = remember(done=undo, before=one, after=after, by=request.user) if undo else ""
    return _done(request, after, said(after), undo=token)


def _done(request: Request, one: Appointment, said: str, *, then: Link | None = None, undo: str = "") -> HttpResponse:
    """What was done, how to take it back, and what one may want to do next because of it."""
    if not request.htmx:
        messages.success(request, said, extra_tags=undo)
        return redirect(then.url if then else reverse("appointment", args=[one.pk]))
    page = _card(request, _reread(one), said=said, then=then, undo=undo)
    page.headers["HX-Trigger"] = "appointment-changed"
    return page


def _reread(one: Appointment) -> Appointment:
    return _whole(one.pk)


def _now_is(after: Appointment) -> str:
    return f"{after.get_status_display()} at {clock_words(timezone.now(), after.clinic.zone)}."


def _card(
    request: Request,
    one: Appointment,
    *,
    said: str = "",
    then: Link | None = None,
    undo: str = "",
    refusal: NotAvailable | None = None,
    reason_form: ReasonForm | None = None,
    opened: str = "",
    emergency: EmergencyAccess | None = None,
    status: int = 200,
) -> HttpResponse:
    may_book = may(user=request.user, act=Act.BOOK, clinic=one.clinic)
    context = {
        "visit": visit_of(one),
        "ready": panel_of(one),
        "may_open_papers": one.patient.home_clinic_id in clinic_ids_for(user=request.user, act=Act.SEE_PATIENTS),
        "ready_today": f"{timezone.localdate():%-m/%-d/%Y}",
        "may_book": may_book,
        "may_change": may(user=request.user, act=Act.CHANGE_STATUS, clinic=one.clinic),
        "may_move": may_book and one.status in NOT_YET_SEATED,
        "said": said,
        "undo": undo,
        "then": then,
        "refusal": refusal,
        "reason_form": reason_form or ReasonForm(),
        "opened": opened,
        "emergency": emergency,
        "is_panel": bool(request.htmx),
    }
    return page_or_part(
        request,
        page="scheduling/appointment.html",
        part="scheduling/appointment_card.html",
        context=context,
        status=status,
    )


def _bookable(request: Request) -> list[Any]:
    return clinics_for(user=request.user, act=Act.BOOK)


def _times(
    request: Request,
    one: Appointment,
    *,
    refusal: NotAvailable | None = None,
    chosen: Chosen | None = None,
    problem: str = "",
    note: str = "",
    note_error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of other times for an appointment."""
    today = timezone.localdate()
    look = Look.of(reverse("appointment_move", args=[one.pk]), request.GET)
    visit = visit_of(one)
    context: dict[str, Any] = {
        "visit": visit,
        "who": visit.who,
        "chairs": free_chairs(appointment=one),
        "problem": refusal.reason if refusal else problem,
        "note": note,
        "note_error": note_error,
        "is_panel": bool(request.htmx),
        "look": look,
        "chosen": chosen,
    }
    if one.status == Status.BOOKED:
        needs = needs_of(plan=one.plan, dose_number=one.dose_number, moving=one)
        alternatives = choices_of(refusal.alternatives, needs) if refusal else []
        context |= {
            "dose": Dose.of(needs, today=today),
            "shifts": shifts_together(one),
            "alternatives": alternatives,
            "page": openings_page(
                needs=needs,
                clinics=_bookable(request),
                look=look,
                today=today,
                moving=one,
                digits_taken=len(alternatives),
            ),
        }
    return page_or_part(
        request, page="scheduling/move.html", part="scheduling/move_steps.html", context=context, status=status
    )
