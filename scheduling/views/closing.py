"""Closing a clinic or taking a chair out of service, and taking that back."""

from collections.abc import Callable
from datetime import date, datetime, time

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.access import Act, allowed, require
from clinic.hours import weekly_hours
from clinic.models import ChairOutage, Clinic, Closure
from clinic.once.presses import once
from clinic.quarters import at_wall_clock, floor_quarter, local_date
from scheduling import closing
from scheduling.consequence import Consequence, of_closing
from scheduling.staffing_forms import ConfirmForm, OutageForm, StretchForm
from scheduling.views.change import Change, answer, typed
from scheduling.views.place import clinic_for
from scheduling.views.request import Request
from scheduling.wording import stretch_words


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def clinic_close(request: Request, clinic: str, day: date) -> HttpResponse:
    """A holiday, snow, a burst pipe. Who is booked then is listed to be moved."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    start, end = _opening(place, day)
    form = StretchForm(typed(request), clinic=place, start=start, end=end)

    def make() -> Consequence:
        data = form.cleaned_data
        in_the_way = closing.close_clinic(clinic=place, start=data["start"], end=data["end"], reason=data["reason"])
        return of_closing(in_the_way)

    return answer(
        request,
        Change(
            title=f"Close {place}",
            action="Close the clinic",
            form=form,
            make=make,
            said=lambda: f"{place} is closed {_stretch(place, form)}.",
            week_url=reverse("staffing", args=[place.slug, day]),
            lead="Nobody can be booked into it. Who is booked already stays until you move them.",
            conflict_field="first_day",
            is_dangerous=True,
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def chair_out(request: Request, clinic: str, day: date) -> HttpResponse:
    """A chair is broken or being cleaned. Who is booked on it then is listed to be moved."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    start, end = _opening(place, day)
    form = OutageForm(typed(request), clinic=place, start=start, end=end)

    def make() -> Consequence:
        data = form.cleaned_data
        in_the_way = closing.put_chair_out(
            chair=data["chair"], start=data["start"], end=data["end"], reason=data["reason"]
        )
        return of_closing(in_the_way)

    return answer(
        request,
        Change(
            title="Chair out of service",
            action="Take out of service",
            form=form,
            make=make,
            said=lambda: f"{form.cleaned_data['chair']} is out of service {_stretch(place, form)}.",
            week_url=reverse("staffing", args=[place.slug, day]),
            lead="Nobody can be booked on it then. Who is booked on it already stays until you move them.",
            conflict_field="chair",
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def closure_end(request: Request, closure_id: int) -> HttpResponse:
    """The clinic is open after all."""
    one = get_object_or_404(Closure.objects.select_related("clinic"), pk=closure_id)
    return _take_back(
        request,
        place=one.clinic,
        row=one,
        title=f"Open {one.clinic} again",
        said=f"{one.clinic} is open again.",
        make=lambda: closing.reopen(closure=one),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def outage_end(request: Request, outage_id: int) -> HttpResponse:
    """The chair is in service again."""
    one = get_object_or_404(ChairOutage.objects.select_related("chair__clinic"), pk=outage_id)
    return _take_back(
        request,
        place=one.chair.clinic,
        row=one,
        title=f"{one.chair} back in service",
        said=f"{one.chair} is in service again.",
        make=lambda: closing.put_chair_back(outage=one),
    )


def _take_back(
    request: Request, *, place: Clinic, row: Closure | ChairOutage, title: str, said: str, make: Callable[[], None]
) -> HttpResponse:
    require(user=request.user, act=Act.EDIT_STAFFING, clinic=place)
    start, end = row.period.lower, row.period.upper

    def taken_back() -> Consequence:
        make()
        return Consequence()

    return answer(
        request,
        Change(
            title=title,
            action=title,
            form=ConfirmForm(typed(request)),
            make=taken_back,
            said=lambda: said,
            week_url=reverse("staffing", args=[place.slug, local_date(start, place.zone)]),
            lead=f"{row.reason}, {stretch_words(start, end, place.zone)}.",
        ),
    )


def _opening(place: Clinic, day: date) -> tuple[datetime, datetime]:
    """What is proposed: the day's opening hours, from now on if they have begun."""
    opens, closes = weekly_hours(clinics=[place])[place.pk].on(day) or (time(8), time(17))
    start, end = at_wall_clock(day, opens, place.zone), at_wall_clock(day, closes, place.zone)
    now = timezone.now()
    return (floor_quarter(now) if start < now < end else start), end


def _stretch(place: Clinic, form: StretchForm) -> str:
    return stretch_words(form.cleaned_data["start"], form.cleaned_data["end"], place.zone)
