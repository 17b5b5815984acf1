"""The waitlist: who waits, what they wait for, and times offered to them."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Act, allowed, clinics_for, require
from clinic.audit.log import seen
from clinic.once.presses import once
from patients.errors import Refused
from patients.models import TreatmentPlan
from scheduling import waitlist as rules
from scheduling.forms import Chosen
from scheduling.matching import DAYS_AHEAD, seen_at
from scheduling.models import HELD, Appointment, WaitlistEntry, WaitlistOffer
from scheduling.queries.waitlist import Fitting, Waiting, held_for, nothing_fits, times_of, who_fits_from
from scheduling.queries.waitlist import who_fits as fitting
from scheduling.queries.who import Who
from scheduling.refusals import NotAvailable
from scheduling.views.book import plan_for
from scheduling.views.book_here import place_of
from scheduling.views.request import Request
from scheduling.views.worklists import Asked, section_context
from scheduling.waitlist_forms import HOLDS, OfferForm, WishesForm, asked_of
from scheduling.wording import when_words
from scheduling.worklists.offers import LIST, entry_id_of
from scheduling.worklists.page import Look

NAMED = 3
"""How many of those who fit a freed time are named beside it."""


@never_cache
@require_safe
@allowed(Act.BOOK)
def waitlist(request: Request) -> HttpResponse:
    """Everybody who waits: offers first, then those whom a free time fits, then the rest."""
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    everything = Asked(clinics, "", Look(whole=LIST.name, asleep=LIST.name))
    context = section_context(request, LIST, everything)
    shown = {entry_id_of(line.row) for line in context["section"].lines}
    return render(
        request,
        "scheduling/waitlist.html",
        {**context, "rest": nothing_fits(clinics=clinics, but=shown), "is_whole_page": True},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
def waitlist_add(request: Request, plan_id: int, dose: int) -> HttpResponse:
    """Put a dose that is not booked on the waitlist."""
    return _wishes(request, plan_for(request, plan_id), dose)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
def waitlist_earlier(request: Request, appointment_id: int) -> HttpResponse:
    """Wait for a time earlier than an appointment."""
    one = get_object_or_404(Appointment.objects.select_related("clinic"), pk=appointment_id)
    require(user=request.user, act=Act.BOOK, clinic=one.clinic)
    return _wishes(request, plan_for(request, one.plan_id), one.dose_number, appointment=one)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
@once
def waitlist_entry(request: Request, entry_id: int) -> HttpResponse:
    """One who waits: the times that fit, to hold and offer one; the wishes, to change them. A POST offers."""
    entry = _entry(request, entry_id)
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    if request.method != "POST":
        return _entry_page(request, entry)
    form = OfferForm(request.POST, clinics=clinics)
    if not form.is_valid():
        return _entry_page(request, entry, problem="Choose one of the times.", status=422)
    chosen: Chosen = form.cleaned_data["opening"]
    try:
        made = rules.offer(
            entry=entry,
            clinic=chosen.clinic,
            start=chosen.start,
            chair=chosen.chair,
            hold=form.cleaned_data["hold"],
            by=request.user,
        )
    except NotAvailable as refusal:
        return _entry_page(request, entry, problem=refusal.reason, status=409)
    until = when_words(made.held_until, chosen.clinic.zone)
    messages.success(request, f"{made.chair} is held until {until}. Call {entry.plan.patient} now.")
    return redirect("waitlist_entry", entry.pk)


@never_cache
@require_POST
@allowed(Act.BOOK)
@once
def waitlist_close(request: Request, entry_id: int) -> HttpResponse:
    """Take a patient off the waitlist."""
    entry = _entry(request, entry_id)
    rules.close(entry=entry, by=request.user)
    messages.success(request, f"{entry.plan.patient} is off the waitlist.")
    return redirect("waitlist")


@never_cache
@require_POST
@allowed(Act.BOOK)
@once
def offer_answer(request: Request, offer_id: int) -> HttpResponse:
    """The patient said yes, or no."""
    offer = get_object_or_404(WaitlistOffer.objects.select_related("chair__clinic"), pk=offer_id)
    entry = _entry(request, offer.entry_id)
    require(user=request.user, act=Act.BOOK, clinic=offer.chair.clinic)
    try:
        if request.POST.get("answer") == "yes":
            appointment = rules.accept(offer=offer, by=request.user)
            messages.success(request, f"Booked: {when_words(appointment.start, appointment.clinic.zone)}.")
            return redirect("appointment", appointment.pk)
        rules.let_go(offer=offer, by=request.user)
        messages.success(request, f"Let go. {entry.plan.patient} waits on.")
    except NotAvailable as refusal:
        messages.error(request, refusal.reason)
    return redirect("waitlist_entry", entry.pk)


@never_cache
@require_safe
@allowed(Act.BOOK)
def who_fits(request: Request, appointment_id: int) -> HttpResponse:
    """Who could be offered the time that an appointment leaves: a part of its panel."""
    one = get_object_or_404(Appointment.objects.select_related("clinic", "patient"), pk=appointment_id)
    require(user=request.user, act=Act.BOOK, clinic=one.clinic)
    is_free = one.status not in HELD and one.end > timezone.now()
    found = fitting(appointment=one, clinics=clinics_for(user=request.user, act=Act.BOOK)) if is_free else []
    return _fits(request, found, is_shown=is_free)


@never_cache
@require_safe
@allowed(Act.BOOK)
def who_fits_here(request: Request, clinic: str, day: date, chair_id: int, clock: time) -> HttpResponse:
    """Who could be offered a free place of the board: a part of its panel, and nothing where nobody fits."""
    place = place_of(request, clinic, day, chair_id, clock)
    chair, start = place.chosen.chair, place.chosen.start
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    found = who_fits_from(clinic=place.clinic, chair=chair, start=start, clinics=clinics) if chair else []
    return _fits(request, found, is_shown=bool(found))


def _fits(request: Request, found: Sequence[Fitting], *, is_shown: bool) -> HttpResponse:
    context = {"is_shown": is_shown, "fits": found[:NAMED], "more": max(0, len(found) - NAMED)}
    return render(request, "scheduling/waitlist_fits.html", context)


def _entry(request: Request, pk: int) -> WaitlistEntry:
    """An entry that waits, of a patient whom the person may see. 404 else."""
    entry = get_object_or_404(seen_at(clinics_for(user=request.user, act=Act.BOOK)), pk=pk)
    seen(patient_id=entry.plan.patient_id)
    return entry


def _entry_page(request: Request, entry: WaitlistEntry, *, problem: str = "", status: int = 200) -> HttpResponse:
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    held = held_for(entry)
    context = {
        "waiting": Waiting.of(entry),
        "held": held,
        "times": [] if held else times_of(entry=entry, clinics=clinics),
        "days_ahead": DAYS_AHEAD,
        "holds": HOLDS,
        "hold": request.POST.get("hold", "120"),
        "problem": problem,
        "change_url": _wishes_url(entry),
    }
    return render(request, "scheduling/waitlist_entry.html", context, status=status)


def _wishes_url(entry: WaitlistEntry) -> str:
    if entry.appointment_id:
        return reverse("waitlist_earlier", args=[entry.appointment_id])
    return reverse("waitlist_add", args=[entry.plan_id, entry.dose_number])


def _wishes(
    request: Request, plan: TreatmentPlan, dose: int, *, appointment: Appointment | None = None
) -> HttpResponse:
    """The form of wishes. Saving it leads to the times that fit."""
    clinics = clinics_for(user=request.user, act=Act.BOOK)
    entry = WaitlistEntry.objects.filter(plan=plan, dose_number=dose, closed_at=None).first()
    initial: dict[str, Any] = asked_of(entry) if entry else {"clinics": [str(plan.patient.home_clinic_id)]}
    form = WishesForm(request.POST if request.method == "POST" else None, clinics=clinics, initial=initial)
    if form.is_valid():
        try:
            made = rules.add(
                plan=plan, dose_number=dose, appointment=appointment, wishes=form.wishes(), by=request.user
            )
        except Refused as refused:
            form.show(refused)
        else:
            messages.success(request, f"{plan.patient} waits.")
            return redirect("waitlist_entry", made.pk)
    context = {
        "form": form,
        "who": Who.of(plan.patient),
        "plan": plan,
        "dose": dose,
        "booked": when_words(appointment.start, appointment.clinic.zone) if appointment else "",
        "is_new": entry is None,
    }
    return render(request, "scheduling/waitlist_form.html", context, status=422 if form.is_bound else 200)
