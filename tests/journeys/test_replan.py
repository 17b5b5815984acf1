"""A nurse calls in sick at eight on a full day: the charge nurse opens the new plan and accepts it."""

import pytest
from playwright.sync_api import expect

from clinic.models import Chair, Clinic, User
from scheduling import replan_day
from scheduling.models import Appointment, CallToMake
from tests.journeys.conftest import rostered
from tests.journeys.desk import TABLET, SitDown, barriers
from tests.world import DAY, booked, make_patient, make_plan

pytestmark = pytest.mark.slow


@pytest.fixture
def full_day(madison: Clinic, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """Anna and Ben have five patients in the morning; Ben alone can have three."""
    monkeypatch.setattr(replan_day, "SECONDS", 600.0)
    Chair.objects.create(clinic=madison, name="Chair 5", kind="recliner", position=5)
    for name in ("Anna Berg", "Ben Cole"):
        rostered(madison, days=7, name=name)
    for number, clock in enumerate(("9:00", "9:15", "9:30", "10:00", "10:15")):
        booked(madison, clock, plan=make_plan(make_patient(madison, f"Olson{number}", "Karen")))
    return madison


def test_after_a_sick_call_the_plan_is_accepted_and_nobody_is_short_staffed(
    full_day: Clinic, charge_nurse: User, sit_down: SitDown
) -> None:
    page = sit_down(charge_nurse)
    page.goto(f"/staffing/madison/{DAY}/")
    panel = page.locator("#panel")

    page.locator(".shift", has_text="8:00–5:00").first.click()
    panel.get_by_role("link", name="Sick or leaves early").click()
    panel.get_by_role("button", name="Take off the floor").click()
    panel.get_by_role("link", name="Plan Mon Dec 7 again").click()
    expect(page.get_by_role("heading", name="Another time, same day")).to_be_visible()
    assert not barriers(page)

    page.get_by_role("button", name="Accept all 2").click()

    expect(page.get_by_role("heading", name="Nothing to change")).to_be_visible()
    expect(page.get_by_text("2 were moved.")).to_be_visible()
    assert not Appointment.objects.filter(short_staffed=True).exists()
    page.get_by_role("link", name="Calls to make").click()
    row = page.locator("#list-calls .wl-row")
    expect(row).to_have_count(2)
    row.first.get_by_role("button", name="Called", exact=True).click()
    expect(row).to_have_count(1)
    assert CallToMake.objects.filter(called_by=charge_nurse).count() == 1


def test_one_patient_is_accepted_on_a_tablet_and_the_rest_is_proposed_again(
    full_day: Clinic, charge_nurse: User, sit_down: SitDown
) -> None:
    page = sit_down(charge_nurse)
    page.goto(f"/staffing/madison/{DAY}/")
    panel = page.locator("#panel")
    page.locator(".shift", has_text="8:00–5:00").first.click()
    panel.get_by_role("link", name="Sick or leaves early").click()
    panel.get_by_role("button", name="Take off the floor").click()
    expect(panel.get_by_role("link", name="Plan Mon Dec 7 again")).to_be_visible()
    tablet = sit_down(charge_nurse, TABLET)
    tablet.goto(f"/board/madison/{DAY}/")

    tablet.get_by_role("link", name="Plan the day again").click()
    expect(tablet.get_by_role("button", name="Accept all 2")).to_be_visible()
    assert not barriers(tablet)
    tablet.get_by_role("button", name="Accept for").first.click()

    expect(tablet.get_by_role("button", name="Accept all 1")).to_be_visible()
    assert CallToMake.objects.count() == 1
