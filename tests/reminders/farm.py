"""Real workers and beats on the test's database and a broker of their own, to be killed, frozen and starved."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from django.db import connection

from clinic.embedded import valkey
from clinic.embedded.process import child_dies_with_me, left_behind
from tests.clinic.processes import ROOT, environment, user_of, wait_until
from tests.reminders.servers import ACCOUNT, NUMBER, TOKEN, Inbox

CELERY = [sys.executable, "-m", "celery", "-A", "clinic.celery", "--quiet"]


@dataclass
class Farm:
    """Where the processes of one test run, and what the two servers were given."""

    data: Path
    mail: Inbox
    texts: Inbox
    variables: dict[str, str]
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    broker: ExitStack = field(default_factory=ExitStack)

    def worker(self) -> "subprocess.Popen[bytes]":
        options = ["--concurrency=1", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]
        return self._start("worker", "-n", f"w{len(self.processes)}@test", *options)

    def beat(self) -> "subprocess.Popen[bytes]":
        return self._start("beat", "--pidfile=", "-s", str(self.data / f"beat-{len(self.processes)}"), "-l", "ERROR")

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """kill -9 a worker with its pool, as the kernel does it when memory runs out."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def start_broker(self) -> None:
        """A broker that lives as long as the process that uses it: not this one, which has other tests to run."""
        self.broker.enter_context(user_of("valkey", self.data))

    def stop_broker(self) -> None:
        for process in left_behind("valkey-server", self.data / "valkey"):
            process.kill()
        self.broker.close()

    @property
    def log(self) -> str:
        return (self.data / "log").read_text()

    @property
    def taken(self) -> int:
        """How many messages both servers have."""
        return len(self.mail.taken) + len(self.texts.taken)

    def until(self, true: Callable[[], object], *, within: float = 120.0) -> None:
        """Wait for something to be true; say what the processes said if it never is."""
        assert wait_until(true, within=within), self.log[-4000:]

    def until_with_a_worker(self, true: Callable[[], object], *, within: float = 120.0) -> None:
        """The same, while the worker that was started last is started again whenever it was killed.

        Started here and not where it is killed: a child dies with the thread that has made it.
        """

        def or_start_again() -> bool:
            if true():
                return True
            if self.processes[-1].poll() is not None:
                self.worker()
            return False

        self.until(or_start_again, within=within)

    def _start(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.data / "log").open("ab") as log:
            process = subprocess.Popen(
                [*CELERY, *command],
                cwd=ROOT,
                env=environment(self.data, **self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=child_dies_with_me(),
            )
        self.processes.append(process)
        return process


@contextmanager
def farm(data: Path, mail: tuple[Inbox, int], texts: tuple[Inbox, int], *, lease: int = 3) -> Iterator[Farm]:
    """A broker that runs, and variables for workers that look every second and give up a lost one after `lease`."""
    variables = {
        "DATABASE_URL": database_url(),
        "REDIS_URL": valkey.url(data / "valkey"),
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail[1]),
        "EMAIL_TLS": "no",
        "EMAIL_FROM": "no-reply@clinics.example.org",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": NUMBER,
        "TWILIO_URL": f"http://127.0.0.1:{texts[1]}",
        "DISPATCH_SECONDS": "1",
        "SEND_TIMEOUT_SECONDS": "2",
        "MESSAGE_LEASE_SECONDS": str(lease),
        "PUBLIC_URL": "https://chairs.example.org",
    }
    here = Farm(data, mail[0], texts[0], variables)
    here.start_broker()
    try:
        yield here
    finally:
        for process in here.processes:
            here.kill(process)
            process.wait()
        here.broker.close()


def database_url() -> str:
    """The test's database, for processes that know nothing of tests."""
    parameters = connection.get_connection_params()
    user, password = quote(parameters.get("user") or ""), quote(parameters.get("password") or "")
    query = urlencode({"host": str(parameters.get("host", "")), "port": str(parameters.get("port", ""))})
    return f"postgresql://{user}{':' + password if password else ''}@/{parameters['dbname']}?{query}"


def zone_where_it_is_noon() -> str:
    """A time zone in which texts may be sent right now, whenever the tests run."""
    offset = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
