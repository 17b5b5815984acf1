"""The pages that book a series and shift the doses after one that moved."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, User
from scheduling.booking import move
from scheduling.models import Appointment
from tests.scheduling.test_series import a_booked_series, every_day, staffed
from tests.world import BEFORE, DAY, at, booked, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def choices_on(html: str) -> dict[str, str]:
    """What the page would send as it stands: the checked time of every dose."""
    found = {}
    for part in html.split('<input type="radio" ')[1:]:
        tag = part.split(">")[0]
        if " checked" in tag:
            found[tag.split('name="')[1].split('"')[0]] = tag.split('value="')[1].split('"')[0]
    return found


def test_six_doses_are_booked_in_one_action(madison: Clinic, front_desk: User) -> None:
    staffed(madison, *every_day(DAY, 150))
    plan = make_plan(madison)
    client = signed_in(front_desk)
    page = client.get(reverse("book_series", args=[plan.pk])).content.decode()
    assert not plan.appointments.exists()

    answer = client.post(reverse("book_series", args=[plan.pk]), choices_on(page))

    assert answer["Location"] == reverse("patient", args=[plan.patient_id])
    assert sorted(plan.appointments.values_list("dose_number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_a_clash_books_nothing_and_keeps_what_was_chosen(madison: Clinic, front_desk: User) -> None:
    staffed(madison, *every_day(DAY, 150))
    plan = make_plan(madison)
    client = signed_in(front_desk)
    url = reverse("book_series", args=[plan.pk]) + "?count=3"
    sent = choices_on(client.get(url).content.decode())
    booked(madison, "8:00", day=DAY + timedelta(days=28))

    answer = client.post(url, sent)

    assert answer.status_code == 409
    assert "Dose 2: Every nurse on the floor already starts a patient" in answer.content.decode()
    assert "The time you chose was just taken" in answer.content.decode()
    assert choices_on(answer.content.decode())["dose-1"] == sent["dose-1"]
    assert not plan.appointments.exists()


def test_a_time_outside_its_window_needs_a_reason(madison: Clinic, front_desk: User) -> None:
    staffed(madison, DAY, *every_day(DAY + timedelta(days=40), 10))
    plan = make_plan(madison)
    client = signed_in(front_desk)
    url = reverse("book_series", args=[plan.pk]) + "?count=2"
    page = client.get(url).content.decode()
    assert "Nothing is free in its window" in page

    refused = client.post(url, choices_on(page))
    accepted = client.post(url, {**choices_on(page), "note": "Clinic closed"})

    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert accepted.status_code == 302
    assert plan.appointments.get(dose_number=2).note == "Clinic closed"


def test_the_doses_after_a_moved_one_follow_it(madison: Clinic, front_desk: User) -> None:
    staffed(madison, *every_day(DAY, 120))
    plan = a_booked_series(madison, 3)
    first = move(
        appointment=plan.appointments.get(dose_number=1),
        clinic=madison,
        start=at(madison, "9:00", DAY + timedelta(days=1)),
        by=None,
    )
    client = signed_in(front_desk)
    url = reverse("appointment_shift", args=[first.pk]) + "?days=1"

    client.post(url, choices_on(client.get(url).content.decode()))

    days = [one.start.astimezone(madison.zone).date() for one in plan.appointments.order_by("dose_number")]
    assert days == [DAY + timedelta(days=1 + 28 * n) for n in range(3)]


@pytest.mark.parametrize("page", ["book_series", "appointment_shift"])
def test_only_those_who_book_here_may_open_it(
    madison: Clinic, nurse: User, stranger: User, front_desk: User, page: str
) -> None:
    staffed(madison, *every_day(DAY, 60))
    plan = a_booked_series(madison, 1)
    url = reverse(page, args=[plan.pk if page == "book_series" else Appointment.objects.get().pk])

    assert signed_in(front_desk).get(url).status_code == 200
    for user in (nurse, stranger):
        answer = signed_in(user).get(url)
        assert answer.status_code == 403
        assert plan.patient.family_name not in answer.content.decode()


def test_a_move_leads_on_to_the_doses_after_it(madison: Clinic, front_desk: User) -> None:
    staffed(madison, *every_day(DAY, 100))
    plan = a_booked_series(madison, 3)
    first = plan.appointments.get(dose_number=1)
    client = signed_in(front_desk)
    later = int(at(madison, "9:00", DAY + timedelta(days=1)).timestamp())

    answer = client.post(reverse("appointment_move", args=[first.pk]), {"opening": f"madison/{later}"})

    assert answer["Location"] == reverse("appointment_shift", args=[first.pk]) + "?days=1"
    assert "Move 2 doses" in client.get(answer["Location"]).content.decode()


def test_a_dose_is_moved_by_weeks_together_with_those_after_it(madison: Clinic, front_desk: User) -> None:
    staffed(madison, *every_day(DAY, 100))
    plan = a_booked_series(madison, 2)
    first = plan.appointments.get(dose_number=1)
    client = signed_in(front_desk)
    page = client.get(reverse("appointment_move", args=[first.pk])).content.decode()
    url = page.split("2 weeks later")[0].rsplit('href="', 1)[1].split('"')[0]

    client.post(url, {**choices_on(client.get(url).content.decode()), "note": "Is away until then"})

    moved = plan.appointments.order_by("dose_number")
    days = [one.start.astimezone(madison.zone).date() for one in moved]
    assert days == [DAY + timedelta(days=14), DAY + timedelta(days=42)]
    assert moved[0].note == "Is away until then"
