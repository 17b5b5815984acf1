"""Processes: children that end with their parent, and servers left behind by a killed one."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1


def _load_prctl() -> Callable[[int, int], int] | None:
    try:
        return ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None  # not Linux: a killed parent's children are found by the next start instead


# Loaded here, since nothing may be loaded between fork and exec.
_prctl = _load_prctl()


def die_with_parent(number: int = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Have the kernel send this process NUMBER when its parent dies, even by kill -9.

    PARENT is the parent's pid as the parent knew it: if it is gone already, end at once.
    """
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, number)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def child_dies_with_me(number: int = signal.SIGKILL) -> Callable[[], None]:
    """For Popen's preexec_fn: the child gets NUMBER when this process dies."""
    me = os.getpid()
    return lambda: die_with_parent(number, parent=me)


def left_behind(name: str, home: Path) -> list[psutil.Process]:
    """Processes called NAME whose working directory is HOME: servers of a keeper that was killed."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.name() == name and process.cwd() == str(home):
                found.append(process)
    return found


def end_left_behind(name: str, home: Path, *, signals: tuple[int, ...]) -> None:
    """End them, politely first: each of SIGNALS in turn, with some seconds between."""
    for number in signals:
        processes = left_behind(name, home)
        if not processes:
            return
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(number)
        give_up = time.monotonic() + 8
        while left_behind(name, home) and time.monotonic() < give_up:
            time.sleep(0.05)
