"""From a free place on the board: whose dose is it, does it fit, book it. A panel beside the board, or a page."""

from dataclasses import dataclass
from datetime import date, time

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.access import Act, allowed, clinics_for
from clinic.models import Chair, Clinic
from clinic.once.presses import once
from clinic.quarters import QUARTER, ClinicDate, at_wall_clock, local_date
from patients import search
from patients.models import TreatmentPlan
from scheduling import booking
from scheduling.forms import BookingForm, Chosen
from scheduling.needs import needs_of
from scheduling.queries.booking import booked_words
from scheduling.queries.choices import Choice
from scheduling.queries.dose import Dose, Fit, fit_of, next_of
from scheduling.queries.openings import choices_of
from scheduling.queries.readiness import badge_of_day
from scheduling.queries.who import Who
from scheduling.readying import dossier_for
from scheduling.refusals import NotAvailable
from scheduling.undoing import remember
from scheduling.views.book import OUTSIDE_WINDOW, NeedsReason, book_chosen, plan_for
from scheduling.views.place import clinic_for
from scheduling.views.request import Request, page_or_part
from scheduling.wording import clock_words, day_words, span_words

MOST_FOUND = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A chair from a time on."""

    clinic: Clinic
    day: date
    chosen: Chosen

    @property
    def clock(self) -> time:
        """The time as addresses say it."""
        return self.chosen.start.astimezone(self.clinic.zone).time()

    @property
    def words(self) -> str:
        """Chair 3, Tue Dec 8, 9:15 AM."""
        return f"{self.chosen.chair}, {day_words(self.day)}, {clock_words(self.chosen.start, self.clinic.zone)}"


@dataclass(frozen=True, slots=True)
class Next:
    """The next dose of a plan, as a button."""

    plan: TreatmentPlan
    dose_number: int
    fit: Fit


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.BOOK)
@once
def book_here(request: Request, clinic: str, day: date, chair_id: int, clock: time) -> HttpResponse:
    """Step by step by POST, so that no name stands in an address: search, choose the dose, confirm."""
    place = place_of(request, clinic, day, chair_id, clock)
    if "opening" in request.POST:
        return _book(request, place)
    if "choose" in request.POST:
        return _confirm(request, place)
    return _show(request, place, found=_found(request, day), searched=bool(request.POST.get("q", "").strip()))


def place_of(request: Request, slug: str, day: date, chair_id: int, clock: time) -> Place:
    """The place that an address names. Raises 404, or `PermissionDenied` for a clinic where the person may not book."""
    clinic = clinic_for(request, slug=slug, act=Act.BOOK)
    chair = get_object_or_404(Chair, pk=chair_id, clinic=clinic, is_active=True)
    start = at_wall_clock(day, clock, clinic.zone)
    if clock.minute % 15 or ClinicDate(day, clinic.zone).end <= start:
        raise Http404
    return Place(clinic, day, Chosen(clinic, start, chair))


def _found(request: Request, day: date) -> list[tuple[Who, list[Next]]]:
    """The patients that fit what was typed, each with the next dose of each plan and how the day suits it."""
    text = request.POST.get("q", "").strip()
    found = search.search(text=text, clinics=clinics_for(user=request.user, act=Act.SEE_PATIENTS), limit=MOST_FOUND)
    due = next_of([plan for one in found for plan in one.plans], today=timezone.localdate())
    return [
        (
            Who.of(one.patient),
            [
                Next(plan, dose.dose_number, fit_of(dose, day))
                for plan in one.plans
                if (dose := due.get(plan.pk)) is not None
            ],
        )
        for one in found
    ]


def _confirm(request: Request, place: Place) -> HttpResponse:
    """Whether the chosen dose fits here; if not, why, and what would."""
    plan_id, _, dose_number = request.POST["choose"].partition("/")
    if not plan_id.isdecimal() or not dose_number.isdecimal():
        raise Http404
    plan = plan_for(request, int(plan_id))
    return _show(request, place, plan=plan, dose_number=int(dose_number))


def _book(request: Request, place: Place) -> HttpResponse:
    form = BookingForm(request.POST, clinics=clinics_for(user=request.user, act=Act.BOOK))
    plan_id = request.POST.get("plan", "")
    if not form.is_valid() or not plan_id.isdecimal():
        raise Http404
    plan = plan_for(request, int(plan_id))
    dose_number, note = form.cleaned_data["dose"], form.cleaned_data["note"]
    chosen: Chosen = form.cleaned_data["opening"]
    try:
        appointment = book_chosen(request, plan, dose_number, chosen, note=note)
    except NeedsReason:
        return _show(
            request, place, plan=plan, dose_number=dose_number, error=OUTSIDE_WINDOW, chosen=chosen, status=422
        )
    except NotAvailable as refusal:
        return _show(request, place, plan=plan, dose_number=dose_number, refusal=refusal, note=note, status=409)
    said = f"Booked: {booked_words(appointment)}."
    undo = remember(done="booked", before=appointment, after=appointment, by=request.user)
    if request.htmx:
        context = {"said": said, "appointment": appointment, "undo": undo}
        done = render(request, "scheduling/book_here_done.html", context)
        done.headers["HX-Trigger"] = "appointment-changed"
        return done
    messages.success(request, said, extra_tags=undo)
    return redirect("board", place.clinic.slug, place.day)


def _show(
    request: Request,
    place: Place,
    *,
    found: list[tuple[Who, list[Next]]] | None = None,
    searched: bool = False,
    plan: TreatmentPlan | None = None,
    dose_number: int = 0,
    refusal: NotAvailable | None = None,
    chosen: Chosen | None = None,
    error: str = "",
    note: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "place": place,
        "text": request.POST.get("q", "").strip(),
        "found": found,
        "searched": searched,
        "note": note,
        "note_error": error,
    }
    if plan is not None:
        context |= {"plan": plan, "dose_number": dose_number, "who": Who.of(plan.patient)}
        context |= _fitting(plan, dose_number, chosen or place.chosen, refusal)
    return page_or_part(
        request,
        page="scheduling/book_here.html",
        part="scheduling/book_here_steps.html",
        context=context,
        status=status,
    )


def _fitting(plan: TreatmentPlan, dose_number: int, chosen: Chosen, refusal: NotAvailable | None) -> dict[str, object]:
    """How a dose fits a chosen time, or why it does not and which times would."""
    clinic, start, chair = chosen.clinic, chosen.start, chosen.chair
    try:
        if refusal:
            raise refusal
        needs = booking.check(plan=plan, dose_number=dose_number, clinic=clinic, start=start, chair=chair)
    except NotAvailable as stop:
        return {"problem": stop.reason, "alternatives": _alternatives(plan, dose_number, stop)}
    day = local_date(start, clinic.zone)
    end = start + needs.quarters * QUARTER
    return {
        "dose": Dose.of(needs, today=timezone.localdate()),
        "fit": fit_of(needs.due, day),
        "worry": badge_of_day(dossier_for(plan=plan), dose_number=dose_number, day=day),
        "value": chosen.value,
        "when": f"{day_words(day)}, {span_words(start, end, clinic.zone)}",
        "where": f"{clinic}, {chair or 'best free chair'}",
    }


def _alternatives(plan: TreatmentPlan, dose_number: int, refusal: NotAvailable) -> list[Choice]:
    if not refusal.alternatives:
        return []
    return choices_of(refusal.alternatives, needs_of(plan=plan, dose_number=dose_number))
