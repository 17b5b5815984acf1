"""How a patient's numbers and addresses stand for messages, and what staff note of it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Clinic, User
from patients import consent
from patients.models import ContactEntry, ContactPoint
from tests.world import make_patient

pytestmark = pytest.mark.django_db

ADDRESS = "anna@example.org"


@pytest.fixture
def email(madison: Clinic) -> ContactPoint:
    return ContactPoint.objects.create(patient=make_patient(madison, "Johnson"), kind="email", value=ADDRESS)


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


def page(client: Client, point: ContactPoint) -> str:
    return client.get(reverse("patient_contacts", args=[point.patient_id])).content.decode()


def say(client: Client, point: ContactPoint, change: str) -> int:
    url = reverse("contact_change", args=[point.patient_id, point.pk])
    return int(client.post(url, {"change": change}).status_code)


def test_a_dead_address_is_shown_with_its_report_and_works_again_when_staff_say_so(
    desk: Client, email: ContactPoint, front_desk: User
) -> None:
    consent.mark_dead(value=ADDRESS, channel="email", source="provider", words="Returned: 550 5.1.1 no such user")
    shown = page(desk, email)
    assert "Does not work." in shown
    assert "Returned: 550 5.1.1 no such user" in shown
    assert "does not work" in desk.get(reverse("patient", args=[email.patient_id])).content.decode()

    assert say(desk, email, "alive") == 302

    assert consent.standing_of(value=ADDRESS, channel="email").is_usable
    last = ContactEntry.objects.latest("id")
    assert (last.change, last.source, last.by) == ("alive", "staff", front_desk)
    assert "Messages go there." in page(desk, email)


def test_an_opt_out_told_to_staff_holds_and_so_does_agreeing_again(desk: Client, email: ContactPoint) -> None:
    say(desk, email, "withdrawn")
    assert not consent.standing_of(value=ADDRESS, channel="email").is_allowed
    assert "Wants no messages." in page(desk, email)
    assert "wants no messages" in desk.get(reverse("patient", args=[email.patient_id])).content.decode()

    say(desk, email, "given")

    assert consent.standing_of(value=ADDRESS, channel="email").is_allowed


@pytest.mark.parametrize("change", ["dead", "", "nonsense"])
def test_nothing_else_can_be_noted(desk: Client, email: ContactPoint, change: str) -> None:
    assert say(desk, email, change) == 404
    assert not ContactEntry.objects.exists()


def test_a_landline_is_for_calls_only(desk: Client, email: ContactPoint) -> None:
    landline = ContactPoint.objects.create(patient=email.patient, kind="landline", value="+16085550100")
    assert "For calls only." in page(desk, email)
    assert say(desk, landline, "withdrawn") == 404


def test_the_point_must_be_the_patients(desk: Client, email: ContactPoint, madison: Clinic) -> None:
    other = make_patient(madison, "Olson")
    assert desk.post(reverse("contact_change", args=[other.pk, email.pk]), {"change": "withdrawn"}).status_code == 404


def test_nurses_look_and_other_clinics_do_not(client: Client, nurse: User, stranger: User, email: ContactPoint) -> None:
    client.force_login(nurse)
    shown = page(client, email)
    assert ADDRESS in shown
    assert "They want no messages" not in shown
    assert say(client, email, "withdrawn") == 403
    client.force_login(stranger)
    assert client.get(reverse("patient_contacts", args=[email.patient_id])).status_code == 404
    assert say(client, email, "withdrawn") == 404
    assert not ContactEntry.objects.exists()


def test_a_long_history_costs_no_more_queries(desk: Client, email: ContactPoint, front_desk: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(desk, email)
        return len(queries)

    consent.give(value=ADDRESS, channel="email", source="staff", by=front_desk)
    few = cost()
    ContactPoint.objects.create(patient=email.patient, kind="mobile", value="+16085550121")
    for _ in range(5):
        consent.withdraw(value="+16085550121", channel="sms", source="reply")
        consent.give(value="+16085550121", channel="sms", source="staff", by=front_desk)
    assert cost() == few
