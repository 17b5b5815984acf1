"""A patient's page: who may open it, what it says, and what it costs. And where the first page leads."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, Role, User
from patients.models import ContactPoint, PlanStatus, TreatmentPlan
from scheduling.booking import cancel
from scheduling.models import Reason
from tests.scheduling.pages import counting, html_of
from tests.world import BEFORE, DAY, booked, make_clinic, make_patient, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    """The front desk's browser."""
    client.force_login(front_desk)
    return client


@pytest.fixture
def plan(madison: Clinic) -> TreatmentPlan:
    """Tysabri for Karen Olson; dose 1 was given on Nov 9, so dose 2 is due on `DAY`."""
    on_floor(madison)
    karen = make_patient(
        madison, "Olson", "Karen", mrn="M77001", alerts="Latex allergy", needs_driver=True, drive_minutes=70
    )
    ContactPoint.objects.create(patient=karen, kind="mobile", value="+17155550100", is_preferred=True)
    return make_plan(karen, given={1: date(2026, 11, 9)})


def url(plan: TreatmentPlan) -> str:
    return reverse("patient", args=[plan.patient_id])


def test_it_says_who_it_is_and_how_to_reach_them(desk: Client, plan: TreatmentPlan) -> None:
    page = html_of(desk, url(plan))

    for said in ("Olson, Karen", "3/14/1975", "(51)", "M77001", "Latex allergy", "Needs a driver", "1 h 10 drive"):
        assert said in page
    assert 'href="tel:+17155550100">(715) 555-0100' in page


def test_it_leads_to_booking_the_next_dose(desk: Client, plan: TreatmentPlan) -> None:
    page = html_of(desk, url(plan))

    assert f'href="{reverse("book", args=[plan.pk])}?dose=2"' in page
    assert "Mon Dec 7, 2026" in page
    assert "28 days after dose 1" in page
    assert "Never before" in page
    assert "1 dose given, last dose 1 on Mon Nov 9, 2026" in page


def test_a_booked_dose_is_a_coming_appointment_and_the_next_one_is_offered(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    appointment = booked(madison, "9:00", plan=plan, dose_number=2)

    page = html_of(desk, url(plan))

    assert "Mon Dec 7, 9:00–11:30 AM" in page
    assert reverse("appointment", args=[appointment.pk]) in page
    assert "Unconfirmed" in page
    assert "Book dose 3" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (date(2026, 11, 25), "Due in 22 days"),
        (date(2026, 11, 3), "Due now"),
        (date(2026, 10, 30), "Late by 4 days"),
        (date(2026, 10, 1), "Overdue by 33 days"),
    ],
)
def test_where_the_next_dose_stands_is_said_in_words(desk: Client, madison: Clinic, given: date, said: str) -> None:
    plan = make_plan(madison, start_on=given, given={1: given})

    assert said in html_of(desk, url(plan))


def test_what_was_cancelled_stays_with_its_reason(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    cancel(
        appointment=booked(madison, "9:00", plan=plan, dose_number=2),
        reason=Reason.WEATHER,
        note="Snow on I-90",
        by=None,
    )

    page = html_of(desk, url(plan))

    assert "Cancelled and missed" in page
    assert "Weather. Snow on I-90" in page
    assert "Book dose 2" in page


def test_a_plan_that_is_paused_offers_no_dose(desk: Client, plan: TreatmentPlan) -> None:
    TreatmentPlan.objects.filter(pk=plan.pk).update(status=PlanStatus.PAUSED)

    page = html_of(desk, url(plan))

    assert "Paused" in page
    assert "Book dose" not in page


def test_without_a_plan_it_says_what_to_do(desk: Client, madison: Clinic) -> None:
    patient = make_patient(madison)

    assert "No treatment plan yet" in html_of(desk, reverse("patient", args=[patient.pk]))


def test_a_nurse_sees_everything_but_edits_and_books_nothing(client: Client, nurse: User, plan: TreatmentPlan) -> None:
    client.force_login(nurse)

    page = html_of(client, url(plan))

    assert "Latex allergy" in page
    assert "Book dose" not in page
    assert reverse("patient_edit", args=[plan.patient_id]) not in page


def test_staff_of_another_clinic_learn_nothing(client: Client, stranger: User, plan: TreatmentPlan) -> None:
    client.force_login(stranger)

    page = html_of(client, url(plan), status=403)

    assert "Olson" not in page
    assert "not treated at a clinic of yours" in page


def test_a_clinic_where_the_patient_comes_may_open_the_record(
    client: Client, stranger: User, plan: TreatmentPlan, wausau: Clinic
) -> None:
    on_floor(wausau)
    booked(wausau, "9:00", plan=plan, dose_number=2)
    client.force_login(stranger)

    page = html_of(client, url(plan))

    assert "Olson, Karen" in page
    assert reverse("patient_edit", args=[plan.patient_id]) not in page


def test_nobody_sees_it_without_signing_in(client: Client, plan: TreatmentPlan) -> None:
    assert client.get(url(plan)).status_code == 302


def test_the_queries_do_not_grow_with_the_history(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    on_floor(madison, day=DAY + timedelta(days=28))
    booked(madison, "9:00", plan=plan, dose_number=2, day=DAY + timedelta(days=28))
    with counting() as few:
        html_of(desk, url(plan))
    second = make_plan(plan.patient, "ocrevus", given={1: date(2026, 3, 2), 2: date(2026, 3, 16)})
    for days in range(56, 28 * 5, 28):
        on_floor(madison, day=DAY + timedelta(days=days))
        booked(madison, "9:00", plan=plan, dose_number=1 + days // 28, day=DAY + timedelta(days=days))
        cancel(
            appointment=booked(madison, "11:30", plan=second, dose_number=3, day=DAY + timedelta(days=days)),
            reason=Reason.OTHER,
            by=None,
        )
    with counting() as many:
        html_of(desk, url(plan))

    assert len(few) == len(many) <= 20


# --- The first page ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.FRONT_DESK, "board"),
        (Role.NURSE, "roster"),
        (Role.CHARGE_NURSE, "board"),
        (Role.MANAGER, "board"),
    ],
)
def test_everybody_lands_where_their_work_is(client: Client, db: None, role: str, page: str) -> None:
    client.force_login(make_user("somebody", role, make_clinic("wausau"), make_clinic("eau-claire")))

    assert client.get("/")["Location"] == f"/{page}/eau-claire/"


def test_who_belongs_to_no_clinic_is_told_whom_to_ask(client: Client, db: None) -> None:
    client.force_login(make_user("somebody", Role.NURSE))

    assert "Ask your manager" in html_of(client, "/")
