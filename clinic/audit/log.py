"""Writing down what changes nothing: who looked at which patient, who opened a list, signed in, or took data out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from clinic.audit.pages import LISTS, PARTS, REFRESHING
from clinic.sql import insert

_patients: ContextVar[set[int] | None] = ContextVar("patients_seen", default=None)


def seen(*, patient_id: int | None) -> None:
    """The page that is being made shows this patient. Whoever checks that the person may see the patient calls it."""
    shown = _patients.get()
    if shown is not None and patient_id is not None:
        shown.add(patient_id)


def shown() -> set[int]:
    """The patients that the page shows so far."""
    return set(_patients.get() or ())


@contextmanager
def watching_looks() -> Iterator[set[int]]:
    """The patients shown inside, as they come."""
    shown: set[int] = set()
    token = _patients.set(shown)
    try:
        yield shown
    finally:
        _patients.reset(token)


def looked(request: HttpRequest, answer: HttpResponseBase, *, patients: set[int]) -> None:
    """Write down what an answer shows, before it leaves: a page that cannot be logged is not shown.

    A list is logged when its page is opened, not each time that it refreshes itself; a part of a page with its page.
    """
    from clinic.audit.models import What

    match = request.resolver_match
    page = match.url_name or "" if match else ""
    shows = answer.status_code in {200, 409, 422}
    rows = []
    if shows and page not in PARTS:
        rows = [_line(What.SEEN, pk) for pk in sorted(patients)]
        if page in LISTS and not (page in REFRESHING and request.headers.get("HX-Request")):
            rows.append(_line(What.LISTED, after=_which(match)))
    if shows and answer.headers.get("Content-Disposition", "").startswith("attachment"):
        rows += [_line(What.EXPORTED, pk) for pk in sorted(patients) or (None,)]
    if answer.status_code == 403 and request.user.is_authenticated:
        rows.append(_line(What.REFUSED, match.kwargs.get("patient_id") if match else None))
    insert("audit_entry", rows)


def _line(what: str, patient_id: int | None = None, *, after: dict[str, str] | None = None) -> dict[str, Any]:
    return {"what": what, "patient_id": patient_id, "after": json.dumps(after) if after is not None else None}


def _which(match: Any) -> dict[str, str]:
    """Which list: the clinic and the day that its address names."""
    return {name: str(value) for name, value in match.kwargs.items() if name in {"clinic", "day"}}


def signed_in(*, user: Any, **_: Any) -> None:
    """Receiver of Django's signal."""
    _account("signed_in", user.pk)


def signed_out(*, user: Any, **_: Any) -> None:
    """Receiver of Django's signal. Somebody whose session had ended signs out of nothing."""
    if user is not None:
        _account("signed_out", user.pk)


def sign_in_failed(*, credentials: dict[str, Any], **_: Any) -> None:
    """Receiver of Django's signal. Keeps whose account it was, if anybody's, and not what was typed."""
    from clinic.models import User

    name = credentials.get("username") or ""
    _account("sign_in_failed", User.objects.filter(username=name).values_list("pk", flat=True).first())


def _account(what: str, pk: int | None) -> None:
    from clinic.audit.models import Entry

    Entry.objects.create(what=what, after={"account": pk})
