"""Undo: the button that stands beside what was just done."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from clinic.access import Act, allowed, require
from clinic.models import Clinic
from clinic.once.presses import once
from scheduling import undoing
from scheduling.queries.booking import booked_words
from scheduling.refusals import NotAvailable
from scheduling.views.appointment import appointment_for
from scheduling.views.request import Request


@never_cache
@require_POST
@allowed(Act.BOOK)
@once
def undo(request: Request) -> HttpResponse:
    """Take back what was just done, or say why it stays."""
    try:
        before = undoing.read(token=request.POST.get("token", ""), by=request.user)
    except NotAvailable as refusal:
        return _stays(request, refusal, "home")
    one = appointment_for(request, before.appointment, act=Act.BOOK)
    require(user=request.user, act=Act.BOOK, clinic=Clinic.objects.get(pk=before.clinic))
    try:
        after = undoing.undo(before=before, by=request.user)
    except NotAvailable as refusal:
        return _stays(request, refusal, "appointment", one.pk)
    if before.done == "booked":
        said = "Undone. The dose is not booked, and nobody is told."
    else:
        said = f"Undone: back at {booked_words(after)}. Nobody is told."
    if not request.htmx:
        messages.success(request, said)
        return redirect("patient", one.patient_id) if before.done == "booked" else redirect("appointment", one.pk)
    done = HttpResponse()
    for name, values in (("close-panel", {}), ("appointment-changed", {"id": after.pk}), ("say", {"value": said})):
        trigger_client_event(done, name, values, after="swap")
    return done


def _stays(request: Request, refusal: NotAvailable, page: str, *args: int) -> HttpResponse:
    if request.htmx:
        return render(request, "scheduling/undo_refused.html", {"reason": refusal.reason}, status=409)
    messages.warning(request, refusal.reason)
    return redirect(page, *args)
