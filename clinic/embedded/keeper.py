"""Keeps one server: starts it, watches it, and stops it when nobody uses it any more.

    python -m clinic.embedded.keeper postgres|valkey HOME [--volatile]

Runs detached, one per home. If it is killed, the kernel ends the server; if the server is killed, the keeper
ends. Either way the next user of the server starts both again.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from . import server
from .process import child_dies_with_me, end_left_behind

LINGER = 0.5  # seconds without users before the server stops: commands in a row share one start
LOCK_PATIENCE = 3.0  # others look at the keeper's lock for a moment by taking it
BIGGEST_LOG = 5_000_000


@dataclass(frozen=True)
class Plan:
    """How to run one server."""

    command: list[str]
    process_name: str
    directory: Path  # its working directory, by which it is known
    is_ready: Callable[[], bool]
    stop_signals: tuple[int, ...]  # politest first
    options: dict[str, object] = field(default_factory=dict)  # more for Popen: user, descriptors


def main(kind: str, home: Path, *, volatile: bool) -> int:
    if not _take_lock(home / server.KEEPER):
        return 0
    if os.fork():  # the lock goes on in the child, which nobody waits for
        return 0
    (home / server.READY).unlink(missing_ok=True)
    plan = _plan(kind, home, volatile=volatile)
    end_left_behind(plan.process_name, plan.directory, signals=plan.stop_signals)
    _keep(plan, home)
    return 0


def _plan(kind: str, home: Path, *, volatile: bool) -> Plan:
    if kind == "postgres":
        from . import postgres

        return postgres.plan(home, volatile=volatile)
    from . import valkey

    return valkey.plan(home)


def _take_lock(path: Path) -> bool:
    give_up = time.monotonic() + LOCK_PATIENCE
    while server.lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB) is None:
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def _keep(plan: Plan, home: Path) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    child = subprocess.Popen(
        plan.command,
        cwd=plan.directory,
        stdin=subprocess.DEVNULL,
        preexec_fn=child_dies_with_me(plan.stop_signals[0]),
        **plan.options,  # type: ignore[call-overload]
    )
    try:
        _wait_until_ready(plan, child)
        (home / server.READY).touch()
        _wait_until_unused(child, home)
    finally:
        (home / server.READY).unlink(missing_ok=True)
        _stop(plan, child)


def _wait_until_ready(plan: Plan, child: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + server.START_PATIENCE
    while not plan.is_ready():
        if child.poll() is not None or time.monotonic() > give_up:
            raise SystemExit(1)
        time.sleep(0.02)


def _wait_until_unused(child: "subprocess.Popen[bytes]", home: Path) -> None:
    """Return when the server died, or holding the users' lock alone, so that a newcomer waits until we are gone."""
    unused_since: float | None = None
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(0.1)
            return
        descriptor = server.lock(home / server.USERS, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if descriptor is None:
            unused_since = None
            continue
        now = time.monotonic()
        unused_since = unused_since or now
        if now - unused_since >= LINGER:
            return  # keep the descriptor open: the lock is let go when this process ends
        os.close(descriptor)


def _stop(plan: Plan, child: "subprocess.Popen[bytes]") -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for number in plan.stop_signals:
        if child.poll() is not None:
            return
        child.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(15)


def _shorten_log(path: Path) -> None:
    """Our output is this file already: an overlong one is emptied, not renamed."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > BIGGEST_LOG:
            os.truncate(path, 0)


if __name__ == "__main__":
    here = Path(sys.argv[2])
    _shorten_log(here / server.LOG)
    sys.exit(main(sys.argv[1], here, volatile="--volatile" in sys.argv[3:]))
