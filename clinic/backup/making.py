"""Making one backup: a snapshot, its rows counted, the dump encrypted, the file checked; only then it gets its name."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.audit.models import Entry, What
from clinic.backup import BackupError, envelope, programs
from clinic.backup.checking import check
from clinic.backup.manifest import FLEETING, Manifest, take
from clinic.backup.programs import Client, Running

NAME = "chairside-%Y-%m-%dT%H%M%SZ.age"
"""By the moment of its snapshot, UTC."""

PATTERN = re.compile(r"chairside-\d{4}-\d\d-\d\dT\d{6}Z\.age")
HALF_WRITTEN = re.compile(r"\.chairside-[\dT-]+Z\.age\.part")

DUMP = ("--format=custom", "--lock-wait-timeout=60s")
"""A migration that is under way is not waited for: nobody shall queue up behind the two."""

_ONE_AT_A_TIME = 4_826_102


class Busy(BackupError):
    """Somebody else makes a backup of this database just now."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that stands: whole, checked, under its own name."""

    path: Path
    size: int
    manifest: Manifest


def make(*, directory: Path) -> Made:
    """Make a backup in DIRECTORY. Raises `BackupError`, and then leaves there what was there before."""
    with _alone() as own, _snapshot(own) as snapshot:
        manifest = take(own)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = directory / manifest.made_at.astimezone(UTC).strftime(NAME)
            with _draft(path) as file, _dumping(own, snapshot) as dump:
                envelope.seal(_Content(manifest, dump), file)
                _settle(file)
                check(file)
                size = file.seek(0, os.SEEK_END)
                _give_name(file, path)
        except OSError as error:
            raise BackupError(envelope.in_words(error, directory=directory)) from error
    Entry.objects.create(what=What.EXPORTED, after={"backup": path.name, "rows": manifest.total})
    return Made(path=path, size=size, manifest=manifest)


def made_at(path: Path) -> datetime:
    """When the snapshot of a backup was taken, by its name."""
    return datetime.strptime(path.name, NAME).replace(tzinfo=UTC)


def backups_in(directory: Path) -> list[Path]:
    """The backups there, oldest first. Other files are none of our business."""
    return sorted(path for path in directory.iterdir() if PATTERN.fullmatch(path.name))


@contextmanager
def _alone() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own, and nobody else makes a backup of this database meanwhile."""
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s)", [_ONE_AT_A_TIME])
            if not cursor.fetchone()[0]:
                raise Busy("Another backup of this database is being made just now.")
        yield own
    finally:
        own.close()


@contextmanager
def _snapshot(own: BaseDatabaseWrapper) -> Iterator[str]:
    """One moment of the database, which `pg_dump` sees too. Holds up nobody who writes."""
    with own.cursor() as cursor:
        # However long it takes: the server's own limit for transactions that rest is for those that hold others up.
        cursor.execute("set idle_in_transaction_session_timeout = 0; set statement_timeout = 0")
        cursor.execute("begin isolation level repeatable read, read only")
        cursor.execute("select pg_export_snapshot()")
        yield cursor.fetchone()[0]


@contextmanager
def _dumping(own: BaseDatabaseWrapper, snapshot: str) -> Iterator[Running]:
    client = Client.of(own)
    left_out = [f"--exclude-table-data={table}" for table in FLEETING]
    arguments = [*DUMP, f"--snapshot={snapshot}", *left_out, f"--dbname={client.dsn}"]
    with programs.running("pg_dump", arguments, client, writes=True) as dump:
        yield dump


class _Content:
    """What goes into the envelope: the manifest's line, then all that `pg_dump` writes, if it ends well."""

    def __init__(self, manifest: Manifest, dump: Running) -> None:
        self._line, self._dump = manifest.to_line(), dump

    def read(self, most: int = -1) -> bytes:
        part, self._line = self._line[:most], self._line[most:]
        if not part:
            part = self._dump.stdout.read(most)
        if not part:
            self._dump.finish(doing="Reading the database")
        return part


@contextmanager
def _draft(path: Path) -> Iterator[Any]:
    """A file that nobody takes for a backup, and that is gone after the block unless it got its name."""
    draft = path.with_name(f".{path.name}.part")
    with draft.open("x+b", buffering=1 << 20) as file:
        try:
            os.fchmod(file.fileno(), 0o600)
            yield file
        except BaseException:
            # Its last bytes may find no room either; then closing it would fail instead of us.
            with suppress(OSError):
                file.close()
            raise
        finally:
            draft.unlink(missing_ok=True)


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _give_name(file: BinaryIO, path: Path) -> None:
    """The name survives a power cut only when its directory was written too."""
    Path(file.name).rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
