"""The keys that secrets of the second step are encrypted with, and their change."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.exceptions import ImproperlyConfigured

from clinic.secret import made_once


def checked(keys: Sequence[str]) -> list[str]:
    """The keys, newest first. Raises `ImproperlyConfigured` for one that is no key, without repeating it."""
    if not keys:
        raise ImproperlyConfigured(
            "SIGN_IN_KEYS must be set in the environment. Make a key with: python -c "
            "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
        )
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"SIGN_IN_KEYS: key {number} is not 32 random bytes in url-safe base64."
            ) from None
    if len(set(keys)) < len(keys):
        raise ImproperlyConfigured("SIGN_IN_KEYS names a key twice.")
    return list(keys)


def demo_keys(data: Path) -> list[str]:
    """The demonstration's key in DATA, made on first use."""
    return [made_once(data / "sign-in-key", lambda: Fernet.generate_key().decode())]


def encrypt(text: str, *, keys: Sequence[str]) -> str:
    """Encrypted and authenticated with the newest key."""
    return _all(keys).encrypt(text.encode()).decode()


def decrypt(text: str, *, keys: Sequence[str]) -> str:
    """What was encrypted with any of the keys. Raises `InvalidToken` if none fits."""
    return _all(keys).decrypt(text.encode()).decode()


def renew(text: str, *, keys: Sequence[str]) -> str:
    """The same secret, encrypted with the newest key."""
    return _all(keys).rotate(text.encode()).decode()


def _all(keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


__all__ = ["InvalidToken", "checked", "decrypt", "demo_keys", "encrypt", "renew"]
