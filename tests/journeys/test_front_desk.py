"""The front desk: a phone at the ear, one hand on the keys."""

import re
from datetime import date, timedelta
from time import perf_counter

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Clinic, User
from patients.models import TreatmentPlan
from scheduling.models import Appointment
from tests.journeys.desk import Keyboard, SitDown, focused
from tests.world import DAY, at, booked, make_patient, make_plan, make_ready

pytestmark = pytest.mark.slow

BOARD = f"/board/madison/{DAY}/"
MOST_PRESSES = 12
MOST_SECONDS = 20
PRESS = 0.28
"""Seconds that a key takes an average typist (Card, Moran and Newell); the program's own time is added."""


@pytest.fixture
def olson(clinics: list[Clinic]) -> TreatmentPlan:
    """Karen Olson, whose second Tysabri is due on Wednesday."""
    patient = make_patient(clinics[0], "Olson", "Karen", birth_date=date(1980, 5, 2))
    return make_ready(make_plan(patient, given={1: DAY - timedelta(days=26)}, start_on=DAY - timedelta(days=26)))


def on_the_board(page: Page, appointment: Appointment) -> str:
    """What the board says of an appointment."""
    return page.locator(f"#appointment-{appointment.pk}").get_attribute("aria-label") or ""


def test_from_the_phones_ring_to_booked_in_a_dozen_keys(
    olson: TreatmentPlan, front_desk: User, sit_down: SitDown
) -> None:
    page = sit_down(front_desk)
    keys = Keyboard(page)
    page.goto(BOARD)
    rings = perf_counter()

    keys.press("/", "o", "l", "s", "Enter")
    keys.see(page.get_by_role("link", name="Olson, Karen"))
    keys.press("Enter")
    keys.see(page.get_by_role("heading", name="Olson, Karen"))
    keys.press("b")
    keys.see(page.locator("[data-digit='1']"))
    expect(page.get_by_text("Tysabri dose 2").first).to_be_visible()
    keys.press("1")
    assert "Madison" in focused(page)
    keys.press("Enter")
    keys.see(page.get_by_role("status").filter(has_text="Booked"))

    appointment = Appointment.objects.get()
    assert (appointment.plan, appointment.dose_number) == (olson, 2)
    assert keys.presses <= MOST_PRESSES, "the letters of the name are counted"
    assert perf_counter() - rings + keys.presses * PRESS <= MOST_SECONDS
    page.goto(f"/board/madison/{appointment.start.date()}/")
    assert "Olson" in on_the_board(page, appointment)


def test_a_click_on_a_free_time_books_there(olson: TreatmentPlan, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk)
    page.goto(f"/board/madison/{DAY + timedelta(days=2)}/")
    page.get_by_role("link", name=re.compile(r"Chair 2.*10:15")).click()
    panel = page.locator("#panel")
    panel.get_by_label("Who comes?").fill("olson")
    panel.get_by_role("button", name="Find").click()
    panel.get_by_role("button", name="Tysabri dose 2").click()
    panel.get_by_role("button", name="Book", exact=True).click()
    expect(panel.get_by_role("status")).to_contain_text("10:15")
    panel.get_by_role("button", name="Done").click()

    appointment = Appointment.objects.get()
    assert appointment.chair.name == "Chair 2"
    assert appointment.start == at(appointment.clinic, "10:15", DAY + timedelta(days=2))
    expect(page.locator(f"#appointment-{appointment.pk}")).to_contain_text("Olson")


def test_whoever_comes_second_is_told_and_books_the_next_time(
    olson: TreatmentPlan, clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    other = make_ready(make_plan(make_patient(clinics[0], "Berg"), start_on=DAY + timedelta(days=2)))
    first, second = sit_down(front_desk), sit_down(front_desk)
    first.goto(f"/book/{olson.pk}/?clinic=madison")
    second.goto(f"/book/{other.pk}/?clinic=madison")
    same = first.locator("[data-digit='1']")
    wanted = same.get_attribute("value")
    for page in (first, second):
        expect(page.locator(f"[data-choice][value='{wanted}']")).to_be_visible()

    first.locator(f"[data-choice][value='{wanted}']").click()
    expect(first.get_by_role("status").filter(has_text="Booked")).to_be_visible()
    second.locator(f"[data-choice][value='{wanted}']").click()

    expect(second.get_by_role("alert")).to_be_visible()
    second.locator(".alternatives [data-choice]").first.click()
    expect(second.get_by_role("status").filter(has_text="Booked")).to_be_visible()
    mine, theirs = olson.appointments.get(), other.appointments.get()
    assert mine.start != theirs.start


def test_an_appointment_is_confirmed_and_moved_by_keyboard(
    olson: TreatmentPlan, clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    day = DAY + timedelta(days=2)
    appointment = booked(clinics[0], "9:00", plan=olson, dose_number=2, day=day)
    page = sit_down(front_desk)
    page.goto(f"/board/madison/{day}/")
    keys = Keyboard(page)
    page.locator(f"#appointment-{appointment.pk}").focus()

    keys.press("Enter")
    expect(page.locator("#visit-title")).to_contain_text("Olson")
    keys.press("c")
    expect(page.get_by_role("status").filter(has_text="Confirmed.")).to_be_visible()
    keys.press("m")
    expect(page.locator("#move-title")).to_be_visible()
    keys.press("2", "Enter")
    expect(page.get_by_role("status").filter(has_text="Moved to")).to_be_visible()
    keys.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()

    before, appointment = appointment, Appointment.objects.get()
    assert appointment.start != before.start


def test_an_appointment_is_cancelled_with_a_reason_by_keyboard(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    appointment = booked(clinics[0], "9:00", day=DAY + timedelta(days=2))
    page = sit_down(front_desk)
    page.goto(f"/board/madison/{DAY + timedelta(days=2)}/")
    keys = Keyboard(page)
    page.locator(f"#appointment-{appointment.pk}").focus()

    keys.press("Enter")
    expect(page.locator("#visit-title")).to_be_visible()
    keys.tab_to("Cancel…")
    keys.press("Enter")
    keys.tab_to("Reason")
    keys.press("ArrowDown")
    keys.tab_to("Cancel the appointment")
    keys.press("Enter")

    expect(page.get_by_role("status").filter(has_text="Cancelled.")).to_be_visible()
    appointment.refresh_from_db()
    assert (appointment.status, bool(appointment.reason)) == ("cancelled", True)
    keys.press("Escape")
    expect(page.locator(f"#appointment-{appointment.pk}")).to_have_count(0)
