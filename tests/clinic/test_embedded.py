"""The embedded servers: there when somebody needs them, gone when nobody does, whatever is killed in between."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest

from clinic.embedded import postgres, server, valkey

from . import processes
from .processes import ROOT, environment, kill, named, nothing_left, user_of, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def data() -> Iterator[Path]:
    """A directory of our own with a short name. Every test ends with nothing running in it."""
    path = Path(tempfile.mkdtemp(prefix="chairside-test-"))
    yield path
    assert nothing_left(path)
    shutil.rmtree(path)


def select(data: Path, sql: str = "SELECT 1") -> object:
    host = str(postgres.socket_directory(data / "postgres"))
    connection = psycopg2.connect(host=host, port=postgres.PORT, user=postgres.USER, dbname=postgres.DATABASE)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()[0])


def test_the_server_starts_with_its_first_user_and_stops_after_its_last(data: Path) -> None:
    with user_of("postgres", data), user_of("postgres", data):
        assert select(data) == 1
    assert nothing_left(data)
    assert not (data / "postgres" / "cluster" / "postmaster.pid").exists(), "it was stopped, not killed"


def test_what_was_written_is_there_at_the_next_start(data: Path) -> None:
    with user_of("postgres", data):
        select(data, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert nothing_left(data)
    with user_of("postgres", data):
        assert select(data, "SELECT answer FROM kept") == 42


def test_many_first_users_at_once_share_one_server(data: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        users = list(threads.map(lambda _: stack.enter_context(user_of("postgres", data)), range(8)))
        assert len(users) == 8
        assert len(named(data, "keeper postgres")) == 1


def test_a_killed_user_does_not_keep_the_server_running(data: Path) -> None:
    with user_of("postgres", data) as user:
        kill(user.pid)
        assert nothing_left(data)


def test_a_killed_server_comes_back_for_the_next_connection(data: Path) -> None:
    with user_of("postgres", data):
        select(data, "CREATE TABLE kept AS SELECT 42 AS answer")
        kill(postmaster(data))
        with user_of("postgres", data):
            assert wait_until(lambda: named(data, "keeper postgres"))
        assert manage(data, "shell", "-c", CONNECT).stdout.strip() == "42"


def test_a_killed_keeper_takes_the_server_with_it_and_the_next_user_starts_both(data: Path) -> None:
    with user_of("postgres", data):
        old = postmaster(data)
        kill(named(data, "keeper postgres")[0])
        with user_of("postgres", data):
            assert select(data) == 1
            assert postmaster(data) != old


def test_a_connection_made_while_the_server_is_dying_succeeds(data: Path) -> None:
    with user_of("postgres", data):
        select(data, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(postmaster(data), signal.SIGQUIT)
        assert manage(data, "shell", "-c", CONNECT).stdout.strip() == "42"


def test_a_pid_file_naming_a_stranger_is_no_obstacle(data: Path) -> None:
    with user_of("postgres", data):
        pass
    assert nothing_left(data)
    (data / "postgres" / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n.\n\n 1 1\nready\n")
    with user_of("postgres", data):
        assert select(data) == 1


def test_a_first_start_that_was_killed_half_way_starts_over(data: Path) -> None:
    draft = data / "postgres" / "cluster.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with user_of("postgres", data):
        assert select(data) == 1


def test_two_data_directories_are_two_servers(data: Path) -> None:
    with user_of("postgres", data / "one"), user_of("postgres", data / "two"):
        select(data / "one", "CREATE TABLE only_here (id int)")
        assert select(data / "two", "SELECT to_regclass('only_here')") is None


def test_a_directory_under_closed_parents_stays_closed(data: Path) -> None:
    closed = data / "closed"
    closed.mkdir(mode=0o700)
    with user_of("postgres", closed):
        assert select(closed) == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["postgres", "valkey"])
def test_a_path_too_long_for_a_socket_works_all_the_same(data: Path, kind: str) -> None:
    long = data / "a directory, ünïcode and long" / ("x" * 120)
    with user_of(kind, long):
        assert wait_until(lambda: named(long, f"keeper {kind}"))
    assert nothing_left(long)
    shutil.rmtree(server.short(long / kind).parent)


def test_a_cluster_of_another_version_is_refused_and_says_so(data: Path) -> None:
    files = data / "postgres" / "cluster"
    files.mkdir(parents=True)
    (files / "PG_VERSION").write_text("17\n")
    result = manage(data, "shell", "-c", CONNECT)
    assert result.returncode != 0
    assert "was made by PostgreSQL 17" in result.stderr


def test_valkey_starts_stops_and_comes_back(data: Path) -> None:
    with user_of("valkey", data):
        kill(named(data, "valkey-server")[0])
        with user_of("valkey", data):
            assert len(named(data, "valkey-server")) == 1
    assert nothing_left(data)


def test_loading_the_program_starts_nothing(data: Path) -> None:
    script = "import django; django.setup(); import clinic.celery, clinic.urls; from django.db import connection"
    env = environment(data, DJANGO_SETTINGS_MODULE="clinic.settings")
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, check=True)
    keys = list(data.iterdir())
    assert {path.name for path in keys} == {"secret-key", "sign-in-key", "backup-key"}
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_the_brokers_address_is_known_without_starting_it() -> None:
    assert valkey.url(Path("/srv/a b")) == "redis+socket:///srv/a%20b/valkey.sock"


CONNECT = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT answer FROM kept")
    print(cursor.fetchone()[0])
"""


def manage(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of manage.py in a process of its own."""
    arguments = (*arguments, "--verbosity", "0") if arguments[0] == "shell" else arguments
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=processes.environment(data), capture_output=True, text=True, check=False
    )
