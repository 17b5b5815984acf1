"""The lists of this room on the worklists page: replies to read, patients who could not be told."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, User
from reminders.models import Message, MessageStatus, Reply
from reminders.replies import receive
from scheduling.models import Appointment
from scheduling.worklists import Row
from scheduling.worklists.lists import named
from scheduling.worklists.page import reading_for
from tests.reminders.desk import MOBILE, texted, visit_of, with_mobile
from tests.world import BEFORE, make_patient, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    on_floor(madison)
    return visit_of(madison, with_mobile(madison, "Olson", given_name="Karen"))


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


def rows(name: str, *clinics: Clinic) -> list[Row]:
    worklist = named(name)
    assert worklist is not None
    return list(worklist.read(reading_for(clinics)))


def test_replies_to_read_are_a_worklist_of_their_clinic(
    desk: Client, visit: Appointment, madison: Clinic, wausau: Clinic, front_desk: User
) -> None:
    receive(provider_id="SM1", number=MOBILE, words="I can't make it")

    (row,) = rows("replies", madison)

    assert (row.patient, row.what, row.when) == (visit.patient, "“I can't make it”", "Mon Dec 7, 9:00 AM")
    assert [button.label for button in row.buttons] == ["Move…", "Done"]
    assert rows("replies", wausau) == []
    desk.post(reverse("worklist_row", args=["replies", row.key]), {"act": "done"})
    assert rows("replies", madison) == []
    assert Reply.objects.get().handled_by == front_desk


def test_a_visit_that_could_not_be_told_is_one_row_with_every_reason(
    desk: Client, visit: Appointment, madison: Clinic, wausau: Clinic
) -> None:
    texted(visit, rule="week", status=MessageStatus.FAILED, error="Did not arrive")
    texted(visit, rule="three_days", status=MessageStatus.UNKNOWN, error="Perhaps it did", provider_id="SM2")

    (row,) = rows("untold", madison)

    assert set(row.notes) == {"Text, 1 week before: Did not arrive", "Text, 3 days before: Perhaps it did"}
    assert rows("untold", wausau) == []
    desk.post(reverse("worklist_row", args=["untold", row.key]), {"act": "done"})
    assert rows("untold", madison) == []


def test_a_patient_whom_no_message_can_reach_is_on_the_list(madison: Clinic, desk: Client) -> None:
    on_floor(madison)
    visit_of(madison, make_patient(madison))

    desk.post(reverse("outbox_ahead"), {"days": "1"})

    (row,) = rows("untold", madison)
    assert "No e-mail address on record" in " ".join(row.notes)


def test_who_was_told_the_other_way_is_not_on_the_list(madison: Clinic, desk: Client, visit: Appointment) -> None:
    visit.patient.contact_points.filter(kind="email").delete()

    desk.post(reverse("outbox_ahead"), {"days": "1"})

    assert Message.objects.filter(status=MessageStatus.WITHHELD).exists()
    assert rows("untold", madison) == []
