"""A web worker that is killed at a moment that a test names in a header of the request."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Die"
BEFORE_COMMIT, BEFORE_ANSWER = "before the commit", "before the answer"


class DyingMiddleware:
    """Stands before all others: when it has the answer, everything is committed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        when = request.headers.get(HEADER)
        if when == BEFORE_COMMIT:
            with connection.execute_wrapper(_die_at_the_last_statement):
                return self.get_response(request)
        answer = self.get_response(request)
        if when == BEFORE_ANSWER:
            die()
        return answer


def _die_at_the_last_statement(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    """The answer is kept last, so all has been written then, and nothing is committed."""
    done = execute(sql, *rest)
    if 'UPDATE "clinic_press"' in sql:
        die()
    return done


def die() -> None:
    """kill -9, as the kernel does it when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
