"""On paper: what hangs on the wall, lies with the nurse, goes home with the patient."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Chair, Clinic, User
from scheduling.booking import cancel
from tests.journeys.conftest import rostered
from tests.journeys.desk import SitDown
from tests.world import DAY, at, booked, make_patient, make_plan

pytestmark = pytest.mark.slow


def sheets(page: Page) -> list[str]:
    """The sheets of paper that the page asks to be printed on, each "upright" or "lying"."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", page.pdf(prefer_css_page_size=True))
    return ["lying" if float(width) > float(height) else "upright" for width, height in boxes]


def test_the_board_of_twelve_chairs_prints_on_one_sheet_that_lies(
    madison: Clinic, front_desk: User, sit_down: SitDown
) -> None:
    for number in range(madison.chairs.count(), 12):
        Chair.objects.create(clinic=madison, name=f"Room {number + 1}", kind="private", position=number)
    for _ in range(6):
        rostered(madison)
    for start in ("8:00", "8:15", "8:30", "11:30", "11:45", "12:00"):
        booked(madison, start)
    cancel(appointment=booked(madison, "14:00"), reason="weather", by=None)
    page = sit_down(front_desk)
    page.goto(f"/board/madison/{DAY}/")

    assert sheets(page) == ["lying"]


def test_what_is_white_on_dark_stays_readable_when_a_dark_screen_prints(
    madison: Clinic, front_desk: User, sit_down: SitDown, clock: Any
) -> None:
    rostered(madison)
    booked(madison, "9:00")
    clock.move_to(at(madison, "10:00"))
    page = sit_down(front_desk)
    page.goto(f"/board/madison/{DAY}/")
    page.emulate_media(color_scheme="dark", media="print")

    late = page.locator(".block .flag-late")
    expect(late).to_have_css("color", "rgb(255, 255, 255)")
    expect(late).to_have_css("background-color", "rgb(0, 0, 0)")


def test_the_week_prints_on_one_sheet_that_lies(madison: Clinic, charge_nurse: User, sit_down: SitDown) -> None:
    for _ in range(8):
        rostered(madison, days=5)
    booked(madison, "9:00")
    page = sit_down(charge_nurse)
    page.goto(f"/staffing/madison/{DAY}/")

    assert sheets(page) == ["lying"]


def test_the_roster_prints_one_sheet_for_each_nurse(madison: Clinic, nurse: User, sit_down: SitDown) -> None:
    for _ in range(3):
        rostered(madison)
    for start in ("8:00", "8:15", "8:30"):
        booked(madison, start)
    cancel(appointment=booked(madison, "14:00"), reason="weather", by=None)
    page = sit_down(nurse)
    page.goto(f"/roster/madison/{DAY}/")
    expect(page.locator(".sheet-of")).to_have_count(3)

    assert sheets(page) == ["upright"] * 3


def test_a_patients_year_prints_on_one_sheet(madison: Clinic, front_desk: User, sit_down: SitDown) -> None:
    plan = make_plan(make_patient(madison, "Olson"), start_on=DAY)
    rostered(madison, days=12, every=28)
    for number in range(1, 13):
        booked(madison, "9:00", plan=plan, dose_number=number, day=DAY + timedelta(days=28 * (number - 1)))
    page = sit_down(front_desk)
    page.goto(f"/patients/{plan.patient_id}/")

    assert sheets(page) == ["upright"]
