"""How many statements a request or task sends to the database, and which one takes long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

import structlog

from clinic.logs import redaction

SLOW = 1.0
"""Seconds after which a statement gets a line."""

log = structlog.stdlib.get_logger(__name__)


class Tally:
    """Statements so far."""

    __slots__ = ("statements",)

    def __init__(self) -> None:
        self.statements = 0


_tally: ContextVar[Tally | None] = ContextVar("statements", default=None)
_reads_all: ContextVar[bool] = ContextVar("reads_all", default=False)


@contextmanager
def counted() -> Iterator[Tally]:
    """The statements sent inside, as they come."""
    tally = Tally()
    token = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(token)


@contextmanager
def reading_all() -> Iterator[None]:
    """What is asked inside reads whole tables: that it takes long is no news."""
    token = _reads_all.set(True)
    try:
        yield
    finally:
        _reads_all.reset(token)


def attach(*, connection: Any, **_: Any) -> None:
    """Let a database connection be watched. Receiver of `connection_created`."""
    if watch not in connection.execute_wrappers:
        # The outermost: what others put into a statement is none of the log's business.
        connection.execute_wrappers.insert(0, watch)


def watch(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Count a statement, and tell of one that took long: its shape, never its values."""
    if tally := _tally.get():
        tally.statements += 1
    began = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        took = perf_counter() - began
        if took > SLOW and not _reads_all.get():
            log.warning("A statement was slow.", ms=round(took * 1000), statement=redaction.statement(sql))
