"""How the telling goes, for the manager and whoever keeps the program running."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed, clinics_for
from reminders.health import alive, counts
from scheduling.views.request import Request


@never_cache
@require_safe
@allowed(Act.SEE_OUTBOX)
def operations(request: Request) -> HttpResponse:
    """What is due, what became of messages, whether the background work lives."""
    state = alive()
    clinics = clinics_for(user=request.user, act=Act.SEE_OUTBOX)
    context = {"state": state, "counts": counts(clinics=clinics, now=state.now), "clinics": clinics}
    name = "reminders/operations_live.html" if request.htmx else "reminders/operations.html"
    return render(request, name, context)
