"""Keys of backups: a weak one is refused, the demonstration makes its own."""

from pathlib import Path

import pyrage
import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic.backup.keys import checked, demo_keys

MADE_UP = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
"""A key of 32 times the letter B."""


def test_a_key_made_as_we_say_is_good() -> None:
    keys = [str(pyrage.x25519.Identity.generate()) for _ in range(2)]
    assert checked(keys) == keys


PUBLIC = str(pyrage.x25519.Identity.generate().to_public())


@pytest.mark.parametrize(
    "key", ["secret", MADE_UP[:-1], MADE_UP[:-1] + "Q", PUBLIC], ids=["a word", "cut short", "mistyped", "public half"]
)
def test_what_is_no_key_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="BACKUP_KEYS: key 1 is no age key") as refused:
        checked([key])
    assert key not in str(refused.value)


def test_a_key_that_somebody_made_up_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="key 1 is weak"):
        checked([MADE_UP])


def test_no_key_and_one_key_twice_are_refused() -> None:
    key = str(pyrage.x25519.Identity.generate())
    with pytest.raises(ImproperlyConfigured, match="must be set in the environment"):
        checked([])
    with pytest.raises(ImproperlyConfigured, match="a key twice"):
        checked([key, key.lower()])


def test_the_demos_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    keys = demo_keys(tmp_path / "data")
    assert checked(keys) == demo_keys(tmp_path / "data") == keys
    assert keys != demo_keys(tmp_path / "other")
    assert (tmp_path / "data" / "backup-key").stat().st_mode & 0o777 == 0o600
