"""Who gets in, and who does not."""

import pytest
from playwright.sync_api import expect

from clinic.models import Clinic, User
from tests.journeys.desk import SitDown
from tests.world import DAY, booked

pytestmark = pytest.mark.slow


def test_somebody_signs_in_lands_on_their_page_and_signs_out(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    page = sit_down(None)
    page.goto(f"/board/madison/{DAY}/")
    expect(page.get_by_role("heading", name="Chairside")).to_be_visible()
    page.get_by_label("User name").fill("frontdesk")
    page.get_by_label("Password").fill("not-my-password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("frontdesk")

    page.get_by_label("Password").fill("chairside-demo")
    page.keyboard.press("Enter")
    expect(page.locator("[data-board]")).to_be_visible()
    assert page.url.endswith(f"/board/madison/{DAY}/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("User name")).to_be_visible()

    page.goto(f"/board/madison/{DAY}/")
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_stranger_sees_nothing_of_another_clinic(clinics: list[Clinic], stranger: User, sit_down: SitDown) -> None:
    visit = booked(clinics[0], "9:00")
    page = sit_down(stranger)

    for address in (
        f"/board/madison/{DAY}/",
        f"/roster/madison/{DAY}/",
        f"/staffing/madison/{DAY}/",
        f"/patients/{visit.patient_id}/",
        f"/book/{visit.plan_id}/",
        f"/appointments/{visit.pk}/",
    ):
        answer = page.goto(address)
        assert answer
        assert answer.status == 403, address
        expect(page.get_by_role("heading", name="This page is not open to you")).to_be_visible()
        expect(page.get_by_text(visit.patient.family_name)).to_have_count(0)
