"""The outbox: lists, one message as the patient sees it, and what can be done about it."""

import re
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from clinic.access import Act, allowed, clinics_for, may, require
from clinic.audit.log import seen
from clinic.once.presses import once
from patients.errors import Refused
from reminders import demo, handling, replies
from reminders.links import revoke
from reminders.models import Channel, Message, Reply
from reminders.queries.message import card_of, html_of
from reminders.queries.outbox import (
    REPLIES,
    clinics_chosen,
    messages_about,
    messages_in,
    replies_in,
    tabs,
    tray_named,
)
from reminders.visit_page import unlock
from scheduling.models import Appointment
from scheduling.sight import require_sight
from scheduling.views.request import Request

AHEAD = {"1": "a day", "3": "3 days", "8": "8 days", "30": "30 days"}
"""How far a demonstration may look ahead."""

WHOLE = (
    "appointment__patient__home_clinic",
    "appointment__clinic",
    "appointment__dose_phase",
    "appointment__plan__therapy",
    "clinic",
    "handled_by",
)


@never_cache
@require_safe
@allowed(Act.SEE_OUTBOX)
def outbox(request: Request) -> HttpResponse:
    """One tray of the outbox."""
    mine = clinics_for(user=request.user, act=Act.SEE_OUTBOX)
    clinics = clinics_chosen(mine, request.GET.get("clinic", ""))
    shows_replies = request.GET.get("show") == REPLIES
    tray = tray_named(request.GET.get("show", ""))
    read: Any = replies_in if shows_replies else messages_in
    which = {} if shows_replies else {"tray": tray}
    lines, page = read(clinics=clinics, number=request.GET.get("page", "1"), **which)
    context = {
        "tabs": tabs(clinics=clinics, here=REPLIES if shows_replies else tray.name),
        "show": REPLIES if shows_replies else tray.name,
        "nothing": "No patient has written yet." if shows_replies else tray.nothing,
        "holds": "What patients answer to a text stands here, with what came of it." if shows_replies else tray.holds,
        "lines": lines,
        "page": page,
        "clinics": mine if len(mine) > 1 else [],
        "clinic": clinics[0].slug if len(clinics) == 1 and len(mine) > 1 else "",
        "ahead": AHEAD if demo.is_demonstration() else {},
        "may_edit_wording": may(user=request.user, act=Act.EDIT_WORDING),
    }
    return render(request, "reminders/outbox.html", context)


@never_cache
@require_safe
@allowed(Act.SEE_OUTBOX)
def message(request: Request, message_id: int) -> HttpResponse:
    """One message as the patient sees it."""
    return _card(request, _message(request, message_id))


@xframe_options_sameorigin
@never_cache
@require_safe
@allowed(Act.SEE_OUTBOX)
def letter(request: Request, message_id: int) -> HttpResponse:
    """An e-mail as its reader sees it, in a frame that runs and loads nothing."""
    one = _message(request, message_id)
    if one.channel != Channel.EMAIL:
        raise Http404("Only an e-mail has a page of its own.")
    html = html_of(one)
    policy = f"default-src 'none'; style-src {_styles_of(html)}; frame-ancestors 'self'; sandbox"
    return HttpResponse(html, headers={"Content-Security-Policy": policy})


def _styles_of(html: str) -> str:
    """The style sheets in a letter, as a content policy names them: by their hashes, so that no other one counts."""
    sheets = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(sheet.encode()).digest()).decode()}'" for sheet in sheets) or "'none'"


@never_cache
@require_POST
@allowed(Act.SEE_OUTBOX)
@once
def send_again(request: Request, message_id: int) -> HttpResponse:
    """A new message in place of one that failed."""
    one = _message(request, message_id)
    try:
        new = handling.send_again(message=one, by=request.user)
    except Refused as refused:
        return _card(request, one, problem=refused.message, status=409)
    return _done(request, new, "A new message is on its way.")


@never_cache
@require_POST
@allowed(Act.SEE_OUTBOX)
def handled(request: Request, message_id: int) -> HttpResponse:
    """Somebody has dealt with a message that went wrong."""
    one = _message(request, message_id)
    try:
        handling.set_handled(message=one, by=request.user)
    except Refused as refused:
        return _card(request, one, problem=refused.message, status=409)
    return _done(request, one, "Noted. It is off the list.")


@never_cache
@require_POST
@allowed(Act.SEE_OUTBOX)
def reply_handled(request: Request, reply_id: int) -> HttpResponse:
    """Somebody has read a reply and done what it asks for."""
    reply = get_object_or_404(Reply.objects.select_related("clinic"), pk=reply_id)
    if reply.clinic is not None:
        require(user=request.user, act=Act.SEE_OUTBOX, clinic=reply.clinic)
    replies.handle(reply=reply, by=request.user)
    messages.success(request, "Noted. The reply is off the list.")
    return redirect(f"{reverse('outbox')}?show={REPLIES}")


@never_cache
@require_POST
@allowed(Act.SEE_OUTBOX)
def ahead(request: Request) -> HttpResponse:
    """Demonstration: let all leave that will be due in some days."""
    days = request.POST.get("days", "")
    if days not in AHEAD:
        raise Http404("Choose one of the days.")
    clinics = clinics_chosen(clinics_for(user=request.user, act=Act.SEE_OUTBOX), request.POST.get("clinic", ""))
    try:
        counts = demo.send_ahead(clinics=clinics, until=timezone.now() + timedelta(days=int(days)))
    except demo.NotADemonstration:
        raise Http404("This is no demonstration.")
    said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "nothing was due"
    messages.success(request, f"As if {AHEAD[days]} had passed: {said}. Nobody was really told.")
    return redirect(f"{reverse('outbox')}?show=sent")


@never_cache
@require_POST
@allowed(Act.SEE_OUTBOX)
@once
def answer(request: Request, message_id: int) -> HttpResponse:
    """Demonstration: text back as the patient would."""
    one = _message(request, message_id)
    words = request.POST.get("words", "").strip()[:300]
    if not words or one.channel != Channel.SMS or not one.recipient:
        return _card(request, one, problem="Only a text that was sent can be answered.", status=409)
    try:
        reply = demo.answer_as_patient(message=one, words=words)
    except (demo.NotADemonstration, replies.TooMany):
        raise Http404("This is no demonstration.")
    return _done(request, one, f"The patient texted “{words}”. {reply.outcome or 'Somebody should read it.'}")


@never_cache
@require_safe
@allowed(Act.SEE_PATIENTS)
def appointment_messages(request: Request, appointment_id: int) -> HttpResponse:
    """What was and will be told of an appointment: a part of the appointment's own page."""
    visit = _appointment(request, appointment_id, in_emergency=True)
    return _about(request, visit)


@never_cache
@require_POST
@allowed(Act.BOOK)
def patient_page_link(request: Request, appointment_id: int) -> HttpResponse:
    """Open a locked patient's page again, or let its links work no more."""
    visit = _appointment(request, appointment_id)
    require(user=request.user, act=Act.BOOK, clinic=visit.clinic)
    if request.POST.get("change") == "revoke":
        revoke(visit)
        said = "The links that were sent open nothing any more. The next message has a new one."
    else:
        unlock(appointment=visit)
        said = "The patient can open the page again."
    if not request.htmx:
        messages.success(request, said)
        return redirect("appointment", visit.pk)
    return _about(request, visit, said=said)


def _message(request: Request, pk: int) -> Message:
    """A message about a visit at a clinic of the person. 404 or 403."""
    one = get_object_or_404(Message.objects.select_related(*WHOLE), pk=pk)
    require(user=request.user, act=Act.SEE_OUTBOX, clinic=one.clinic)
    seen(patient_id=one.appointment.patient_id)
    return one


def _appointment(request: Request, pk: int, *, in_emergency: bool = False) -> Appointment:
    visit = get_object_or_404(Appointment.objects.select_related("patient", "clinic"), pk=pk)
    require_sight(user=request.user, patient=visit.patient, in_emergency=in_emergency)
    return visit


def _about(request: Request, visit: Appointment, *, said: str = "") -> HttpResponse:
    context = {
        "visit": visit,
        "lines": messages_about(appointment_id=visit.pk),
        "replies": visit.replies.filter(for_people=True, handled_at=None),
        "link": visit.links.filter(revoked_at=None).first(),
        "may_open": may(user=request.user, act=Act.SEE_OUTBOX, clinic=visit.clinic),
        "may_change": may(user=request.user, act=Act.BOOK, clinic=visit.clinic),
        "said": said,
    }
    return render(request, "reminders/appointment_messages.html", context)


def _card(request: Request, one: Message, *, problem: str = "", said: str = "", status: int = 200) -> HttpResponse:
    context = {
        "card": card_of(one),
        "problem": problem,
        "said": said,
        "is_demonstration": demo.is_demonstration(),
        "is_panel": bool(request.htmx),
    }
    name = "reminders/message_card.html" if request.htmx else "reminders/message.html"
    return render(request, name, context, status=status)


def _done(request: Request, one: Message, said: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, said)
        return redirect("outbox_message", one.pk)
    return _card(request, _message(request, one.pk), said=said)
