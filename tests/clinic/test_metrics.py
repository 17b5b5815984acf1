"""What a monitor reads: numbers about the program, none about a person, and only with the token."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from clinic import metrics
from clinic.audit import sealing
from clinic.models import Clinic
from clinic.quarters import day_bounds
from tests.world import BEFORE, DAY, booked, make_clinic, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=True):
        yield


def read(client: Client, **headers: str) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}", **headers})


def numbers(client: Client) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    found = text_string_to_metric_families(read(client).content.decode())
    return {(one.name, *one.labels.values()): one.value for family in found for one in family.samples}


@pytest.mark.parametrize("shown", ["", "Bearer ", "Bearer wrong", "Basic x", "Bearer é"])
def test_without_the_token_nothing_is_told(client: Client, shown: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": shown.encode().decode("latin-1")})
    assert (answer.status_code, answer.content) == (403, b"Refused\n")


@pytest.mark.parametrize(
    ("changed", "asked", "is_open"),
    [
        ({}, {}, True),
        ({}, {"REMOTE_ADDR": "203.0.113.7"}, False),
        ({}, {"REMOTE_ADDR": ""}, False),
        ({}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ({}, {"HTTP_FORWARDED": "for=127.0.0.1"}, False),
        ({"BEHIND_PROXY": True}, {}, False),
        ({"PRODUCTION": True}, {}, False),
        ({"PRODUCTION": True}, {"HTTP_AUTHORIZATION": "Bearer "}, False),
    ],
)
def test_where_there_is_no_token_only_this_machine_reads_and_never_in_production(
    client: Client, monkeypatch: pytest.MonkeyPatch, changed: dict[str, bool], asked: dict[str, str], is_open: bool
) -> None:
    monkeypatch.setattr(settings, "METRICS_TOKEN", "")
    for name, value in changed.items():
        monkeypatch.setattr(settings, name, value)

    assert (client.get("/metrics", **asked).status_code == 200) == is_open  # type: ignore[arg-type]


def test_requests_are_counted_by_the_name_of_their_address(client: Client) -> None:
    login, nowhere = ("chairside_request_seconds_count", "login", "GET", "200"), "chairside_request_seconds_count"
    before = numbers(client).get(login, 0)

    client.get("/login/?next=/patients/Quillfeather/")
    client.get("/Quillfeather/")
    client.get("/a/b7Jk2_qW9xT4mZs8LrPd/")
    client.generic("QUILLFEATHER", "/login/")

    after = numbers(client)
    assert after[login] == before + 1
    assert after[nowhere, "none", "GET", "404"] >= 1
    assert after[nowhere, "visit_page", "GET", "404"] >= 1
    text = read(client).content.decode()
    assert "quillfeather" not in text.lower()
    assert "b7Jk2" not in text


def test_what_the_database_knows_is_told(client: Client, madison: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    today = timezone.localdate()
    on_floor(madison, day=today)
    booked(madison, "13:00", day=today)

    found = numbers(client)

    assert found["chairside_database_up",] == 1
    assert found["chairside_appointments_today", "madison", "booked"] == 1
    assert found["chairside_audit_sealing_lag_seconds",] > 0
    assert found["chairside_messages_due",] >= 0
    sealing.seal()
    assert numbers(client)["chairside_audit_sealing_lag_seconds",] == 0


def test_a_reading_asks_a_fixed_number_of_queries(
    client: Client, madison: Clinic, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(7) as few:
        read(client)
    on_floor(madison)
    make_clinic("wausau")
    for start in ("8:00", "10:30", "13:00"):
        booked(madison, start)
    with django_assert_num_queries(len(few)):
        read(client)


@pytest.mark.parametrize("zone", ["America/Chicago", "Pacific/Honolulu"])
def test_today_lasts_from_a_clinics_own_midnight_to_the_next(client: Client, madison: Clinic, zone: str) -> None:
    madison.timezone = zone
    madison.save(update_fields=["timezone"])
    on_floor(madison)
    booked(madison, "13:00")
    (midnight, next_one), second = day_bounds(DAY, madison.zone), timedelta(seconds=1)

    def seen(moment: datetime) -> float:
        with time_machine.travel(moment, tick=False):
            return numbers(client).get(("chairside_appointments_today", "madison", "booked"), 0)

    assert [seen(midnight - second), seen(midnight)] == [0, 1]
    assert [seen(next_one - second), seen(next_one)] == [1, 0]


def test_a_room_made_ready_twice_gives_its_numbers_once(client: Client, madison: Clinic) -> None:
    apps.get_app_config("scheduling").ready()
    assert read(client).content.decode().count("# TYPE chairside_appointments_today ") == 1


def test_without_a_database_it_says_so_and_nothing_else_of_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "database_answers", lambda: False)
    found = numbers(client)
    assert found["chairside_database_up",] == 0
    assert not any(name[0].startswith("chairside_messages") for name in found)


def test_one_group_that_fails_takes_no_other_with_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        with connection.cursor():
            raise DatabaseError("away")

    monkeypatch.setattr(metrics, "_numbers", dict.fromkeys([broken, sealing.numbers]))
    assert ("chairside_audit_sealing_lag_seconds",) in numbers(client)
