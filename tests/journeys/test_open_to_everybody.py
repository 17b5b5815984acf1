"""Every page, as the role that uses it sees it: axe finds nothing that keeps somebody out."""

from datetime import timedelta

import pytest
from playwright.sync_api import ViewportSize

from clinic.models import Chair, Clinic, User
from patients.emergency import open_record
from reminders.links import token_of
from scheduling import restaffing
from scheduling.booking import set_status
from scheduling.models import Appointment
from tests.journeys.desk import DESK, PHONE, TABLET, SitDown, barriers
from tests.world import DAY, at, booked, make_patient, make_plan

pytestmark = pytest.mark.slow


@pytest.fixture
def visit(clinics: list[Clinic]) -> Appointment:
    """A day with something of everything: one infusing, one not ready, one short-staffed; one coming on Thursday."""
    madison, wausau, _ = clinics
    infusing = booked(madison, "8:00")
    for status in ("arrived", "seated", "infusing"):
        set_status(appointment=infusing, status=status, by=None)
    booked(madison, "9:00", ready=False)
    restaffing.take_off(
        nurse=booked(wausau, "9:00").assignments.get().nurse,
        start=at(wausau, "9:00"),
        end=at(wausau, "12:00"),
        reason="Ill",
        by=None,
    )
    patient = make_patient(madison, "Olson", "Karen", alerts="Latex allergy")
    return booked(
        madison,
        "9:00",
        plan=make_plan(patient, given={1: DAY - timedelta(days=25)}, start_on=DAY - timedelta(days=25)),
        dose_number=2,
        day=DAY + timedelta(days=3),
    )


def find_barriers(user: User | None, sit_down: SitDown, addresses: list[str], screen: ViewportSize = DESK) -> list[str]:
    """What axe finds on some pages."""
    page = sit_down(user, screen)
    found = []
    for address in addresses:
        answer = page.goto(address)
        assert answer
        assert answer.status == 200, address
        found += [f"{address} {each}" for each in barriers(page)]
    return found


def test_the_front_desks_pages(visit: Appointment, front_desk: User, sit_down: SitDown) -> None:
    chair, plan = Chair.objects.filter(clinic=visit.clinic).first(), visit.plan_id
    assert chair
    assert not find_barriers(
        front_desk,
        sit_down,
        [
            f"/board/madison/{DAY}/",
            f"/board/madison/{DAY}/?initials=1",
            "/patients/",
            "/patients/new/",
            "/patients/emergency/",
            f"/patients/{visit.patient_id}/",
            f"/patients/{visit.patient_id}/edit/",
            f"/plans/{plan}/clearances/",
            f"/patients/{visit.patient_id}/contacts/",
            f"/patients/{visit.patient_id}/authorizations/",
            f"/book/{plan}/",
            f"/book/{plan}/series/",
            f"/book/here/madison/{DAY}/{chair.pk}/13:00/",
            f"/appointments/{visit.pk}/",
            f"/appointments/{visit.pk}/move/",
            f"/staffing/madison/{DAY}/",
            "/worklists/",
            "/waitlist/",
            "/outbox/",
        ],
    )


def test_the_nurses_pages_on_a_tablet(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    assert not find_barriers(
        nurse,
        sit_down,
        [f"/roster/madison/{DAY}/", f"/appointments/{visit.pk}/", f"/patients/{visit.patient_id}/"],
        screen=TABLET,
    )


def test_the_charge_nurses_pages(visit: Appointment, charge_nurse: User, sit_down: SitDown) -> None:
    shift = visit.assignments.get().nurse.shifts.first()
    assert shift
    assert not find_barriers(
        charge_nurse,
        sit_down,
        [
            f"/staffing/madison/{DAY}/",
            f"/replan/madison/{DAY}/?now",
            f"/roster/madison/{DAY}/balance/",
            f"/load/{DAY:%Y-%m}/",
            f"/staffing/madison/{DAY}/shift/",
            f"/staffing/madison/{DAY}/close/",
            f"/staffing/madison/{DAY}/chair/",
            f"/shifts/{shift.pk}/",
            f"/shifts/{shift.pk}/off/",
            f"/staffing/madison/{DAY}/copy/",
            f"/staffing/madison/{DAY}/breaks/",
            "/staffing/madison/weekly/",
            "/staffing/madison/weekly/add/",
            "/staffing/madison/places/",
            "/staffing/madison/places/hours/",
            "/holidays/",
            f"/holidays/{DAY.year + 1}-05-31/",
        ],
    )


def test_the_managers_pages(visit: Appointment, manager: User, stranger: User, sit_down: SitDown) -> None:
    who = visit.patient
    open_record(by=stranger, known_as=who.mrn, birth_date=who.birth_date, reason="Ill in Wausau")
    assert not find_barriers(stranger, sit_down, [f"/patients/{who.pk}/", f"/appointments/{visit.pk}/"], TABLET)
    assert not find_barriers(
        manager,
        sit_down,
        [
            "/patients/import/",
            f"/board/madison/{DAY}/",
            f"/plans/{visit.plan_id}/edit/",
            f"/patients/{visit.patient_id}/history/",
            f"/patients/{visit.patient_id}/looked/",
            "/reports/",
            "/outbox/operations/",
            "/outbox/wording/",
            "/patients/emergency/list/",
        ],
    )


def test_a_board_where_somebody_has_no_nurse(visit: Appointment, stranger: User, sit_down: SitDown) -> None:
    assert not find_barriers(
        stranger,
        sit_down,
        [f"/board/wausau/{DAY}/", f"/roster/wausau/{DAY}/", f"/staffing/wausau/{DAY}/"],
    )


def test_the_doors(visit: Appointment, front_desk: User, sit_down: SitDown) -> None:
    assert not find_barriers(None, sit_down, ["/login/"])
    page = sit_down(front_desk)
    page.goto("/patients/import/")
    assert not barriers(page)


def test_the_patients_page_on_a_phone(visit: Appointment, sit_down: SitDown) -> None:
    address = f"/a/{token_of(visit)}/"
    page = sit_down(None, PHONE)
    page.goto(address)
    assert not barriers(page)
    for name, value in (("month", "3"), ("day", "14"), ("year", "1975")):
        page.locator(f"[name={name}]").fill(value)
    page.locator("form button").first.click()
    page.get_by_text("Madison").first.wait_for()
    assert not barriers(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_panel_beside_the_board_in_the_dark(visit: Appointment, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk, DESK)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.goto(f"/board/madison/{DAY + timedelta(days=3)}/")
    assert not barriers(page)
    page.locator(f"#appointment-{visit.pk}").click()
    page.locator("#visit-title").wait_for()
    assert not barriers(page)
