"""The secret key: from the environment in production, made once into the data directory otherwise."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

LEAST_LENGTH = 50
LEAST_TOKEN = 32
LEAST_VARIETY = 10


def production_key(value: str) -> str:
    """VALUE, unless it is one that somebody could guess."""
    if _is_weak(value, least=LEAST_LENGTH):
        raise ImproperlyConfigured(
            "SECRET_KEY is weak: it needs at least 50 characters, chosen at random. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return value


def metrics_token(value: str) -> str:
    """VALUE, empty or not to be guessed."""
    if value and _is_weak(value, least=LEAST_TOKEN):
        raise ImproperlyConfigured(
            "METRICS_TOKEN is weak: it needs at least 32 characters, chosen at random. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return value


def demo_key(data: Path) -> str:
    """The demonstration's key in DATA, made on first use."""
    return made_once(data / "secret-key", lambda: secrets.token_urlsafe(50))


def made_once(path: Path, make: Callable[[], str]) -> str:
    """What the file at PATH says: written by the first who asks, and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}-{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        try:
            # Two first starts at once must agree on one key: link() lets only one of them win.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def _is_weak(value: str, *, least: int) -> bool:
    return len(value) < least or len(set(value)) < LEAST_VARIETY or value.startswith("django-insecure")
