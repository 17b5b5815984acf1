"""The worklists: one page, and one address for whatever is done about a row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Act, allowed, clinics_for, may
from clinic.models import Clinic
from patients.errors import Refused
from scheduling.refusals import NotAvailable
from scheduling.views.request import Request
from scheduling.worklists import marks
from scheduling.worklists.drawing import Paper, rows_of
from scheduling.worklists.lists import Row, Worklist, named
from scheduling.worklists.page import MOST, PAGE, Look, Section, row_of, sections

GONE = "This row is not in the list any more: somebody has just seen to it."


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the page is looked at: which clinics, and which lists whole."""

    clinics: Sequence[Clinic]
    clinic: str
    look: Look

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """What an address asks for, as far as the person may see it."""
        clinics = clinics_for(user=request.user, act=Act.SEE_WORKLISTS)
        slug = request.GET.get("clinic", "")
        chosen = [clinic for clinic in clinics if clinic.slug == slug]
        look = Look(
            whole=request.GET.get("all", ""),
            asleep=request.GET.get("snoozed", ""),
            rows=_rows(request.GET.get("rows", "")),
        )
        return cls(chosen or clinics, slug if chosen else "", look)

    def query(self, **changes: str) -> str:
        """The part of an address that asks for the same, with something changed."""
        rows = str(self.look.rows) if self.look.whole and self.look.rows > PAGE else ""
        facts = {
            "clinic": self.clinic,
            "all": self.look.whole,
            "rows": rows,
            "snoozed": self.look.asleep,
            **changes,
        }
        said = urlencode({name: value for name, value in facts.items() if value})
        return f"?{said}" if said else ""


def _rows(text: str) -> int:
    return min(max(int(text), PAGE), MOST) if text.isascii() and text.isdigit() and len(text) < 6 else PAGE


@never_cache
@require_safe
@allowed(Act.SEE_WORKLISTS)
def worklists(request: Request) -> HttpResponse:
    """All lists of the person's clinics, or of one of them."""
    asked = Asked.of(request)
    mine = clinics_for(user=request.user, act=Act.SEE_WORKLISTS)
    found = sections(clinics=asked.clinics, user=request.user, look=asked.look)
    context = {
        "sections": [_drawn(request, section, asked) for section in found],
        "tabs": [("All clinics", asked.query(clinic=""), not asked.clinic)]
        + [(clinic.name, asked.query(clinic=clinic.slug), clinic.slug == asked.clinic) for clinic in mine],
        "here": reverse("worklists") + asked.query(),
        "total": sum(section.count for section in found),
    }
    return render(request, "scheduling/worklists_live.html" if request.htmx else "scheduling/worklists.html", context)


@never_cache
@require_POST
@allowed(Act.SEE_WORKLISTS)
def worklist_row(request: Request, name: str, key: str) -> HttpResponse:
    """Claim a row, let it sleep, or do what its list can do about it."""
    worklist = named(name)
    if worklist is None:
        raise Http404
    asked = Asked.of(request)
    row = row_of(worklist=worklist, key=key, clinics=asked.clinics)
    if row is None:
        return _answer(request, worklist, asked, problem=GONE, status=409)
    try:
        said = _act(request, worklist, row)
    except NotAvailable as refusal:
        return _answer(request, worklist, asked, key=key, problem=refusal.reason, status=409)
    except Refused as refused:
        return _answer(request, worklist, asked, key=key, problem=refused.message, status=422)
    return _answer(request, worklist, asked, key=key, said=said)


def _act(request: Request, worklist: Worklist, row: Row) -> str:
    act, user, patient = request.POST.get("act", ""), request.user, row.patient
    if act == "claim":
        marks.claim(patient=patient, by=user)
        return ""
    if act == "release":
        marks.release(patient=patient, by=user)
        return ""
    if act == "wake":
        marks.wake(worklist=worklist.name, subject=row.key)
        return ""
    if act != "snooze" and (act not in worklist.do or not may(user=user, act=Act.BOOK)):
        raise Http404
    marks.refuse_claimed(patient=patient, by=user)
    if act == "snooze":
        until = _day(request)
        note = request.POST.get("note", "")
        marks.snooze(worklist=worklist.name, subject=row.key, by=user, until=until, note=note)
        said = f"{patient} comes back to the list on {until:%a %b} {until.day}."
    else:
        said = worklist.do[act](row, user, request.POST)
    marks.release(patient=patient, by=user)
    return said


def _day(request: Request) -> date:
    """The day that was chosen, by a button or in the field."""
    text = request.POST.get("until", "") or request.POST.get("until_day", "")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("Choose a day.", field="until_day")


def _answer(
    request: Request,
    worklist: Worklist,
    asked: Asked,
    *,
    key: str = "",
    said: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The list as it is now, with what came of it. Without htmx: back to the page."""
    if not request.htmx:
        if problem or said:
            messages.add_message(request, messages.ERROR if problem else messages.SUCCESS, problem or said)
        return redirect(f"{reverse('worklists')}{asked.query()}#list-{worklist.name}")
    context = section_context(request, worklist, asked, problem=problem, key=key)
    is_on_a_row = key in {line.row.key for line in context["section"].lines}
    context |= {"problem": "" if is_on_a_row else problem, "alone": True}
    response = render(request, "scheduling/worklist.html", context, status=status)
    if said:
        response.headers["HX-Trigger"] = json.dumps({"say": said})
    return response


def section_context(
    request: Request, worklist: Worklist, asked: Asked, *, problem: str = "", key: str = ""
) -> dict[str, Any]:
    """What the template of one list needs. A `problem` is said on the row of a key, with what was typed there."""
    [section] = sections(clinics=asked.clinics, user=request.user, look=asked.look, lists=[worklist])
    return _drawn(request, section, asked, problem=problem, key=key)


def _drawn(request: Request, section: Section, asked: Asked, *, problem: str = "", key: str = "") -> dict[str, Any]:
    name = section.worklist.name
    paper = Paper(
        worklist=name,
        query=asked.query(),
        token=get_token(request),
        today=timezone.localdate(),
        problem=problem,
        key=key,
        typed=request.POST,
    )
    return {
        "section": section,
        "rows": rows_of(section.lines, paper),
        "all_query": asked.query(all=name, rows=str(section.next_rows) if section.next_rows > PAGE else ""),
        "few_query": asked.query(all="", rows=""),
        "snoozed_query": asked.query(snoozed="" if section.shows_snoozed else name),
    }
