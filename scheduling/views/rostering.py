"""Many shifts at once: a week copied, weeks filled from the weekly shifts, lunches proposed; and a nurse lent."""

from collections.abc import Callable
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.access import Act, allowed, clinics_for, require
from clinic.models import Shift
from clinic.once.presses import once
from clinic.quarters import local_date
from scheduling import rostering
from scheduling.consequence import Consequence, of_roster
from scheduling.lunches import Proposal, propose
from scheduling.roster_forms import CopyWeekForm, LendForm, LunchesForm, WeeksForm
from scheduling.views.change import Change, Undo, answer, typed
from scheduling.views.place import clinic_for
from scheduling.views.request import Request
from scheduling.week.page import monday_of
from scheduling.wording import day_words, span_words


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def week_copy(request: Request, clinic: str, day: date) -> HttpResponse:
    """Copy a week to later ones."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    monday = monday_of(day)
    form = CopyWeekForm(typed(request), monday=monday)
    count = Count()

    def make() -> Consequence:
        changed = rostering.copy_week(clinic=place, day=day, to=form.first_day, weeks=form.cleaned_data["weeks"])
        return of_roster(count.of(changed))

    return answer(
        request,
        Change(
            title=f"Copy the week of {day_words(monday)}",
            action="Copy the week",
            form=form,
            make=make,
            said=count.said,
            week_url=reverse("staffing", args=[place.slug, day]),
            lead="Shifts and breaks, at the same times of day. What is rostered already stays.",
            conflict_field="to",
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def week_fill(request: Request, clinic: str, day: date) -> HttpResponse:
    """Roster weeks from the weekly shifts."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    form = WeeksForm(typed(request), first=monday_of(day), label="From the week of")
    count = Count()

    def make() -> Consequence:
        return of_roster(count.of(rostering.fill_weeks(clinic=place, first_day=form.first_day, last_day=form.last_day)))

    return answer(
        request,
        Change(
            title="Fill weeks from the weekly shifts",
            action="Fill",
            form=form,
            make=make,
            said=count.said,
            week_url=reverse("staffing", args=[place.slug, day]),
            lead="Whatever the weekly shifts give and is not rostered, also where somebody took it off by hand.",
            conflict_field="to",
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def lunches(request: Request, clinic: str, day: date) -> HttpResponse:
    """Lunches that keep cover, proposed; changed by hand where wanted; saved together."""
    place = clinic_for(request, slug=clinic, act=Act.EDIT_STAFFING)
    proposal = propose(clinic=place, day=day, now=timezone.now())
    form = LunchesForm(typed(request), proposal=proposal, clinic=place, day=day)
    return answer(
        request,
        Change(
            title=f"Breaks, {day_words(day)}",
            action="Save these breaks",
            form=form,
            make=lambda: of_roster(rostering.set_breaks(clinic=place, day=day, breaks=form.cleaned_data["breaks"])),
            said=lambda: f"The breaks of {day_words(day)} are set.",
            week_url=reverse("staffing", args=[place.slug, day]),
            lead=_lead(proposal),
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.EDIT_STAFFING)
@once
def shift_lend(request: Request, shift_id: int) -> HttpResponse:
    """Let a nurse work at another clinic for a day or a part of it."""
    shift = get_object_or_404(Shift.objects.select_related("nurse", "clinic"), pk=shift_id)
    require(user=request.user, act=Act.EDIT_STAFFING, clinic=shift.clinic)
    others = [one for one in clinics_for(user=request.user, act=Act.EDIT_STAFFING) if one.pk != shift.clinic_id]
    if not others:
        raise PermissionDenied(
            f"You plan shifts at {shift.clinic} only. Ask the charge nurse of the other clinic to add the shift there."
        )
    day = local_date(shift.period.lower, shift.clinic.zone)
    form = LendForm(typed(request), shift=shift, clinics=others)

    def make() -> Consequence:
        data = form.cleaned_data
        changed = rostering.lend(
            shift=Shift.objects.select_related("nurse", "clinic").get(pk=shift_id),
            clinic=form.place,
            start=data["start"],
            end=data["end"],
            on_the_road=timedelta(minutes=data["road"]),
        )
        return of_roster(changed)

    hours = span_words(shift.period.lower, shift.period.upper, shift.clinic.zone)
    return answer(
        request,
        Change(
            title=f"Lend {shift.nurse}, {day_words(day)}",
            action="Lend",
            form=form,
            make=make,
            said=lambda: (
                f"{shift.nurse} works at {form.place} on {day_words(day)}, "
                f"{span_words(form.cleaned_data['start'], form.cleaned_data['end'], form.place.zone)}."
            ),
            week_url=reverse("staffing", args=[shift.clinic.slug, day]),
            lead=f"Rostered at {shift.clinic}, {hours}. For the rest of her shift she stays there.",
            conflict_field="clinic",
            links=(Undo("Back to the shift", reverse("shift", args=[shift.pk])),),
        ),
    )


class Count:
    """Remembers what a change of many shifts has done, to say it afterwards."""

    def __init__(self) -> None:
        self.changed: rostering.Changed | None = None

    def of(self, changed: rostering.Changed) -> rostering.Changed:
        """The same, remembered."""
        self.changed = changed
        return changed

    @property
    def said(self) -> Callable[[], str]:
        """What to say of it."""

        def words() -> str:
            assert self.changed
            parts = [
                f"{number} {'shift' if number == 1 else 'shifts'} {verb}"
                for number, verb in (
                    (len(self.changed.rostered.added), "added"),
                    (len(self.changed.ended.removed), "removed"),
                )
                if number
            ]
            return f"{', '.join(parts)}." if parts else "The roster stays as it was."

        return words


def _lead(proposal: Proposal) -> str:
    """What the proposal is, and who cannot leave."""
    if not proposal.lunches:
        return "Nobody has a break ahead that could be moved on this day."
    lead = "Proposed so that those who stay can care for everybody, with as few away at once as can be."
    alone = [
        f"{one.shift.nurse} cannot leave {one.alone}: nobody else is there." for one in proposal.lunches if one.alone
    ]
    return " ".join([lead, *alone])
