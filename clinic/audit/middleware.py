"""One request: who and where from, for all that it writes; and what it showed, before the answer leaves."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from clinic.audit import log, origin


class AuditMiddleware:
    """Stands after Django's authentication, so it knows who asks, and before anything that answers for a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with origin.answering(request), log.watching_looks() as patients:
            answer = self.get_response(request)
            log.looked(request, answer, patients=patients)
        return answer
