"""Payers' authorizations: entered, corrected, withdrawn, used, running out; and their page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Clinic, User
from patients.authorizations import Terms, add, add_all, correct, running_out, standings, withdraw
from patients.errors import Refused
from patients.models import Authorization, Patient, TreatmentPlan
from patients.plans import end_plan
from patients.readiness import readiness_of
from tests.world import DAY, make_plan

pytestmark = pytest.mark.django_db

TODAY = date(2026, 12, 1)
TERMS = Terms(payer="Prairie Care", number="A123", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel("2026-12-01T09:00:00-06:00", tick=False):
        yield


@pytest.fixture
def plan(madison: Clinic) -> TreatmentPlan:
    """Tysabri with a dose in October and in November."""
    return make_plan(madison, given={1: date(2026, 10, 12), 2: date(2026, 11, 9)})


def days(count: int) -> timedelta:
    return timedelta(days=count)


def ending(count: int, **more: Any) -> Terms:
    return replace(TERMS, valid_until=TODAY + days(count), **more)


def why(plan: TreatmentPlan, on: date = DAY, **more: Any) -> str:
    found = readiness_of(plan=plan, dose_number=3, on=on, **more)
    return next(check.why for check in found.checks if check.code == "authorization")


def test_an_authorization_covers_the_visits_of_its_days(plan: TreatmentPlan) -> None:
    assert why(plan) == "not on record"

    add(plan=plan, terms=TERMS, by=None)

    assert why(plan) == "until Dec 31, 2026"
    assert why(plan, on=date(2027, 1, 1)) == "ends Dec 31, 2026, before this visit"


def test_doses_given_and_booked_use_it_up(plan: TreatmentPlan) -> None:
    add(plan=plan, terms=replace(TERMS, doses_allowed=3), by=None)

    assert why(plan) == "until Dec 31, 2026"
    found = readiness_of(plan=plan, dose_number=4, on=date(2026, 12, 30), booked={3: DAY})
    assert [check.why for check in found.checks if check.code == "authorization"] == ["all 3 authorized doses are used"]
    [standing] = standings(plans=[plan], booked={plan.pk: {3: DAY}})[plan.pk]
    assert (standing.doses, standing.left) == ((1, 2, 3), 0)


def test_a_wrong_one_is_corrected_and_stays_on_record(plan: TreatmentPlan, front_desk: User) -> None:
    wrong = add(plan=plan, terms=TERMS, by=front_desk)
    right = correct(authorization=wrong, terms=replace(TERMS, payer="Lakeland Health"), by=front_desk)

    assert (right.payer, right.number) == ("Lakeland Health", "A123")
    wrong.refresh_from_db()
    assert wrong.withdrawn_by == front_desk
    assert correct(authorization=right, terms=Terms.of(right), by=None) == right
    withdraw(authorization=right, by=None)
    assert why(plan) == "not on record"
    assert Authorization.objects.count() == 2


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"payer": " "}, "payer"),
        ({"number": ""}, "number"),
        ({"number": "x" * 41}, "number"),
        ({"valid_until": date(2025, 12, 31)}, "valid_until"),
        ({"doses_allowed": 0}, "doses_allowed"),
        ({"number": "B1"}, "number"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(plan: TreatmentPlan, facts: dict[str, Any], field: str) -> None:
    add(plan=plan, terms=replace(TERMS, number="B1"), by=None)

    with pytest.raises(Refused) as refused:
        add(plan=plan, terms=replace(TERMS, **facts), by=None)

    assert refused.value.field == field
    assert Authorization.objects.count() == 1


# --- Running out -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "listed", "urgent"),
    [(61, False, False), (60, True, False), (31, True, False), (30, True, True), (0, True, True), (-10, True, True)],
)
def test_it_is_listed_60_days_before_its_end_and_urgent_30_days_before(
    plan: TreatmentPlan, madison: Clinic, left: int, listed: bool, urgent: bool
) -> None:
    add(plan=plan, terms=ending(left), by=None)

    found = running_out(clinics=[madison], on=TODAY)

    assert [(one.plan, one.days_left, one.is_urgent) for one in found] == ([(plan, left, urgent)] if listed else [])


def test_it_says_why_it_is_listed(plan: TreatmentPlan, madison: Clinic) -> None:
    add(plan=plan, terms=ending(12, doses_allowed=3), by=None)
    assert running_out(clinics=[madison], on=TODAY)[0].words == "ends Dec 13, 2026, in 12 days; 1 dose left"
    assert running_out(clinics=[madison], on=TODAY + days(13))[0].words == "ended Dec 13, 2026, 1 day ago"


@pytest.mark.parametrize(("allowed", "listed"), [(5, False), (4, True), (3, True), (2, True)])
def test_few_doses_left_are_listed_though_the_days_are_many(
    plan: TreatmentPlan, madison: Clinic, allowed: int, listed: bool
) -> None:
    add(plan=plan, terms=ending(200, doses_allowed=allowed), by=None)

    found = running_out(clinics=[madison], on=TODAY)

    assert bool(found) == listed
    assert all(one.is_urgent == (allowed <= 3) for one in found)


def test_booked_doses_count_as_used(plan: TreatmentPlan, madison: Clinic) -> None:
    add(plan=plan, terms=ending(200, doses_allowed=5), by=None)

    [found] = running_out(clinics=[madison], on=TODAY, booked={plan.pk: {3: DAY}})

    assert found.doses_left == 2


def test_what_is_renewed_or_ended_or_treated_elsewhere_is_not_listed(
    plan: TreatmentPlan, madison: Clinic, wausau: Clinic
) -> None:
    add(plan=plan, terms=ending(10), by=None)
    assert running_out(clinics=[wausau], on=TODAY) == []

    renewal = add(plan=plan, terms=ending(375, number="A124", valid_from=TODAY + days(11)), by=None)
    assert running_out(clinics=[madison], on=TODAY) == []

    withdraw(authorization=renewal, by=None)
    assert len(running_out(clinics=[madison], on=TODAY)) == 1
    Patient.objects.update(is_active=False)
    assert running_out(clinics=[madison], on=TODAY) == []
    Patient.objects.update(is_active=True)
    end_plan(plan=plan)
    assert running_out(clinics=[madison], on=TODAY) == []


def test_the_list_takes_three_queries_and_begins_with_the_most_urgent(madison: Clinic) -> None:
    for left in (50, 5, 40, -3):
        add(plan=make_plan(madison), terms=ending(left), by=None)
    with CaptureQueriesContext(connection) as seen:
        found = [(one.days_left, str(one.plan.patient.home_clinic)) for one in running_out(clinics=[madison], on=TODAY)]

    assert [left for left, _ in found] == [-3, 5, 40, 50]
    assert len(seen) == 3


# --- The page ----------------------------------------------------------------------------------

TYPED = {"payer": "Prairie Care", "number": "A123", "valid_from": "1/1/2026", "valid_until": "12/31/2026"}


def url(plan: TreatmentPlan) -> str:
    return reverse("patient_authorizations", args=[plan.patient_id])


def test_the_front_desk_enters_corrects_and_withdraws(client: Client, front_desk: User, plan: TreatmentPlan) -> None:
    client.force_login(front_desk)
    client.post(url(plan), {**TYPED, "plan": plan.pk, "doses_allowed": "13"})
    page = client.get(url(plan)).content.decode()
    for words in ("Prairie Care", "A123", "Dec 31, 2026", "2 of 13"):
        assert words in page

    first = Authorization.objects.get()
    there = reverse("authorization_correct", args=[plan.patient_id, first.pk])
    assert 'value="A123"' in client.get(there).content.decode()
    assert client.post(there, {**TYPED, "doses_allowed": "12"}).headers["Location"] == url(plan)
    second = Authorization.objects.get(withdrawn_at=None)
    assert second.doses_allowed == 12
    client.post(reverse("authorization_withdraw", args=[plan.patient_id, second.pk]))
    assert not Authorization.objects.filter(withdrawn_at=None).exists()


def test_what_is_wrong_stands_beside_its_field(client: Client, front_desk: User, plan: TreatmentPlan) -> None:
    client.force_login(front_desk)
    response = client.post(url(plan), {**TYPED, "plan": plan.pk, "valid_until": "12/31/2025"})

    assert response.status_code == 422
    assert "cannot end before it begins" in str(response.context["form"].errors["valid_until"])
    assert 'value="Prairie Care"' in response.content.decode()


def test_the_plan_of_another_patient_cannot_be_chosen(client: Client, front_desk: User, plan: TreatmentPlan) -> None:
    client.force_login(front_desk)
    other = make_plan(plan.patient.home_clinic)

    assert client.post(url(plan), {**TYPED, "plan": other.pk}).status_code == 422
    made = add(plan=other, terms=TERMS, by=None)
    assert client.post(reverse("authorization_withdraw", args=[plan.patient_id, made.pk])).status_code == 404


@pytest.mark.parametrize(
    ("who", "sees", "enters"), [("nurse", 200, 403), ("stranger", 404, 404), ("manager", 200, 302)]
)
def test_who_sees_and_who_enters(
    client: Client, request: pytest.FixtureRequest, plan: TreatmentPlan, who: str, sees: int, enters: int
) -> None:
    client.force_login(request.getfixturevalue(who))

    page = client.get(url(plan))
    assert page.status_code == sees
    assert (b"Enter an authorization" in page.content) == (who == "manager")
    assert client.post(url(plan), {**TYPED, "plan": plan.pk}).status_code == enters


def test_many_are_put_on_record_at_once_or_none(plan: TreatmentPlan, madison: Clinic) -> None:
    other = make_plan(madison)
    made = add_all(granted=[(plan, TERMS), (other, TERMS)], by=None)
    assert [one.plan for one in made] == [plan, other]

    with pytest.raises(Refused, match="on record for this plan"):
        add_all(granted=[(plan, replace(TERMS, number="A124")), (other, TERMS)], by=None)
    assert Authorization.objects.count() == 2
