"""Opening hours and chairs of a clinic, changed with the consequence first; and what each clinic does on holidays."""

from datetime import date, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import Act, allowed, clinics_for, may, require
from clinic.holidays import decisions, holidays_between
from clinic.hours import weekly_hours
from clinic.models import Chair, Clinic
from clinic.once.presses import once
from clinic.quarters import local_date
from scheduling import closing
from scheduling.consequence import Consequence, of_closing
from scheduling.place_forms import ChairForm, HolidayForm, HoursForm
from scheduling.staffing_forms import ConfirmForm
from scheduling.views.change import Change, Undo, answer, typed
from scheduling.views.place import clinic_for
from scheduling.views.request import Request
from scheduling.week.places import chairs_of, hours_of
from scheduling.wording import day_words

A_YEAR = timedelta(days=366)


@never_cache
@require_safe
@allowed(Act.SEE_STAFFING)
def places(request: Request, clinic: str) -> HttpResponse:
    """When a clinic is open, and its chairs."""
    place = clinic_for(request, slug=clinic, act=Act.SEE_STAFFING)
    today = _today(place)
    context = {
        "clinic": place,
        "clinics": clinics_for(user=request.user, act=Act.SEE_STAFFING),
        "today": today,
        "hours": hours_of(clinic=place, today=today),
        "chairs": chairs_of(clinic=place, now=timezone.now()),
        "may_edit": may(user=request.user, act=Act.EDIT_STAFFING, clinic=place),
    }
    return render(request, "scheduling/staffing_places.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def hours_change(request: Request, clinic: str) -> HttpResponse:
    """Open a clinic at other hours from a day on."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    today = _today(place)
    form = HoursForm(typed(request), week=weekly_hours(clinics=[place])[place.pk].as_of(today), today=today)

    def make() -> Consequence:
        data = form.cleaned_data
        return of_closing(closing.change_hours(clinic=place, from_day=data["from_day"], week=data["week"]))

    return answer(
        request,
        Change(
            title=f"Opening hours, {place}",
            action="Save the hours",
            form=form,
            make=make,
            said=lambda: f"{place} opens at these hours from {day_words(form.cleaned_data['from_day'], year=True)} on.",
            week_url=_page(place),
            lead="Without times it is closed that day. Changes planned for later days are replaced. "
            "Who is booked outside the new hours stays until you move them; shifts stay as they are.",
            conflict_field="from_day",
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def chair_add(request: Request, clinic: str) -> HttpResponse:
    """Put up another chair."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    form = ChairForm(typed(request))

    def make() -> Consequence:
        closing.add_chair(clinic=place, name=form.cleaned_data["name"], kind=form.cleaned_data["kind"])
        return Consequence()

    return answer(
        request,
        Change(
            title=f"Add a chair, {place}",
            action="Add chair",
            form=form,
            make=make,
            said=lambda: f"{form.cleaned_data['name']} can be booked.",
            week_url=_page(place),
            conflict_field="name",
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def chair_change(request: Request, chair_id: int) -> HttpResponse:
    """Another name or kind for a chair; from here also: taken away."""
    chair = _chair(request, chair_id)
    form = ChairForm(typed(request), chair=chair)

    def make() -> Consequence:
        # Read again: what is looked at and taken back must not stay on the row that is shown.
        row = Chair.objects.select_related("clinic").get(pk=chair_id)
        return of_closing(
            closing.change_chair(chair=row, name=form.cleaned_data["name"], kind=form.cleaned_data["kind"])
        )

    return answer(
        request,
        Change(
            title=str(chair),
            action="Save",
            form=form,
            make=make,
            said=lambda: f"{form.cleaned_data['name']} is saved.",
            week_url=_page(chair.clinic),
            conflict_field="name",
            links=(Undo("Take this chair away", reverse("chair_remove", args=[chair.pk])),),
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def chair_remove(request: Request, chair_id: int) -> HttpResponse:
    """Let nobody be booked on a chair any more."""
    chair = _chair(request, chair_id)

    def make() -> Consequence:
        row = Chair.objects.select_related("clinic").get(pk=chair_id)
        return of_closing(closing.take_chair_away(chair=row))

    return answer(
        request,
        Change(
            title=f"Take {chair} away",
            action="Take the chair away",
            form=ConfirmForm(typed(request)),
            make=make,
            said=lambda: f"{chair} can be booked no more.",
            week_url=_page(chair.clinic),
            lead="For good. Only for some days? Then put it out of service in the week instead. "
            "Who is booked on it stays until you move them.",
            is_dangerous=True,
            undo=lambda: Undo(f"Bring {chair} back", reverse("chair_return", args=[chair.pk])),
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def chair_return(request: Request, chair_id: int) -> HttpResponse:
    """Use a chair again that was taken away."""
    chair = _chair(request, chair_id)

    def make() -> Consequence:
        closing.bring_chair_back(chair=Chair.objects.select_related("clinic").get(pk=chair_id))
        return Consequence()

    return answer(
        request,
        Change(
            title=f"Bring {chair} back",
            action="Bring it back",
            form=ConfirmForm(typed(request)),
            make=make,
            said=lambda: f"{chair} can be booked again.",
            week_url=_page(chair.clinic),
        ),
    )


@never_cache
@require_safe
@allowed(Act.EDIT_STAFFING)
def holidays(request: Request) -> HttpResponse:
    """The holidays of the coming year, and what each clinic does on them."""
    mine = clinics_for(user=request.user, act=Act.EDIT_STAFFING)
    today = min(_today(clinic) for clinic in mine)
    coming = holidays_between(today, today + A_YEAR)
    decided = decisions(clinics=mine, holidays=coming)
    rows = [(holiday, decided[holiday.day]) for holiday in coming]
    context = {
        "clinics": mine,
        "rows": [
            (holiday, cells, any(cell.is_due for cell in cells), any(cell.is_open_to_choice for cell in cells))
            for holiday, cells in rows
        ],
        "due": sum(any(cell.is_due for cell in cells) for _, cells in rows),
        "today": today,
    }
    return render(request, "scheduling/staffing_holidays.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def holiday_decide(request: Request, day: date) -> HttpResponse:
    """Close on a holiday, or stay open and be asked no more, for each clinic."""
    holiday = next(iter(holidays_between(day, day)), None)
    if holiday is None:
        raise Http404("That day is no holiday.")
    mine = clinics_for(user=request.user, act=Act.EDIT_STAFFING)
    form = HolidayForm(typed(request), decisions=decisions(clinics=mine, holidays=[holiday])[day])

    def make() -> Consequence:
        return of_closing(closing.decide_holiday(holiday=holiday, decided=form.decided, by=request.user))

    def said() -> str:
        closed = [str(clinic) for clinic, what in form.decided.items() if what == "close"]
        opens = [str(clinic) for clinic, what in form.decided.items() if what == "open"]
        parts = [f"{', '.join(names)} {what}" for names, what in ((closed, "closed"), (opens, "open")) if names]
        return f"{holiday.name}, {day_words(day)}: {'; '.join(parts) or 'not decided yet'}."

    return answer(
        request,
        Change(
            title=f"{holiday.name}, {day_words(day, year=True)}",
            action="Save" if form.asked else "",
            form=form,
            make=make,
            said=said,
            week_url=reverse("holidays"),
            lead="Nobody can be booked on a closed day. Who is booked already stays until you move them."
            if form.asked
            else "Nothing to decide: every clinic is closed anyway. A closed day is opened again in its week.",
        ),
    )


def _chair(request: Request, pk: int) -> Chair:
    """A chair of a clinic where the person plans. 404 or 403."""
    chair = get_object_or_404(Chair.objects.select_related("clinic"), pk=pk)
    require(user=request.user, act=Act.EDIT_STAFFING, clinic=chair.clinic)
    return chair


def _today(clinic: Clinic) -> date:
    return local_date(timezone.now(), clinic.zone)


def _page(clinic: Clinic) -> str:
    return reverse("places", args=[clinic.slug])
