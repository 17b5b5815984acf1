"""The keys that backups are encrypted with: age identities, from the environment in production."""

from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from pyrage import IdentityError, x25519

from clinic.secret import made_once

HOW_TO_MAKE = "Make a key with: python -c 'import pyrage; print(pyrage.x25519.Identity.generate())'"
PREFIX, CHECKSUM = "age-secret-key-1", 6
ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
"""Bech32: five bits in each character."""

LEAST_VARIETY = 16
"""So many different bytes are among the 32 of any key made at random: fewer, and somebody made it up."""


def checked(keys: Sequence[str]) -> list[str]:
    """The keys, newest first. Raises `ImproperlyConfigured` for one that is no key, without repeating it."""
    if not keys:
        raise ImproperlyConfigured(f"BACKUP_KEYS must be set in the environment. {HOW_TO_MAKE}")
    for number, key in enumerate(keys, start=1):
        try:
            x25519.Identity.from_str(key)
        except IdentityError:
            raise ImproperlyConfigured(
                f"BACKUP_KEYS: key {number} is no age key (AGE-SECRET-KEY-1 and 58 characters). {HOW_TO_MAKE}"
            ) from None
        if len(set(_bytes(key))) < LEAST_VARIETY:
            raise ImproperlyConfigured(f"BACKUP_KEYS: key {number} is weak: it was not made at random. {HOW_TO_MAKE}")
    if len({key.upper() for key in keys}) < len(keys):
        raise ImproperlyConfigured("BACKUP_KEYS names a key twice.")
    return list(keys)


def _bytes(key: str) -> bytes:
    """What a key that is one says."""
    bits = "".join(f"{ALPHABET.index(one):05b}" for one in key.lower().removeprefix(PREFIX)[:-CHECKSUM])
    return int(bits[:256], 2).to_bytes(32, "big")


def demo_keys(data: Path) -> list[str]:
    """The demonstration's key in DATA, made on first use."""
    return [made_once(data / "backup-key", lambda: str(x25519.Identity.generate()))]


def recipient(keys: Sequence[str]) -> x25519.Recipient:
    """Whom a new backup is encrypted for: the newest key."""
    return x25519.Identity.from_str(keys[0]).to_public()


def identities(keys: Sequence[str]) -> list[x25519.Identity]:
    """All keys that may open a backup."""
    return [x25519.Identity.from_str(key) for key in keys]
