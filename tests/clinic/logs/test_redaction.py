"""What a line may say: nothing that somebody typed, however it got into the words."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection

from clinic.logs import lines, redaction
from clinic.logs.redaction import HIDDEN, failure, message, scrubbed, statement
from tests.world import make_clinic, make_patient

LOUD = ("Quillfeather", "Ottoline", "+16085550177", "ottoline@quill.example", "07/19/1961", "1961-07-19", "ZQ70441")
TOKEN = "b7Jk2_qW9xT4mZs8LrPd"


def line_of(template: Any, *args: Any, error: BaseException | None = None, as_json: bool = True) -> str:
    """A record as it would be written."""
    made = lines.configuration(as_json=as_json, level="INFO")["formatters"]["line"]
    formatter = made.pop("()")(**made)
    info = (type(error), error, error.__traceback__) if error else None
    return formatter.format(logging.LogRecord("some.library", logging.ERROR, __file__, 1, template, args, info))


@pytest.mark.parametrize("word", [*LOUD, TOKEN, f"/a/{TOKEN}/", "/patients/?q=Quillfeather"])
@pytest.mark.parametrize("as_json", [True, False])
def test_what_is_put_into_a_message_is_hidden(word: str, as_json: bool) -> None:
    for template, args in [
        ("%s: %s", ("Not Found", word)),
        ("found %(name)s", ({"name": word},)),
        ("%r", ([word],)),
        ("%s", (ValueError(word),)),
        (ValueError(word), ()),
        ("wrong %d", (word,)),
    ]:
        assert word not in line_of(template, *args, as_json=as_json)


@pytest.mark.parametrize(
    "words",
    [
        "Invalid HTTP_HOST header: 'Quillfeather.example'. You may need to add 'Quillfeather.example'",
        'invalid input syntax for type integer: "Quillfeather"',
        "DETAIL:  Key (family_name)=(Quillfeather) already exists.",
        "Not Found: /patients/Quillfeather/",
        "sent to Quillfeather@example.org",
    ],
)
def test_what_a_library_put_into_its_own_words_is_hidden(words: str) -> None:
    assert "Quillfeather" not in line_of(words)


@pytest.mark.parametrize("word", ["+1 (608) 555-0177", "608-555-0177", "7/19/1961", "1961-07-19", TOKEN])
def test_numbers_dates_and_secrets_in_words_are_hidden(word: str) -> None:
    assert scrubbed(f"told {word} about it") == f"told {HIDDEN} about it"


def test_what_is_ours_is_told() -> None:
    assert message("message %s cannot be prepared", (7,)) == "message 7 cannot be prepared"
    assert message("Worker (pid:%s) was sent %s!", (12, "SIGKILL")) == "Worker (pid:12) was sent SIGKILL!"
    assert message("sealed, head %s", (f"12:{'ab' * 32}",)).endswith("ab" * 32)
    assert json.loads(line_of("message %s was sent to %s", 7, "Quillfeather"))["event"] == "message 7 was sent to …"
    assert message("Task %(name)s failed", {"name": "reminders.tasks.look"}) == "Task reminders.tasks.look failed"


def raised(act: Callable[[], object]) -> BaseException:
    try:
        act()
    except Exception as error:  # noqa: BLE001  (whatever it is, it is written down)
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.django_db(transaction=True)
def test_of_a_database_error_the_constraint_is_told_and_not_the_values() -> None:
    clinic = make_clinic()
    make_patient(clinic, "Quillfeather", mrn="ZQ70441")

    error = raised(lambda: make_patient(clinic, "Quillfeather", mrn="ZQ70441"))
    written = json.loads(line_of("%s", error, error=error))

    assert isinstance(error, IntegrityError)
    assert "ZQ70441" in str(error), "the database says it, so there is something to hide"
    assert written["error"] == "IntegrityError < UniqueViolation"
    assert (written["sqlstate"], written["table"]) == ("23505", "patients_patient")
    assert written["constraint"]
    assert any(place.startswith("tests/world.py:") for place in written["trace"])
    assert not any(word in json.dumps(written) for word in LOUD)


@pytest.mark.django_db
def test_of_a_value_that_does_not_fit_nothing_is_told() -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select %s::int", ["Quillfeather"])

    error = raised(ask)

    assert isinstance(error, DataError)
    assert "Quillfeather" not in line_of("%s", error, error=error)


def test_of_a_mistake_in_the_code_the_words_are_told() -> None:
    assert failure(raised(lambda: object().nowhere))["words"] == "'object' object has no attribute 'nowhere'"  # type: ignore[attr-defined]
    assert "words" not in failure(raised(lambda: int("Quillfeather")))
    assert "words" not in failure(raised(lambda: dict[str, str]()["Quillfeather"]))


def test_a_statement_shows_its_shape_alone() -> None:
    sql = "select *\n from patients_patient where name = 'O''Quill' and birth = '1961-07-19' and id in (1, 22)"
    assert statement(sql) == "select * from patients_patient where name = ? and birth = ? and id in (?, ?)"


def test_a_line_that_cannot_be_made_prints_none_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("Quillfeather")

    logger = logging.getLogger("broken")
    logger.propagate = False
    handler = lines.Stderr()
    made = lines.configuration(as_json=True, level="INFO")["formatters"]["line"]
    handler.setFormatter(made.pop("()")(**made))
    logger.addHandler(handler)
    logger.error("%s Quillfeather", Broken())
    logger.removeHandler(handler)

    said = capsys.readouterr().err
    assert "broken could not be written" in said
    assert "Quillfeather" not in said


def test_only_known_fields_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with lines.saying(lambda: {"request": "k7qf-2mxd", "name": "Quillfeather"}):
        written = json.loads(line_of("said"))
    assert written["request"] == "k7qf-2mxd"
    assert "name" not in written
    assert redaction.HIDDEN == "…"
