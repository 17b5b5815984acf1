"""How long the second `make run` takes until the page answers."""

import os
import signal
import subprocess
import time
from http.client import HTTPConnection
from tempfile import TemporaryDirectory

from bench.table import Result
from tests.clinic.processes import ROOT, free_port

MOST_MS = 10_000.0


def run() -> list[Result]:
    """Start, stop, start again."""
    with TemporaryDirectory(prefix="chairside-bench-") as data:
        first, second = _start(data), _start(data)
    return [
        Result("make run, first time (without installing)", first),
        Result("make run, second time", second, mark="≤ 10 s", is_met=second <= MOST_MS),
    ]


def _start(data: str) -> float:
    port = free_port()
    variables = {"PORT": str(port), "CHAIRSIDE_DATA": data}
    began = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run"], cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not _answers(port):
            assert process.poll() is None, "make run ended by itself."
            time.sleep(0.05)
        return (time.perf_counter() - began) * 1000
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers(port: int) -> bool:
    try:
        probe = HTTPConnection("127.0.0.1", port, timeout=2)
        probe.request("GET", "/login/", headers={"Host": "localhost"})
        return probe.getresponse().status == 200
    except OSError:
        return False
