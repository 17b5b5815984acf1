"""What both embedded servers share: a home directory, its locks, and `ensure`."""

import fcntl
import hashlib
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_PATIENCE = 60.0
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes

# The files in a server's home.
USERS = "users.lock"  # shared by every process that uses the server
START = "start.lock"  # held while one process starts the keeper
KEEPER = "keeper.lock"  # held by the keeper as long as it lives
READY = "ready"  # there while the server answers
LOG = "server.log"

_users: dict[Path, int] = {}
_guard = threading.Lock()


class EmbeddedServerError(Exception):
    """An embedded server does not start; the message says why and where its log is."""


def lock(path: Path, how: int) -> int | None:
    """Open PATH and lock it (fcntl.LOCK_*). The descriptor, or None if somebody else holds it and HOW has LOCK_NB."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def ensure(kind: str, home: Path, *, volatile: bool = False) -> None:
    """The server of KIND ("postgres" or "valkey") in HOME runs and answers when this returns.

    From then on it runs at least as long as this process. VOLATILE gives up safety against power cuts for speed.
    """
    with _guard:
        _join(home)
        if _is_up(home):
            return
        with _held(home / START):
            _start(kind, home, volatile=volatile)


def leave_all(*, patience: float = 10.0) -> None:
    """Use no server any more, and wait until those that nobody else uses have stopped."""
    with _guard:
        homes = list(_users)
        for home in homes:
            os.close(_users.pop(home))
    give_up = time.monotonic() + patience
    for home in homes:
        while is_kept(home) and not _is_used(home) and time.monotonic() < give_up:
            time.sleep(0.05)


def is_kept(home: Path) -> bool:
    """Whether a keeper lives for HOME."""
    descriptor = lock(home / KEEPER, fcntl.LOCK_SH | fcntl.LOCK_NB)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def short(home: Path) -> Path:
    """HOME by a name short enough for a socket's path: its own, or a link in a private directory under /tmp."""
    if len(os.fsencode(home)) <= LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432"):
        return home
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/tmp") / f"chairside-{os.geteuid()}-{digest}" / "home"  # noqa: S108  (checked in make_short)


def make_short(home: Path) -> None:
    """Make that link, in a directory that nobody else can write to."""
    link = short(home)
    if link == home:
        return
    link.parent.mkdir(mode=0o700, exist_ok=True)
    found = link.parent.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise EmbeddedServerError(f"{link.parent} is not a private directory of this user: remove it.")
    if not link.is_symlink():
        draft = link.with_name(f"{os.getpid()}-{threading.get_ident()}")
        draft.symlink_to(home)
        draft.replace(link)


def _join(home: Path) -> None:
    """Hold the users' lock until this process ends (children made by fork share it; that is fine)."""
    if home in _users:
        return
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_short(home)
        descriptor = lock(home / USERS, fcntl.LOCK_SH)
    except OSError as error:
        raise EmbeddedServerError(f"{home} cannot be used for an embedded server: {error}") from error
    assert descriptor is not None
    _users[home] = descriptor


def _is_used(home: Path) -> bool:
    """Whether some process uses the server, or the keeper is already stopping it (then is_kept soon says no)."""
    descriptor = lock(home / USERS, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if descriptor is None:
        return (home / READY).exists()
    os.close(descriptor)
    return False


def _is_up(home: Path) -> bool:
    return (home / READY).exists() and is_kept(home)


def _start(kind: str, home: Path, *, volatile: bool) -> None:
    give_up = time.monotonic() + START_PATIENCE
    started = False
    while not _is_up(home):
        if not is_kept(home):
            if started:
                raise EmbeddedServerError(f"The embedded {kind} server does not start.\n{_end_of_log(home)}")
            _start_keeper(kind, home, volatile=volatile)
            started = True
        if time.monotonic() > give_up:
            raise EmbeddedServerError(f"The embedded {kind} server did not answer in time.\n{_end_of_log(home)}")
        time.sleep(0.02)


def _start_keeper(kind: str, home: Path, *, volatile: bool) -> None:
    """The command returns as soon as the keeper, detached from us, holds its lock."""
    command = [sys.executable, "-m", "clinic.embedded.keeper", kind, str(home), *(["--volatile"] if volatile else [])]
    with (home / LOG).open("ab") as log:
        subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, check=False
        )


def _end_of_log(home: Path) -> str:
    lines = (home / LOG).read_text(errors="replace").splitlines()[-12:]
    return "\n".join([f"The end of {home / LOG}:", *(f"    {line}" for line in lines)])


@contextmanager
def _held(path: Path) -> Iterator[None]:
    descriptor = lock(path, fcntl.LOCK_EX)
    assert descriptor is not None
    try:
        yield
    finally:
        os.close(descriptor)
