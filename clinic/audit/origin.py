"""Who does it, from where and why: known to the program, and sent to the database with every statement that writes.

The facts of one request, task or command are held in a context variable. A wrapper around each database connection puts
them in front of INSERT, UPDATE and DELETE as a setting that lasts for the transaction; the triggers read it there. They
go with every statement because a rolled-back savepoint takes settings back too.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

Facts = dict[str, Any]

MOST_AGENT, MOST_ADDRESS = 200, 45
_WRITES = re.compile(r"\s*(insert|update|delete|merge|with|copy|truncate)\b", re.IGNORECASE)

_source: ContextVar[Callable[[], Facts]] = ContextVar("origin", default=dict)


@contextmanager
def acting(**facts: str) -> Iterator[None]:
    """What is written inside says so: `task` (a command, a job), `why` (a reason that somebody gave)."""
    around = _source.get()
    token = _source.set(lambda: {**around(), **facts})
    try:
        yield
    finally:
        _source.reset(token)


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """What is written inside came by this request."""
    token = _source.set(lambda: facts_of(request))
    try:
        yield
    finally:
        _source.reset(token)


def facts_of(request: HttpRequest) -> Facts:
    """Who sends a request, from where, to which page. The page's name, not its address: addresses carry ids."""
    user = request.user if hasattr(request, "user") else get_user(request)
    match = request.resolver_match
    return {
        **({"by": user.pk, "name": user.label} if user.is_authenticated else {}),
        "address": address_of(request),
        "agent": printable(request.headers.get("User-Agent", ""))[:MOST_AGENT],
        "request": getattr(request, "request_id", ""),
        "page": match.url_name or "" if match else "",
    }


def address_of(request: HttpRequest) -> str:
    """The address of the browser: behind a proxy of ours, the last one that the proxy adds."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return printable(forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))[:MOST_ADDRESS]


def printable(text: str) -> str:
    """Text without characters that jsonb refuses."""
    return "".join(character for character in text if character.isprintable())


def attach(*, connection: Any, **_: Any) -> None:
    """Let a database connection send the origin along. Receiver of `connection_created`."""
    if carry not in connection.execute_wrappers:
        connection.execute_wrappers.append(carry)


def carry(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Put the origin in front of a statement that writes; it stands until the transaction ends."""
    if isinstance(sql, str) and _WRITES.match(sql):
        facts = _source.get()()
        text = json.dumps(facts).replace("'", "''") if facts else ""
        if params is not None:
            text = text.replace("%", "%%")
        sql = f"select set_config('chairside.origin', '{text}', true); {sql}"
    return execute(sql, params, many, context)


def begin_task(*, task: Any, **_: Any) -> None:
    """A background task begins: `reminders.tasks.look` acts as "reminders: look"."""
    name = task.name.replace(".tasks.", ": ").replace("_", " ")
    _source.set(lambda: {"task": name})


def end_task(**_: Any) -> None:
    """A background task has ended."""
    _source.set(dict)
