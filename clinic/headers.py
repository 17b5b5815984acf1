"""What every answer says to the browser besides its content, and how much anybody may send.

The content policy is django-csp's, in the settings.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
        "xr-spatial-tracking",
    )
)
"""Nothing of a device is used here. Passkeys and the clipboard stay as browsers have them: for our own pages only."""


class SizeMiddleware:
    """Refuses what is larger than anything that is sent here, before a byte of it is read, from whomever.

    Without a length nothing is read either: the servers that we run behind hand on no body then.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) <= settings.MOST_BYTES_SENT:
            return self.get_response(request)
        return render(request, "413.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


class HeadersMiddleware:
    """Nothing is kept by a browser or on the way, and no page asks for a camera. Stands below the static files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            add_never_cache_headers(answer)
        answer.headers["Permissions-Policy"] = PERMISSIONS
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return answer
