"""Every look at a patient leaves a line, on whatever page; opening a list leaves one; nothing leaves without."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.audit.sealing import seal
from clinic.models import Clinic, Role, User
from scheduling.models import Appointment, WaitlistEntry
from tests.scheduling.pages import HTMX
from tests.world import BEFORE, DAY, booked, make_patient, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def browser(client: Client, manager: User) -> Client:
    """The manager's browser."""
    client.force_login(manager)
    return client


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    """Karen Olson comes on `DAY`, and waits for an earlier time."""
    on_floor(madison)
    return booked(madison, plan=make_plan(make_patient(madison, "Olson", "Karen", mrn="M77001")))


def looks(*kinds: str) -> list[Any]:
    """What the trail says of looking: what, whose record, on which page."""
    asked = kinds or ("seen", "listed", "exported", "refused")
    return list(Entry.objects.filter(what__in=asked).order_by("id").values_list("what", "patient_id", "origin__page"))


@pytest.mark.parametrize(
    "page",
    [
        "patient",
        "patient_edit",
        "plan_new",
        "patient_authorizations",
        "patient_history",
        "patient_looked",
        "plan_edit",
        "dose_given_new",
        "plan_clearances",
        "book",
        "book_series",
        "appointment",
        "appointment_move",
        "waitlist_earlier",
        "waitlist_entry",
        "outbox_message",
    ],
)
def test_a_page_about_a_patient_is_one_look(browser: Client, visit: Appointment, page: str) -> None:
    subject = {
        "waitlist_entry": lambda: WaitlistEntry.objects.create(plan=visit.plan, dose_number=2, added_at=BEFORE).pk,
        "outbox_message": lambda: visit.messages.earliest("pk").pk,
    }
    of_plan = {"plan_edit", "dose_given_new", "plan_clearances", "book", "book_series"}
    of_visit = {"appointment", "appointment_move", "waitlist_earlier"}
    if page in subject:
        pk = subject[page]()
    else:
        pk = visit.plan_id if page in of_plan else visit.pk if page in of_visit else visit.patient_id

    assert browser.get(reverse(page, args=[pk])).status_code == 200

    assert looks() == [("seen", visit.patient_id, page)]


@pytest.mark.parametrize(
    ("page", "args"),
    [
        ("board", ["madison", DAY]),
        ("roster", ["madison", DAY]),
        ("patient_search", []),
        ("waitlist", []),
        ("worklists", []),
        ("outbox", []),
    ],
)
def test_opening_a_list_is_one_line(browser: Client, visit: Appointment, page: str, args: list[Any]) -> None:
    assert browser.get(reverse(page, args=args)).status_code == 200

    (line,) = Entry.objects.filter(what="listed")
    assert line.after == ({"clinic": "madison", "day": str(DAY)} if args else {})
    assert looks("listed") == [("listed", None, page)]


def test_a_board_that_refreshes_itself_is_not_opened_again(browser: Client, visit: Appointment) -> None:
    for _ in range(3):
        browser.get(reverse("board", args=["madison", DAY]), headers=HTMX)

    assert looks() == []


def test_a_search_is_written_down_without_what_was_typed(browser: Client, visit: Appointment) -> None:
    browser.post(reverse("patient_search"), {"q": "Olson"}, headers=HTMX)

    assert looks() == [("listed", None, "patient_search")]
    assert not Entry.objects.filter(what="listed", after__icontains="olson").exists()


def test_a_page_without_patients_is_not_written_down(browser: Client, madison: Clinic) -> None:
    browser.get(reverse("patient_new"))
    browser.get(reverse("staffing", args=["madison", DAY]))

    assert looks() == []


def test_somebody_who_is_refused_has_not_looked_but_tried(client: Client, visit: Appointment, wausau: Clinic) -> None:
    client.force_login(make_user("elsewhere", Role.FRONT_DESK, wausau))

    assert client.get(reverse("patient", args=[visit.patient_id])).status_code == 403

    assert looks() == [("refused", visit.patient_id, "patient")]


def test_a_download_is_written_down(browser: Client, madison: Clinic) -> None:
    browser.get(reverse("patient_import_template"))

    assert looks() == [("exported", None, "patient_import_template")]


def test_a_page_that_cannot_be_written_down_is_not_shown(browser: Client, visit: Appointment) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; alter table audit_entry add check (what <> 'seen') not valid")

    with pytest.raises(DatabaseError):
        browser.get(reverse("patient", args=[visit.patient_id]))


def test_no_log_line_names_a_patient(browser: Client, visit: Appointment, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        browser.get(reverse("patient", args=[visit.patient_id]))
        browser.post(reverse("appointment_confirm", args=[visit.pk]))
        browser.get(reverse("patient_history", args=[visit.patient_id]))
        seal()

    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("clinic.audit"))
    assert "audit trail sealed" in said
    assert not [word for word in ("Olson", "Karen", "M77001", "1975") if word in said]
