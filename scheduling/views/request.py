"""What every page of this room takes for granted of a request."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from clinic.models import User


class Request(HttpRequest):
    """A request as our middleware makes it."""

    htmx: HtmxDetails
    user: User
