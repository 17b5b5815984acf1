"""`pg_dump` and `pg_restore`: which ones, and how they reach the database without a password in sight.

The package of the embedded server brings both, but without TLS: over an encrypted connection only the system's own will
do, or they would speak in the clear where our driver does not.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg2.extensions import make_dsn

from clinic.backup import BackupError
from clinic.embedded.postgres import installed_programs

TELLING = ("CONTEXT:", "DETAIL:", "Command was:")
"""How lines of an error begin that may quote what a row says."""

LAX = {None, "allow", "prefer"}
"""Values of sslmode with which a client may end up speaking in the clear."""

NEEDED = ("PATH", "HOME", "LANG", "LC_", "LD_LIBRARY_PATH", "TMPDIR", "TZ", "PG", "KRB5")
"""How variables begin that the programs may see. The others are our secrets, and none of their business."""


@dataclass(frozen=True, slots=True)
class Client:
    """How a program reaches the database that our own connection reaches: everything but the password in the open."""

    dsn: str
    password: str
    major: int
    is_encrypted: bool

    @classmethod
    def of(cls, connection: BaseDatabaseWrapper) -> "Client":
        """As a connection of Django's is connected."""
        connection.ensure_connection()
        info: Any = connection.connection.info
        # Ours may use TLS only because the server offered it; then the program must insist on it.
        insisting = {"sslmode": "require"} if info.ssl_in_use and info.dsn_parameters.get("sslmode") in LAX else {}
        return cls(
            dsn=make_dsn(**{**info.dsn_parameters, **insisting}),
            password=info.password or "",
            major=info.server_version // 10_000,
            is_encrypted=info.ssl_in_use,
        )

    @property
    def environment(self) -> dict[str, str]:
        """For the program: our own, and the password, which no list of processes shows."""
        secret = {"PGPASSWORD": self.password} if self.password else {}
        needed = {name: value for name, value in os.environ.items() if name.startswith(NEEDED)}
        return needed | secret


def find(name: str, client: Client) -> Path:
    """The program that fits the server. Raises `BackupError` if there is none."""
    places = _places(client)
    for place in places:
        if (program := place / name).is_file() and _major(program) >= client.major:
            return program
    raise BackupError(
        f"There is no {name} of PostgreSQL {client.major} or newer in {', '.join(map(str, places))}."
        + (" The one that comes along cannot encrypt its connection, as yours is." if client.is_encrypted else "")
        + f" Install it (on Debian: postgresql-client-{client.major}), or name its directory in POSTGRES_PROGRAMS."
    )


def _places(client: Client) -> list[Path]:
    if settings.POSTGRES_PROGRAMS:
        return [Path(settings.POSTGRES_PROGRAMS)]
    ours = [] if client.is_encrypted else [installed_programs() / "bin"]
    path = [Path(part) for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part]
    return [*ours, Path(f"/usr/lib/postgresql/{client.major}/bin"), *path]


def _major(program: Path) -> int:
    """The program's major version; 0 if it cannot say."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


@dataclass(slots=True)
class Running:
    """A program at work, with its pipes."""

    process: "subprocess.Popen[bytes]"
    _said: Any

    @property
    def stdin(self) -> Any:
        return self.process.stdin

    @property
    def stdout(self) -> Any:
        return self.process.stdout

    def finish(self, *, doing: str) -> None:
        """Wait for its end. Raises `BackupError` with what it said if it failed."""
        if self.process.wait() == 0:
            return
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip() and not line.startswith(TELLING)]
        raise BackupError(f"{doing} failed: {' '.join(said[:3]) or f'exit status {self.process.returncode}'}")


@contextmanager
def running(
    name: str, arguments: Sequence[str], client: Client, *, reads: bool = False, writes: bool = False
) -> Iterator[Running]:
    """A program until the block ends; whatever interrupts the block ends the program too."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [find(name, client), *arguments],
            env=client.environment,
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.PIPE if writes else subprocess.DEVNULL,
            stderr=said,
            bufsize=1 << 20,
        )
        try:
            yield Running(process, said)
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    _close(pipe)


def _close(pipe: Any) -> None:
    with suppress(OSError):  # what was still to be written has no reader any more
        pipe.close()
