"""What every page of this room takes for granted of a request, and how a part of a page is answered."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from clinic.models import User


class Request(HttpRequest):
    """A request as our middleware makes it."""

    htmx: HtmxDetails
    user: User


def page_or_part(request: Request, *, page: str, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The whole page, or for htmx its part. What is shown beside another page leaves the address as it is."""
    response = render(request, part if request.htmx else page, context, status=status)
    if request.htmx and urlsplit(request.htmx.current_url or "").path != request.path:
        response.headers["HX-Push-Url"] = "false"
    return response
