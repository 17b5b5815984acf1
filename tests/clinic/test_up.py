"""`make run`, as a newcomer runs it: everything comes up, and nothing stays behind however it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from .processes import ROOT, environment, free_port, kill, named, nothing_left, of, wait_until

pytestmark = pytest.mark.slow

UP = (sys.executable, "manage.py", "up")


class Running:
    """One `make run` or `manage.py up`, its data and what it has printed."""

    def __init__(self, process: "subprocess.Popen[bytes]", data: Path, port: int, log: Path) -> None:
        self.process, self.data, self.port, self.log = process, data, port, log

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return response.status, response.read().decode()


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data directory for all: the first start makes it, the others find what the one before left."""
    path = Path(tempfile.mkdtemp(prefix="chairside-test-"))
    yield path
    assert nothing_left(path)
    shutil.rmtree(path)


@contextmanager
def running(data: Path, *command: str, **variables: str) -> Iterator[Running]:
    port, log = free_port(), data / "output"
    with log.open("w") as output:
        process = subprocess.Popen(
            command or UP,
            cwd=ROOT,
            env=environment(data, PORT=str(port), **variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    run = Running(process, data, port, log)
    try:
        assert wait_until(lambda: "Ctrl-C stops it" in run.printed or process.poll() is not None, within=60)
        assert process.poll() is None, run.printed
        yield run
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def _asked_of_workers(data: Path) -> str:
    """What workers answer. Nobody hears what was asked before a worker listens: ask again."""
    ping = "from clinic.celery import app; print(app.control.ping(timeout=3, limit=1))"
    return subprocess.check_output([sys.executable, "-c", ping], cwd=ROOT, env=environment(data), text=True)


def test_one_command_brings_up_web_worker_and_beat(data: Path) -> None:
    with running(data, "make", "run") as run:
        assert is_ready(run.get("/readyz"))
        assert run.get("/static/bootstrap/css/bootstrap.min.css")[0] == 200
        assert run.get("/static/django_htmx/htmx-2.min.js")[0] == 200
        assert f"http://localhost:{run.port}/" in run.printed
        assert wait_until(lambda: list(data.glob("beat-schedule*")))
        assert wait_until(lambda: "pong" in _asked_of_workers(data))
        run.process.terminate()  # to make, which is what a service manager or a script sees
        run.process.wait(20)
        assert not of(data), "all of it is gone when the command returns"


def test_ctrl_c_leaves_no_process_behind(data: Path) -> None:
    with running(data, "make", "run") as run:
        os.killpg(run.process.pid, signal.SIGINT)  # a terminal sends it to the whole foreground group
        run.process.wait(20)
        assert nothing_left(data)
        assert "Traceback" not in run.printed


def test_a_killed_parent_leaves_no_process_behind(data: Path) -> None:
    with running(data, "make", "run") as run:
        kill(run.process.pid)
        assert nothing_left(data, within=20)


def test_a_killed_supervisor_leaves_no_process_behind_and_the_next_start_recovers(data: Path) -> None:
    with running(data) as run:
        kill(run.process.pid)
        assert nothing_left(data)
    with running(data) as run:
        assert run.get("/readyz")[0] == 200


def test_what_dies_is_started_again_with_all_its_children_gone(data: Path) -> None:
    with running(data) as run:
        for name, words in (("web server", "gunicorn"), ("worker", "quiet worker"), ("beat", "quiet beat")):
            before = set(named(data, words))
            kill(min(before))
            assert wait_until(partial(says, run, f"The {name} was ended by SIGKILL; started again"))
            assert before.isdisjoint(named(data, words))
        assert run.get("/readyz")[0] == 200


def test_killed_embedded_servers_come_back_under_a_running_board(data: Path) -> None:
    with running(data) as run:
        for kind in ("postgres", "valkey"):
            kill(named(data, f"keeper {kind}")[0])
        assert wait_until(lambda: is_ready(answer_of(run, "/readyz")))


def says(run: Running, words: str) -> bool:
    return words in run.printed


def is_ready(answer: tuple[int, str] | None) -> bool:
    """Whether /readyz says that database and broker answer; what the rooms add to it takes its time."""
    if answer is None or answer[0] != 200:
        return False
    report = json.loads(answer[1])
    return report["database"] == report["broker"] == "ok"


def answer_of(run: Running, path: str) -> tuple[int, str] | None:
    try:
        return run.get(path)
    except OSError:
        return None


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = up_fails(tmp_path / "data", PORT=str(port))
    assert f"Port {port} cannot be used" in result
    assert f"PORT={port + 1} make run" in result
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_second_start_from_the_same_data_says_where_the_first_is(data: Path) -> None:
    with running(data) as run:
        result = up_fails(data, PORT=str(free_port()))
        assert f"http://localhost:{run.port}/" in result
        assert "CHAIRSIDE_DATA=" in result


def test_a_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    assert "PORT must be a whole number, not 'eighty'" in up_fails(tmp_path / "data", PORT="eighty")


def up_fails(data: Path, **variables: str) -> str:
    result = subprocess.run(
        UP, cwd=ROOT, env=environment(data, **variables), capture_output=True, text=True, check=False, timeout=30
    )
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    return result.stderr
