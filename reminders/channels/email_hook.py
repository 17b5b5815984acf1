"""What the e-mail provider posts, verified and understood by django-anymail."""

from typing import Any

from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from reminders.channels.email_provider import OURS
from reminders.mail_reports import Report

_READERS: dict[str, Any] = {"mailgun": MailgunTrackingWebhookView, "postmark": PostmarkTrackingWebhookView}
_LONGEST_NUMBER = 18

# Mailgun sends nothing to whoever complained or unsubscribed before; anymail calls the reason "other".
_MAILGUN_REASONS = {"suppress-complaint": "spam", "suppress-unsubscribe": "unsubscribed"}


class NotTheProvider(Exception):
    """The request does not carry what the provider's would: its signature, or the name and password we gave it."""


class NotUnderstood(Exception):
    """The provider's, but no report that we can read."""


def reports_in(request: HttpRequest) -> list[Report]:
    """The reports that a request brings. Raises `NotTheProvider` and `NotUnderstood`."""
    if settings.EMAIL_PROVIDER not in _READERS:
        raise NotTheProvider
    reader = _READERS[settings.EMAIL_PROVIDER]()
    try:
        reader.run_validators(request)
    except (SuspiciousOperation, ValueError, TypeError, AttributeError) as error:
        raise NotTheProvider from error
    try:
        return [_report(event) for event in reader.parse_events(request)]
    except (AnymailError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise NotUnderstood from error


def _report(event: AnymailTrackingEvent) -> Report:
    raw = event.esp_event if isinstance(event.esp_event, dict) else {}
    mailgun_reason = raw.get("event-data", {}).get("reason", "")
    number = str((event.metadata or {}).get(OURS, ""))
    return Report(
        event=str(event.event_type),
        provider_id=str(event.message_id or "")[:200],
        message_id=int(number) if number.isdecimal() and len(number) <= _LONGEST_NUMBER else None,
        recipient=str(event.recipient or "").lower(),
        reason=_MAILGUN_REASONS.get(mailgun_reason, str(event.reject_reason or "")),
        said=" ".join(str(event.mta_response or event.description or "").split()),
        # Postmark's word for what may work the next time.
        for_now=raw.get("Type") == "SoftBounce",
    )
