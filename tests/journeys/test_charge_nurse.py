"""The charge nurse and the week: who is ill, whom it touches, who steps in."""

import pytest
from playwright.sync_api import expect

from clinic.models import Absence, Clinic, Shift, User
from scheduling.models import Appointment, NurseAssignment
from tests.journeys.conftest import rostered
from tests.journeys.desk import SitDown
from tests.world import DAY, booked, make_nurse, on_floor

pytestmark = pytest.mark.slow

WEEK = f"/staffing/madison/{DAY}/"


def test_a_sick_call_shows_its_consequence_first_and_then_deals_again(
    madison: Clinic, charge_nurse: User, sit_down: SitDown
) -> None:
    anna = rostered(madison, name="Anna Berg")
    visit = booked(madison, "9:00")
    rostered(madison, name="Ben Cole")
    page = sit_down(charge_nurse)
    page.goto(WEEK)

    page.locator(".shift", has_text="8:00–5:00").first.click()
    panel = page.locator("#panel")
    panel.get_by_role("link", name="Sick or leaves early").click()
    expect(panel.get_by_role("heading", name="Anna Berg is off")).to_be_visible()
    expect(panel.get_by_text("1 changes nurse")).to_be_visible()
    assert visit.assignments.get().nurse == anna
    panel.get_by_role("button", name="Take off the floor").click()

    expect(panel.get_by_role("heading", name="Anna Berg is off on Mon Dec 7")).to_be_visible()
    assert visit.assignments.get().nurse.name == "Ben Cole"


def test_a_nurse_who_is_better_is_put_back(madison: Clinic, charge_nurse: User, sit_down: SitDown) -> None:
    rostered(madison, name="Anna Berg")
    page = sit_down(charge_nurse)
    page.goto(WEEK)
    panel = page.locator("#panel")
    page.locator(".shift", has_text="8:00–5:00").first.click()
    panel.get_by_role("link", name="Sick or leaves early").click()
    panel.get_by_role("button", name="Take off the floor").click()

    panel.get_by_role("link", name="Put Anna Berg back").click()
    panel.get_by_role("button", name="Put back on the floor").click()

    expect(panel.get_by_role("heading", name="Anna Berg is back on the floor.")).to_be_visible()
    assert not Absence.objects.exists()


def test_whom_nobody_can_take_is_red_until_a_nurse_is_added(
    madison: Clinic, charge_nurse: User, sit_down: SitDown
) -> None:
    rostered(madison, name="Anna Berg")
    spare = make_nurse(madison, "Cora Dahl")
    visit = booked(madison, "9:00")
    page = sit_down(charge_nurse)
    page.goto(WEEK)
    panel = page.locator("#panel")

    page.locator(".shift").click()
    panel.get_by_role("link", name="Sick or leaves early").click()
    expect(panel.get_by_text("1 without a nurse for part of the stay")).to_be_visible()
    panel.get_by_role("button", name="Take off the floor").click()
    expect(panel.get_by_role("heading", name="Anna Berg is off on Mon Dec 7")).to_be_visible()
    panel.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("link", name="1 without a nurse")).to_be_visible()
    assert Appointment.objects.get().short_staffed

    page.get_by_role("link", name="Add a shift for Cora Dahl on Monday").click()
    expect(panel.get_by_text("1 has a nurse again")).to_be_visible()
    panel.get_by_role("button", name="Add shift").click()
    expect(panel.get_by_role("heading", name="Cora Dahl works")).to_be_visible()
    panel.get_by_role("button", name="Close").last.click()

    expect(page.get_by_role("link", name="1 without a nurse")).to_have_count(0)
    visit.refresh_from_db()
    assert not visit.short_staffed
    assert visit.assignments.get().nurse == spare


def test_breaks_are_proposed_looked_at_and_saved(madison: Clinic, charge_nurse: User, sit_down: SitDown) -> None:
    for name in ("Anna Berg", "Ben Cole"):
        on_floor(madison, breaks=[("12:00", "12:30")], nurse=make_nurse(madison, name))
    page = sit_down(charge_nurse)
    page.goto(WEEK)
    panel = page.locator("#panel")

    page.get_by_role("link", name="Propose breaks for Monday").click()
    expect(panel.get_by_role("heading", name="Breaks, Mon Dec 7")).to_be_visible()
    expect(panel.get_by_text("Touches no patient.")).to_be_visible()
    panel.get_by_role("button", name="Save these breaks").click()
    expect(panel.get_by_role("heading", name="The breaks of Mon Dec 7 are set.")).to_be_visible()

    first, second = sorted(pause.period for shift in Shift.objects.all() for pause in shift.breaks.all())
    assert first.upper <= second.lower


def test_a_weekly_shift_is_added_and_stands_in_the_list(madison: Clinic, charge_nurse: User, sit_down: SitDown) -> None:
    make_nurse(madison, "Anna Berg")
    page = sit_down(charge_nurse)
    page.goto("/staffing/madison/weekly/")
    panel = page.locator("#panel")

    page.get_by_role("link", name="Add a weekly shift for Anna Berg on Wednesdays").click()
    expect(panel.get_by_text("shifts to add")).to_be_visible()
    panel.get_by_role("button", name="Add weekly shift").click()
    expect(panel.get_by_role("heading", name="shifts added")).to_be_visible()
    panel.get_by_role("button", name="Close").last.click()

    expect(page.locator("a.shift", has_text="8:00–4:30")).to_be_visible()


def test_nurses_are_evened_out_and_it_is_taken_back(madison: Clinic, charge_nurse: User, sit_down: SitDown) -> None:
    rostered(madison, name="Anna Berg")
    for clock in ("9:00", "12:00"):
        booked(madison, clock)
    rostered(madison, name="Ben Cole")
    page = sit_down(charge_nurse)
    page.goto(f"/roster/madison/{DAY}/")

    page.get_by_role("link", name="Even out nurses").click()
    expect(page.get_by_role("heading", name="1 patient would get another nurse")).to_be_visible()
    page.get_by_role("button", name="Even out").click()
    expect(page.get_by_role("heading", name="Nothing to even out")).to_be_visible()
    starters = NurseAssignment.objects.filter(is_start=True)
    assert set(starters.values_list("nurse__name", flat=True)) == {"Anna Berg", "Ben Cole"}

    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", name="1 patient would get another nurse")).to_be_visible()
    assert set(starters.values_list("nurse__name", flat=True)) == {"Anna Berg"}
