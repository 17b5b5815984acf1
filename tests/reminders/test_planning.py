"""The outbox follows the appointment, in its transaction: planned, retired and planned anew, never told twice."""

from datetime import time, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import Clinic, Closure
from reminders.models import Channel, Message, MessageStatus, ReminderRule
from reminders.outbox import plan_messages
from scheduling.booking import NotAvailable, book, cancel, confirm, move, set_status
from scheduling.models import Appointment, Reason, Status
from tests.reminders.crowd import reachable
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, on_floor, therapy

pytestmark = pytest.mark.django_db

VISIT = DAY + timedelta(days=14)
LATER = DAY + timedelta(days=16)
REMINDERS = {("week", "email"), ("week", "sms"), ("three_days", "sms"), ("day", "sms"), ("call", "call")}


@pytest.fixture(autouse=True)
def _the_first_of_december():
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def floor(madison: Clinic) -> Clinic:
    for day in (VISIT, LATER):
        on_floor(madison, day=day)
        on_floor(madison, day=day)
    return madison


@pytest.fixture
def visit(floor: Clinic) -> Appointment:
    plan = make_plan(reachable(make_patient(floor), 1), start_on=VISIT)
    return booked(floor, plan=plan, day=VISIT)


def rows(appointment: Appointment, *statuses: str) -> set[tuple[str, str]]:
    """Rule and channel of an appointment's messages that stand so; of those waiting when none is named."""
    found = Message.objects.filter(appointment=appointment, status__in=statuses or ["pending"])
    return set(found.values_list("rule", "channel"))


def say_sent(*rules: str, status: str = "sent") -> None:
    """As if a worker had sent these."""
    Message.objects.filter(rule__in=rules, status="pending").update(
        status=status, sending_at=timezone.now(), sent_at=timezone.now(), recipient="x"
    )


def test_a_booking_plans_all_its_messages_at_once(visit: Appointment) -> None:
    assert rows(visit) == {("booked", "email"), *REMINDERS}
    week = Message.objects.get(rule="week", channel="email")
    assert week.appointment_version == visit.version == 1
    assert week.due_at == at(visit.clinic, "10:00", VISIT - timedelta(days=7))
    assert week.contact_point is not None
    assert week.contact_point.value == "patient1@example.org"


def test_a_booking_that_is_rolled_back_plans_nothing(floor: Clinic) -> None:
    with transaction.atomic():
        booked(floor, day=VISIT, plan=make_plan(floor, start_on=VISIT))
        assert Message.objects.exists()
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_a_refused_booking_plans_nothing(visit: Appointment) -> None:
    before = Message.objects.count()
    with pytest.raises(NotAvailable):
        book(plan=visit.plan, dose_number=1, clinic=visit.clinic, start=at(visit.clinic, "12:00", VISIT), by=None)
    assert Message.objects.count() == before


def test_planning_again_changes_nothing(visit: Appointment) -> None:
    before = list(Message.objects.values())
    plan_messages(visit)
    with time_machine.travel(BEFORE + timedelta(days=3), tick=False):
        plan_messages(visit)
    assert list(Message.objects.values()) == before


def test_a_move_retires_what_waits_and_plans_anew(visit: Appointment) -> None:
    say_sent("booked")
    moved = move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "10:00", LATER), by=None)
    assert rows(visit, "retired") == REMINDERS
    assert rows(visit) == {("moved", "email"), *REMINDERS}
    new = Message.objects.filter(status="pending")
    assert set(new.values_list("appointment_version", "visit_start")) == {(2, moved.start)}


def test_a_move_before_anybody_was_told_announces_the_new_time_only(visit: Appointment) -> None:
    move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "10:00", LATER), by=None)
    assert rows(visit) == {("booked", "email"), *REMINDERS}


def test_a_move_that_is_undone_at_once_tells_nobody(visit: Appointment) -> None:
    say_sent("booked")
    there = move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "10:00", LATER), by=None)
    move(appointment=there, clinic=visit.clinic, start=visit.start, by=None)
    assert rows(visit) == REMINDERS
    assert set(Message.objects.filter(status="pending").values_list("appointment_version", flat=True)) == {3}


def test_another_chair_at_the_same_time_tells_nobody_and_forgets_nothing(visit: Appointment) -> None:
    say_sent("booked", "week")
    free = visit.clinic.chairs.exclude(pk=visit.chair_id).first()
    move(appointment=visit, clinic=visit.clinic, start=visit.start, chair=free, by=None)
    assert rows(visit) == REMINDERS - {("week", "email"), ("week", "sms")}
    assert set(Message.objects.filter(status="pending").values_list("appointment_version", flat=True)) == {2}
    assert rows(visit, "retired") == set()


def test_a_move_after_a_text_is_told_by_text_too(visit: Appointment) -> None:
    say_sent("booked", "week")
    move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "10:00", LATER), by=None)
    assert {("moved", "email"), ("moved", "sms")} <= rows(visit)


def test_a_cancellation_retires_everything_and_tells_who_was_told(visit: Appointment) -> None:
    say_sent("booked")
    cancel(appointment=visit, reason=Reason.OTHER, by=None)
    assert rows(visit) == {("cancelled", "email")}
    assert rows(visit, "retired") == REMINDERS


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_whoever_may_have_been_told_is_told_of_the_cancellation(visit: Appointment, status: str) -> None:
    say_sent("booked", status=status)
    cancel(appointment=visit, reason=Reason.OTHER, by=None)
    assert rows(visit) == {("cancelled", "email")}


def test_a_cancellation_that_nobody_was_told_of_tells_nobody(visit: Appointment) -> None:
    cancel(appointment=visit, reason=Reason.OTHER, by=None)
    assert rows(visit) == set()


def test_confirming_retires_the_texts_that_ask_and_the_call(visit: Appointment) -> None:
    confirm(appointment=visit, by=None)
    assert rows(visit) == {("booked", "email"), ("week", "email"), ("day", "sms")}
    assert rows(visit, "retired") == {("week", "sms"), ("three_days", "sms"), ("call", "call")}


def test_a_late_booking_is_told_in_one_go_by_both_ways(floor: Clinic) -> None:
    with time_machine.travel(at(floor, "14:00", VISIT - timedelta(days=2)), tick=False):
        late = booked(floor, day=VISIT, plan=make_plan(floor, start_on=VISIT))
        soon = Message.objects.filter(due_at__lt=timezone.now() + timedelta(hours=12))
        assert set(soon.values_list("rule", "channel")) == {("booked", "email"), ("booked", "sms")}
        assert rows(late) == {("booked", "email"), ("booked", "sms"), ("day", "sms"), ("call", "call")}


def test_a_text_about_a_booking_made_at_night_waits_for_the_morning(floor: Clinic) -> None:
    with time_machine.travel(at(floor, "21:30", VISIT - timedelta(days=2)), tick=False):
        booked(floor, day=VISIT, plan=make_plan(floor, start_on=VISIT))
    text, mail = (Message.objects.get(rule="booked", channel=channel) for channel in ("sms", "email"))
    assert text.due_at == at(floor, "9:00", VISIT - timedelta(days=1))
    assert mail.due_at == at(floor, "21:32", VISIT - timedelta(days=2))


def test_the_call_is_on_the_last_day_that_the_clinic_is_open(floor: Clinic) -> None:
    floor.opening_hours.filter(weekday=6).delete()
    saturday = VISIT - timedelta(days=2)
    Closure.objects.create(
        clinic=floor,
        period=(at(floor, "0:00", saturday), at(floor, "0:00", saturday + timedelta(days=1))),
        reason="Snow",
    )
    visit = booked(floor, day=VISIT, plan=make_plan(floor, start_on=VISIT))
    assert Message.objects.get(appointment=visit, rule="call").due_at == at(floor, "12:00", VISIT - timedelta(days=3))


def test_a_no_show_is_called_and_a_visit_that_took_place_gets_aftercare(floor: Clinic) -> None:
    missed = booked(floor, "9:00", day=VISIT, plan=make_plan(floor, start_on=VISIT))
    came = booked(floor, "9:15", day=VISIT, plan=make_plan(floor, start_on=VISIT))
    with time_machine.travel(at(floor, "11:00", VISIT), tick=False):
        set_status(appointment=missed, status=Status.NO_SHOW, reason=Reason.UNREACHED, by=None)
        for status in (Status.SEATED, Status.INFUSING, Status.DONE):
            set_status(appointment=came, status=status, by=None)
    assert rows(missed) == {("no_show", "call")}
    assert rows(came) == {("aftercare", "email")}
    after = Message.objects.get(rule="aftercare")
    assert after.due_at == at(floor, "10:00", VISIT + timedelta(days=1))


def test_a_status_set_by_mistake_and_set_back_plans_the_reminders_again(visit: Appointment) -> None:
    set_status(appointment=visit, status=Status.ARRIVED, by=None)
    assert rows(visit) == set()
    set_status(appointment=visit, status=Status.BOOKED, by=None)
    assert rows(visit) == {("booked", "email"), *REMINDERS}


def test_a_clinic_and_a_therapy_have_rules_of_their_own(floor: Clinic) -> None:
    ReminderRule.objects.create(
        code="week", clinic=floor, moment="before", days=5, at=time(15), channels=["sms"], cut_off_hours=24
    )
    ReminderRule.objects.create(
        code="three_days",
        therapy=therapy("tysabri"),
        is_active=False,
        moment="before",
        channels=["sms"],
        cut_off_hours=1,
    )
    visit = booked(floor, day=VISIT, plan=make_plan(floor, start_on=VISIT))
    assert rows(visit) == {("booked", "email"), ("week", "sms"), ("day", "sms"), ("call", "call")}
    assert Message.objects.get(rule="week").due_at == at(floor, "15:00", VISIT - timedelta(days=5))


def test_half_yearly_doses_are_told_three_weeks_ahead(madison: Clinic) -> None:
    far = DAY + timedelta(days=70)
    on_floor(madison, day=far)
    plan = make_plan(
        madison, "ocrevus", start_on=far - timedelta(168), given={1: far - timedelta(168), 2: far - timedelta(154)}
    )
    visit = booked(madison, plan=plan, dose_number=3, day=far)
    assert ("three_weeks", "email") in rows(visit)


# --- Courses on days in a row ------------------------------------------------------------------------


@pytest.fixture
def course(madison: Clinic) -> list[Appointment]:
    """Three days of steroids."""
    plan = make_plan(reachable(make_patient(madison), 1), "methylprednisolone", start_on=VISIT)
    for number in range(6):
        on_floor(madison, day=VISIT + timedelta(days=number))
    return [booked(madison, plan=plan, dose_number=1 + n, day=VISIT + timedelta(days=n)) for n in range(3)]


def test_a_course_gets_one_message_for_all_of_its_days(course: list[Appointment]) -> None:
    first, second, third = course
    assert {("booked", "email"), *REMINDERS} == rows(first)
    assert rows(second) == rows(third) == set()


def test_when_the_first_day_is_off_the_second_speaks_for_the_rest(course: list[Appointment]) -> None:
    first, second, third = course
    cancel(appointment=first, reason=Reason.OTHER, by=None)
    assert {("booked", "email"), *REMINDERS} == rows(second)
    assert rows(third) == set()


def test_a_day_that_leaves_the_course_is_told_by_itself(course: list[Appointment]) -> None:
    first, _, third = course
    told = {str(each.pk): each.start.isoformat() for each in course[1:]}
    Message.objects.filter(appointment=first, rule="booked").update(
        status="sent", sending_at=timezone.now(), sent_at=timezone.now(), also_told=told
    )
    move(appointment=third, clinic=third.clinic, start=at(third.clinic, "9:00", VISIT + timedelta(days=4)), by=None)
    assert ("moved", "email") in rows(third)
    cancel(appointment=course[1], reason=Reason.OTHER, by=None)
    assert rows(course[1]) == {("cancelled", "email")}


def test_planning_takes_the_same_number_of_queries_however_much_was_told(visit: Appointment) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        plan_messages(visit)
    for version in range(40, 60):
        Message.objects.create(
            appointment=visit,
            appointment_version=version,
            clinic=visit.clinic,
            visit_start=visit.start - timedelta(days=1),
            rule="week",
            channel=Channel.EMAIL,
            status=MessageStatus.RETIRED,
            due_at=visit.start,
            cut_off_at=visit.start,
        )
    with CaptureQueriesContext(connection) as many:
        plan_messages(visit)
    assert len(few) == len(many) <= 12
