"""Whether the patient will be told: a part of the panel that asks before an appointment is moved."""

from datetime import date, time

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed
from reminders.foretelling import foretell
from scheduling.booking import move
from scheduling.queries.places import is_same_time
from scheduling.refusals import NotAvailable
from scheduling.views.appointment import appointment_for
from scheduling.views.book_here import place_of
from scheduling.views.request import Request
from scheduling.wording import clock_words


@never_cache
@require_safe
@allowed(Act.BOOK)
def would_tell(
    request: Request, appointment_id: int, clinic: str, day: date, chair_id: int, clock: time
) -> HttpResponse:
    """What moving an appointment to a place would tell the patient."""
    one = appointment_for(request, appointment_id, act=Act.BOOK)
    place = place_of(request, clinic, day, chair_id, clock)
    start, chair = place.chosen.start, place.chosen.chair
    context: dict[str, object] = {}
    if is_same_time(one, place.clinic, start):
        context["same_time"] = True
    else:
        try:
            told = foretell(
                change=lambda: move(appointment=one, clinic=place.clinic, start=start, chair=chair, by=request.user)
            )
        except NotAvailable as refusal:
            context["problem"] = refusal.reason
        else:
            context |= {"told": told, "at": clock_words(told.at, place.clinic.zone) if told.at else ""}
    return render(request, "reminders/would_tell.html", context)
