"""Planning a day again: the page, the proposal that it loads, and accepting it."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.access import Act, allowed, clinics_for
from clinic.models import Clinic
from clinic.once.presses import once
from clinic.quarters import local_date
from scheduling.day_bar import day_bar
from scheduling.queries.replan import page_of, reasons_of
from scheduling.refusals import NotAvailable
from scheduling.replan_day import SECONDS, Move, Proposal, propose
from scheduling.replanning import CHANGED, accept
from scheduling.views.place import clinic_for
from scheduling.views.request import Request

SALT = "scheduling.replan"
GOOD_FOR = timedelta(hours=12)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Act.REPLAN)
def replan(request: Request, clinic: str, day: date) -> HttpResponse:
    """The page answers at once and asks for the proposal, which takes seconds, by itself. `?now` answers with both."""
    place = clinic_for(request, slug=clinic, act=Act.REPLAN)
    if request.method == "POST":
        return _accept(request, place, day)
    if request.htmx:
        return _proposal(request, place, day)
    context = _context(request, place, day)
    if "now" in request.GET and not context["is_past"]:
        context |= _proposed(request, place, day)
    return render(request, "scheduling/replan.html", context)


def _accept(request: Request, place: Clinic, day: date) -> HttpResponse:
    """Make the moves that were shown, all or the one that was chosen."""
    said, problem = "", ""
    try:
        said = _make(request, place, day).content.decode()
    except signing.BadSignature:
        problem = "This plan is too old. Here is a new one."
    except NotAvailable as refusal:
        problem = (
            f"{refusal.reason} Here is a new plan." if refusal.code != "taken" else f"{CHANGED} Here is a new plan."
        )
    if request.htmx:
        return _proposal(request, place, day, said=said, problem=problem)
    messages.add_message(request, messages.ERROR if problem else messages.SUCCESS, problem or said)
    return redirect(f"{reverse('replan', args=[place.slug, day])}?now")


@once
def _make(request: Request, place: Clinic, day: date) -> HttpResponse:
    """The moves alone, without the new proposal, which takes long. Answers with what to say of them."""
    seen, moves, why = _read(request.POST.get("plan", ""), place, day)
    chosen = request.POST.get("only", "")
    moves = [move for move in moves if not chosen or str(move.appointment) == chosen]
    made = accept(clinic=place, date=day, moves=moves, seen=seen, why=why, by=request.user)
    return HttpResponse(_said([str(one.patient) for one in made]))


def _proposal(request: Request, place: Clinic, day: date, *, said: str = "", problem: str = "") -> HttpResponse:
    context = {"clinic": place, "day": day, "said": said, "problem": problem, **_proposed(request, place, day)}
    return render(request, "scheduling/replan_proposal.html", context, status=409 if problem else 200)


def _context(request: Request, place: Clinic, day: date) -> dict[str, Any]:
    return {
        "clinic": place,
        "day": day,
        "seconds": int(SECONDS),
        "is_past": day < local_date(timezone.now(), place.zone),
        "bar": day_bar(
            user=request.user, act=Act.REPLAN, clinic=place, day=day, page="replan", open_weekdays=frozenset(range(7))
        ),
    }


def _proposed(request: Request, place: Clinic, day: date) -> dict[str, Any]:
    """A proposal made now, drawn and signed."""
    mine = clinics_for(user=request.user, act=Act.BOOK)
    proposal = propose(clinic=place, date=day, clinics=mine)
    return {"page": page_of(proposal), "plan": _write(proposal)}


def _write(proposal: Proposal) -> str:
    """The moves as the page sends them back: signed, so that what is accepted is what was shown."""
    why = reasons_of(proposal)
    return signing.dumps(
        {
            "of": [proposal.clinic.pk, proposal.date.isoformat()],
            "seen": proposal.seen,
            "moves": [
                {**asdict(move), "start": move.start.timestamp(), "why": why[move.appointment]}
                for move in proposal.moves
            ],
        },
        salt=SALT,
        compress=True,
    )


def _read(text: str, place: Clinic, day: date) -> tuple[str, list[Move], dict[int, str]]:
    """What `_write` wrote. Raises `BadSignature` for anything else, for another day, and after half a day."""
    facts = signing.loads(text, salt=SALT, max_age=GOOD_FOR)
    if facts["of"] != [place.pk, day.isoformat()]:
        raise signing.BadSignature
    why = {one["appointment"]: one.pop("why") for one in facts["moves"]}
    moves = [Move(**{**one, "start": datetime.fromtimestamp(one["start"], UTC)}) for one in facts["moves"]]
    return facts["seen"], moves, why


def _said(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} was moved."
    return f"{len(names)} were moved. Whom to call stands on the worklists."
