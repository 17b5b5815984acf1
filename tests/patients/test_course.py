"""Doses given, and what follows from them."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Clinic, User
from patients import course
from patients.errors import Refused
from patients.models import DoseGiven, DoseSource
from tests.world import given_dates, make_patient, make_plan
from therapies.series import NoPhase

pytestmark = pytest.mark.django_db

JAN_5 = date(2026, 1, 5)
ON = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _in_june(time_machine) -> None:
    time_machine.move_to("2026-06-01T12:00:00-05:00")


def test_the_first_dose_is_due_on_the_ordered_start(madison):
    due = course.next_dose(plan=make_plan(madison, start_on=JAN_5), on=ON)
    assert due
    assert (due.dose_number, due.target, due.earliest) == (1, JAN_5, None)


def test_the_next_dose_counts_from_the_one_really_given(madison):
    plan = make_plan(madison, start_on=JAN_5, given={1: date(2026, 1, 9)})
    due = course.next_dose(plan=plan, on=ON)
    assert due
    assert (due.dose_number, due.target) == (2, date(2026, 2, 6))


def test_the_third_ocrelizumab_counts_from_the_first(madison):
    plan = make_plan(madison, "ocrevus", start_on=JAN_5, given={1: JAN_5, 2: JAN_5 + timedelta(days=20)})
    due = course.next_dose(plan=plan, on=ON)
    assert due
    assert (due.dose_number, due.target) == (3, JAN_5 + timedelta(days=168))


def test_booked_doses_are_stepped_over_and_count(madison):
    plan = make_plan(madison, start_on=JAN_5, given={1: JAN_5})
    booked = {2: date(2026, 2, 3), 3: date(2026, 3, 4)}
    due = course.next_dose(plan=plan, booked=booked, on=ON)
    assert due
    assert (due.dose_number, due.target) == (4, date(2026, 4, 1))


def test_a_dose_whose_booking_was_cancelled_is_next_again(madison):
    plan = make_plan(madison, start_on=JAN_5, given={1: JAN_5})
    due = course.next_dose(plan=plan, booked={3: date(2026, 3, 4)}, on=ON)
    assert due
    assert due.dose_number == 2


def test_an_imported_course_goes_on_from_its_last_dose(madison):
    plan = make_plan(madison, start_on=JAN_5, given={14: date(2026, 5, 1)}, interval_days=42)
    due = course.next_dose(plan=plan, on=ON)
    assert due
    assert (due.dose_number, due.target) == (15, date(2026, 6, 12))


@pytest.mark.parametrize("facts", [{"status": "paused"}, {"status": "ended"}, {"doses_ordered": 2}])
def test_a_course_that_is_over_has_no_next_dose(madison, facts):
    plan = make_plan(madison, start_on=JAN_5, given={1: JAN_5, 2: date(2026, 2, 2)}, **facts)
    assert course.next_dose(plan=plan, on=ON) is None


def test_a_therapy_without_further_doses_has_no_next_dose(madison):
    plan = make_plan(madison, "ferric-carboxymaltose", given={1: JAN_5, 2: date(2026, 1, 13)})
    assert course.next_dose(plan=plan, on=ON) is None
    with pytest.raises(NoPhase):
        course.due(plan=plan, dose_number=3)


def test_any_dose_can_be_asked_for(madison):
    plan = make_plan(madison, start_on=JAN_5)
    assert course.due(plan=plan, dose_number=2, booked={1: date(2026, 1, 7)}, on=ON).target == date(2026, 2, 4)


def test_a_newer_version_of_the_therapy_counts_from_its_day(madison):
    plan = make_plan(madison, start_on=JAN_5, given={1: JAN_5})
    newer = plan.therapy.versions.create(number=9, effective_from=ON, source="a new label")
    newer.phases.create(first_dose=1, dose="300 mg", infusion_minutes=60, target_days=35, amber_after=5)
    assert course.due(plan=plan, dose_number=2, on=ON).target == JAN_5 + timedelta(days=35)
    assert course.due(plan=plan, dose_number=2, on=ON - timedelta(days=1)).target == JAN_5 + timedelta(days=28)


def test_queries_do_not_grow_with_the_number_of_plans(madison):
    def queries(plans) -> int:
        with CaptureQueriesContext(connection) as captured:
            found = course.next_doses(plans=plans, booked={}, on=ON)
        assert len(found) == len(plans)
        return len(captured)

    few = [make_plan(madison, given={1: JAN_5})]
    many = [*few, *(make_plan(madison, slug, given={1: JAN_5}) for slug in ("ocrevus", "briumvi", "tysabri") * 4)]
    assert queries(few) == queries(many) == 2


def record(plan, number: int, day: date, by: User | None = None) -> DoseGiven:
    return course.record_dose(plan=plan, dose_number=number, given_on=day, source=DoseSource.ENTERED, by=by)


def test_a_dose_is_recorded_once_however_often_it_is_said(madison, front_desk):
    plan = make_plan(madison)
    first = record(plan, 1, JAN_5, front_desk)
    assert record(plan, 1, JAN_5) == first
    assert given_dates(plan) == {1: JAN_5}
    assert first.recorded_by == front_desk


def test_a_dose_on_record_with_another_day_is_refused(madison):
    plan = make_plan(madison, given={1: JAN_5})
    with pytest.raises(Refused, match=r"Dose 1 is on record as given on Jan 5, 2026") as refused:
        record(plan, 1, date(2026, 1, 6))
    assert refused.value.field == "dose_number"
    assert given_dates(plan) == {1: JAN_5}


@pytest.mark.parametrize(
    ("number", "day", "why"),
    [
        (3, JAN_5, "Dose 2 was given on Feb 2, 2026"),
        (3, date(2026, 2, 2), "Dose 2 was given on Feb 2, 2026"),
        (1, date(2026, 2, 2), "Dose 2 was given on Feb 2, 2026"),
        (3, date(2026, 6, 2), "has not come yet"),
        (0, JAN_5, "counted from 1"),
    ],
)
def test_a_dose_that_cannot_have_been_given_that_day_is_refused(madison, number, day, why):
    plan = make_plan(madison, given={2: date(2026, 2, 2)})
    with pytest.raises(Refused, match=why):
        record(plan, number, day)
    assert given_dates(plan) == {2: date(2026, 2, 2)}


def test_a_dose_recorded_by_mistake_is_removed(madison: Clinic):
    plan = make_plan(make_patient(madison), given={1: JAN_5})
    course.remove_dose(plan=plan, dose_number=1)
    assert given_dates(plan) == {}
    with pytest.raises(Refused, match="not on record"):
        course.remove_dose(plan=plan, dose_number=1)
