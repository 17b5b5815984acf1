"""Weekly shifts: who works when every week; begun, changed and ended from a day on, with the consequence first."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import Act, allowed, clinics_for, may, require
from clinic.models import ShiftPattern, Weekday
from clinic.once.presses import once
from clinic.quarters import local_date
from scheduling import rostering
from scheduling.consequence import Consequence, of_roster
from scheduling.roster_forms import PatternChangeForm, PatternEndForm, PatternForm, nurse_of
from scheduling.views.change import Change, Undo, answer, typed
from scheduling.views.place import clinic_for
from scheduling.views.request import Request
from scheduling.views.rostering import Count
from scheduling.week.patterns import weekly_shifts


@never_cache
@require_safe
@allowed(Act.SEE_STAFFING)
def patterns(request: Request, clinic: str) -> HttpResponse:
    """Every nurse's weekly shifts at a clinic."""
    place = clinic_for(request, slug=clinic, act=Act.SEE_STAFFING)
    today = local_date(timezone.now(), place.zone)
    context = {
        "clinic": place,
        "clinics": clinics_for(user=request.user, act=Act.SEE_STAFFING),
        "today": today,
        "weekdays": Weekday.labels,
        "nurses": weekly_shifts(clinic=place, today=today),
        "may_edit": may(user=request.user, act=Act.EDIT_STAFFING, clinic=place),
    }
    return render(request, "scheduling/staffing_patterns.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def pattern_add(request: Request, clinic: str) -> HttpResponse:
    """Let a nurse work the same hours every week."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    today = local_date(timezone.now(), place.zone)
    weekday = request.GET.get("weekday", "")
    initial = {"nurse": nurse_of(request.GET.get("nurse", "")), "weekdays": [weekday] if weekday.isdecimal() else []}
    form = PatternForm(typed(request), clinic=place, today=today, initial=initial)
    count = Count()

    def make() -> Consequence:
        data = form.cleaned_data
        return of_roster(
            count.of(
                rostering.begin_pattern(
                    nurse=data["nurse"],
                    clinic=place,
                    weekdays=data["weekdays"],
                    times=form.times,
                    first_day=data["first_day"],
                    last_day=data["last_day"],
                )
            )
        )

    return answer(
        request,
        Change(
            title="Add a weekly shift",
            action="Add weekly shift",
            form=form,
            make=make,
            said=count.said,
            week_url=_list(place.slug),
            conflict_field="weekdays",
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def pattern_change(request: Request, pattern_id: int) -> HttpResponse:
    """Give a weekly shift other hours from a day on."""
    pattern = _pattern(request, pattern_id)
    today = local_date(timezone.now(), pattern.clinic.zone)
    form = PatternChangeForm(typed(request), pattern=pattern, today=today)
    count = Count()

    def make() -> Consequence:
        return of_roster(
            count.of(
                rostering.change_pattern(
                    pattern=_pattern(request, pattern_id),
                    times=form.times,
                    from_day=max(form.cleaned_data["from_day"], today),
                )
            )
        )

    return answer(
        request,
        Change(
            title=f"{pattern.nurse}, every {pattern.get_weekday_display()}",
            action="Save",
            form=form,
            make=make,
            said=count.said,
            week_url=_list(pattern.clinic.slug),
            lead="Shifts made from it are made again from that day on. What was changed by hand stays.",
            conflict_field="from_day",
            links=(Undo("End this weekly shift", reverse("pattern_end", args=[pattern.pk])),),
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def pattern_end(request: Request, pattern_id: int) -> HttpResponse:
    """Let a weekly shift end with a day."""
    pattern = _pattern(request, pattern_id)
    today = local_date(timezone.now(), pattern.clinic.zone)
    form = PatternEndForm(typed(request), today=today)
    count = Count()

    def make() -> Consequence:
        last_day = max(form.cleaned_data["last_day"], today - timedelta(days=1))
        return of_roster(count.of(rostering.end_pattern(pattern=_pattern(request, pattern_id), last_day=last_day)))

    return answer(
        request,
        Change(
            title=f"{pattern.nurse}, every {pattern.get_weekday_display()}: end",
            action="End weekly shift",
            form=form,
            make=make,
            said=count.said,
            week_url=_list(pattern.clinic.slug),
            lead=f"{pattern.starts:%-I:%M}–{pattern.ends:%-I:%M %p}. The shifts made from it for later days go.",
            conflict_field="last_day",
            is_dangerous=True,
        ),
    )


def _pattern(request: Request, pk: int) -> ShiftPattern:
    """A weekly shift of a clinic where the person plans shifts. 404 or 403."""
    pattern = get_object_or_404(ShiftPattern.objects.select_related("nurse", "clinic"), pk=pk)
    require(user=request.user, act=Act.EDIT_STAFFING, clinic=pattern.clinic)
    return pattern


def _list(slug: str) -> str:
    return reverse("patterns", args=[slug])
