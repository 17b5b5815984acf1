"""No log of any process says anything about a patient, whatever fails: real requests and tasks, all logs searched."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.db import connections

from clinic.embedded import valkey
from tests.clinic.processes import wait_until
from tests.running.broken import WAYS
from tests.running.production import FORWARDED, Machine

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LOUD = {
    "name": "Quillfeather-Loud",
    "phone": "+16085550177",
    "mail": "ottoline@quill-loud.example",
    "born": "07/19/1961",
    "mrn": "ZQ70441LOUD",
    "secret": "b7Jk2_qW9xT4mZs8LrPdLOUD",
}
BROKEN = {"DJANGO_SETTINGS_MODULE": "tests.running.broken_settings", "LOG_LEVEL": "DEBUG"}


def test_nothing_about_anybody_is_in_any_log(machine: Machine) -> None:
    begins = _size_of_database_log()
    with machine.web(**BROKEN) as browser:
        for way in WAYS:
            for word in LOUD.values():
                answer = browser.post(f"/broken/{way}/x/?q={word}", data={"word": word, "family_name": LOUD["name"]})
                assert (answer.status_code == 500) == (way not in {"logged", "slow"}), way
                assert answer.headers["X-Request-ID"]
        browser.get(f"/a/{LOUD['secret']}/")
        browser.get(f"/patients/?q={LOUD['name']}", headers={"X-Request-ID": LOUD["name"]})
        browser.get("/healthz", headers={"Host": f"{LOUD['name']}.example"})
        browser.send_form("/login/", username=LOUD["name"], password=LOUD["secret"])
        browser.post("/login/", data={"username": LOUD["name"]})
        _send_rubbish(browser.port)
    _run_tasks(machine)

    text = machine.log.read_text()
    written = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    plain = [line for line in text.splitlines() if line and not line.startswith("{")]
    assert plain == ["worker: Warm shutdown (MainProcess)"], "which Celery prints by itself"
    assert len([line for line in written if line["event"] == "The request failed."]) == 6 * len(LOUD)
    assert len([line for line in written if line.get("task") == "tests.running.broken.broken_task"]) >= 2 * len(WAYS)
    assert any(line["event"] == "A statement was slow." for line in written)
    assert any(line["event"] == "A request could not be read and was refused." for line in written)
    assert {"23505", "22P02"} <= {line.get("sqlstate") for line in written}
    assert _found_in(text) == []
    assert _found_in(_database_log()[begins:]) == []


def _found_in(text: str) -> list[str]:
    """The lines that say one of the words."""
    words = [*LOUD.values(), "Quillfeather", "ottoline", "5550177", "b7Jk2_q"]
    return [line[:300] for line in text.splitlines() if any(word.lower() in line.lower() for word in words)]


def _send_rubbish(port: int) -> None:
    """What is no request, so that gunicorn answers by itself."""
    for rubbish in (f"{LOUD['name']} nonsense\r\n\r\n", f"GET /a/{LOUD['secret']}/ HTTP/9.9\r\n{LOUD['name']}\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(rubbish.encode())
            while line.recv(1000):
                pass


def _run_tasks(machine: Machine) -> None:
    """A worker whose tasks fail. Their arguments are words, which no task of ours has."""
    worker = (
        "celery",
        "-A",
        "tests.running.broken_worker",
        "--quiet",
        "worker",
        "--pool=solo",
        "--concurrency=1",
        "-l",
        "DEBUG",
    )
    valkey.ensure(machine.data / "valkey")
    broker = Celery(broker=valkey.url(machine.data / "valkey"))
    for way in WAYS:
        arguments: dict[str, Any] = {"args": [way, LOUD["name"]], "kwargs": {"phone": LOUD["phone"]}}
        broker.send_task("tests.running.broken.broken_task", **arguments)
    broker.close()
    before = machine.log.read_text().count('"event": "task done"')
    with machine.process(*worker, **BROKEN):
        assert wait_until(
            lambda: machine.log.read_text().count('"event": "task done"') - before == len(WAYS), within=60
        ), machine.log.read_text()[-3000:]


def _database_log() -> str:
    home = Path(connections["default"].settings_dict["HOME"])
    return "".join(path.read_text(errors="replace") for path in sorted(home.rglob("*log")) if path.is_file())


def _size_of_database_log() -> int:
    return len(_database_log())


def test_what_the_proxy_says_comes_first_in_the_line(machine: Machine) -> None:
    given = "3f2a91bc-0d4e-4c1f-9a70-5b8e21d6c034"
    with machine.web() as browser:
        answer = browser.get("/nowhere/", headers={"X-Request-ID": given} | FORWARDED)
        assert (answer.headers["X-Request-ID"], answer.headers["X-Reference"]) == (given, "3f2a91bc")
    assert f'"request": "{given}"' in machine.log.read_text()
