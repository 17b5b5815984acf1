"""Whose record a clinic opens: its own patients', and those of another clinic only around a visit there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, User
from patients.models import Patient
from scheduling.booking import cancel
from scheduling.models import Appointment, Reason
from scheduling.sight import AFTER_A_VISIT, AFTER_GIVING_UP, may_see
from tests.world import BEFORE, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def guest(wausau: Clinic) -> Patient:
    """A patient of Wausau."""
    return make_patient(wausau, "Guest")


@pytest.fixture
def visit(madison: Clinic, guest: Patient) -> Appointment:
    """Their visit in Madison."""
    on_floor(madison)
    return booked(madison, "9:00", plan=make_plan(guest))


def test_a_patient_of_another_clinic_who_never_comes_here_is_not_seen(front_desk: User, guest: Patient) -> None:
    assert not may_see(user=front_desk, patient=guest)


def test_a_guest_is_seen_from_booking_until_half_a_year_after_the_visit(
    front_desk: User, guest: Patient, visit: Appointment, clock_hand: time_machine.Traveller
) -> None:
    assert may_see(user=front_desk, patient=guest)
    clock_hand.move_to(visit.end + AFTER_A_VISIT - MINUTE)
    assert may_see(user=front_desk, patient=guest)

    clock_hand.move_to(visit.end + AFTER_A_VISIT)

    assert not may_see(user=front_desk, patient=guest)


def test_a_visit_that_was_given_up_opens_the_record_for_as_long_as_one_books_again(
    front_desk: User, guest: Patient, visit: Appointment, clock_hand: time_machine.Traveller
) -> None:
    cancel(appointment=visit, reason=Reason.WEATHER, by=front_desk)
    clock_hand.move_to(BEFORE + AFTER_GIVING_UP - MINUTE)
    assert may_see(user=front_desk, patient=guest)

    clock_hand.move_to(BEFORE + AFTER_GIVING_UP)

    assert not may_see(user=front_desk, patient=guest)


def test_one_visit_given_up_does_not_close_what_another_opens(
    front_desk: User, madison: Clinic, guest: Patient, visit: Appointment, clock_hand: time_machine.Traveller
) -> None:
    booked(madison, "13:00", plan=make_plan(guest, "methylprednisolone"))
    cancel(appointment=visit, reason=Reason.WEATHER, by=front_desk)

    clock_hand.move_to(at(madison, "9:00") + AFTER_GIVING_UP + timedelta(days=10))

    assert may_see(user=front_desk, patient=guest)


def test_whoever_no_longer_sees_the_patient_is_told_whom_to_ask_and_of_emergency_access(
    client: Client, front_desk: User, guest: Patient, visit: Appointment, clock_hand: time_machine.Traveller
) -> None:
    clock_hand.move_to(visit.end + AFTER_A_VISIT)
    client.force_login(front_desk)

    answer = client.get(reverse("patient", args=[guest.pk]))

    assert answer.status_code == 403
    assert "Emergency access" in answer.content.decode()
    assert "Guest" not in answer.content.decode()
