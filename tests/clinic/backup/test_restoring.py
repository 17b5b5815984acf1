"""Restoring: only a whole backup, only into an empty place; and what has changed out in the world is thought of."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from clinic.backup import BackupError, envelope
from clinic.backup.making import make
from clinic.backup.manifest import tables_of
from clinic.backup.restoring import NEVER_AGAIN, restore
from tests.clinic.backup.conftest import In
from tests.clinic.backup.tampering import TAMPERINGS
from tests.world import make_clinic, make_patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def backup(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of a database in which nothing has happened yet."""
    with django_db_blocker.unblock():
        path = make(directory=tmp_path_factory.mktemp("backups")).path
        connection.close()
        return path.read_bytes()


def is_empty() -> bool:
    with connection.cursor() as cursor:
        return not tables_of(cursor)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.__name__)
def test_a_file_that_was_tampered_with_is_refused_before_anything_is_restored(
    backup: bytes, tampering: Callable[[bytes], bytes], elsewhere: In, tmp_path: Path
) -> None:
    (tmp_path / "tampered.age").write_bytes(tampering(backup))

    with elsewhere():
        with pytest.raises(BackupError):
            restore(tmp_path / "tampered.age")
        assert is_empty()


def test_without_the_key_nothing_is_restored(backup: bytes, elsewhere: In, tmp_path: Path, settings: Any) -> None:
    (tmp_path / "backup.age").write_bytes(backup)
    settings.BACKUP_KEYS = [str(pyrage.x25519.Identity.generate())]

    with elsewhere():
        with pytest.raises(CommandError, match=r"^Nothing was restored\. None of BACKUP_KEYS opens backup\.age"):
            call_command("restore", tmp_path / "backup.age")
        assert is_empty()


def test_nothing_is_restored_over_something(backup: bytes, tmp_path: Path) -> None:
    (tmp_path / "backup.age").write_bytes(backup)
    make_patient(make_clinic())

    with pytest.raises(CommandError, match=r"This database holds \d+ tables.*Nothing is ever restored over something"):
        call_command("restore", tmp_path / "backup.age")

    with connection.cursor() as cursor:
        cursor.execute("select count(*) from patients_patient")
        assert cursor.fetchone() == (1,)


def test_one_table_is_something(backup: bytes, elsewhere: In, tmp_path: Path) -> None:
    (tmp_path / "backup.age").write_bytes(backup)
    with elsewhere():
        with connection.cursor() as cursor:
            cursor.execute("create table somebodys (id int)")
        with pytest.raises(BackupError, match=r"holds 1 tables, public\.somebodys for one"):
            restore(tmp_path / "backup.age")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("restore", tmp_path / "nothing.age")


class Rewritten:
    """A backup whose manifest says something else, sealed with the right key: what a broken `backup` could write."""

    def __init__(self, backup: bytes, at: Path, **facts: Any) -> None:
        content = bytearray()
        at.write_bytes(backup)
        with at.open("rb") as file:
            envelope.unseal(file, content.extend)
        line, _, self.rest = bytes(content).partition(b"\n")
        self.line = json.dumps(json.loads(line) | facts).encode() + b"\n"
        at.unlink()
        with at.open("xb") as file:
            envelope.seal(self, file)

    def read(self, most: int = -1) -> bytes:
        content = self.line + self.rest
        self.line, self.rest = b"", content[most:]
        return content[:most]


def test_a_backup_of_a_newer_version_is_refused(backup: bytes, elsewhere: In, tmp_path: Path) -> None:
    Rewritten(backup, tmp_path / "newer.age", migrations=["clinic.0001_initial", "clinic.0999_later"])

    with elsewhere():
        with pytest.raises(BackupError, match=r"newer version of Chairside: clinic\.0999_later is not known here"):
            restore(tmp_path / "newer.age")
        assert is_empty()


def test_rows_that_are_not_what_was_counted_are_refused(backup: bytes, elsewhere: In, tmp_path: Path) -> None:
    Rewritten(backup, tmp_path / "fewer.age", rows={"public.patients_patient": 3})

    with elsewhere():
        with pytest.raises(BackupError, match=r"patients_patient \(0 rows instead of 3\)"):
            restore(tmp_path / "fewer.age")
        assert is_empty()


def test_a_guard_that_did_not_come_along_is_said(backup: bytes, elsewhere: In, tmp_path: Path) -> None:
    Rewritten(backup, tmp_path / "more.age", parts={"trigger": ["no_fourth_patient on clinic_nurse"]})

    with elsewhere():
        faults = restore(tmp_path / "more.age")

    assert "The trigger no_fourth_patient on clinic_nurse did not come along." in faults


def test_a_backup_of_an_older_version_is_migrated(backup: bytes, elsewhere: In, tmp_path: Path) -> None:
    (tmp_path / "backup.age").write_bytes(backup)
    said: list[str] = []
    with elsewhere():
        restore(tmp_path / "backup.age")
        with connection.cursor() as cursor:
            cursor.execute("drop table backup_backuprun; delete from django_migrations where app = 'backup'")
        older = make(directory=tmp_path).path
        with connection.cursor() as cursor:
            cursor.execute("drop schema public cascade; create schema public")
        connection.close()

        restore(older, say=said.append)

        with connection.cursor() as cursor:
            assert "public.backup_backuprun" in tables_of(cursor)
    assert any("migrating" in line for line in said)


def test_numbers_given_out_since_the_backup_are_never_given_out_again(elsewhere: In, tmp_path: Path) -> None:
    last = make_patient(make_clinic("wausau"))
    path = make(directory=tmp_path).path

    with elsewhere():
        assert restore(path) == []
        assert make_patient(make_clinic("madison")).pk == last.pk + NEVER_AGAIN + 1
