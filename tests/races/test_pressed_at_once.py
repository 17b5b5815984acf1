"""One button pressed eight times at the same moment: by an impatient finger, or by a browser that tries again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, Press, User
from scheduling.models import Appointment
from tests.patients.test_pages import NEW
from tests.scheduling.pages import HTMX, opening
from tests.world import booked, on_floor

pytestmark = pytest.mark.django_db(transaction=True)

FINGERS = 8


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    on_floor(madison)
    return booked(madison, "9:00")


def all_at_once(user: User, address: str, data: dict[str, Any]) -> list[Any]:
    """The answers to eight presses, each from a thread with a connection of its own."""
    browsers = [Client() for _ in range(FINGERS)]
    for browser in browsers:
        browser.force_login(user)
    ready = Barrier(FINGERS)

    def press(browser: Client) -> Any:
        try:
            ready.wait(20)
            return browser.post(address, data, headers=HTMX)
        finally:
            connection.close()

    with ThreadPoolExecutor(FINGERS) as pool:
        return list(pool.map(press, browsers))


def move_to_eleven(user: User, visit: Appointment, **key: str) -> list[Any]:
    data = {"opening": opening(visit.clinic, "11:00"), **key}
    return all_at_once(user, reverse("appointment_move", args=[visit.pk]), data)


def test_without_a_key_the_visit_is_moved_again_and_again(visit: Appointment, front_desk: User) -> None:
    answers = move_to_eleven(front_desk, visit)

    done = sum(answer.status_code == 200 for answer in answers)
    assert done > 1
    visit.refresh_from_db()
    assert visit.version == 1 + done


def test_with_its_key_it_is_moved_once_and_every_press_is_told_so(visit: Appointment, front_desk: User) -> None:
    answers = move_to_eleven(front_desk, visit, once="a-key")

    visit.refresh_from_db()
    assert visit.version == 2
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert b"Moved to Mon Dec 7, 11:00 AM" in answers[0].content
    assert Press.objects.count() == 1


def test_a_patient_is_registered_once(madison: Clinic, front_desk: User) -> None:
    data = {**NEW, "home_clinic": madison.pk, "once": "a-key"}
    answers = all_at_once(front_desk, reverse("patient_new"), data)

    assert {answer["Location"] for answer in answers} == {reverse("patient", args=[madison.patients.get().pk])}
