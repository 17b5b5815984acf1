"""Every request has an id: the answer carries it, its lines say it, and an error page lets people read it out."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from clinic.logs import lines
from clinic.logs.requests import failed, reference_of
from clinic.models import User

pytestmark = pytest.mark.django_db

OURS = re.compile(r"[2-9a-hjkmnp-z]{4}-[2-9a-hjkmnp-z]{4}")
UUID = "3f2a91bc-0d4e-4c1f-9a70-5b8e21d6c034"


class Written(logging.Handler):
    """Keeps the lines as they would stand in the log."""

    def __init__(self) -> None:
        super().__init__()
        made = lines.configuration(as_json=True, level="INFO")["formatters"]["line"]
        self.setFormatter(made.pop("()")(**made))
        self.all: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.all.append(json.loads(self.format(record)))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all if line["event"] == event]


@pytest.fixture
def written() -> Iterator[Written]:
    """All lines from INFO on."""
    handler, root = Written(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def test_a_request_has_one_line_that_says_who_asked_what_and_how_it_went(
    client: Client, front_desk: User, written: Written
) -> None:
    client.force_login(front_desk)

    answer = client.get("/patients/?q=Quillfeather")

    (line,) = written.of("answered")
    assert line["request"] == answer["X-Request-ID"]
    assert (line["user"], line["method"], line["route"], line["status"]) == (front_desk.pk, "GET", "patients/", 200)
    assert line["queries"] > 2
    assert line["ms"] > 0
    assert "Quillfeather" not in json.dumps(written.all)
    assert "frontdesk" not in json.dumps(written.all)


def test_a_secret_link_is_named_by_its_route(client: Client, written: Written) -> None:
    client.get("/a/b7Jk2_qW9xT4mZs8LrPd/")

    assert written.of("answered")[0]["route"] == "a/<str:token>/"
    assert "b7Jk2" not in json.dumps(written.all)


def test_an_address_that_leads_nowhere_is_not_repeated(client: Client, written: Written) -> None:
    client.get("/Quillfeather/?born=1961-07-19")

    (line,) = written.of("answered")
    assert (line["status"], "route" in line) == (404, False)
    assert "Quillfeather" not in json.dumps(written.all)


@pytest.mark.parametrize(("path", "has_line"), [("/healthz", False), ("/readyz", False), ("/login/", True)])
def test_what_machines_ask_every_few_seconds_has_no_line(
    client: Client, written: Written, path: str, has_line: bool
) -> None:
    client.get(path)

    assert bool(written.of("answered")) == has_line


def test_our_ids_can_be_read_out_and_differ(client: Client) -> None:
    ids = {client.get("/healthz")["X-Request-ID"] for _ in range(50)}
    assert len(ids) == 50
    assert all(OURS.fullmatch(each) for each in ids)
    assert not set("".join(ids)) & set("01oil")


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        (UUID, True),
        ("9f86d081884c7d659a2feaa0c55ad015", True),
        ("Quillfeather", False),
        ("6085550177", False),
        ("a" * 65, False),
        (f"{UUID}\r\nX-Evil: 1", False),
        ("", False),
    ],
)
def test_an_id_is_taken_from_the_proxy_only_if_it_looks_like_one(
    client: Client, monkeypatch: pytest.MonkeyPatch, given: str, is_taken: bool
) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] != given, "without a proxy of ours"
    monkeypatch.setattr(settings, "BEHIND_PROXY", True)

    found = client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]

    assert (found == given) == is_taken
    assert is_taken or OURS.fullmatch(found)


def test_a_reference_is_short_and_the_beginning_of_the_id() -> None:
    assert reference_of(UUID) == "3f2a91bc"
    assert reference_of("k7qf-2mxd") == "k7qf-2mxd"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser at a program with addresses that fail."""
    monkeypatch.setattr(settings, "ROOT_URLCONF", "tests.running.broken")
    return Client(raise_request_exception=False)


def test_the_page_of_a_failure_says_a_reference_and_nothing_else(broken: Client, written: Written) -> None:
    answer = broken.post("/broken/no_number/x/", {"word": "Quillfeather"})

    page, reference = answer.content.decode(), answer["X-Reference"]
    assert answer.status_code == 500
    assert f"<b>{reference}</b>" in page
    assert "Quillfeather" not in page
    assert not re.search(r"Traceback|ValueError|\.py", page)
    failed, answered = written.of("The request failed.")[0], written.of("answered")[0]
    assert failed["request"] == answered["request"] == reference
    assert (failed["error"], failed["route"]) == ("ValueError", "broken/<str:way>/<str:word>/")
    assert any(place.startswith("tests/running/broken.py") for place in failed["trace"])
    assert "no-store" in answer["Cache-Control"]
    assert "default-src" in answer["Content-Security-Policy"]


def test_the_page_of_a_failure_needs_no_database_and_no_session(
    rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = failed(rf.get("/"))
    assert "Something broke on our side" in answer.content.decode()
    assert answer.status_code == 500


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda client: client.get("/nowhere/"), 404),
        (lambda client: client.get("/staff/"), 403),
        (lambda _: Client(enforce_csrf_checks=True).post("/login/", {"username": "x"}), 403),
        (lambda client: client.post("/login/", {"username": "x" * (6 * 1024 * 1024)}), 413),
    ],
)
def test_every_page_that_says_no_has_a_reference(client: Client, front_desk: User, ask: Any, status: int) -> None:
    client.force_login(front_desk)

    answer = ask(client)

    assert answer.status_code == status
    assert f"<b>{answer['X-Reference']}</b>" in answer.content.decode()


def test_a_page_that_is_well_has_no_reference(client: Client) -> None:
    assert "X-Reference" not in client.get("/login/")
