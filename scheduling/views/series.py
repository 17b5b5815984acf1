"""Booking a whole series in one action, and moving the doses after one that was moved."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.access import Act, allowed, clinics_for, require
from clinic.models import Clinic
from clinic.once.presses import once
from clinic.quarters import local_date
from patients.models import TreatmentPlan
from scheduling.forms import ChosenField, SeriesForm
from scheduling.models import Appointment
from scheduling.queries.openings import Look
from scheduling.queries.series import series_rows
from scheduling.queries.who import Who
from scheduling.refusals import NotAvailable
from scheduling.series import Choice, SeriesClash, Step, book_series, move_series, propose, propose_shift
from scheduling.sight import require_sight
from scheduling.views.book import plan_for
from scheduling.views.request import Request
from therapies.series import window_of

COUNTS = (2, 3, 4, 6, 13)
USUAL_COUNT = 6
FARTHEST_SHIFT = 366

OUTSIDE_WINDOW = "A time you chose lies outside its window. Say why, then book."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
@once
def series(request: Request, plan_id: int) -> HttpResponse:
    """The next doses of a plan, each with a time inside its window. A POST books all of them, or none."""
    plan = plan_for(request, plan_id)
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    look = Look.of(request.path, request.GET)
    count = _count(request.GET.get("count"))
    try:
        steps = propose(plan=plan, count=count, clinics=clinics, not_before=look.week)
    except NotAvailable as stop:
        return _page(request, plan, [], problem=stop.reason, counts=_counts(count))
    context: dict[str, Any] = {"counts": _counts(count), "count": count}
    if request.method != "POST":
        return _page(request, plan, steps, **context)
    form = SeriesForm(request.POST, clinics=clinics)
    if not form.is_valid() or _unexplained(form, steps):
        return _page(request, plan, steps, form=form, status=422, **context)
    try:
        booked = book_series(plan=plan, choices=_choices(form), by=request.user, note=form.cleaned_data["note"])
    except NotAvailable as clash:
        return _page(request, plan, steps, form=form, refusal=clash, status=409, **context)
    first = booked[0]
    messages.success(request, f"Booked {len(booked)} doses of {plan.therapy}, dose {first.dose_number} first.")
    return redirect("patient", plan.patient_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
@once
def shift(request: Request, appointment_id: int) -> HttpResponse:
    """The booked doses after an appointment, moved along with it. A POST moves all of them, or none.

    `?days=` says how far the appointment was moved; `?to=` names a time it is to be moved to together with them.
    """
    one = get_object_or_404(
        Appointment.objects.select_related("plan__patient__home_clinic", "plan__therapy", "clinic"), pk=appointment_id
    )
    require_sight(user=request.user, patient=one.plan.patient)
    require(user=request.user, act=Act.BOOK, clinic=one.clinic)
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    away, to = _asked(request, one, clinics)
    try:
        steps = propose_shift(appointment=one, away=away, clinics=clinics, to=to)
    except NotAvailable as stop:
        return _page(request, one.plan, [], problem=stop.reason, moved=one)
    if request.method != "POST":
        return _page(request, one.plan, steps, moved=one)
    form = SeriesForm(request.POST, clinics=clinics)
    if not form.is_valid() or _unexplained(form, steps):
        return _page(request, one.plan, steps, form=form, moved=one, status=422)
    try:
        note = form.cleaned_data["note"]
        moved = move_series(plan=one.plan, choices=_choices(form), by=request.user, note=note)
    except NotAvailable as clash:
        return _page(request, one.plan, steps, form=form, refusal=clash, moved=one, status=409)
    messages.success(request, f"Moved {len(moved)} doses of {one.plan.therapy}.")
    return redirect("patient", one.plan.patient_id)


def _page(
    request: Request,
    plan: TreatmentPlan,
    steps: Sequence[Step],
    *,
    form: SeriesForm | None = None,
    refusal: NotAvailable | None = None,
    problem: str = "",
    moved: Appointment | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """The page of a proposed series, with whatever was chosen and typed."""
    clashing = refusal.dose_number if isinstance(refusal, SeriesClash) else None
    rows = series_rows(
        plan=plan,
        steps=steps,
        today=timezone.localdate(),
        chosen={name: str(value) for name, value in form.data.items()} if form else None,
        clashing=clashing,
    )
    context |= {
        "plan": plan,
        "who": Who.of(plan.patient),
        "rows": rows,
        "bookable": sum(bool(row.times) for row in rows),
        "moved": moved,
        "problem": refusal.reason if refusal else problem,
        "asks_reason": any(time.fit.css == "red" for row in rows for time in row.times),
        "note": form.data.get("note", "") if form else "",
        "note_error": form.errors.get("note", [""])[0] if form else "",
    }
    return render(request, "scheduling/series.html", context, status=status)


def _choices(form: SeriesForm) -> list[Choice]:
    return [Choice(number, chosen.clinic, chosen.start) for number, chosen in form.chosen().items()]


def _unexplained(form: SeriesForm, steps: Sequence[Step]) -> bool:
    """Whether a chosen day lies outside its dose's window and nobody has said why; says so on the form."""
    dues = {step.dose_number: step.due for step in steps}
    outside = any(
        number in dues and window_of(dues[number], local_date(chosen.start, chosen.clinic.zone)) == "red"
        for number, chosen in form.chosen().items()
    )
    if outside and not form.cleaned_data["note"]:
        form.add_error("note", OUTSIDE_WINDOW)
        return True
    return False


def _asked(
    request: Request, one: Appointment, clinics: Sequence[Clinic]
) -> tuple[timedelta, tuple[Clinic, Any] | None]:
    """How far to shift, and where the appointment itself is to go if it has not moved yet."""
    chosen = ChosenField(clinics=clinics, required=False).clean(request.GET.get("to", ""))
    if chosen:
        away = local_date(chosen.start, chosen.clinic.zone) - local_date(one.start, one.clinic.zone)
        return away, (chosen.clinic, chosen.start)
    text = request.GET.get("days", "")
    days = int(text) if text.removeprefix("-").isdecimal() else 0
    return timedelta(days=max(-FARTHEST_SHIFT, min(days, FARTHEST_SHIFT))), None


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and int(text) in COUNTS else USUAL_COUNT


def _counts(here: int) -> list[tuple[int, bool]]:
    return [(count, count == here) for count in COUNTS]
