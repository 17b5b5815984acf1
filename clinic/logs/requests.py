"""One request: its id, which the answer carries, every line says and people read out on the phone; and its own line."""

import re
import secrets
from collections.abc import Callable
from time import perf_counter
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template import loader
from django.utils.functional import SimpleLazyObject

from clinic import metrics
from clinic.logs import lines, statements

GetResponse = Callable[[HttpRequest], HttpResponseBase]

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0 and o, no 1, i and l: they sound and look alike."""

_FROM_THE_PROXY = re.compile(r"[0-9a-f]{16,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What proxies make: hexadecimal, or a UUID. Nobody's name looks like that."""

_REFERENCE = 8

QUIET = {"healthz", "readyz", "metrics"}
"""Asked every few seconds by machines: a line only when something is wrong."""

log = structlog.stdlib.get_logger("chairside.requests")


class RequestMiddleware:
    """Stands before all others, so that whatever happens happens to a request with an id, and has a line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = perf_counter()
        request.request_id = request_id_for(request)  # type: ignore[attr-defined]
        request.reference = reference_of(request.request_id)  # type: ignore[attr-defined]
        with lines.saying(lambda: facts_of(request)), statements.counted() as tally:
            answer = self.get_response(request)
            answer.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
            if answer.status_code >= 400:
                answer.headers["X-Reference"] = request.reference  # type: ignore[attr-defined]
            seconds = perf_counter() - began
            if _has_a_line(request, answer):
                log.info("answered", status=answer.status_code, ms=round(seconds * 1000, 1), queries=tally.statements)
        metrics.answered(
            address=_address(request), method=method_of(request), status=answer.status_code, seconds=seconds
        )
        return answer


def request_id_for(request: HttpRequest) -> str:
    """The proxy's, if one of ours stands before us and it looks like an id; else one that is short to be read out."""
    given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
    if _FROM_THE_PROXY.fullmatch(given):
        return given
    made = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"{made[:4]}-{made[4:]}"


def reference_of(request_id: str) -> str:
    """What error pages say: our own id whole, the beginning of a long one. Either finds the lines in the log."""
    return request_id if request_id[4:5] == "-" else request_id[:_REFERENCE]


def facts_of(request: HttpRequest) -> dict[str, Any]:
    """Who asks what, as far as it is known by now. The route, not the address: addresses carry ids and secrets."""
    match = request.resolver_match
    return {
        "request": request.request_id,  # type: ignore[attr-defined]
        "user": _user_id(request),
        "method": method_of(request),
        "route": match.route if match else None,
    }


def method_of(request: HttpRequest) -> str:
    """The method, unless somebody made one up."""
    return request.method if request.method in {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"} else "OTHER"


def failed(request: HttpRequest) -> HttpResponse:
    """500: what to do, and the reference. Needs neither database nor session nor anything that may just have broken."""
    page = loader.get_template("500.html").render({"reference": getattr(request, "reference", "")})
    return HttpResponse(page, status=500)


def _user_id(request: HttpRequest) -> int | None:
    """Whoever is signed in, if that was asked before: to ask now would be a query, and a line must cost none."""
    facts = vars(request)
    user = facts.get("user")
    if user is None or type(user) is SimpleLazyObject:
        user = facts.get("_cached_user")
    return user.pk if user is not None else None


def _address(request: HttpRequest) -> str:
    """The name of the address; whatever leads nowhere has one name."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or "nameless"
    return "static" if _is_static(request) else "none"


def _is_static(request: HttpRequest) -> bool:
    return request.path_info.startswith(settings.STATIC_URL)


def _has_a_line(request: HttpRequest, answer: HttpResponseBase) -> bool:
    if answer.status_code >= 500:
        return True
    match = request.resolver_match
    return match.url_name not in QUIET if match else not _is_static(request)
