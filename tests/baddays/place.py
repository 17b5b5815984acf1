"""A database server and a web server of a test's own, to be stopped, killed and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import requests
from django.core.management import call_command
from django.db import connection

from clinic.embedded import postgres, server
from clinic.embedded.process import child_dies_with_me, left_behind
from tests.clinic.processes import ROOT, environment, free_port, wait_until

NO_BROKER = "redis://127.0.0.1:1/0"
"""Where nobody listens: booking needs no broker."""


@dataclass
class Database:
    """A PostgreSQL server that loses nothing it has committed, unlike that of the other tests."""

    home: Path
    restarts: int = 0

    def start(self) -> None:
        postgres.ensure(self.home)

    def stop(self, how: signal.Signals) -> None:
        """SIGINT ends all sessions; SIGQUIT ends as a crash does, and the next start recovers."""
        files = postgres.cluster(self.home)
        os.kill(int((files / "postmaster.pid").read_text().split()[0]), how)
        assert wait_until(lambda: not left_behind("postgres", files))
        assert wait_until(lambda: not server.is_kept(self.home))

    def restart(self, how: signal.Signals, *, away: float = 1.0) -> None:
        self.stop(how)
        time.sleep(away)
        self.start()
        self.restarts += 1

    @property
    def url(self) -> str:
        host = quote(str(postgres.socket_directory(self.home)), safe="")
        return f"postgresql://{postgres.USER}@/{postgres.DATABASE}?host={host}&port={postgres.PORT}"


@dataclass
class Web:
    """gunicorn with two workers, as in production but for the kill switch of `tests.baddays.dying`."""

    data: Path
    variables: dict[str, str]
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.data / "web.log").read_text()

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "python:clinic.webserver", "--preload"]
        with (self.data / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "-b", f"127.0.0.1:{self.port}", "clinic.wsgi"],
                cwd=ROOT,
                env=environment(self.data, DJANGO_SETTINGS_MODULE="tests.baddays.settings", **self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=child_dies_with_me(),
            )
        assert wait_until(self._answers, within=60), self.log[-3000:]

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).json()["database"] == "ok"
        except requests.RequestException:
            return False

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def in_this_process_too(database: Database) -> Iterator[None]:
    """Let this process's own connection lead there, so that a test can make its world and count afterwards."""
    settings = connection.settings_dict
    before = {name: settings.get(name) for name in ("HOME", "NAME", "VOLATILE")}
    connection.close()
    settings |= {"HOME": database.home, "NAME": postgres.DATABASE, "VOLATILE": False}
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        settings |= before
        # Only this server is left: that of the other tests goes on.
        os.close(server._users.pop(database.home))
