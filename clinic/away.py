"""The database is away for a moment: a page that needs none of it says what to do, and how to go on.

Whatever was being written is whole or not at all. A form with a key (`clinic.once`) can be sent again from the page:
if its change was saved before the answer was lost, the answer comes, and nothing is saved twice.
"""

import sys
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from clinic.logs.requests import failed
from clinic.once.presses import FIELD

SECONDS = 5
"""When to try again: about as long as a PostgreSQL server takes to come back."""


def server_error(request: HttpRequest) -> HttpResponse:
    """What an exception that nobody handled becomes. Django calls it while the exception is being handled."""
    return away(request) if _is_away(sys.exc_info()[1]) else failed(request)


def away(request: HttpRequest) -> HttpResponse:
    """503. Rendered without the request, so that nothing asks who is signed in."""
    kept = [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]
    context = {
        "seconds": SECONDS,
        "address": request.get_full_path(),
        "is_look": request.method in {"GET", "HEAD"},
        "is_for_staff": getattr(getattr(request.resolver_match, "func", None), "login_required", True),
        # Only forms with a key: what stands in others may be a password.
        "kept": kept if FIELD in request.POST else None,
        "csrf": get_token(request),
        "reference": getattr(request, "reference", ""),
    }
    page = render_to_string("503.html", context)
    return HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(SECONDS)})


def _is_away(error: BaseException | None) -> bool:
    """Whether the database was lost, behind whatever came of that. A broken answer is a bare `DatabaseError`."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
            return True
        error = error.__cause__ or error.__context__
    return False
