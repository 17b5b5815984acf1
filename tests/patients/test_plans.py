"""Courses of treatment: started, changed, paused, ended."""

from dataclasses import replace
from datetime import date, time

import pytest

from clinic.models import Clinic
from patients.errors import Refused
from patients.models import PlanStatus, TreatmentPlan
from patients.plans import Order, change_plan, end_plan, pause_plan, resume_plan, start_plan, start_plans
from tests.world import make_patient, make_plan, therapy

pytestmark = pytest.mark.django_db

ORDER = Order(start_on=date(2026, 1, 5), prescriber=" Dr.  Lund ", usual_weekday=1, usual_time=time(9, 30))


def test_a_plan_is_started_with_its_order(madison):
    plan = start_plan(patient=make_patient(madison), therapy=therapy(), order=replace(ORDER, interval_days=42))
    plan.refresh_from_db()
    assert (plan.interval_days, plan.prescriber, plan.status) == (42, "Dr. Lund", PlanStatus.ACTIVE)
    assert Order.of(plan) == replace(ORDER, interval_days=42, prescriber="Dr. Lund")


@pytest.mark.parametrize(
    ("facts", "field", "why"),
    [
        ({"variant": "quick"}, "variant", "It has: fast"),
        ({"interval_days": 3}, "interval_days", "to 730 days"),
        ({"interval_days": 731}, "interval_days", "to 730 days"),
        ({"infusion_minutes": 0}, "infusion_minutes", "1 to 720"),
        ({"doses_ordered": 0}, "doses_ordered", "one dose"),
        ({"usual_weekday": 7}, "usual_weekday", "weekday"),
        ({"prescriber": "x" * 81}, "prescriber", "too long"),
    ],
)
def test_an_order_the_therapy_does_not_allow_is_refused_beside_its_field(madison, facts, field, why):
    with pytest.raises(Refused, match=why) as refused:
        start_plan(patient=make_patient(madison), therapy=therapy("ocrevus"), order=replace(ORDER, **facts))
    assert refused.value.field == field
    assert not TreatmentPlan.objects.exists()


def test_a_variant_is_known_in_capitals_too(madison):
    order = replace(ORDER, variant="Fast")
    assert start_plan(patient=make_patient(madison), therapy=therapy("ocrevus"), order=order).variant == "fast"


def test_a_therapy_runs_once_at_a_time(madison):
    patient = make_patient(madison)
    first = start_plan(patient=patient, therapy=therapy(), order=ORDER)
    with pytest.raises(Refused, match="already running"):
        start_plan(patient=patient, therapy=therapy(), order=ORDER)
    end_plan(plan=first)
    start_plan(patient=patient, therapy=therapy(), order=ORDER)
    start_plan(patient=patient, therapy=therapy("ocrevus"), order=ORDER)


def test_fewer_doses_than_were_given_cannot_be_ordered(madison):
    plan = make_plan(madison, given={7: date(2026, 1, 5)})
    with pytest.raises(Refused, match="Dose 7 was already given"):
        change_plan(plan=plan, order=replace(Order.of(plan), doses_ordered=6))
    assert change_plan(plan=plan, order=replace(Order.of(plan), doses_ordered=7)).doses_ordered == 7


def test_a_paused_plan_goes_on_unless_another_runs_by_then(madison):
    plan = make_plan(madison)
    pause_plan(plan=plan)
    other = start_plan(patient=plan.patient, therapy=plan.therapy, order=ORDER)
    with pytest.raises(Refused, match="already running"):
        resume_plan(plan=plan)
    end_plan(plan=other)
    assert resume_plan(plan=plan).status == PlanStatus.ACTIVE


def test_an_ended_plan_stays_ended(madison):
    plan = end_plan(plan=make_plan(madison))
    with pytest.raises(Refused, match="Start a new one"):
        resume_plan(plan=plan)
    assert end_plan(plan=plan).status == PlanStatus.ENDED


def test_many_plans_are_started_at_once_or_none(madison: Clinic) -> None:
    ann, ben = make_patient(madison), make_patient(madison)

    first, second = start_plans(courses=[(ann, therapy(), ORDER), (ben, therapy("ocrevus"), ORDER)])
    assert (first.patient, second.patient, second.prescriber) == (ann, ben, "Dr. Lund")

    with pytest.raises(Refused, match="already running"):
        start_plans(courses=[(ben, therapy(), ORDER), (ann, therapy(), ORDER)])
    with pytest.raises(Refused, match="already running"):
        start_plans(courses=[(ben, therapy(), ORDER), (ben, therapy(), ORDER)])
    assert TreatmentPlan.objects.count() == 2
