"""The page that is shown while the database is away. With a real outage: see tests/baddays."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, DataError, InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client
from django.urls import reverse

from clinic.models import User

pytestmark = pytest.mark.django_db

LOOK, BOOK = "/patients/", "/patients/new/"

REMEMBERED = "/board/madison/2026-11-30/?initials=1"
"""Its answer keeps something in the session."""


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    client.raise_request_exception = False
    return client


@pytest.fixture(params=[OperationalError, InterfaceError, DatabaseError])
def outage(request: pytest.FixtureRequest, desk: Client) -> Iterator[None]:
    """Every statement fails, from the session's on."""

    def refuse(*_: object) -> None:
        raise request.param("server closed the connection unexpectedly; host=db.internal")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.usefixtures("outage")
def test_a_page_says_that_nothing_is_lost_and_tries_again_by_itself(desk: Client) -> None:
    answer = desk.get(LOOK)

    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The schedule can’t be reached just now" in page
    assert '<meta http-equiv="refresh" content="5">' in page
    assert f'href="{LOOK}"' in page
    assert "db.internal" not in page
    assert "no-store" in answer["Cache-Control"]


def test_an_outage_in_the_moment_the_session_is_kept_is_no_sign_out(desk: Client) -> None:
    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if 'UPDATE "clinic_staffsession"' in sql:
            raise OperationalError("server closed the connection unexpectedly") from psycopg2.OperationalError()
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        answer = desk.get(REMEMBERED)

    assert answer.status_code == 503


def test_a_session_that_was_ended_meanwhile_is_told_so(desk: Client) -> None:
    def end(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if 'UPDATE "clinic_staffsession"' in sql:
            with connection.cursor() as cursor:
                cursor.execute("delete from clinic_staffsession")
        return execute(sql, *rest)

    with connection.execute_wrapper(end):
        answer = desk.get(REMEMBERED)

    assert answer.status_code == 400
    assert "Sign in" in answer.content.decode()


@pytest.mark.usefixtures("outage")
def test_a_form_is_kept_on_the_page_with_its_key_and_a_button(desk: Client) -> None:
    answer = desk.post(BOOK, {"family_name": 'O"Neil', "once": "a-key"})

    page = answer.content.decode()
    assert answer.status_code == 503
    assert f'<form method="post" action="{BOOK}">' in page
    assert '<input type="hidden" name="family_name" value="O&quot;Neil">' in page
    assert '<input type="hidden" name="once" value="a-key">' in page
    assert "Press again" in page
    assert "refresh" not in page


@pytest.mark.usefixtures("outage")
def test_a_password_is_not_kept_on_the_page(desk: Client) -> None:
    answer = desk.post(reverse("login"), {"login": "frontdesk", "password": "chairside-demo"})

    assert answer.status_code == 503
    assert "chairside-demo" not in answer.content.decode()
    assert "reload this page" in answer.content.decode()


@pytest.mark.usefixtures("outage")
def test_a_patient_is_told_to_call_and_staff_whom_to_tell(desk: Client) -> None:
    assert "Please call the clinic" in desk.get("/a/0123.abc/").content.decode()
    assert "Tell your manager" in desk.get(LOOK).content.decode()


@pytest.mark.parametrize("error", [ZeroDivisionError, ProgrammingError, DataError])
def test_any_other_error_is_no_outage(desk: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("patients.views.search", fail)

    answer = desk.get(LOOK)

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
