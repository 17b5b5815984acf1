"""How the telling goes: the operations page and what a monitor reads say the same."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from clinic.models import Clinic, User
from reminders import dispatch
from reminders.models import Message, Pulse
from scheduling.models import Appointment
from tests.reminders.desk import visit_of
from tests.world import BEFORE, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    on_floor(madison)
    return visit_of(madison)


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


def said(browser: Client) -> tuple[str, str]:
    """What a monitor reads, and the page."""
    ready = browser.get("/readyz")
    assert ready.status_code == 200, "booking works without messages"
    return ready.json()["messages"], " ".join(browser.get("/outbox/operations/").content.decode().split())


def test_before_the_first_round_it_says_that_no_worker_has_looked(desk: Client) -> None:
    words, page = said(desk)

    assert words.startswith("not started")
    assert "No worker has looked for messages yet" in page


def test_all_is_well_after_a_round(desk: Client, visit: Appointment) -> None:
    dispatch.look()

    words, page = said(desk)

    assert words == "ok"
    assert "All is well" in page


def test_a_clock_or_worker_that_died_is_noticed(
    desk: Client, visit: Appointment, clock_hand: time_machine.Traveller, settings: Settings
) -> None:
    dispatch.look()
    clock_hand.move_to(BEFORE + timedelta(seconds=3 * settings.DISPATCH_EVERY + 1))

    words, page = said(desk)

    assert words.startswith("stopped")
    assert "Messages stand still" in page


def test_messages_that_are_due_too_long_are_late(
    desk: Client, visit: Appointment, clock_hand: time_machine.Traveller
) -> None:
    Message.objects.filter(rule="booked").update(due_at=BEFORE)
    clock_hand.move_to(BEFORE + timedelta(minutes=12))
    Pulse.objects.update_or_create(name="dispatch", defaults={"at": BEFORE + timedelta(minutes=12)})

    words, page = said(desk)

    assert words.startswith("late:")
    assert "the oldest for 12 min" in words
    assert "Messages are late" in page


def test_the_page_counts_what_was_sent_and_what_went_wrong(desk: Client, visit: Appointment) -> None:
    rows = list(Message.objects.order_by("pk"))
    Message.objects.filter(pk=rows[0].pk).update(status="failed")
    Message.objects.filter(pk=rows[1].pk).update(status="sent", sent_at=BEFORE, sending_at=BEFORE)

    _, page = said(desk)

    assert "Failed, open</a></dt><dd>1</dd>" in page
    assert "Sent in 24 hours</a></dt><dd>1</dd>" in page


def test_counts_are_of_ones_own_clinics(client: Client, stranger: User, visit: Appointment) -> None:
    client.force_login(stranger)

    _, page = said(client)

    assert "Planned</a></dt><dd>0</dd>" in page


def test_a_monitor_needs_no_login_and_reads_nothing_of_patients(client: Client, visit: Appointment) -> None:
    assert set(client.get("/readyz").json()) >= {"database", "broker", "messages"}
