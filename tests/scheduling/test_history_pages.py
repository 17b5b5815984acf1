"""The manager reads what was done to a patient's record, and who looked at it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.audit.origin import acting
from clinic.models import Clinic, Role, User
from patients.models import ContactPoint
from scheduling.booking import cancel, move
from scheduling.history import page as pages
from scheduling.models import Appointment
from tests.scheduling.pages import counting, html_of
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, make_user, on_floor

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
    """Karen Olson comes on `DAY` at 9:00."""
    on_floor(madison)
    return booked(madison, plan=make_plan(make_patient(madison, "Olson", "Karen")))


def history(browser: Client, visit: Appointment, query: str = "") -> str:
    return html_of(browser, reverse("patient_history", args=[visit.patient_id]) + query)


def test_a_change_is_told_in_words_with_who_and_from_where(
    browser: Client, visit: Appointment, front_desk: User
) -> None:
    desk = Client()
    desk.force_login(front_desk)
    desk.post(
        reverse("appointment_cancel", args=[visit.pk]),
        {"reason": "weather", "note": "Roads are closed"},
        REMOTE_ADDR="10.1.2.3",
    )

    said = history(browser, visit)

    for words in (
        "Frontdesk",
        "Appointment cancel",
        "Why: Weather",
        "10.1.2.3",
        "Appointment: Tysabri dose 1",
        ">Booked</del>",
        ">Cancelled</ins>",
        "Roads are closed",
    ):
        assert words in said


def test_times_are_the_clinics_and_names_stand_for_numbers(
    browser: Client, visit: Appointment, manager: User, madison: Clinic
) -> None:
    move(appointment=visit, clinic=madison, start=at(madison, "13:00"), by=manager)

    said = history(browser, visit)

    assert "on Mon Dec 7, 9:00–11:30 AM</del>" in said
    assert "on Mon Dec 7, 1:00–3:30 PM</ins>" in said
    assert "Chair 1" in said
    assert "T15:00:00" not in said


def test_a_removed_row_says_what_stood_there(browser: Client, visit: Appointment) -> None:
    ContactPoint.objects.create(patient=visit.patient, kind="email", value="karen@example.org").delete()

    said = history(browser, visit)

    assert "Removed</span> Contact point" in said
    assert '<span class="quiet">E-mail, karen@example.org</span>' in said


def test_a_command_and_a_reason_are_told(browser: Client, visit: Appointment) -> None:
    with acting(task="command import_patients", why="New spelling from the clinic"):
        visit.patient.given_name = "Karin"
        visit.patient.save()

    said = history(browser, visit)

    assert "command import_patients" in said
    assert "Why: New spelling from the clinic" in said
    assert "Given name" in said


def test_secrets_and_numbers_of_rows_are_not_shown(browser: Client, visit: Appointment) -> None:
    said = history(browser, visit)

    assert "Patient id" not in said
    assert "Search name" not in said


def test_who_looked_is_told_and_this_look_too(browser: Client, visit: Appointment, nurse: User, wausau: Clinic) -> None:
    for user in (nurse, make_user("elsewhere", Role.FRONT_DESK, wausau)):
        other = Client()
        other.force_login(user)
        other.get(reverse("patient", args=[visit.patient_id]), REMOTE_ADDR="10.9.9.9")
    url = reverse("patient_looked", args=[visit.patient_id])

    html_of(browser, url)
    said = html_of(browser, url)

    for words in ("Nurse", "Elsewhere", "Refused", "10.9.9.9", "Manager", "Patient looked"):
        assert words in said


def test_a_record_of_which_nothing_is_known_says_so(browser: Client, visit: Appointment) -> None:
    assert "Nobody has looked yet" in html_of(browser, reverse("patient_looked", args=[visit.patient_id]))
    assert "Nothing older" in history(browser, visit, "?before=1")


def test_older_lines_are_a_page_away(
    browser: Client, visit: Appointment, monkeypatch: pytest.MonkeyPatch, manager: User
) -> None:
    monkeypatch.setattr(pages, "PAGE", 4)
    seen: list[int] = []
    before = None
    while True:
        deeds, before = pages.history_of(visit.patient, before=before)
        seen += [deed.id for deed in deeds]
        if before is None:
            break

    lines = Entry.objects.filter(patient_id=visit.patient_id, what__in=["insert", "update", "delete"])
    assert sum(1 for _ in lines) > 8
    assert seen == sorted(seen, reverse=True)
    assert min(seen) == lines.order_by("id")[0].pk


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", "?before=99999999999999999999999", "?before="])
def test_an_address_that_was_tampered_with_shows_the_newest(browser: Client, visit: Appointment, query: str) -> None:
    assert "Appointment: Tysabri dose 1" in history(browser, visit, query)


@pytest.mark.parametrize("page", ["patient_history", "patient_looked"])
def test_only_managers_of_the_patients_clinics_may(
    page: str,
    visit: Appointment,
    front_desk: User,
    nurse: User,
    charge_nurse: User,
    stranger: User,
    manager: User,
) -> None:
    url = reverse(page, args=[visit.patient_id])
    for user in (front_desk, nurse, charge_nurse, stranger):
        other = Client()
        other.force_login(user)
        answer = other.get(url)
        assert answer.status_code == 403
        assert "Olson" not in answer.content.decode()
    other.force_login(manager)
    assert other.get(url).status_code == 200
    assert Client().get(url).status_code == 302


def test_a_manager_of_a_clinic_where_the_patient_comes_may(
    visit: Appointment, wausau: Clinic, stranger: User, madison: Clinic
) -> None:
    on_floor(wausau, day=DAY + timedelta(days=28))
    booked(wausau, plan=visit.plan, dose_number=2, day=DAY + timedelta(days=28))
    browser = Client()
    browser.force_login(stranger)

    assert "Olson" in history(browser, visit)


def test_the_patients_page_leads_there_for_managers_only(browser: Client, visit: Appointment, nurse: User) -> None:
    url = reverse("patient", args=[visit.patient_id])
    link = reverse("patient_history", args=[visit.patient_id])

    assert link in html_of(browser, url)
    browser.force_login(nurse)
    assert link not in html_of(browser, url)


@pytest.mark.parametrize("page", ["patient_history", "patient_looked"])
def test_the_cost_does_not_grow_with_the_trail(
    browser: Client, visit: Appointment, page: str, madison: Clinic, manager: User
) -> None:
    url = reverse(page, args=[visit.patient_id])
    cancel(appointment=visit, reason="weather", by=manager)
    html_of(browser, url)
    with counting() as few:
        html_of(browser, url)
    for _ in range(5):
        again = booked(madison, plan=visit.plan)
        cancel(appointment=again, reason="weather", by=manager)
        html_of(browser, reverse("patient", args=[visit.patient_id]))
    with counting() as many:
        html_of(browser, url)

    assert len(many) == len(few) <= 17
