"""Filling an empty database from a backup: everything is proven before, loaded as a whole, and asked again after.

`pg_restore` makes tables, then rows, then constraints and triggers. So no trigger sees the rows come, and the audit
trail does not grow; but what a trigger keeps is not asked of rows that were there before it. That is why every
guarantee is asked afterwards in plain SQL.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from clinic import guarantees
from clinic.audit import sealing, verifying
from clinic.audit.models import Entry, What
from clinic.backup import BackupError, aftermath, programs
from clinic.backup.checking import check, pour
from clinic.backup.manifest import Manifest, tables_of, take
from clinic.backup.programs import Client
from clinic.logs.statements import reading_all

NEVER_AGAIN = 1_000_000
"""So many numbers are skipped in every table. Those given out since the backup stand in links, notes and reports of
providers: they must come to mean nothing, rather than another patient."""

Say = Callable[[str], object]


def restore(path: Path, *, say: Say = lambda _: None) -> list[str]:
    """Fill the empty database that the settings name. What does not hold afterwards; empty: everything does.

    Raises `BackupError` when the file is not whole, the place not empty or the loading fails; the place is then as
    it was before.
    """
    with path.open("rb") as file:
        say("Reading the backup ...")
        manifest = check(file)
        _refuse_newer(manifest)
        _refuse_used()
        say(f"It is whole: {manifest.total:,} rows of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC. Loading ...")
        _load(file)
    connection.close()
    faults = _differences(manifest)
    if _behind():
        say("It was made by an older version: migrating ...")
        call_command("migrate", verbosity=0, interactive=False)
    say("Asking every guarantee ...")
    with reading_all():
        with connection.cursor() as cursor:
            cursor.execute("analyze")
        return faults + _begin_anew(manifest, path.name, say)


def _refuse_newer(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if unknown := [name for name in manifest.migrations if name not in known]:
        raise BackupError(
            f"It was made by a newer version of Chairside: {unknown[-1]} is not known here. Install that version."
        )


def _refuse_used() -> None:
    with connection.cursor() as cursor:
        tables = tables_of(cursor)
    if tables:
        raise BackupError(
            f"This database holds {len(tables)} tables, {tables[0]} for one. Nothing is ever restored over something: "
            "name an empty one with DATABASE_URL, or an empty directory with CHAIRSIDE_DATA."
        )


def _load(file: BinaryIO) -> None:
    """All of it or nothing. Whose the tables are and who else may read them is for the place to say, not the file."""
    client = Client.of(connection)
    arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
    with programs.running("pg_restore", [*arguments, f"--dbname={client.dsn}"], client, reads=True) as loading:
        pour(file, loading, doing="Loading the backup", manifest=lambda _: None)


def _differences(manifest: Manifest) -> list[str]:
    """What is not as the backup says: rows, constraints, triggers, the end of the audit trail's chain."""
    found = take()
    rows = [
        f"{table} has {found.rows.get(table, 0):,} rows instead of {count:,}."
        for table, count in manifest.rows.items()
        if found.rows.get(table) != count
    ]
    parts = [
        f"The {kind} {name} did not come along."
        for kind, names in manifest.parts.items()
        for name in sorted(set(names) - set(found.parts.get(kind, [])))
    ]
    return rows + parts


def _behind() -> bool:
    loader = MigrationLoader(connection)
    return bool(set(loader.disk_migrations) - set(loader.applied_migrations))


def _begin_anew(manifest: Manifest, name: str, say: Say) -> list[str]:
    """Let life go on from here, then ask everything that must hold."""
    with transaction.atomic():
        skip_numbers()
        for said in aftermath.run(made_at=manifest.made_at):
            say(said)
        Entry.objects.create(what=What.RESTORED, after={"backup": name, "made_at": manifest.made_at.isoformat()})
    # What the last minute before the backup wrote has no seal yet, and what was written just now neither.
    sealing.seal()
    return [
        *guarantees.unsound(),
        *map(str, guarantees.breaches()),
        *verifying.verify(noted=manifest.head).faults,
    ]


def skip_numbers() -> None:
    """Let every table go on with numbers that nobody has seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select setval(format('%%I.%%I', schemaname, sequencename)::regclass,"
            " coalesce(last_value, 0) + %s) from pg_sequences where schemaname = 'public'",
            [NEVER_AGAIN],
        )
