"""The manager looks at the weeks behind her, chooses other weeks, and takes a table along."""

import csv
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Clinic, User
from scheduling.taking_over import take_over_day
from tests.journeys.desk import DESK, TABLET, SitDown, barriers
from tests.scheduling.reports.test_facts import past, treated
from tests.world import DAY, on_floor

pytestmark = pytest.mark.slow


@pytest.fixture
def lived(madison: Clinic) -> None:
    """Eleven treated patients last week, four each on three days before the clock of the journeys begins."""
    for days_ago, count in ((5, 4), (4, 4), (3, 3)):
        day = DAY - timedelta(days=days_ago)
        for _ in range(2):
            on_floor(madison, day=day)
        visits = []
        for chair in range(count):
            came, left = 9 + chair, 11 + chair
            steps = treated(f"{came}:10", f"{left - 1}:50")
            visits.append(past(madison, f"{came}:00", f"{left}:00", steps, chair=chair, day=day))
        take_over_day(clinic=madison, day=day, visits=visits, by=None)


def figure(page: Page, section: str, row: str) -> str:
    """What stands in the first column of a row."""
    return page.locator(f"#{section} tr", has=page.get_by_role("rowheader", name=row)).locator("td").first.inner_text()


def test_the_manager_reads_the_report_chooses_other_weeks_and_downloads_a_table(
    lived: None, manager: User, sit_down: SitDown
) -> None:
    page = sit_down(manager)
    page.goto("/")
    page.get_by_role("link", name="Reports").click()

    expect(page.get_by_role("heading", name="Reports", level=1)).to_be_visible()
    expect(page.get_by_text("13 weeks", exact=False).last).to_be_visible()
    assert figure(page, "attendance", "Madison") == "0 %\n0 of 11"
    assert "22 of" in figure(page, "chairs", "Madison")
    expect(page.locator("#chairs").get_by_text("our own definition", exact=False).first).to_be_visible()

    page.get_by_label("Weeks from").fill((DAY - timedelta(days=14)).isoformat())
    page.get_by_label("to", exact=True).fill((DAY - timedelta(days=8)).isoformat())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="No visits in these weeks")).to_be_visible()

    page.get_by_label("Weeks from").fill(DAY.isoformat())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("The last day comes before the first")).to_be_visible()

    page.get_by_role("link", name="4 weeks").click()
    page.get_by_role("link", name="By week").click()
    expect(page.locator("#attendance").get_by_role("rowheader", name="Nov 30, 2026")).to_be_visible()
    with page.expect_download() as told:
        page.get_by_role("link", name="Download CSV: Who comes, by week").click()
    name = told.value.suggested_filename
    assert name == "attendance-by-week-2026-11-09-2026-12-06.csv"
    with told.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == [
        "Week",
        "All together",
        "Nov 9, 2026",
        "Nov 16, 2026",
        "Nov 23, 2026",
        "Nov 30, 2026",
    ]
    assert rows[-1][1:4] == ["0.0", "0", "11"]


def test_the_report_is_open_to_everybody(lived: None, manager: User, sit_down: SitDown) -> None:
    for screen, is_dark in ((DESK, False), (TABLET, True)):
        page = sit_down(manager, screen)
        page.emulate_media(color_scheme="dark" if is_dark else "light")
        page.goto("/reports/?by=therapy")
        expect(page.locator("#doses")).to_be_visible()
        assert not barriers(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
