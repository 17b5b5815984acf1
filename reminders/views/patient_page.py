"""The patient's page: behind a signed link and a date of birth.

Only a POST changes anything, since mail scanners follow links. The address holds a secret: the setting
`SECURE_REFERRER_POLICY` keeps it from other sites ("no-referrer" would break the check against forged requests).
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.audit.log import seen
from clinic.models import Clinic
from clinic.once.presses import once
from patients.phones import shown
from reminders import visit_page
from reminders.calendar import to_keep
from reminders.courses import visits_of
from reminders.forms import AnotherTimeForm, BirthDateForm, ChosenTimeForm
from reminders.links import LinkGone, link_of
from reminders.models import Channel, PatientLink
from reminders.queries.visit_page import Frame, Said, choices_of, frame_of, visit_page_of, when_said
from reminders.visit_page import MOST_TRIES, CannotChoose, Locked
from reminders.voices import voice_of
from reminders.wording import fill
from reminders.words import DEFAULT, Language, language, languages
from scheduling.models import Appointment
from scheduling.refusals import NotAvailable

OPEN_FOR = 30 * 60
"""Seconds that a page stays open after the date of birth."""

COOKIE, SALT = "visit", "patient-page"

SAID = {"asked", "moved", "stopped", "started", "cannot"}
"""What the page may say after a change: keys of its words."""

View = Callable[..., HttpResponse]


def _private(view: View) -> View:
    """A page that nobody indexes or keeps, for people without an account here. Finds the link, or says it is gone."""

    @never_cache
    @login_not_required
    @wraps(view)
    def page(request: HttpRequest, token: str) -> HttpResponse:
        try:
            link = link_of(token)
        except LinkGone:
            response = _gone(request)
        else:
            spoken = _language(request, link.appointment.patient.language)
            frame = frame_of(token=token, appointment=link.appointment, spoken=spoken)
            is_busy = request.method == "POST" and not ratelimit.consume(request, action="visit_page")
            response = _busy(request, frame) if is_busy else view(request, link, frame)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return page


def _opened(view: View) -> View:
    """A page that opens only after the date of birth; before, it asks for it."""

    @_private
    @wraps(view)
    def page(request: HttpRequest, link: PatientLink, frame: Frame) -> HttpResponse:
        if not _is_open(request, link):
            return redirect("visit_page", frame.token) if request.method == "POST" else _gate(request, link, frame)
        seen(patient_id=link.appointment.patient_id)
        return view(request, link.appointment, frame)

    return page


@require_safe
@_opened
def visit(request: HttpRequest, appointment: Appointment, frame: Frame) -> HttpResponse:
    """The visit: when, where, how to prepare, and what can be done."""
    page = visit_page_of(appointment=appointment, frame=frame)
    said = request.GET.get("said", "")
    return _render(request, frame, "visit", {"page": page, "said": frame.say[said] if said in SAID else ""})


@require_POST
@_private
def open_page(request: HttpRequest, link: PatientLink, frame: Frame) -> HttpResponse:
    """The date of birth."""
    form = BirthDateForm(request.POST)
    if not form.is_valid():
        return _gate(request, link, frame, typed=request.POST, error=frame.say["not_a_date"])
    if not ratelimit.consume(request, action="birth_date"):
        return _busy(request, frame)
    try:
        is_right = visit_page.prove(link=link, birth_date=form.cleaned_data["birth_date"])
    except Locked:
        return _locked(request, frame)
    if not is_right:
        error = frame.say["wrong"].format(left=MOST_TRIES - link.wrong_tries)
        return _gate(request, link, frame, typed=request.POST, error=error)
    response = _to_visit(frame)
    response.set_signed_cookie(
        COOKIE,
        link.key,
        salt=SALT,
        max_age=OPEN_FOR,
        path=reverse("visit_page", args=[frame.token]),
        httponly=True,
        samesite="Lax",
        secure=settings.PRODUCTION,
    )
    return response


@require_POST
@_opened
def confirm(request: HttpRequest, appointment: Appointment, frame: Frame) -> HttpResponse:
    """The patient will come."""
    try:
        visit_page.confirm(appointment=appointment)
    except NotAvailable:
        return _to_visit(frame, "cannot")
    return _to_visit(frame)


@require_http_methods(["GET", "HEAD", "POST"])
@_opened
@once
def another_time(request: HttpRequest, appointment: Appointment, frame: Frame) -> HttpResponse:
    """Times that are free now; a POST takes one."""
    if request.method != "POST":
        return _times(request, appointment, frame)
    form = ChosenTimeForm(request.POST)
    if not form.is_valid():
        return _times(request, appointment, frame, error="not_chosen", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        visit_page.choose(appointment=appointment, start=form.cleaned_data["start"], now=timezone.now())
    except CannotChoose as error:
        return _times(request, appointment, frame, error=error.why, status=HTTPStatus.CONFLICT)
    except NotAvailable:
        return _times(request, appointment, frame, error="taken", status=HTTPStatus.CONFLICT)
    return _to_visit(frame, "moved")


@require_POST
@_opened
@once
def ask(request: HttpRequest, appointment: Appointment, frame: Frame) -> HttpResponse:
    """The patient wants to be called about another time."""
    form = AnotherTimeForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else request.POST.get("words", "")[:500]
    visit_page.ask_for_another_time(appointment=appointment, words=words)
    return _to_visit(frame, "asked")


@require_POST
@_opened
def messages(request: HttpRequest, appointment: Appointment, frame: Frame) -> HttpResponse:
    """Stop one kind of messages, or have them again."""
    channel, change = request.POST.get("channel", ""), request.POST.get("change", "")
    if channel not in {Channel.SMS, Channel.EMAIL} or change not in {"stop", "start"}:
        return _to_visit(frame)
    act = visit_page.stop if change == "stop" else visit_page.resume
    act(patient=appointment.patient, channel=channel)
    return _to_visit(frame, "stopped" if change == "stop" else "started")


@require_safe
@_opened
def calendar(request: HttpRequest, appointment: Appointment, frame: Frame) -> HttpResponse:
    """The visit for the patient's calendar: the same entry that the e-mails carry, so a later one replaces it."""
    content = to_keep(
        visits_of(appointment),
        now=timezone.now(),
        summary=fill(frame.spoken.phrases["calendar"], {"sender": frame.sender}),
        location=appointment.clinic.address or voice_of(appointment.clinic).place,
        description=frame.phone,
    )
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response.headers["Content-Disposition"] = f'attachment; filename="visit-{appointment.pk}.ics"'
    return response


def _is_open(request: HttpRequest, link: PatientLink) -> bool:
    try:
        return bool(request.get_signed_cookie(COOKIE, salt=SALT, max_age=OPEN_FOR) == link.key)
    except (KeyError, BadSignature):
        return False


def _language(request: HttpRequest, own: str) -> Language:
    """The language asked for, else the patient's."""
    asked = request.GET.get("lang", "")
    return language(asked if asked in languages() else own)


def _to_visit(frame: Frame, said: str = "") -> HttpResponse:
    query = f"?lang={frame.spoken.code}" + (f"&said={said}" if said else "")
    return redirect(reverse("visit_page", args=[frame.token]) + query)


def _render(
    request: HttpRequest, frame: Frame, name: str, context: dict[str, Any], status: int = HTTPStatus.OK
) -> HttpResponse:
    context |= {"frame": frame, "say": frame.say}
    return render(request, f"reminders/page/{name}.html", context, status=status)


def _gate(request: HttpRequest, link: PatientLink, frame: Frame, *, typed: Any = None, error: str = "") -> HttpResponse:
    if link.wrong_tries >= MOST_TRIES:
        return _locked(request, frame)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return _render(request, frame, "gate", {"typed": typed, "error": error}, status)


def _locked(request: HttpRequest, frame: Frame) -> HttpResponse:
    return _render(request, frame, "locked", {}, HTTPStatus.FORBIDDEN)


def _busy(request: HttpRequest, frame: Frame) -> HttpResponse:
    return _render(request, frame, "busy", {}, HTTPStatus.TOO_MANY_REQUESTS)


def _gone(request: HttpRequest) -> HttpResponse:
    """The same answer to a link that is forged, expired or revoked. One query."""
    spoken = _language(request, DEFAULT)
    frame = Frame("", settings.SENDER_NAME, "", spoken, Said.of(spoken, None))
    clinics = [(clinic.name, shown(clinic.phone)) for clinic in Clinic.objects.exclude(phone="").order_by("name")]
    return _render(request, frame, "gone", {"clinics": clinics}, HTTPStatus.NOT_FOUND)


def _times(
    request: HttpRequest, appointment: Appointment, frame: Frame, *, error: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    context: dict[str, Any] = {
        "now_at": frame.say["now_at"].format(when=when_said(appointment=appointment, spoken=frame.spoken)),
        "error": frame.say[error] if error else "",
        "why_not": "",
        "days": [],
    }
    try:
        within = visit_page.range_for(appointment=appointment, now=timezone.now())
    except CannotChoose as reason:
        context |= {"why_not": frame.say[reason.why], "error": ""}
    else:
        found = visit_page.times(appointment=appointment, within=within)
        context["days"] = choices_of(days=found, spoken=frame.spoken, appointment=appointment)
    return _render(request, frame, "another_time", context, status)
