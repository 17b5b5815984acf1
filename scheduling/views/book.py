"""The book page: one dose, its openings at all clinics side by side, one click."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.access import Act, allowed, clinics_for
from clinic.models import Clinic
from clinic.once.presses import once
from clinic.quarters import local_date
from patients.models import PlanStatus, TreatmentPlan
from scheduling import booking
from scheduling.forms import BookingForm, Chosen, OverrideForm
from scheduling.models import Appointment
from scheduling.needs import Needs, needs_of, needs_of_next
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
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.OVERRIDE)
@once
def book_another_time(request: Request, plan_id: int) -> HttpResponse:
    """A manager books a time that is not offered, past closing for example, with a reason that is kept.

    The form is read when somebody opens it: few bookings need it.
    """
    plan = plan_for(request, plan_id)
    look = Look.of(reverse("book", args=[plan.pk]), request.GET)
    managed = clinics_for(user=request.user, act=Act.OVERRIDE)
    if request.method != "POST":
        empty = OverrideForm(clinics=managed, initial=_override_start(plan, managed, look))
        if not request.htmx:
            return _page(request, plan, look, override=empty)
        return render(request, "scheduling/book_another_time.html", {"plan": plan, "look": look, "override": empty})
    form = OverrideForm(request.POST, clinics=managed)
    if not form.is_valid():
        return _page(request, plan, look, override=form, status=422)
    asked = form.cleaned_data
    try:
        needs = _needs(plan, look)
        appointment = booking.book(
            plan=plan,
            dose_number=needs.dose_number if needs else 0,
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
    try:
        needs = _needs(plan, look)
    except NotAvailable as stop:
        return render(request, "scheduling/book.html", {**context, "problem": stop.reason}, status=status)
    if needs is None:
        return render(request, "scheduling/book.html", {**context, "problem": _nothing_to_book(plan)}, status=status)
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
    context |= {"may_override": bool(clinics_for(user=request.user, act=Act.OVERRIDE)), "override": override}
    return render(request, "scheduling/book.html", context, status=status)


def _needs(plan: TreatmentPlan, look: Look) -> Needs | None:
    """What the dose that is looked at needs, the next one if none is named; None when the course is over."""
    return needs_of(plan=plan, dose_number=look.dose) if look.dose else needs_of_next(plan=plan)


def _nothing_to_book(plan: TreatmentPlan) -> str:
    if plan.status != PlanStatus.ACTIVE:
        return f"This plan is {plan.get_status_display().lower()}, so there is nothing to book."
    return "Every dose that was ordered is given or booked."


def _override_start(plan: TreatmentPlan, managed: list[Clinic], look: Look) -> dict[str, object]:
    """Where the form begins: at the patient's own clinic, on the day when the dose is due."""
    home, today = plan.patient.home_clinic, timezone.localdate()
    try:
        needs = _needs(plan, look)
    except NotAvailable:
        needs = None
    return {
        "clinic": home if home in managed else managed[0],
        "day": max(needs.due.target, today) if needs else today,
    }
