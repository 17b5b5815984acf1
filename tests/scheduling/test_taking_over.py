"""Taking over the record of visits that are over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Clinic
from patients.models import DoseGiven
from reminders.models import Message
from scheduling.booking import NotAvailable
from scheduling.models import Appointment, NurseAssignment, Reason, Status
from scheduling.signals import appointment_changed
from scheduling.taking_over import KnownVisit, take_over_day, tell
from tests.world import BEFORE, DAY, at, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(BEFORE + timedelta(days=14), tick=False):
        yield


def treated(start: datetime, end: datetime) -> list[tuple[Status, datetime]]:
    seated, done = start + timedelta(minutes=4), end - timedelta(minutes=20)
    return [
        (Status.ARRIVED, start - timedelta(minutes=5)),
        (Status.SEATED, seated),
        (Status.INFUSING, seated + timedelta(minutes=15)),
        (Status.DONE, done),
    ]


def visit(clinic: Clinic, start: str = "9:00", end: str = "11:30", *, chair: int = 0, **facts: Any) -> KnownVisit:
    known = {
        "plan": make_plan(clinic, start_on=DAY),
        "dose_number": 1,
        "chair_id": clinic.chairs.all()[chair].pk,
        "start": at(clinic, start),
        "end": at(clinic, end),
        "booked_at": BEFORE,
        "steps": treated(at(clinic, start), at(clinic, end)),
    }
    return KnownVisit(**{**known, **facts})


def test_a_treated_visit_ends_when_the_patient_was_done_and_its_dose_counts(madison: Clinic) -> None:
    on_floor(madison)

    [appointment] = take_over_day(clinic=madison, day=DAY, visits=[visit(madison)], by=None)

    appointment = Appointment.objects.get(pk=appointment.pk)
    assert appointment.status == Status.DONE
    assert appointment.end == at(madison, "11:15")
    assert appointment.planned_period.upper == at(madison, "11:30")
    assert [care.period for care in appointment.assignments.all()] == [appointment.period]
    assert [change.status for change in appointment.status_changes.order_by("at", "id")] == [
        Status.BOOKED,
        Status.ARRIVED,
        Status.SEATED,
        Status.INFUSING,
        Status.DONE,
    ]
    assert DoseGiven.objects.get(plan=appointment.plan).given_on == DAY


def test_who_did_not_come_holds_neither_chair_nor_nurse(madison: Clinic) -> None:
    on_floor(madison)
    missed = [(Status.NO_SHOW, at(madison, "9:45"))]

    take_over_day(
        clinic=madison,
        day=DAY,
        visits=[visit(madison, steps=missed, reason=Reason.UNREACHED), visit(madison, "9:15", "11:45")],
        by=None,
    )

    assert Appointment.objects.get(status=Status.NO_SHOW).reason == Reason.UNREACHED
    assert NurseAssignment.objects.count() == 1
    assert DoseGiven.objects.count() == 1


def test_two_in_one_chair_cannot_have_been(madison: Clinic) -> None:
    on_floor(madison)

    with pytest.raises(NotAvailable):
        take_over_day(clinic=madison, day=DAY, visits=[visit(madison), visit(madison, "10:00", "12:30")], by=None)
    assert not Appointment.objects.exists()


def test_a_fourth_patient_of_the_only_nurse_cannot_have_been(madison: Clinic) -> None:
    on_floor(madison)
    starts = ("9:00", "9:15", "9:30", "9:45")
    visits = [visit(madison, start, "11:30", chair=place) for place, start in enumerate(starts)]

    with pytest.raises(NotAvailable, match="every nurse had 3 patients"):
        take_over_day(clinic=madison, day=DAY, visits=visits, by=None)


@pytest.mark.parametrize(
    "steps",
    [
        [(Status.ARRIVED, "9:00")],
        [(Status.SEATED, "9:10"), (Status.ARRIVED, "9:00"), (Status.LEFT, "9:30")],
        [(Status.ARRIVED, "9:00"), (Status.DONE, "11:00")],
        [],
    ],
)
def test_steps_must_be_a_whole_visit_in_order(madison: Clinic, steps: list[tuple[Status, str]]) -> None:
    on_floor(madison)

    told = [(status, at(madison, clock)) for status, clock in steps]
    with pytest.raises(NotAvailable):
        take_over_day(clinic=madison, day=DAY, visits=[visit(madison, steps=told)], by=None)


def test_what_is_not_over_is_not_taken_over(madison: Clinic) -> None:
    on_floor(madison)

    with time_machine.travel(at(madison, "10:00"), tick=False), pytest.raises(NotAvailable, match="are over"):
        take_over_day(clinic=madison, day=DAY, visits=[visit(madison)], by=None)


def test_queries_do_not_grow_with_the_visits(madison: Clinic) -> None:
    for _ in range(2):
        on_floor(madison)
    one = [visit(madison, "8:00", "9:15")]
    many = [visit(madison, start, "12:00", chair=place) for place, start in enumerate(("9:30", "9:45", "10:00"))]

    with CaptureQueriesContext(
        connection,
    ) as few:
        take_over_day(clinic=madison, day=DAY, visits=one, by=None)
    with CaptureQueriesContext(connection) as more:
        take_over_day(clinic=madison, day=DAY, visits=many, by=None)
    assert len(more) <= len(few) + 1


def test_a_visit_to_come_is_booked_and_its_patient_told_when_asked_for(madison: Clinic) -> None:
    on_floor(madison, breaks=[("10:00", "10:30")])
    on_floor(madison)
    told: list[Appointment] = []

    def hear(sender: object, appointment: Appointment, change: str, **_: Any) -> None:
        assert change == "taken_up"
        told.append(appointment)

    with time_machine.travel(BEFORE, tick=False):
        coming = visit(madison, steps=(), confirmed_at=BEFORE)
        [appointment] = take_over_day(clinic=madison, day=DAY, visits=[coming], by=None)
        appointment_changed.connect(hear)
        try:
            tell(appointment=appointment, by=None)
            tell(appointment=appointment, by=None)  # as when the visit before it was told first, and planned this one
        finally:
            appointment_changed.disconnect(hear)

    appointment = Appointment.objects.get(pk=appointment.pk)
    assert (appointment.status, appointment.end, appointment.confirmed_at) == (Status.BOOKED, coming.end, BEFORE)
    assert appointment.assignments.exists()
    assert told == [appointment, appointment]
    rows = Message.objects.values_list("rule", "channel")
    assert rows.exists()
    assert len(rows) == len(set(rows))
    assert not DoseGiven.objects.exists()


def test_a_visit_that_began_is_not_to_come(madison: Clinic) -> None:
    on_floor(madison)

    with time_machine.travel(at(madison, "9:00"), tick=False), pytest.raises(NotAvailable, match="how the visit ended"):
        take_over_day(clinic=madison, day=DAY, visits=[visit(madison, steps=())], by=None)


def test_a_visit_to_come_needs_a_nurse_too(madison: Clinic) -> None:
    with time_machine.travel(BEFORE, tick=False), pytest.raises(NotAvailable, match="every nurse had 3 patients"):
        take_over_day(clinic=madison, day=DAY, visits=[visit(madison, steps=())], by=None)
