"""How a log record becomes a line: when and who first, then JSON, or words for people.

Asks nothing of the project but the environment: gunicorn reads it before Django is there.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

from clinic.environment import env_matching, env_str
from clinic.logs import redaction

Facts = dict[str, Any]

FIELDS = ("request", "user", "method", "route", "task", "task_id", "status", "ms", "queries", "statement")
"""What a line may say besides its words and what failed. Anything else is left out."""

OWN_WORDS = {
    "django.request": "The request failed.",
    "django.security.csrf": "A form came without the token that fits.",
}
"""Loggers whose own words are made of an address."""

_context: ContextVar[Callable[[], Facts]] = ContextVar("log_context", default=dict)


class Stderr(logging.StreamHandler):
    """stderr. A line that cannot be made is not printed with all that was to go into it, as Python would."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging calls it so)
        self.stream.write(f"A line of {record.name} could not be written: {sys.exc_info()[0]}\n")


@contextmanager
def saying(source: Callable[[], Facts]) -> Iterator[None]:
    """Lines written inside say what SOURCE tells at that moment."""
    token = _context.set(source)
    try:
        yield
    finally:
        _context.reset(token)


def begin(source: Callable[[], Facts]) -> None:
    """Lines written from here on say what SOURCE tells: for work that tells its beginning and its end apart."""
    _context.set(source)


def end() -> None:
    """The work that `begin` spoke of is over."""
    _context.set(dict)


def from_environment() -> Facts:
    """What the environment asks for: JSON in production, and there a line for each request and task."""
    production = env_str("CHAIRSIDE_ENV", "demo") == "production"
    level = env_matching(
        "LOG_LEVEL",
        "INFO" if production else "WARNING",
        pattern="(?i:debug|info|warning|error|critical)",
        example="INFO or WARNING",
    )
    return configuration(as_json=production, level=level.upper())


def configuration(*, as_json: bool, level: str) -> Facts:
    """For `logging.config.dictConfig`. Django, gunicorn and Celery are all given this one."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": ProcessorFormatter,
                "processors": [_told, structlog.processors.JSONRenderer() if as_json else _for_people],
                "use_get_message": False,
                "pass_foreign_args": True,
            }
        },
        "handlers": {"stderr": {"class": "clinic.logs.lines.Stderr", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers say the same twice, and mail the administrators.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Every request has a line of its own.
            "django.request": {"level": "ERROR"},
            # gunicorn brings a handler of its own.
            "gunicorn.error": {"handlers": [], "propagate": True},
            "celery.app.trace": {"level": "ERROR"},
            # These write down what they send, whatever it is, from INFO on.
            "twilio": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }


def _told(_: Any, __: str, facts: Facts) -> Facts:
    """All that a line says, in order. What nobody allowed stays behind."""
    record: logging.LogRecord = facts["_record"]
    told: Facts = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": facts["event"] if facts["_from_structlog"] else _words(record, facts["positional_args"]),
    }
    for source in (_context.get()(), facts):
        told |= {name: source[name] for name in FIELDS if source.get(name) is not None}
    error = record.exc_info or facts.get("exc_info")
    if isinstance(error, tuple) and error[1] is not None:
        told |= redaction.failure(error[1], error[2])
    return told


def _words(record: logging.LogRecord, arguments: Any) -> str:
    return OWN_WORDS.get(record.name) or redaction.message(record.msg, arguments)


def _for_people(_: Any, __: str, told: Facts) -> str:
    """09:14:03 WARNING reminders.dispatch: message 7: the appointment was busy (task: reminders.tasks.send_due)"""
    at, level, logger, event = (told.pop(name) for name in ("at", "level", "logger", "event"))
    trace = told.pop("trace", [])
    rest = ", ".join(f"{name}: {value}" for name, value in told.items())
    first = f"{at[11:19]} {level.upper()} {logger}: {event}{f' ({rest})' if rest else ''}"
    return "\n    ".join([first, *trace])


structlog.configure(
    processors=[structlog.stdlib.filter_by_level, ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
