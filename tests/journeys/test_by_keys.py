"""Each role does its work by keys alone: a mouse or a finger on the screen fails these journeys."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Chair, Clinic, User
from scheduling import replan_day
from scheduling.models import Appointment
from tests.journeys.conftest import rostered
from tests.journeys.desk import TABLET, Keyboard, SitDown, focused
from tests.world import DAY, booked, make_patient, make_plan

pytestmark = pytest.mark.slow

LATER = DAY + timedelta(days=2)


@pytest.fixture
def olson(clinics: list[Clinic]) -> Appointment:
    """Karen Olson, at nine today."""
    return booked(clinics[0], "9:00", plan=make_plan(make_patient(clinics[0], "Olson", "Karen")))


def by_keys(page: Page, address: str) -> Keyboard:
    """A page, and nothing but keys."""
    keys = Keyboard(page)
    page.goto(address)
    return keys


def says(page: Page, words: str) -> None:
    """It is announced, to a screen reader too."""
    expect(page.locator("[role=status], [aria-live=polite]").filter(has_text=re.compile(words)).first).to_be_visible()


def test_the_first_tab_leads_past_the_header(olson: Appointment, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk)
    keys = by_keys(page, "/worklists/")

    keys.press("Tab")
    assert focused(page) == "Skip to the page"
    expect(page.locator(".skip-link")).to_be_in_viewport()
    keys.press("Enter", "Tab")

    expect(page.locator("main :focus")).to_have_count(1)


def test_on_the_board_an_appointment_is_found_moved_and_left_alone_by_keys(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    visit = booked(clinics[0], "9:00", plan=make_plan(make_patient(clinics[0], "Olson", "Karen")), day=LATER)
    page = sit_down(front_desk)
    keys = by_keys(page, f"/board/madison/{DAY}/")

    keys.press("?")
    expect(page.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    keys.press("Escape", "g")
    expect(page.locator("input[type=date]:focus")).to_be_visible()
    keys.type(f"{LATER:%m%d%Y}")
    keys.press("Enter")
    page.wait_for_url(f"**/board/madison/{LATER}/")
    keys.press("ArrowRight")
    keys.arrow_to("Olson", "ArrowRight")
    keys.press("m")
    expect(page.locator("[data-item]:focus")).to_have_attribute("aria-label", re.compile("Move to"))
    keys.press("Escape")
    expect(page.locator(f"#appointment-{visit.pk}")).to_be_focused()
    keys.press("m")
    expect(page.locator("[data-item]:focus")).to_have_attribute("aria-label", re.compile("Move to"))
    keys.press("ArrowDown", "Enter")
    expect(page.locator("#panel").get_by_role("button", name="Move", exact=True)).to_be_focused()
    keys.press("Enter")
    says(page, "moved to")
    expect(page.locator(f"#appointment-{visit.pk}")).to_be_focused()
    keys.press("u")
    says(page, "Undone")

    before, visit = visit, Appointment.objects.get()
    assert (visit.start, visit.chair) == (before.start, before.chair)


def test_a_nurse_leads_a_patient_to_done_and_takes_a_step_back(
    olson: Appointment, nurse: User, sit_down: SitDown
) -> None:
    page = sit_down(nurse, TABLET)
    keys = by_keys(page, f"/roster/madison/{DAY}/")
    card = page.locator(".card-of", has_text="Olson, Karen")

    keys.tab_to("Arrived")
    for status in ("arrived", "seated", "infusing", "observing"):
        keys.press("Enter")
        expect(card).to_have_class(f"card-of s-{status}")
        says(page, f"Olson, Karen.*: {status}")
        expect(card.locator(".step")).to_be_focused()
    keys.tab_to("Back to")
    keys.press("Enter")
    expect(card).to_have_class("card-of s-infusing")
    expect(card.locator(".step-back")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    for status in ("observing", "done"):
        expect(card.locator(".step")).to_be_focused()
        keys.press("Enter")
        expect(card).to_have_class(f"card-of s-{status}")

    says(page, "Olson, Karen.*: done")
    expect(page.locator(".card-of :focus")).to_have_count(1)
    olson.refresh_from_db()
    assert olson.status == "done"


def test_a_charge_nurse_takes_a_sick_call_and_accepts_the_new_plan(
    madison: Clinic, charge_nurse: User, sit_down: SitDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replan_day, "SECONDS", 600.0)
    Chair.objects.create(clinic=madison, name="Chair 5", kind="recliner", position=5)
    for name in ("Anna Berg", "Ben Cole"):
        rostered(madison, days=7, name=name)
    for number, clock in enumerate(("9:00", "9:15", "9:30", "10:00", "10:15")):
        booked(madison, clock, plan=make_plan(make_patient(madison, f"Olson{number}", "Karen")))
    page = sit_down(charge_nurse)
    keys = by_keys(page, f"/staffing/madison/{DAY}/")
    panel = page.locator("#panel")

    keys.tab_to("8:00–5:00", most=90)
    keys.press("Enter")
    expect(panel.get_by_role("link", name="Sick or leaves early")).to_be_visible()
    keys.tab_to("Sick or leaves early")
    keys.press("Enter")
    expect(panel.get_by_text("without a nurse for part of the stay")).to_be_visible()
    keys.tab_to("Take off the floor")
    keys.press("Enter")
    expect(panel.get_by_role("heading", name="is off on Mon Dec 7")).to_be_visible()
    keys.tab_to("Plan Mon Dec 7 again")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Accept all 2")).to_be_visible()
    keys.tab_to("Accept all 2")
    keys.press("Enter")

    expect(page.get_by_role("heading", name="Nothing to change")).to_be_visible()
    says(page, "2 were moved")
    expect(page.get_by_role("link", name="Calls to make")).to_be_focused()
    assert not Appointment.objects.filter(short_staffed=True).exists()


def test_a_charge_nurse_evens_out_the_day(madison: Clinic, charge_nurse: User, sit_down: SitDown) -> None:
    rostered(madison, name="Anna Berg")
    for clock in ("9:00", "12:00"):
        booked(madison, clock)
    rostered(madison, name="Ben Cole")
    page = sit_down(charge_nurse)
    keys = by_keys(page, f"/roster/madison/{DAY}/")

    keys.tab_to("Even out nurses")
    keys.press("Enter")
    keys.see(page.get_by_role("heading", name="1 patient would get another nurse"))
    keys.tab_to("Even out")
    keys.press("Enter")
    keys.see(page.get_by_role("heading", name="Nothing to even out"))
    keys.tab_to("Take it back")
    keys.press("Enter")
    keys.see(page.get_by_role("heading", name="1 patient would get another nurse"))


def test_a_manager_reads_the_report_and_who_looked_and_invites_somebody(
    olson: Appointment, manager: User, sit_down: SitDown
) -> None:
    page = sit_down(manager)
    keys = by_keys(page, f"/board/madison/{DAY}/")

    keys.tab_to("Reports")
    keys.press("Enter")
    keys.see(page.get_by_role("heading", name="Reports"))
    keys.press("/")
    keys.type("ols")
    keys.press("Enter")
    keys.see(page.get_by_role("link", name="Olson, Karen"))
    keys.press("Enter")
    keys.see(page.get_by_role("heading", name="Olson, Karen"))
    for link in ("History", "Who looked"):
        keys.tab_to(link)
        keys.press("Enter")
        page.wait_for_url(f"**/{link.split()[-1].lower()}/")
    keys.see(page.get_by_role("row").filter(has_text="Manager").first)
    keys.tab_to("Staff", exact=True)
    keys.press("Enter")
    keys.see(page.get_by_role("link", name="Invite somebody"))
    keys.tab_to("Invite somebody")
    keys.press("Enter")
    keys.see(page.get_by_role("button", name="Invite"))
    for label, text in (("First name", "Mia"), ("Last name", "Lind"), ("User name", "mlind")):
        keys.tab_to(label)
        keys.type(text)
    keys.tab_to("Madison")
    keys.type("Front")
    keys.tab_to("Invite", most=10)
    keys.press("Enter")

    keys.see(page.get_by_label("The link"))
    assert User.objects.get(username="mlind").memberships.get().role == "front_desk"
