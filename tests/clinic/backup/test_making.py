"""A backup is whole and checked, or it is not there."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from clinic.audit.models import Entry
from clinic.backup import BackupError
from clinic.backup.checking import check, count_rows
from clinic.backup.making import Busy, backups_in, made_at, make
from clinic.backup.manifest import FLEETING, Manifest
from clinic.backup.programs import Client, find
from clinic.embedded.postgres import installed_programs

pytestmark = pytest.mark.django_db

OLD = "chairside-2026-11-01T030000Z.age"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with an older backup in it, and a file of somebody else's."""
    (tmp_path / OLD).write_text("old")
    (tmp_path / "notes.txt").write_text("not ours")
    return tmp_path


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_a_backup_holds_what_it_says_and_only_its_owner_may_read_it(place: Path) -> None:
    made = make(directory=place / "new")

    with made.path.open("rb") as file:
        manifest = check(file)
    assert manifest == made.manifest
    assert manifest.rows["public.therapies_therapy"] > 5
    assert set(manifest.rows).isdisjoint(FLEETING)
    assert "assignments_tile_appointment on scheduling_appointment" in manifest.parts["trigger"]
    assert manifest.migrations[-1] in manifest.migrations
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    assert made_at(made.path) == manifest.made_at.replace(microsecond=0)
    assert Entry.objects.get(what="exported").after == {"backup": made.path.name, "rows": manifest.total}


def test_two_backups_of_one_database_are_not_made_at_once(place: Path) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(4826102)")
            with pytest.raises(Busy):
                make(directory=place)
    finally:
        other.close()
    assert names(place) == [OLD, "notes.txt"]


# What may go wrong


@pytest.fixture
def full_disk(place: Path) -> Iterator[Path]:
    """A disk of 128 kB, less than any backup takes."""
    if os.geteuid() != 0 or _mount("-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place / "disk")):
        pytest.skip("only root may mount a small disk")
    shutil.copy(place / OLD, place / "disk")
    yield place / "disk"
    subprocess.run(["umount", str(place / "disk")], check=True)


def _mount(*arguments: str) -> int:
    Path(arguments[-1]).mkdir()
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode


def test_on_a_full_disk_the_old_backup_stays_and_nothing_half_written(full_disk: Path) -> None:
    with pytest.raises(BackupError, match=f"There is no room left for a backup in {full_disk}. Make room"):
        make(directory=full_disk)

    assert names(full_disk) == [OLD]


def test_beyond_the_size_that_a_file_may_have_nothing_half_written_stays(place: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, most[1]))
    try:
        with pytest.raises(BackupError, match="There is no room left"):
            make(directory=place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)

    assert names(place) == [OLD, "notes.txt"]


def test_a_place_that_is_no_directory_is_said(place: Path) -> None:
    with pytest.raises(BackupError, match="cannot be written: Not a directory"):
        make(directory=place / "notes.txt" / "backups")


def programs_that(place: Path, script: str, settings: Any) -> None:
    """Put a script in place of `pg_dump`: `$REAL` is the real one."""
    real = installed_programs() / "bin"
    (place / "bin").mkdir()
    (place / "bin" / "pg_restore").symlink_to(real / "pg_restore")
    said = f'[ "$1" = --version ] && exec {real}/pg_dump --version\nREAL={real}/pg_dump\n'
    (place / "bin" / "pg_dump").write_text(f"#!/bin/sh\n{said}{script}\n")
    (place / "bin" / "pg_dump").chmod(0o755)
    settings.POSTGRES_PROGRAMS = str(place / "bin")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            '"$REAL" "$@" | head -c 30000; echo "lost" >&2; exit 1',
            "Reading the database failed: lost",
        ),
        ('"$REAL" "$@" | head -c 30000', "Unpacking the backup failed: pg_restore: error"),
        ('"$REAL" "$@" --exclude-table-data=therapies_therapy', r"therapies_therapy \(0 rows instead of \d+\)"),
        ("exit 0", "Unpacking the backup failed"),
        ("kill -9 $$", "Reading the database failed: exit status -9"),
    ],
    ids=["fails half-way", "ends half-way and says nothing", "leaves a table out", "writes nothing", "is killed"],
)
def test_a_dump_that_is_not_whole_gets_no_name(place: Path, script: str, said: str, settings: Any) -> None:
    programs_that(place, script, settings)
    with pytest.raises(BackupError, match=said):
        make(directory=place / "new")

    assert names(place / "new") == []


def test_a_program_that_is_missing_or_too_old_is_said(place: Path, settings: Any) -> None:
    settings.POSTGRES_PROGRAMS = str(place)
    with pytest.raises(BackupError, match=f"There is no pg_dump of PostgreSQL 18 or newer in {place}. Install it"):
        make(directory=place)

    (place / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.9'\n")
    (place / "pg_dump").chmod(0o755)
    with pytest.raises(BackupError, match="There is no pg_dump of PostgreSQL 18 or newer"):
        make(directory=place)


def test_over_an_encrypted_connection_only_the_systems_own_program_will_do(monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    plain = Client(dsn="", password="", major=18, is_encrypted=False)
    assert find("pg_dump", plain) == installed_programs() / "bin" / "pg_dump"

    with pytest.raises(BackupError, match="cannot encrypt its connection, as yours is"):
        find("pg_dump", Client(dsn="", password="", major=99, is_encrypted=True))


def test_a_password_stands_in_no_command_line(monkeypatch: Any) -> None:
    monkeypatch.setenv("EMAIL_PASSWORD", "another")
    own = connection.copy()
    own.settings_dict["PASSWORD"] = "a-secret-word"
    try:
        client = Client.of(own)
    finally:
        own.close()

    assert "a-secret-word" not in client.dsn
    assert client.environment["PGPASSWORD"] == "a-secret-word"
    assert "EMAIL_PASSWORD" not in client.environment


def test_the_command_says_where_it_is_and_what_is_wrong(
    place: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    call_command("backup", to=place)
    path = Path(capsys.readouterr().out.splitlines()[0])
    assert path in backups_in(place)

    settings.BACKUP_DIR = place / "notes.txt"
    with pytest.raises(CommandError, match=r"notes\.txt cannot be written"):
        call_command("backup")


# The parts


def test_rows_are_counted_between_copy_and_its_end() -> None:
    script = [
        b"CREATE FUNCTION ...\n",
        b"COPY public.one (id, name) FROM stdin;\n",
        b"1\tAnn\n",
        b"2\tCOPY public.two (id) FROM stdin;\n",
        b"3\t\\\\.\n",
        b"\\.\n",
        b"\n",
        b"COPY public.empty (id) FROM stdin;\n",
        b"\\.\n",
    ]
    assert count_rows(script) == {"public.one": 3, "public.empty": 0}


@pytest.mark.parametrize("line", [b"", b"PGDMP", b"[]", b"{}", b'{"format": 2}', b'{"format": 1, "rows": 3}'])
def test_a_line_that_is_no_manifest_is_refused(line: bytes) -> None:
    with pytest.raises(BackupError, match="another version of Chairside"):
        Manifest.from_line(line)
