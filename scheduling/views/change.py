"""A change with its consequence first: the form, what it would do while it is filled in, and what it has done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from clinic.closing import ClosingConflict
from clinic.staffing import RosterConflict
from scheduling.consequence import Consequence, beforehand
from scheduling.refusals import NotAvailable
from scheduling.views.request import Request


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take a change back."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change that somebody is about to make.

    `make` makes it and says what it did to the patients; `said` says afterwards in a sentence what has changed.
    Without an `action` there is nothing to save.
    What it refuses is shown beside `conflict_field`. `links` are other things to do with the same shift.
    """

    title: str
    action: str
    form: forms.Form
    make: Callable[[], Consequence]
    said: Callable[[], str]
    week_url: str
    lead: str = ""
    conflict_field: str | None = None
    is_dangerous: bool = False
    undo: Callable[[], Undo | None] = lambda: None
    links: tuple[Undo, ...] = ()


def typed(request: Request) -> QueryDict | None:
    """What to bind a form to: what was posted, even if that is nothing."""
    return request.POST if request.method == "POST" else None


def answer(request: Request, change: Change) -> HttpResponse:
    """Show a change's form; with `?look` say what it would do; on a plain POST make it."""
    if request.method != "POST":
        return _page(request, change)
    if "look" in request.GET:
        return _look(request, change)
    seen = _try(change, change.make) if change.form.is_valid() else None
    if seen is None:
        return _page(request, change, status=422)
    said, undo = change.said(), change.undo()
    if not request.htmx:
        messages.success(request, said)
        if seen.uncovered or seen.displaced:
            messages.warning(request, _to_do(seen))
        return redirect(change.week_url)
    done = render(
        request,
        "scheduling/staffing_done.html",
        {"said": said, "consequence": seen, "undo": undo, "week_url": change.week_url, "is_done": True},
    )
    return trigger_client_event(done, "staffing-changed")


def _look(request: Request, change: Change) -> HttpResponse:
    """What the change would do if it were made now. The reason for it does not matter to that."""
    if reason := change.form.fields.get("reason"):
        reason.required = False
    seen = _try(change, lambda: beforehand(change.make)) if change.form.is_valid() else None
    problems = [
        message
        for errors in change.form.errors.as_data().values()
        for error in errors
        if error.code != "required"
        for message in error.messages
    ]
    return render(
        request, "scheduling/staffing_consequence.html", {"consequence": seen, "problems": problems, "is_done": False}
    )


def _try(change: Change, make: Callable[[], Consequence]) -> Consequence | None:
    """Make a change. What is refused becomes an error of the form."""
    try:
        return make()
    except (RosterConflict, ClosingConflict) as conflict:
        change.form.add_error(change.conflict_field, str(conflict))
    except NotAvailable:
        change.form.add_error(None, "Somebody else is changing that day at this moment. Try again.")
    return None


def _page(request: Request, change: Change, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"change": change, "form": change.form, "is_panel": bool(request.htmx)}
    name = "scheduling/staffing_change.html" if request.htmx else "scheduling/staffing_change_page.html"
    return render(request, name, context, status=status)


def _to_do(seen: Consequence) -> str:
    """Whom to move, in one sentence."""
    people = [*seen.uncovered, *seen.displaced]
    names = "; ".join(f"{one.patient}, {one.day}, {one.time}" for one in people)
    if seen.uncovered:
        return f"Without a nurse for part of the stay: {names}. Call a nurse in, or move them."
    return f"To be moved: {names}."
