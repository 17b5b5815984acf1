"""What the panel says before an appointment is moved: whether the patient will be told, how and when."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, User
from reminders.models import Message
from scheduling.models import Appointment
from tests.reminders.crowd import reachable
from tests.reminders.test_planning import LATER, VISIT, say_sent
from tests.world import BEFORE, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_first_of_december():
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def floor(madison: Clinic) -> Clinic:
    for day in (VISIT, LATER):
        on_floor(madison, day=day)
        on_floor(madison, day=day)
    return madison


@pytest.fixture
def visit(floor: Clinic) -> Appointment:
    plan = make_plan(reachable(make_patient(floor), 1), start_on=VISIT)
    return booked(floor, plan=plan, day=VISIT, chair=floor.chairs.get(name="Chair 1"))


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


def said(desk: Client, visit: Appointment, clock: str, day=VISIT, chair: str = "Chair 1") -> str:
    place = visit.clinic.chairs.get(name=chair)
    answer = desk.get(reverse("would_tell", args=[visit.pk, visit.clinic.slug, day, place.pk, clock]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_another_time_is_told_by_what_the_patient_can_be_reached_by(desk: Client, visit: Appointment) -> None:
    say_sent("booked")

    assert "The patient is told by E-mail" in said(desk, visit, "10:00", LATER)


def test_another_chair_is_told_to_nobody(desk: Client, visit: Appointment) -> None:
    assert "The patient is not told: day and time stay the same." in said(desk, visit, "09:00", chair="Chair 2")


def test_who_cannot_be_reached_is_to_be_called(desk: Client, visit: Appointment) -> None:
    say_sent("booked")
    visit.patient.contact_points.all().delete()

    text = said(desk, visit, "10:00", LATER)

    assert "The patient can’t be told: " in text
    assert "Please call." in text


def test_asking_changes_nothing(desk: Client, visit: Appointment) -> None:
    before = sorted(Message.objects.values_list("pk", "status", "visit_start"))

    said(desk, visit, "10:00", LATER)

    after = Appointment.objects.get()
    assert (after.start, after.version) == (visit.start, visit.version)
    assert sorted(Message.objects.values_list("pk", "status", "visit_start")) == before


def test_a_place_that_is_gone_says_why(desk: Client, visit: Appointment) -> None:
    booked(visit.clinic, "10:00", day=LATER, chair=visit.clinic.chairs.get(name="Chair 1"))

    assert "not free for the whole stay" in said(desk, visit, "10:00", LATER)


def test_a_nurse_is_not_asked(client: Client, visit: Appointment, nurse: User) -> None:
    client.force_login(nurse)
    chair = visit.clinic.chairs.get(name="Chair 1")

    url = reverse("would_tell", args=[visit.pk, visit.clinic.slug, LATER, chair.pk, "10:00"])

    assert client.get(url).status_code == 403
