"""What a log line may say. Pure: no Django, no database.

A message's own words are ours or a library's, and stand; what is put into them stands only if it is a number or looks
like something of the program's. Of an exception its type and place are told, never its words: "Key (mrn)=(…)", "invalid
literal for int(): …" and their like hold what somebody typed.
"""

import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

HIDDEN = "…"

MOST_FRAMES = 30
MOST_LETTERS = 400

_ROOT = f"{Path(__file__).resolve().parents[2]}/"

_OF_OURS = re.compile(
    r"""
    SIG[A-Z0-9]{2,6}                                                # a signal
    | GET | HEAD | POST | PUT | PATCH | DELETE | OPTIONS
    | (?:clinic|therapies|patients|scheduling|reminders|celery|django)(?:\.[A-Za-z_]+)+   # a module, a task
    | [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}  # a task's id
    | \d{1,12}:[0-9a-f]{64}                                         # a seal of the audit trail
    | https?://\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}                       # where a server listens
    """,
    re.VERBOSE,
)

_SUSPECT = re.compile(
    r"""
    '[^']*' | "[^"]*" | “[^”]*” | \([^()]*\)=\([^()]*\)   # quoted; PostgreSQL's Key (column)=(value)
    | [^\s@]+@[^\s@]+                                     # an e-mail address, a URL with a password
    | (?<!\w)/[^\s]+ | \?[^\s]+                           # a path, a query
    | \b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b                 # a date
    | \+?\d[\d\s().-]{5,}\d                               # a phone number
    | (?=[\w-]*\d)[\w-]{16,}                              # a token
    """,
    re.VERBOSE,
)
"""What a library may have put into its words before it handed them over."""

_SAYS_NO_DATA = (AttributeError, NameError, ImportError, RecursionError)
"""Python fills these with names from the code."""

_DIAGNOSED = {"constraint": "constraint_name", "table": "table_name", "column": "column_name"}


def message(template: object, args: Any) -> str:
    """The words of a log record: its template, with those of its arguments that may be told."""
    if not isinstance(template, str):
        return type(template).__name__
    text = scrubbed(template) if not args else template
    try:
        return (text % safe(args))[:MOST_LETTERS] if args else text[:MOST_LETTERS]
    except (TypeError, ValueError, KeyError):
        return text[:MOST_LETTERS]


def safe(value: Any) -> Any:
    """A value as a line may show it."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, tuple):
        return tuple(safe(each) for each in value)
    if isinstance(value, Mapping):
        return {key: safe(each) for key, each in value.items()}
    if isinstance(value, BaseException):
        return type(value).__name__
    text = value if isinstance(value, str) else str(value)
    return text if _OF_OURS.fullmatch(text) else HIDDEN


def scrubbed(text: str) -> str:
    """Text without what may be about somebody. Only a net: whatever we write ourselves does not lean on it."""
    return _SUSPECT.sub(HIDDEN, text)


def statement(sql: object) -> str:
    """The shape of a statement: no value of it, cut to a line."""
    text = re.sub(r"\s+", " ", str(sql))
    return re.sub(r"'(?:[^']|'')*'|\b\d+\b", "?", text)[:MOST_LETTERS]


def failure(error: BaseException, trace: TracebackType | None = None) -> dict[str, Any]:
    """What is told of an exception: types from the cause to the effect, what the database names, and where."""
    told = list(_causes(error))
    facts: dict[str, Any] = {"error": " < ".join(type(each).__name__ for each in told)}
    for each in told:
        facts |= _of_the_database(each)
    if isinstance(error, _SAYS_NO_DATA):
        facts["words"] = str(error)[:MOST_LETTERS]
    if isinstance(error, OSError) and error.strerror:
        facts["words"] = f"{error.errno} {scrubbed(error.strerror)}"
    facts["trace"] = [_place(frame) for frame in traceback.extract_tb(trace or error.__traceback__)[-MOST_FRAMES:]]
    return facts


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what led to it, the last first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_the_database(error: BaseException) -> dict[str, str]:
    """The code and the names that PostgreSQL gives along; they come from our migrations."""
    facts = {}
    if code := getattr(error, "pgcode", None):
        facts["sqlstate"] = str(code)
        found = {name: getattr(getattr(error, "diag", None), key, None) for name, key in _DIAGNOSED.items()}
        facts |= {name: value for name, value in found.items() if value}
    return facts


def _place(frame: traceback.FrameSummary) -> str:
    file = frame.filename.removeprefix(_ROOT).rpartition("site-packages/")[2]
    return f"{file}:{frame.lineno} {frame.name}"
