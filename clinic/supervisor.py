"""Runs a few commands side by side and keeps them running; used by `manage.py up`.

A command that ends is started again, and we say so. One that keeps ending right after its start is broken, and
then everything stops: better no clinic board than one whose reminders have silently stopped.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from clinic.embedded.process import child_dies_with_me

QUICK = 10.0  # seconds; a life shorter than this counts as broken
MOST_QUICK_DEATHS = 3
STOP_PATIENCE = 10.0


class KeepsEnding(Exception):
    """A command ends right after every start; the message says which."""


@dataclass
class Child:
    """One command, and the process that runs it now. It has a process group of its own, so Ctrl-C reaches only us."""

    name: str
    command: Sequence[str]
    descriptors: Sequence[int] = ()
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    quick_deaths: int = 0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            pass_fds=self.descriptors,
            start_new_session=True,
            preexec_fn=child_dies_with_me(),
        )

    def keep(self) -> str | None:
        """Start it again if it has ended. What to tell people about it, if anything."""
        if self.process is None or self.process.poll() is None:
            return None
        how = _how_it_ended(self.process.returncode)
        self.end_group(signal.SIGKILL)
        self.quick_deaths = self.quick_deaths + 1 if time.monotonic() - self.started < QUICK else 1
        if self.quick_deaths >= MOST_QUICK_DEATHS:
            raise KeepsEnding(f"The {self.name} {how} again and again; its messages are above.")
        self.start()
        return f"The {self.name} {how}; started again."

    def end_group(self, number: int) -> None:
        """Send NUMBER to the process and all it started."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def stop(children: Sequence[Child], *, patience: float = STOP_PATIENCE) -> None:
    """Ask all of them to finish what they do; after PATIENCE seconds, or when interrupted, insist."""
    try:
        for child in children:
            if child.process is not None:
                child.process.terminate()
        give_up = time.monotonic() + patience
        for child in children:
            if child.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.0, give_up - time.monotonic()))
    finally:
        for child in children:
            child.end_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()


def _how_it_ended(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
