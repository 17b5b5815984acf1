"""Where providers call: a text came in, or what became of a message of ours. Open only to their signatures."""

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from reminders import mail_reports
from reminders.channels.email_hook import NotTheProvider, NotUnderstood, reports_in
from reminders.delivery import report
from reminders.replies import TooMany, receive

_NUMBER = re.compile(r"\+?\d{3,15}")
_OURS = re.compile(r"\d{1,18}")

Hook = Callable[[HttpRequest], HttpResponse]


def _signed(view: Hook) -> Hook:
    """Let the view be called by the provider only: the signature covers the address and everything that is posted."""

    @never_cache
    @login_not_required
    @csrf_exempt
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if not _is_from_provider(request):
            return HttpResponse("Refused\n", content_type="text/plain", status=HTTPStatus.FORBIDDEN)
        return view(request)

    return checked


@_signed
def sms(request: HttpRequest) -> HttpResponse:
    """A patient's text. The answer, if there is one, goes back in the response."""
    number, provider_id = request.POST.get("From", ""), request.POST.get("MessageSid", "")
    if not _NUMBER.fullmatch(number) or not 1 <= len(provider_id) <= 64:
        return HttpResponse("Not a text\n", content_type="text/plain", status=HTTPStatus.BAD_REQUEST)
    try:
        reply = receive(
            provider_id=provider_id,
            number=number,
            words=request.POST.get("Body", "").replace("\0", ""),
            answered_already=bool(request.POST.get("OptOutType")),
        )
    except TooMany:
        return HttpResponse("Too many\n", content_type="text/plain", status=HTTPStatus.TOO_MANY_REQUESTS)
    response = MessagingResponse()
    if reply.answer:
        response.message(reply.answer)
    return HttpResponse(str(response), content_type="text/xml; charset=utf-8")


@_signed
def sms_status(request: HttpRequest) -> HttpResponse:
    """What became of a text of ours."""
    ours = request.GET.get("message", "")
    report(
        provider_id=request.POST.get("MessageSid", "")[:200],
        status=request.POST.get("MessageStatus", ""),
        code=request.POST.get("ErrorCode", ""),
        message_id=int(ours) if _OURS.fullmatch(ours) else None,
    )
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@never_cache
@login_not_required
@csrf_exempt
@require_POST
def email(request: HttpRequest) -> HttpResponse:
    """What became of e-mails of ours."""
    try:
        reports = reports_in(request)
    except NotTheProvider:
        return HttpResponse("Refused\n", content_type="text/plain", status=HTTPStatus.FORBIDDEN)
    except NotUnderstood:
        return HttpResponse("Not a report\n", content_type="text/plain", status=HTTPStatus.BAD_REQUEST)
    for each in reports:
        mail_reports.report(wire=settings.EMAIL_PROVIDER, what=each)
    # Either provider takes anything but 200 for a failure, and reports again.
    return HttpResponse()


def _is_from_provider(request: HttpRequest) -> bool:
    """Whether the provider signed this request. Without an account nobody can have."""
    if settings.TWILIO is None:
        return False
    address = f"{settings.PUBLIC_URL}{request.get_full_path()}"
    signature = request.headers.get("X-Twilio-Signature", "")
    return bool(RequestValidator(settings.TWILIO["token"]).validate(address, request.POST, signature))
