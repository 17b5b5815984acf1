"""Settings that come from the environment, read once, checked at start."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PATIENCE = {"connect_timeout": "5", "tcp_user_timeout": "15000"}
"""How long a database may say nothing before it counts as away: seconds to answer, milliseconds on an open connection.

Without these a web worker waits for as long as the network does, and is ended by its own time-out of 30 seconds.
"""


def env_str(name: str, default: str | None = None) -> str:
    """The value of NAME; without a default it must be set."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} must be set in the environment.")
    return default


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")


def env_int(name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} must be between {least} and {most}, not {number}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    """Comma-separated values, empty ones left out."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_matching(name: str, default: str, *, pattern: str, example: str) -> str:
    """The value of NAME, which must look like EXAMPLE; the default is not checked."""
    value = os.environ.get(name, "").strip()
    if value and not re.fullmatch(pattern, value):
        raise ImproperlyConfigured(f"{name} must look like {example}, not {value!r}.")
    return value or default


def env_secret(name: str, *, pattern: str, example: str) -> str:
    """The value of NAME, which must be set and be EXAMPLE. What it is instead is not said: it would stand in a log."""
    value = env_str(name)
    if not re.fullmatch(pattern, value):
        raise ImproperlyConfigured(f"{name} must be {example}.")
    return value


def env_together(*names: str) -> bool:
    """Whether all of some values are set. Some without the others are a mistake."""
    missing = [name for name in names if not os.environ.get(name, "").strip()]
    if 0 < len(missing) < len(names):
        raise ImproperlyConfigured(f"{', '.join(missing)} must be set too: {', '.join(names)} belong together.")
    return not missing


def data_directory() -> Path:
    """Where embedded servers, the demonstration's secrets and files written at run time live."""
    return (Path(__file__).resolve().parent.parent / env_str("CHAIRSIDE_DATA", "var")).resolve()


def database_from_url(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for postgresql://user:password@host:port/name?sslmode=require"""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql:// (Chairside needs PostgreSQL 18).")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL has a port that is not a number.") from None
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL must name a database: postgresql://user:password@host/NAME")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # ?host=/run/postgresql is libpq's way to name a socket directory in a URL.
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(port or ""),
        "OPTIONS": PATIENCE | options,
    }
