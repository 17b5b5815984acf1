"""The book page: one dose, its openings at all clinics side by side, one click."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import Act, allowed, clinics_for
from clinic.models import Clinic
from clinic.once.presses import once
from clinic.quarters import local_date
from patients import course
from patients.models import PlanStatus, TreatmentPlan
from scheduling import booking
from scheduling.forms import BookingForm, Chosen, OverrideForm
from scheduling.models import Appointment
from scheduling.needs import Needs, booked_dates, needs_of
from scheduling.queries.booking import booked_words
from scheduling.queries.dose import Dose
from scheduling.queries.openings import Look, choices_of, openings_page
from scheduling.queries.who import Who
from scheduling.refusals import NotAvailable
from scheduling.sight import require_sight
from scheduling.undoing import remember
from scheduling.views.request import Request
from therapies.series import window_of

OUTSIDE_WINDOW = "This day lies outside the window. Say why, then book."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
@once
def book(request: Request, plan_id: int) -> HttpResponse:
    """The openings for the next dose of a plan, or for `?dose=`. A POST books one of them."""
    plan = plan_for(request, plan_id)
    look = Look.of(reverse("book", args=[plan.pk]), request.GET)
    if request.method != "POST":
        return _page(request, plan, look)
    form = BookingForm(request.POST, clinics=clinics_for(user=request.user, act=Act.BOOK))
    if not form.is_valid():
        return _page(request, plan, look, form=form, problem="Choose one of the times below.", status=422)
    chosen: Chosen = form.cleaned_data["opening"]
    try:
        appointment = book_chosen(request, plan, form.cleaned_data["dose"], chosen, note=form.cleaned_data["note"])
    except NeedsReason:
        form.add_error("note", OUTSIDE_WINDOW)
        return _page(request, plan, look, form=form, chosen=chosen, status=422)
    except NotAvailable as refusal:
        return _page(request, plan, look, form=form, refusal=refusal, status=409)
    return _booked(request, appointment)


@never_cache
@require_POST
@allowed(Act.OVERRIDE)
@once
def book_another_time(request: Request, plan_id: int) -> HttpResponse:
    """A manager books a time that is not offered, past closing for example, with a reason that is kept."""
    plan = plan_for(request, plan_id)
    look = Look.of(reverse("book", args=[plan.pk]), request.GET)
    form = OverrideForm(request.POST, clinics=clinics_for(user=request.user, act=Act.OVERRIDE))
    if not form.is_valid():
        return _page(request, plan, look, override=form, status=422)
    asked, dose_number = form.cleaned_data, look.dose or _next_dose(plan)
    try:
        appointment = booking.book(
            plan=plan,
            dose_number=dose_number or 0,
            clinic=asked["clinic"],
            start=asked["start"],
            chair=asked["chair"],
            override_reason=asked["override_reason"],
            by=request.user,
        )
    except NotAvailable as refusal:
        return _page(request, plan, look, override=form, refusal=refusal, status=409)
    return _booked(request, appointment)


class NeedsReason(Exception):
    """The day lies outside the dose's window and nobody has said why."""


def book_chosen(request: Request, plan: TreatmentPlan, dose_number: int, chosen: Chosen, *, note: str) -> Appointment:
    """Book a chosen time. Raises `NeedsReason` and `NotAvailable`."""
    needs = needs_of(plan=plan, dose_number=dose_number)
    outside = window_of(needs.due, local_date(chosen.start, chosen.clinic.zone)) == "red"
    if outside and not note:
        raise NeedsReason
    return booking.book(
        plan=plan,
        dose_number=dose_number,
        clinic=chosen.clinic,
        start=chosen.start,
        chair=chosen.chair,
        note=note,
        by=request.user,
    )


def plan_for(request: HttpRequest, plan_id: int) -> TreatmentPlan:
    """A plan of a patient whom the person may see. Raises 404 or `PermissionDenied`."""
    plan = get_object_or_404(TreatmentPlan.objects.select_related("patient__home_clinic", "therapy"), pk=plan_id)
    require_sight(user=request.user, patient=plan.patient)
    return plan


def _booked(request: Request, appointment: Appointment) -> HttpResponse:
    undo = remember(done="booked", before=appointment, after=appointment, by=request.user)
    messages.success(request, f"Booked: {booked_words(appointment)}.", extra_tags=undo)
    return redirect("patient", appointment.patient_id)


def _page(
    request: Request,
    plan: TreatmentPlan,
    look: Look,
    *,
    form: BookingForm | None = None,
    chosen: Chosen | None = None,
    override: OverrideForm | None = None,
    refusal: NotAvailable | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The book page as it stands now, with whatever was typed, and what came of it."""
    today = timezone.localdate()
    context = {
        "plan": plan,
        "who": Who.of(plan.patient),
        "problem": refusal.reason if refusal else problem,
        "note": form.data.get("note", "") if form else "",
        "note_error": form.errors.get("note", [""])[0] if form else "",
    }
    dose_number = look.dose or _next_dose(plan)
    if dose_number is None:
        return render(request, "scheduling/book.html", {**context, "problem": _nothing_to_book(plan)}, status=status)
    try:
        needs = needs_of(plan=plan, dose_number=dose_number)
    except NotAvailable as stop:
        return render(request, "scheduling/book.html", {**context, "problem": stop.reason}, status=status)
    alternatives = choices_of(refusal.alternatives, needs) if refusal else []
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    context |= {
        "dose": Dose.of(needs, today=today),
        "look": look,
        "alternatives": alternatives,
        "chosen": chosen,
        "page": openings_page(needs=needs, clinics=clinics, look=look, today=today, digits_taken=len(alternatives)),
    }
    if request.htmx and request.method == "GET":
        return render(request, "scheduling/book_openings.html", context)
    managed = clinics_for(user=request.user, act=Act.OVERRIDE)
    if managed:
        context["override"] = override or OverrideForm(
            clinics=managed, initial=_override_start(plan, managed, needs, today)
        )
    return render(request, "scheduling/book.html", context, status=status)


def _next_dose(plan: TreatmentPlan) -> int | None:
    due = course.next_dose(plan=plan, booked=booked_dates(plan=plan), on=timezone.localdate())
    return due.dose_number if due else None


def _nothing_to_book(plan: TreatmentPlan) -> str:
    if plan.status != PlanStatus.ACTIVE:
        return f"This plan is {plan.get_status_display().lower()}, so there is nothing to book."
    return "Every dose that was ordered is given or booked."


def _override_start(plan: TreatmentPlan, managed: list[Clinic], needs: Needs, today: date) -> dict[str, object]:
    home = plan.patient.home_clinic
    return {"clinic": home if home in managed else managed[0], "day": max(needs.due.target, today)}
