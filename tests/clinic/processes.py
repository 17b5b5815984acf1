"""Real processes for the tests of what starts and stops them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def environment(data: Path, **more: str) -> dict[str, str]:
    """As a newcomer has it: none of what pytest, make or a developer's shell sets for itself."""
    ours = ("CHAIRSIDE_", "DJANGO_", "PYTEST_", "MAKE", "MFLAGS", "DATABASE_URL", "REDIS_URL", "PORT", "WEB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"CHAIRSIDE_DATA": str(data), "CHAIRSIDE_DEMO": "no", "PYTHONUNBUFFERED": "1"} | more


def of(data: Path) -> list[str]:
    """The living processes that belong to DATA, by their environment or where they stand; for people to read."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            if process.environ().get("CHAIRSIDE_DATA") == str(data) or process.cwd().startswith(f"{data}{os.sep}"):
                found.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
    return found


def wait_until(true: Callable[[], object], *, within: float = 15.0) -> bool:
    give_up = time.monotonic() + within
    while time.monotonic() < give_up:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())


def nothing_left(data: Path, *, within: float = 6.0) -> bool:
    """Every process of DATA is gone soon. Printed if not, for the failing test's report."""
    gone = wait_until(lambda: not of(data), within=within)
    if not gone:
        print("left behind:", *of(data), sep="\n  ")
    return gone


def named(data: Path, words: str) -> list[int]:
    """Pids of DATA's processes with WORDS in their command line, oldest first."""
    return sorted(int(line.split()[0]) for line in of(data) if words in line)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def user_of(kind: str, data: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that uses the embedded server KIND in DATA, from when it answers until the block ends."""
    script = (
        "import pathlib, sys; from clinic.embedded import server;"
        "server.ensure(sys.argv[1], pathlib.Path(sys.argv[2])); print('up', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, kind, str(data / kind)],
        cwd=ROOT,
        env=environment(data),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "up\n"
        yield process
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def kill(pid: int) -> None:
    """kill -9, as the kernel does it when memory runs out."""
    os.kill(pid, signal.SIGKILL)
