"""The same press again is answered as it was the first time, and writes nothing.

A form that must not be done twice carries a random key (`partials/once.html`), and its view says `@once`. The view then
runs in one transaction with a row that is unique to the press. A web worker that dies takes both along, and the next
press does the work; one that dies after the commit leaves both, and the next press is given the answer that was lost.
Two presses at the same moment: the second waits for the first at the unique index.

The same press is the same person, page, key and content: another person's key is of no use, and a form that comes back
with other words in it is another press. What is refused leaves no row, so the form can be put right and sent again.

Not everything needs it. Steps of a visit, confirmations, claims and undoing come to the same when done twice, and say
so themselves; forms that only correct what is on record write the same again.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from clinic.audit import log
from clinic.once.models import Press

FIELD = "once"
"""Name of the hidden field."""

KEPT = timedelta(days=1)
"""A form that lay open for longer than this is not pressed again by somebody who waits for its answer."""

_NOT_CONTENT = {"csrfmiddlewaretoken", "unlock", "next"}
"""Fields that differ when the same is sent again: by a fresh page, or from behind a locked screen."""

View = TypeVar("View", bound=Callable[..., HttpResponse])


def once(view: View) -> View:
    """Let a view do what a form asks for once, however often it is sent. Stands inside what checks access."""

    @wraps(view)
    def pressed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.POST.get(FIELD):
            return view(request, *args, **kwargs)
        with transaction.atomic():
            press, is_first = Press.objects.get_or_create(mark=_mark(request), defaults={"at": timezone.now()})
            if not is_first:
                return _again(request, press.answer)
            said_before = _said(request)
            answer = view(request, *args, **kwargs)
            if answer.status_code >= 400:
                press.delete()
            else:
                press.answer = _kept(answer, said=_said(request)[len(said_before) :])
                press.save(update_fields=["answer"])
            return answer

    return cast(View, pressed)


def forget_old() -> int:
    """Delete the presses that nobody waits for any more; how many there were."""
    return Press.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def _mark(request: HttpRequest) -> str:
    content = {name: values for name, values in request.POST.lists() if name not in _NOT_CONTENT}
    is_part = bool(request.headers.get("HX-Request"))
    facts = [request.user.pk, request.get_full_path(), is_part, content]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _kept(answer: HttpResponse, *, said: list[tuple[int, str, str]]) -> dict[str, Any]:
    return {
        "status": answer.status_code,
        "headers": dict(answer.headers),
        "body": answer.content.decode(),
        "said": said,
        "shown": sorted(log.shown()),
    }


def _again(request: HttpRequest, kept: dict[str, Any]) -> HttpResponse:
    for level, text, tags in kept["said"]:
        messages.add_message(request, level, text, extra_tags=tags)
    for pk in kept["shown"]:
        log.seen(patient_id=pk)
    if to := kept["headers"].get("Location"):
        return redirect(to)
    return HttpResponse(kept["body"], status=kept["status"], headers=kept["headers"])


def _said(request: HttpRequest) -> list[tuple[int, str, str]]:
    """What the next page will say so far. Looking at it does not take it away."""
    storage = cast(BaseStorage, messages.get_messages(request))
    said = [(each.level, str(each.message), each.extra_tags or "") for each in storage]
    storage.used = False
    return said
