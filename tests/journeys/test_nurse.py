"""A nurse with a tablet on the floor."""

import pytest
from playwright.sync_api import expect

from clinic.models import Clinic, User
from scheduling.models import Appointment
from tests.journeys.desk import TABLET, SitDown
from tests.world import DAY, booked, make_patient, make_plan

pytestmark = pytest.mark.slow

FINGER = 44
"""Pixels: what a finger hits without looking twice."""

STEPS = ("arrived", "seated", "infusing", "observing", "done")


@pytest.fixture
def visit(clinics: list[Clinic]) -> Appointment:
    """Karen Olson at nine, with all her papers."""
    return booked(clinics[0], "9:00", plan=make_plan(make_patient(clinics[0], "Olson", "Karen")))


def test_five_taps_lead_a_patient_from_the_door_to_done(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto("/")
    assert page.url.endswith(f"/roster/madison/{DAY}/")
    card = page.locator(".card-of", has_text="Olson, Karen")

    for status in STEPS:
        step = card.locator(".step")
        box = step.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= FINGER
        step.click()
        expect(card).to_have_class(f"card-of s-{status}")

    visit.refresh_from_db()
    assert visit.status == "done"
    assert visit.plan.doses_given.filter(dose_number=1).exists()


def test_a_tap_too_many_is_taken_back(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    card = page.locator(".card-of", has_text="Olson, Karen")

    card.locator(".step").click()
    expect(card).to_have_class("card-of s-arrived")
    card.locator(".step-back").click()

    expect(card).to_have_class("card-of s-booked")
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_nobody_is_seated_without_a_hard_prerequisite_and_the_card_says_why(
    clinics: list[Clinic], nurse: User, sit_down: SitDown
) -> None:
    visit = booked(clinics[0], "9:00", ready=False)
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    card = page.locator(".card-of")

    card.locator(".step").click()
    expect(card).to_have_class("card-of s-arrived")
    card.locator(".step").click()

    expect(card.get_by_role("alert")).to_be_visible()
    visit.refresh_from_db()
    assert visit.status == "arrived"


def test_no_page_of_the_roster_needs_scrolling_sideways(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
