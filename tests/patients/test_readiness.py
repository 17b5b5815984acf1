"""Clearances on record: entered, found again, withdrawn; the readiness of a plan, and its page."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Clinic, User
from patients import clearances
from patients.errors import Refused
from patients.models import Clearance, TreatmentPlan
from patients.readiness import dossier, dossiers, readiness_of
from tests.world import DAY, make_patient, make_plan, make_ready
from therapies.catalog import new_version_from
from therapies.models import version_in_force
from therapies.readiness import Check

pytestmark = pytest.mark.django_db

TODAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel("2026-12-01T09:00:00-06:00", tick=False):
        yield


@pytest.fixture
def plan(madison: Clinic) -> TreatmentPlan:
    """Tysabri, dose 1 on `DAY`."""
    return make_plan(madison)


def record(plan: TreatmentPlan, code: str = "jcv-antibody", cleared_on: date = TODAY, **more: Any) -> Clearance:
    return clearances.record(plan=plan, code=code, cleared_on=cleared_on, by=None, **more)


def check(plan: TreatmentPlan, code: str, *, on: date = DAY, dose: int = 1) -> Check:
    found = readiness_of(plan=plan, dose_number=dose, on=on)
    return next(one for one in found.checks if one.code == code)


# --- Recording ---------------------------------------------------------------------------------


def test_a_plan_without_papers_is_not_ready_and_with_them_it_is(plan: TreatmentPlan) -> None:
    assert readiness_of(plan=plan, dose_number=1, on=DAY).state == "not_ready"

    make_ready(plan)

    assert readiness_of(plan=plan, dose_number=1, on=DAY).state == "ready"


def test_a_lab_holds_for_the_days_that_the_therapy_says(plan: TreatmentPlan) -> None:
    made = record(plan, cleared_on=date(2026, 11, 2))

    assert made.expires_on == date(2027, 5, 3), "182 days"
    assert check(plan, "jcv-antibody").is_done
    assert check(plan, "jcv-antibody", on=date(2027, 5, 4)).state == "at_risk"


def test_a_lab_may_be_said_to_hold_for_other_days_or_for_good(plan: TreatmentPlan) -> None:
    assert record(plan, expires_on=date(2027, 1, 15)).expires_on == date(2027, 1, 15)
    assert record(plan, for_good=True, note="  positive,  not repeated ").expires_on is None
    assert check(plan, "jcv-antibody", on=date(2030, 1, 1)).why == "done Dec 1, 2026, not asked again"
    assert Clearance.objects.latest("pk").note == "positive, not repeated"


def test_what_is_asked_once_never_runs_out(plan: TreatmentPlan) -> None:
    assert record(plan, "mri", date(2019, 5, 2), expires_on=date(2020, 1, 1)).expires_on is None
    assert check(plan, "mri").is_done


def test_saying_the_same_twice_changes_nothing(plan: TreatmentPlan) -> None:
    assert record(plan) == record(plan)
    assert Clearance.objects.count() == 1


def test_what_holds_for_every_course_counts_for_the_next_drug_too(plan: TreatmentPlan) -> None:
    ocrevus = make_plan(plan.patient, "ocrevus")
    briumvi = make_plan(plan.patient, "briumvi")
    record(ocrevus, "hepatitis-b", for_every_plan=True)
    record(ocrevus, "liver-panel")

    assert check(briumvi, "hepatitis-b").is_done
    assert not check(briumvi, "liver-panel").is_done
    assert not check(make_plan(plan.patient.home_clinic, "ocrevus"), "hepatitis-b").is_done, "of somebody else"


def test_a_check_of_the_visit_is_made_on_its_day(plan: TreatmentPlan) -> None:
    with pytest.raises(Refused) as refused:
        record(plan, "touch-checklist", for_day=DAY)
    assert refused.value.message == "This is checked on the day of the visit, Dec 7, 2026."

    record(plan, "touch-checklist", for_day=TODAY)
    assert check(plan, "touch-checklist", on=TODAY).is_done
    assert not check(plan, "touch-checklist", on=DAY).is_done
    assert record(plan, "touch-checklist", for_day=TODAY) == Clearance.objects.get()


def test_the_drug_is_put_aside_ahead_but_not_too_far(plan: TreatmentPlan) -> None:
    made = record(plan, "drug-on-hand", for_day=DAY)

    assert record(plan, "drug-on-hand", TODAY - timedelta(days=1), for_day=DAY) == made, "once for a visit"
    assert check(plan, "drug-on-hand").is_done
    with pytest.raises(Refused):
        record(plan, "drug-on-hand", for_day=TODAY + timedelta(days=15))


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"code": "hepatitis-b"}, "code"),
        ({"cleared_on": TODAY + timedelta(days=1)}, "cleared_on"),
        ({"cleared_on": date(206, 12, 1)}, "cleared_on"),
        ({"expires_on": TODAY - timedelta(days=1)}, "expires_on"),
        ({"code": "touch-checklist"}, "code"),
        ({"note": "x" * 241}, "note"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(plan: TreatmentPlan, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        record(plan, **facts)

    assert refused.value.field == field
    assert not Clearance.objects.exists()


def test_what_was_wrong_is_withdrawn_and_stays_on_record(plan: TreatmentPlan, nurse: User) -> None:
    made = record(plan)
    clearances.withdraw(clearance=made, by=nurse)
    clearances.withdraw(clearance=made, by=None)

    assert not check(plan, "jcv-antibody").is_done
    assert Clearance.objects.get().withdrawn_by == nurse
    assert record(plan) != made


def test_papers_are_entered_at_once_each_with_its_day(plan: TreatmentPlan) -> None:
    clearances.record_papers(
        plan=plan, cleared_on=lambda asked: TODAY - timedelta(days=asked.valid_days or 1), by=None, without={"mri"}
    )

    assert {one.code for one in Clearance.objects.all()} == {
        "touch-enrollment", "jcv-antibody", "authorization", "order",
    }  # fmt: skip
    assert set(Clearance.objects.values_list("expires_on", flat=True)) == {TODAY}


def test_the_database_keeps_plan_and_patient_of_a_clearance_together(plan: TreatmentPlan, madison: Clinic) -> None:
    with pytest.raises(IntegrityError, match="clearance_is_of_the_plans_patient"), transaction.atomic():
        Clearance.objects.create(
            patient=make_patient(madison), plan=plan, code="mri", cleared_on=TODAY, recorded_at="2026-12-01T09:00Z"
        )


# --- Reading -----------------------------------------------------------------------------------


def test_the_prerequisites_of_the_version_in_force_are_asked_even_when_it_asks_for_nothing(plan: TreatmentPlan) -> None:
    new = new_version_from(version=version_in_force(therapy=plan.therapy, on=TODAY), effective_from=TODAY)
    new.prerequisites.all().delete()

    assert not dossier(plan=plan).requirements
    assert len(dossier(plan=plan, on=TODAY - timedelta(days=1)).requirements) == 9


def test_many_plans_are_read_in_one_query(plan: TreatmentPlan, madison: Clinic) -> None:
    for slug in ("ocrevus", "briumvi", "tysabri"):
        make_ready(make_plan(madison, slug, given={1: date(2026, 11, 2)}))
    plans = list(TreatmentPlan.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as seen:
        found = dossiers(plan_ids=plans, on=TODAY).values()

    assert len(seen) == 1
    assert sorted(len(one.given) for one in found) == [0, 1, 1, 1]


# --- The page ----------------------------------------------------------------------------------


def url(plan: TreatmentPlan) -> str:
    return reverse("plan_clearances", args=[plan.pk])


def test_the_page_says_what_is_missing_and_takes_what_came_in(client: Client, nurse: User, plan: TreatmentPlan) -> None:
    client.force_login(nurse)
    before = client.get(url(plan) + "?code=order").content.decode()
    response = client.post(url(plan), {"code": "order", "cleared_on": "11/30/2026", "note": "by fax"})
    after = client.get(url(plan)).content.decode()

    assert "TOUCH program authorization" in before
    assert '<option value="order" selected>' in before
    assert "touch-checklist" not in before, "checks belong to the visit"
    assert response.headers["Location"] == url(plan)
    assert Clearance.objects.get().by == nurse
    assert "Nov 30, 2027" in after
    assert "by fax" in after


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(client: Client, nurse: User, plan: TreatmentPlan) -> None:
    client.force_login(nurse)
    response = client.post(url(plan), {"code": "order", "cleared_on": "12/31/2026", "note": "by fax"})

    assert response.status_code == 422
    assert "This day has not come yet" in str(response.context["form"].errors["cleared_on"])
    assert 'value="by fax"' in response.content.decode()


def test_the_page_withdraws_and_shows_what_was_withdrawn(client: Client, nurse: User, plan: TreatmentPlan) -> None:
    client.force_login(nurse)
    made = record(plan, "order")
    client.post(reverse("clearance_withdraw", args=[plan.pk, made.pk]))
    page = client.get(url(plan)).content.decode()

    assert "<s>Signed order</s>" in page
    assert f"Withdrawn Dec 1, {nurse.label}" in page


def test_a_clearance_of_somebody_else_is_not_withdrawn_here(client: Client, nurse: User, plan: TreatmentPlan) -> None:
    client.force_login(nurse)
    other = record(make_plan(plan.patient.home_clinic), "order")

    assert client.post(reverse("clearance_withdraw", args=[plan.pk, other.pk])).status_code == 404


def test_strangers_cannot_tell_that_the_plan_is_there(client: Client, stranger: User, plan: TreatmentPlan) -> None:
    client.force_login(stranger)
    made = record(plan, "order")

    assert client.get(url(plan)).status_code == 404
    assert client.post(url(plan), {"code": "mri", "cleared_on": "11/30/2026"}).status_code == 404
    assert client.post(reverse("clearance_withdraw", args=[plan.pk, made.pk])).status_code == 404


def test_the_page_takes_as_many_queries_for_much_as_for_little(
    client: Client, nurse: User, plan: TreatmentPlan
) -> None:
    client.force_login(nurse)
    record(plan, "order")

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(url(plan))
        return len(seen)

    queries()
    few = queries()
    make_ready(plan)
    assert queries() == few


# --- Many at once ------------------------------------------------------------------------------


def test_papers_of_many_plans_are_entered_at_once(plan: TreatmentPlan, madison: Clinic) -> None:
    other = make_plan(madison, "ocrevus")

    def cost(*plans: TreatmentPlan) -> int:
        with CaptureQueriesContext(connection) as seen:
            clearances.record_papers_of(
                plans=plans, cleared_on=lambda of, asked: TODAY if of != other or asked.is_hard else None, by=None
            )
        return len(seen)

    one, many = cost(plan), cost(other, make_plan(madison), make_plan(madison))

    assert many == one
    assert check(plan, "jcv-antibody").state == "ready"
    assert {found.code for found in Clearance.objects.filter(plan=other)} == {"hepatitis-b"}


def test_the_drugs_of_a_day_are_put_aside_once(plan: TreatmentPlan, madison: Clinic) -> None:
    plans = [plan, make_plan(madison, "ocrevus")]

    first = clearances.put_drugs_aside(plans=plans, for_day=DAY, by=None)
    again = clearances.put_drugs_aside(plans=plans, for_day=DAY, by=None)

    assert [one.plan for one in first] == plans
    assert again == []
    assert check(plan, "drug-on-hand").is_done
    with pytest.raises(Refused, match="put aside from"):
        clearances.put_drugs_aside(plans=plans, for_day=DAY + timedelta(days=30), by=None)
