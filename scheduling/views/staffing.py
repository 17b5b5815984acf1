"""The staffing week, and the changes that a charge nurse makes on it."""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import Act, allowed, clinic_ids_for, clinics_for, may, require
from clinic.models import Absence, Clinic, Nurse, Shift
from clinic.once.presses import once
from clinic.quarters import local_date
from scheduling import restaffing
from scheduling.consequence import Consequence, of_redealing
from scheduling.staffing_forms import AbsenceForm, ConfirmForm, ShiftForm
from scheduling.views.change import Change, Undo, answer, typed
from scheduling.views.place import clinic_for
from scheduling.views.request import Request
from scheduling.week.drawing import cells_of, loads_of
from scheduling.week.page import monday_of
from scheduling.week.page import week as lay_out
from scheduling.wording import day_words, span_words, stretch_words

WEEK = timedelta(days=7)


@never_cache
@require_safe
@allowed(Act.SEE_STAFFING)
def staffing(request: Request, clinic: str, day: date) -> HttpResponse:
    """The week that holds a day."""
    place = clinic_for(request, slug=clinic, act=Act.SEE_STAFFING)
    now = timezone.now()
    week = lay_out(clinic=place, day=day, now=now)
    may_edit = may(user=request.user, act=Act.EDIT_STAFFING, clinic=place)
    context = {
        "clinic": place,
        "clinics": clinics_for(user=request.user, act=Act.SEE_STAFFING),
        "day": day,
        "today": local_date(now, place.zone),
        "is_this_week": monday_of(day) == monday_of(local_date(now, place.zone)),
        "before": monday_of(day) - WEEK,
        "after": monday_of(day) + WEEK,
        "week": week,
        "loads": loads_of(week, clinic=place.slug, may_edit=may_edit),
        "nurses": [(nurse, cells_of(nurse, clinic=place.slug, may_edit=may_edit)) for nurse in week.nurses],
        "may_edit": may_edit,
    }
    return render(request, f"scheduling/staffing{'_week' if request.htmx else ''}.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def shift_add(request: Request, clinic: str, day: date) -> HttpResponse:
    """Roster a nurse for a day."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    number = request.GET.get("nurse", "")
    nurse = Nurse.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    form = ShiftForm(typed(request), clinic=place, day=day, initial={"nurse": nurse} if nurse else None)

    def make() -> Consequence:
        data = form.cleaned_data
        return of_redealing(
            restaffing.add_shift(
                nurse=data["nurse"], clinic=place, start=data["start"], end=data["end"], breaks=data["breaks"]
            ),
            clinic=place,
            day=day,
        )

    return answer(
        request,
        Change(
            title=f"Add a shift, {day_words(day)}",
            action="Add shift",
            form=form,
            make=make,
            said=lambda: f"{form.cleaned_data['nurse']} works {_hours(place, form)} on {day_words(day)}.",
            week_url=_week(place, day),
            conflict_field=form.conflict_field,
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def shift_change(request: Request, shift_id: int) -> HttpResponse:
    """New hours or breaks for a shift; from here also: sick, removed, back again."""
    shift, day = _shift(request, shift_id)
    form = ShiftForm(typed(request), clinic=shift.clinic, day=day, shift=shift)

    def make() -> Consequence:
        data = form.cleaned_data
        redealt = restaffing.change_shift(shift=shift, start=data["start"], end=data["end"], breaks=data["breaks"])
        return of_redealing(redealt, clinic=shift.clinic, day=day)

    return answer(
        request,
        Change(
            title=f"{shift.nurse}, {day_words(day)}",
            action="Save",
            form=form,
            make=make,
            said=lambda: f"{shift.nurse} works {_hours(shift.clinic, form)} on {day_words(day)}.",
            week_url=_week(shift.clinic, day),
            conflict_field=form.conflict_field,
            links=(
                *(
                    Undo(f"Back: {absence.reason}", reverse("absence_end", args=[absence.pk]))
                    for absence in Absence.objects.filter(nurse=shift.nurse_id, period__overlap=shift.period)
                ),
                Undo("Lend to another clinic", reverse("shift_lend", args=[shift.pk])),
                Undo("Sick or leaves early", reverse("shift_off", args=[shift.pk])),
                Undo("Remove shift", reverse("shift_remove", args=[shift.pk])),
            ),
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def shift_off(request: Request, shift_id: int) -> HttpResponse:
    """A nurse is sick, leaves early, or is away for days. Never refused because of patients."""
    shift, day = _shift(request, shift_id)
    nurse, zone = shift.nurse, shift.clinic.zone
    form = AbsenceForm(typed(request), shift=shift, by=request.user, now=timezone.now())

    def make() -> Consequence:
        data = form.cleaned_data
        redealt = restaffing.take_off(
            nurse=nurse, start=data["start"], end=data["end"], reason=data["reason"], by=request.user
        )
        return of_redealing(redealt, clinic=shift.clinic, day=day)

    def undo() -> Undo | None:
        absence = Absence.objects.filter(nurse=nurse).latest("pk")
        return Undo(f"Put {nurse} back", reverse("absence_end", args=[absence.pk]))

    return answer(
        request,
        Change(
            title=f"{nurse} is off",
            action="Take off the floor",
            form=form,
            make=make,
            said=lambda: f"{nurse} is off {stretch_words(form.cleaned_data['start'], form.cleaned_data['end'], zone)}.",
            week_url=_week(shift.clinic, day),
            lead="Her patients are dealt to the nurses on the floor at once. Whom nobody can take is shown here first.",
            undo=undo,
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def shift_remove(request: Request, shift_id: int) -> HttpResponse:
    """Take a whole shift off the roster."""
    shift, day = _shift(request, shift_id)
    hours = span_words(shift.period.lower, shift.period.upper, shift.clinic.zone)
    return answer(
        request,
        Change(
            title="Remove shift",
            action="Remove shift",
            form=ConfirmForm(typed(request)),
            make=lambda: of_redealing(restaffing.remove_shift(shift=shift), clinic=shift.clinic, day=day),
            said=lambda: f"{shift.nurse} does not work on {day_words(day)} any more.",
            week_url=_week(shift.clinic, day),
            lead=f"{shift.nurse}, {day_words(day)}, {hours}. Sick? Then leave the shift and take her off instead.",
            is_dangerous=True,
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def absence_end(request: Request, absence_id: int) -> HttpResponse:
    """A nurse is on the floor again."""
    absence = get_object_or_404(Absence.objects.select_related("nurse__home_clinic"), pk=absence_id)
    place, day = _place_of(request, absence)
    stretch = stretch_words(absence.period.lower, absence.period.upper, place.zone)
    return answer(
        request,
        Change(
            title=f"{absence.nurse} is back",
            action="Put back on the floor",
            form=ConfirmForm(typed(request)),
            make=lambda: of_redealing(restaffing.put_back(absence=absence), clinic=place, day=day),
            said=lambda: f"{absence.nurse} is back on the floor.",
            week_url=_week(place, day),
            lead=f"Off {stretch}: {absence.reason}.",
        ),
    )


def _shift(request: Request, pk: int) -> tuple[Shift, date]:
    """A shift of a clinic where the person plans shifts, and its day. 404 or 403."""
    shift = get_object_or_404(Shift.objects.select_related("nurse", "clinic"), pk=pk)
    require(user=request.user, act=Act.EDIT_STAFFING, clinic=shift.clinic)
    return shift, local_date(shift.period.lower, shift.clinic.zone)


def _place_of(request: Request, absence: Absence) -> tuple[Clinic, date]:
    """Where an absence is felt first. Raises `PermissionDenied` unless the person plans shifts at every such place."""
    shifts = list(
        Shift.objects.filter(nurse=absence.nurse_id, period__overlap=absence.period)
        .select_related("clinic")
        .order_by("period")
    )
    home = absence.nurse.home_clinic
    places = [shift.clinic for shift in shifts] or ([home] if home else [])
    mine = clinic_ids_for(user=request.user, act=Act.EDIT_STAFFING)
    if not places or any(place.pk not in mine for place in places):
        raise PermissionDenied(f"{absence.nurse} works where you do not plan shifts. Ask the charge nurse there.")
    moment = shifts[0].period.lower if shifts else absence.period.lower
    return places[0], local_date(moment, places[0].zone)


def _hours(place: Clinic, form: ShiftForm) -> str:
    return span_words(form.cleaned_data["start"], form.cleaned_data["end"], place.zone)


def _week(place: Clinic, day: date) -> str:
    return reverse("staffing", args=[place.slug, day])
