"""Is a file a whole backup? Opens it, unpacks it to its last byte, and counts the rows of every table in it."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from django.db import connection

from clinic.backup import BackupError, envelope, programs
from clinic.backup.manifest import Manifest
from clinic.backup.programs import Client, Running


def check(file: BinaryIO) -> Manifest:
    """What FILE holds, when all of it is there and as it was written. Raises `BackupError` otherwise.

    The cipher proves every byte; unpacking proves that `pg_dump` wrote to its end; counting, that it wrote what was
    counted in its snapshot.
    """
    manifests: list[Manifest] = []
    # Without a database to restore into, the program writes the SQL that it would send.
    with programs.running("pg_restore", ["--file=-"], Client.of(connection), reads=True, writes=True) as unpacking:
        rows: dict[str, int] = {}
        counting = threading.Thread(target=lambda: rows.update(count_rows(unpacking.stdout)), daemon=True)
        counting.start()
        pour(file, unpacking, doing="Unpacking the backup", manifest=manifests.append)
        counting.join()
    [manifest] = manifests
    wrong = [
        f"{table} ({rows.get(table, 0):,} rows instead of {count:,})"
        for table, count in manifest.rows.items()
        if rows.get(table, 0) != count
    ]
    if wrong:
        raise BackupError(f"{Path(file.name).name} does not hold what it says: {', '.join(wrong[:5])}.")
    return manifest


def pour(file: BinaryIO, program: Running, *, doing: str, manifest: Callable[[Manifest], object]) -> None:
    """Decrypt FILE into a program, its manifest aside. Raises `BackupError` for what the file or the program says."""

    def first_line(line: bytes) -> None:
        manifest(Manifest.from_line(line))

    try:
        envelope.unseal(file, envelope.FirstLine(line=first_line, rest=program.stdin.write))
        program.stdin.close()
    except BrokenPipeError:
        # It has ended before its time: what it says of that is worth more than that nobody reads.
        program.finish(doing=doing)
        raise BackupError(f"{doing} failed: {Path(file.name).name} goes on after its end.") from None
    program.finish(doing=doing)


def count_rows(script: Iterable[bytes]) -> dict[str, int]:
    """The rows of every table in a script of `pg_restore`: the lines between COPY and its end."""
    rows: dict[str, int] = {}
    lines = iter(script)
    for line in lines:
        if line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            table = line[5 : line.index(b" (")].decode()
            rows[table] = 0
            for row in lines:
                if row == b"\\.\n":
                    break
                rows[table] += 1
    return rows
