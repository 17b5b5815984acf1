"""The manager leaves the spreadsheet: import, correct, import. And a course under way is booked months ahead."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Clinic, User
from patients.models import Patient, TreatmentPlan
from scheduling.models import Appointment
from tests.journeys.conftest import rostered
from tests.journeys.desk import SitDown
from tests.world import DAY, booked, make_patient, make_plan, make_ready, on_floor

pytestmark = pytest.mark.slow

HEAD = "mrn,family_name,given_name,birth_date,clinic,therapy,last_dose_number,last_dose_on,usual_weekday,usual_time\n"
LAST_GIVEN = DAY - timedelta(days=26)
GOOD = f"A1,Olson,Karen,5/2/1980,madison,tysabri,14,{LAST_GIVEN},Wednesday,9:00 AM\n"
BAD = "A2,Berg,Nils,31/31/1961,madison,tysabri,3,2026-11-20,Monday,9:00 AM\nA3,Dahl,Ida,7/7/1977,milwaukee,,,,,\n"


def choose(page: Page, text: str) -> None:
    """Give the import page a file."""
    page.goto("/patients/import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "december.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Look at the file").click()


def test_a_file_with_mistakes_is_shown_line_by_line_and_imported_once_corrected(
    madison: Clinic, manager: User, sit_down: SitDown
) -> None:
    page = sit_down(manager)

    choose(page, HEAD + GOOD + BAD)
    expect(page.get_by_role("heading", name="Nothing can be imported yet")).to_be_visible()
    rows = page.locator("section", has_text="To correct").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("3birth_date31/31/1961")
    expect(rows.nth(1)).to_contain_text("4clinicmilwaukee")
    assert not Patient.objects.exists()

    choose(page, HEAD + GOOD + BAD.replace("31/31", "1/31").replace("milwaukee", "madison"))
    expect(page.get_by_role("heading", name="What this file will do")).to_be_visible()
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_role("status").filter(has_text="december.csv is imported")).to_be_visible()

    assert sorted(Patient.objects.values_list("mrn", flat=True)) == ["A1", "A2", "A3"]


def test_a_course_under_way_is_imported_booked_six_doses_on_and_shifted(
    madison: Clinic, manager: User, sit_down: SitDown
) -> None:
    rostered(madison, days=24, every=7, first=2)
    page = sit_down(manager)
    choose(page, HEAD + GOOD)
    page.get_by_role("button", name="Import now").click()
    expect(page.get_by_role("status").filter(has_text="is imported")).to_be_visible()
    plan = TreatmentPlan.objects.get()
    make_ready(plan)
    assert listed_as_due(page)

    page.goto(f"/patients/{plan.patient_id}/")
    page.get_by_role("link", name="Book a series").click()
    expect(page.locator(".series-dose")).to_have_count(6)
    assert not plan.appointments.exists()
    page.get_by_role("button", name="Book 6 doses").click()
    expect(page.get_by_role("heading", name="Olson, Karen")).to_be_visible()
    doses = list(plan.appointments.order_by("dose_number"))
    assert [dose.dose_number for dose in doses] == [15, 16, 17, 18, 19, 20]
    assert not listed_as_due(page)

    page.goto(f"/appointments/{doses[1].pk}/move/")
    page.get_by_role("link", name="week later").first.click()
    page.get_by_role("button", name="Move 5 doses").click()
    expect(page.get_by_role("heading", name="Olson, Karen")).to_be_visible()

    moved = [dose.start for dose in plan.appointments.order_by("dose_number")]
    assert moved[0] == doses[0].start
    assert all(after - before.start > timedelta(days=4) for after, before in zip(moved[1:], doses[1:], strict=True))


def test_the_manager_sees_who_changed_what_and_who_looked(
    clinics: list[Clinic], front_desk: User, manager: User, sit_down: SitDown
) -> None:
    visit = booked(clinics[0], plan=make_plan(make_patient(clinics[0], "Olson", "Karen")))
    desk = sit_down(front_desk)
    desk.goto(f"/patients/{visit.patient_id}/edit/")
    desk.get_by_label("Given name").fill("Karin")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("heading", name="Olson, Karin")).to_be_visible()

    page = sit_down(manager)
    page.goto(f"/patients/{visit.patient_id}/")
    page.get_by_role("link", name="History").click()
    newest = page.locator(".deed").first
    expect(newest.get_by_role("heading", name="Frontdesk")).to_be_visible()
    expect(newest.locator("del")).to_contain_text("Karen")
    expect(newest.locator("ins")).to_contain_text("Karin")
    page.get_by_role("link", name="Who looked").click()
    for who, what in (("Frontdesk", "Patient edit"), ("Manager", "Patient history")):
        expect(page.get_by_role("row").filter(has_text=who).filter(has_text=what).first).to_be_visible()


def listed_as_due(page: Page) -> bool:
    """Whether the worklist asks somebody to book Karen Olson."""
    page.goto("/worklists/")
    expect(page.locator("#list-due")).to_be_visible()
    return page.locator("#list-due").get_by_text("Olson, Karen").count() > 0


def test_a_time_past_closing_is_booked_with_a_reason_by_keyboard(
    clinics: list[Clinic], manager: User, sit_down: SitDown
) -> None:
    plan = make_ready(make_plan(make_patient(clinics[0], "Olson", "Karen"), start_on=DAY))
    on_floor(clinics[0], "15:00", "20:00")
    page = sit_down(manager)
    page.goto(f"/book/{plan.pk}/")

    page.keyboard.press("o")
    form = page.locator(".another-form form")
    expect(form.get_by_label("Day")).to_have_value(DAY.isoformat())
    form.get_by_label("Time").fill("16:00")
    form.get_by_label("Why").fill("Long drive")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").filter(has_text="Booked")).to_be_visible()
    assert Appointment.objects.get().override_reason == "Long drive"
