"""Following a patient through the day: every step, every end, and who is in the way when a visit runs late."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import connection

from clinic.models import Clinic, User
from patients import course
from patients.models import DoseGiven, DoseSource
from scheduling.booking import NotAvailable, book, cancel, confirm, extend, move, set_status
from scheduling.chairs import change_chair
from scheduling.models import IN_CHAIR, LIVE, Appointment, NurseAssignment, Reason, Status, StatusChange
from scheduling.restaffing import take_off
from scheduling.signals import appointment_changed
from scheduling.visit import NEXT, next_statuses
from tests.world import DAY, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

TO_THE_CHAIR = (Status.ARRIVED, Status.SEATED, Status.INFUSING)
TO = {
    Status.BOOKED: (),
    Status.ARRIVED: (Status.ARRIVED,),
    Status.SEATED: (Status.ARRIVED, Status.SEATED),
    Status.INFUSING: TO_THE_CHAIR,
    Status.OBSERVING: (*TO_THE_CHAIR, Status.OBSERVING),
    Status.DONE: (*TO_THE_CHAIR, Status.OBSERVING, Status.DONE),
    Status.CANCELLED: (Status.CANCELLED,),
    Status.NO_SHOW: (Status.NO_SHOW,),
    Status.LEFT: (Status.ARRIVED, Status.LEFT),
}
"""How a patient comes to stand where they stand."""

UNTREATED = {Status.NO_SHOW, Status.LEFT}


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The morning of the day, before anybody comes."""
    with time_machine.travel(datetime.fromisoformat("2026-12-07T07:30:00-06:00"), tick=False):
        yield


def now_is(clinic: Clinic, text: str) -> time_machine.travel:
    """The clock shows a time of the day."""
    return time_machine.travel(at(clinic, text), tick=False)


def stands(appointment: Appointment, status: str, *, by: User | None = None) -> Appointment:
    """Bring a booked appointment to a status, step by step."""
    for step in TO[Status(status)]:
        if step == Status.CANCELLED:
            appointment = cancel(appointment=appointment, reason=Reason.OTHER, by=by)
        else:
            reason = Reason.OTHER if step in UNTREATED else ""
            appointment = set_status(appointment=appointment, status=step, by=by, reason=reason)
    return appointment


def refused(appointment: Appointment, status: str, **more: str) -> NotAvailable:
    with pytest.raises(NotAvailable) as caught:
        set_status(appointment=appointment, status=status, by=None, **more)
    return caught.value


def test_a_visit_goes_step_by_step_and_each_step_keeps_who_and_when(madison: Clinic, nurse: User) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    times = {"8:50": Status.ARRIVED, "9:00": Status.SEATED, "9:15": Status.INFUSING, "10:15": Status.OBSERVING}

    for clock, status in {**times, "11:20": Status.DONE}.items():
        with now_is(madison, clock):
            assert set_status(appointment=appointment, status=status, by=nurse).status == status

    [first, *steps] = StatusChange.objects.filter(appointment=appointment)
    assert (first.status, first.by) == (Status.BOOKED, None)
    assert [(step.status, step.at) for step in steps] == [
        (status, at(madison, clock)) for clock, status in {**times, "11:20": Status.DONE}.items()
    ]
    assert {step.by for step in steps} == {nurse}


@pytest.mark.parametrize("before", TO)
@pytest.mark.parametrize("after", Status)
def test_only_what_may_follow_a_status_follows_it(madison: Clinic, before: Status, after: Status) -> None:
    on_floor(madison)
    appointment = stands(booked(madison, "9:00"), before)
    assert appointment.status == before
    stamps = appointment.status_changes.count()

    if after in NEXT.get(before, ()):
        set_status(appointment=appointment, status=after, by=None, reason=Reason.OTHER)
    else:
        assert refused(appointment, after, reason=Reason.OTHER).code == "status"

    appointment.refresh_from_db()
    took = after in NEXT.get(before, ())
    assert appointment.status == (after if took else before)
    assert appointment.status_changes.count() == stamps + took


def test_the_way_through_a_visit_is_as_nurses_know_it() -> None:
    way = (Status.BOOKED, Status.ARRIVED, Status.SEATED, Status.INFUSING, Status.OBSERVING)

    assert all(after in NEXT[before] and before in NEXT[after] for before, after in pairwise(way))
    assert {status for status in NEXT if Status.DONE in NEXT[status]} == {Status.INFUSING, Status.OBSERVING}
    assert {status for status in NEXT if Status.LEFT in NEXT[status]} == {Status.ARRIVED, *IN_CHAIR}
    assert {status for status in NEXT if Status.NO_SHOW in NEXT[status]} == {Status.BOOKED}
    assert set(NEXT) == set(LIVE)


def test_the_buttons_are_in_the_order_of_the_day(madison: Clinic) -> None:
    on_floor(madison)

    assert next_statuses(stands(booked(madison), Status.INFUSING)) == ["seated", "observing", "done", "left"]
    assert next_statuses(stands(booked(madison, "12:00"), Status.NO_SHOW)) == []


def test_a_slip_is_taken_back_one_step_and_both_steps_stay_on_record(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.OBSERVING)

    for status in (Status.INFUSING, Status.SEATED, Status.ARRIVED, Status.BOOKED):
        appointment = set_status(appointment=appointment, status=status, by=None)

    assert appointment.status == Status.BOOKED
    assert appointment.status_changes.count() == 9
    assert move(appointment=appointment, clinic=madison, start=at(madison, "13:00"), by=None).version == 2


@pytest.mark.parametrize("status", [Status.ARRIVED, Status.INFUSING, Status.DONE, Status.NO_SHOW, Status.CANCELLED])
def test_only_a_booked_appointment_moves_or_is_confirmed(madison: Clinic, status: Status) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), status)

    with pytest.raises(NotAvailable) as caught:
        move(appointment=appointment, clinic=madison, start=at(madison, "13:00"), by=None)
    assert caught.value.code == "status"
    with pytest.raises(NotAvailable):
        confirm(appointment=appointment, by=None)


@pytest.mark.parametrize("status", [*IN_CHAIR, Status.DONE, Status.LEFT])
def test_who_sits_or_has_sat_is_not_cancelled(madison: Clinic, status: Status) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), status)

    with pytest.raises(NotAvailable) as caught:
        cancel(appointment=appointment, reason=Reason.OTHER, by=None)

    assert caught.value.code == "status"
    appointment.refresh_from_db()
    assert appointment.status == status


# Done


def test_done_early_frees_the_rest_of_the_stay_from_the_next_quarter_hour(madison: Clinic) -> None:
    on_floor(madison)
    for start in ("8:30", "8:45"):
        booked(madison, start)
    appointment = stands(booked(madison, "9:00"), Status.OBSERVING)

    with now_is(madison, "10:50"):
        done = set_status(appointment=appointment, status=Status.DONE, by=None)
        # Her third place and the chair are free at 11:00, half an hour before they were to be.
        follower = booked(madison, "11:00", chair=done.chair)

    assert done.end == at(madison, "11:00")
    assert done.planned_period.upper == at(madison, "11:30")
    assert [care.period for care in done.assignments.all()] == [done.period]
    assert follower.chair == done.chair


def test_done_on_the_quarter_hour_frees_from_that_very_moment(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)

    with now_is(madison, "10:45"):
        assert set_status(appointment=appointment, status=Status.DONE, by=None).end == at(madison, "10:45")


def test_done_late_keeps_the_stay_as_booked(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)

    with now_is(madison, "12:05"):
        done = set_status(appointment=appointment, status=Status.DONE, by=None)

    assert done.end == at(madison, "11:30")
    assert done.status_changes.latest("at").at == at(madison, "12:05")


def test_done_before_the_stay_began_leaves_one_quarter_hour(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)

    with now_is(madison, "8:50"):
        assert set_status(appointment=appointment, status=Status.DONE, by=None).end == at(madison, "9:15")


def test_done_early_ends_the_care_of_the_colleague_who_would_have_taken_over(madison: Clinic) -> None:
    on_floor(madison, "8:00", "10:30")
    on_floor(madison, "10:30", "17:00")
    appointment = stands(booked(madison), Status.INFUSING)
    assert appointment.assignments.count() == 2

    with now_is(madison, "10:00"):
        done = set_status(appointment=appointment, status=Status.DONE, by=None)

    assert [care.period for care in done.assignments.all()] == [done.period]


def test_done_records_the_dose_and_the_next_one_follows_from_that_day(madison: Clinic, nurse: User) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)
    plan = appointment.plan

    with now_is(madison, "11:00"):
        set_status(appointment=appointment, status=Status.DONE, by=nurse)

    [dose] = DoseGiven.objects.filter(plan=plan)
    assert (dose.dose_number, dose.given_on, dose.source, dose.recorded_by) == (1, DAY, DoseSource.HERE, nurse)
    following = course.next_dose(plan=plan, on=DAY)
    assert following is not None
    assert (following.dose_number, following.target) == (2, DAY + timedelta(days=28))


def test_a_dose_on_record_with_another_day_stops_done_with_a_sentence(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)
    DoseGiven.objects.create(
        plan=appointment.plan, dose_number=1, given_on=DAY - timedelta(days=3), source=DoseSource.ENTERED
    )

    refusal = refused(appointment, Status.DONE)

    assert refusal.code == "dose"
    assert refusal.reason == "Dose 1 is on record as given on Dec 4, 2026. If that is wrong, remove it first."
    assert not StatusChange.objects.filter(appointment=appointment, status=Status.DONE).exists()


def test_a_dose_that_was_already_entered_for_the_same_day_does_not_stop_done(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)
    DoseGiven.objects.create(plan=appointment.plan, dose_number=1, given_on=DAY, source=DoseSource.ENTERED)

    assert set_status(appointment=appointment, status=Status.DONE, by=None).status == Status.DONE


def test_doses_out_of_order_stop_done_with_a_sentence(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)
    DoseGiven.objects.create(plan=appointment.plan, dose_number=2, given_on=DAY, source=DoseSource.ENTERED)

    refusal = refused(appointment, Status.DONE)

    assert refusal.code == "dose"
    assert "Check the number and the day" in refusal.reason


def test_a_visit_of_another_day_is_not_done_today(madison: Clinic) -> None:
    tomorrow = DAY + timedelta(days=1)
    on_floor(madison, day=tomorrow)
    appointment = stands(booked(madison, day=tomorrow), Status.INFUSING)

    assert refused(appointment, Status.DONE).code == "dose"


def test_done_covers_the_patient_whom_nobody_could_take_over(madison: Clinic) -> None:
    stays = on_floor(madison)
    goes = on_floor(madison)
    full = [stands(booked(madison, start), Status.INFUSING) for start in ("8:15", "8:30", "8:45")]
    kept = {care.nurse_id for one in full for care in one.assignments.all()}
    later = booked(madison, "10:00")
    sick = goes if kept == {stays.nurse_id} else stays
    take_off(nurse=sick.nurse, start=at(madison, "10:15"), end=at(madison, "17:00"), reason="Sick", by=None)
    short = Appointment.objects.filter(short_staffed=True)
    assert short.count() == 1
    waiting = short.get()

    with now_is(madison, "10:15"):
        leaving = next(one for one in full if one != waiting)
        set_status(appointment=leaving, status=Status.DONE, by=None)

    assert not Appointment.objects.filter(short_staffed=True).exists()
    assert waiting == later
    assert waiting.assignments.latest("period").period.upper == waiting.end


# Not treated


@pytest.mark.parametrize(("before", "end"), [(Status.BOOKED, Status.NO_SHOW), (Status.INFUSING, Status.LEFT)])
@pytest.mark.parametrize("reason", ["", "bad luck"])
def test_an_untreated_visit_needs_a_coded_reason(madison: Clinic, before: Status, end: Status, reason: str) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), before)

    assert refused(appointment, end, reason=reason).code == "reason"
    assert NurseAssignment.objects.filter(appointment=appointment).exists()


@pytest.mark.parametrize(
    ("before", "end"),
    [(Status.BOOKED, Status.NO_SHOW), (Status.ARRIVED, Status.LEFT), (Status.OBSERVING, Status.LEFT)],
)
def test_an_untreated_visit_frees_chair_and_nurse_and_is_no_dose(
    madison: Clinic, nurse: User, before: Status, end: Status
) -> None:
    on_floor(madison)
    appointment = stands(booked(madison, "9:00"), before)

    gone = set_status(appointment=appointment, status=end, by=nurse, reason=Reason.WEATHER, note="Snow")

    assert (gone.status, gone.reason, gone.note) == (end, Reason.WEATHER, "Snow")
    assert gone.period == appointment.period
    assert not gone.assignments.exists()
    assert not DoseGiven.objects.exists()
    assert gone.status_changes.latest("id").by == nurse
    again = book(plan=gone.plan, dose_number=1, clinic=madison, start=at(madison, "9:00"), by=None, chair=gone.chair)
    assert again.chair == gone.chair


def test_a_no_show_covers_the_patient_whom_nobody_could_take(madison: Clinic) -> None:
    on_floor(madison)
    goes = on_floor(madison, "9:00", "17:00")
    for start in ("9:00", "9:15", "9:30", "9:45"):
        booked(madison, start)
    take_off(nurse=goes.nurse, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Sick", by=None)
    short = Appointment.objects.get(short_staffed=True)
    missing = Appointment.objects.exclude(pk=short.pk).latest("period")

    set_status(appointment=missing, status=Status.NO_SHOW, by=None, reason=Reason.UNREACHED)

    short.refresh_from_db()
    assert not short.short_staffed


# Somebody still sits there


@pytest.mark.parametrize("status", IN_CHAIR)
def test_who_still_sits_in_the_chair_is_named(madison: Clinic, status: Status) -> None:
    on_floor(madison)
    sitting = stands(booked(madison, "9:00", plan=make_plan(make_patient(madison, "Berg", "Ann"))), status)
    following = booked(madison, "11:30", chair=sitting.chair)

    with now_is(madison, "11:40"):
        set_status(appointment=following, status=Status.ARRIVED, by=None)
        refusal = refused(following, Status.SEATED)

    assert refusal.code == "chair"
    assert refusal.reason == (
        f"Berg, Ann still sits in {sitting.chair}. Finish that visit, or move this one to another chair."
    )
    assert refusal.collisions == [sitting]


@pytest.mark.parametrize("status", [Status.ARRIVED, Status.DONE, Status.LEFT])
def test_a_chair_that_somebody_has_left_takes_the_next(madison: Clinic, status: Status) -> None:
    on_floor(madison)
    before = stands(booked(madison, "9:00"), status)
    following = booked(madison, "11:30", chair=before.chair)

    assert set_status(appointment=following, status=Status.SEATED, by=None).status == Status.SEATED


# Running late


def test_a_stay_runs_on_with_its_chair_and_nurse(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)

    longer = extend(appointment=appointment, end=at(madison, "12:15"), by=None)

    assert (longer.start, longer.end) == (appointment.start, at(madison, "12:15"))
    assert longer.planned_period.upper == at(madison, "11:30")
    assert [care.period for care in longer.assignments.all()] == [longer.period]


def test_a_colleague_takes_over_when_the_nurse_goes_home(madison: Clinic) -> None:
    early = on_floor(madison, "8:00", "11:30")
    appointment = stands(booked(madison), Status.INFUSING)
    late = on_floor(madison, "11:00", "17:00")

    longer = extend(appointment=appointment, end=at(madison, "12:00"), by=None)

    assert [care.nurse_id for care in longer.assignments.order_by("period")] == [early.nurse_id, late.nurse_id]


def test_whom_a_longer_stay_would_collide_with_is_named(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), Status.INFUSING)
    following = booked(madison, "12:00", chair=appointment.chair, plan=make_plan(make_patient(madison, "Olson", "Bo")))

    with pytest.raises(NotAvailable) as caught:
        extend(appointment=appointment, end=at(madison, "12:15"), by=None)

    assert caught.value.code == "chair"
    assert caught.value.reason == (
        f"{appointment.chair} is taken by Olson, Bo at 12:00 PM. Move that patient to another chair first."
    )
    assert caught.value.collisions == [following]
    assert extend(appointment=appointment, end=at(madison, "12:00"), by=None).end == at(madison, "12:00")


def test_a_stay_does_not_run_on_where_the_nurses_are_full(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison, "9:00"), Status.INFUSING)
    others = madison.chairs.exclude(pk=appointment.chair_id)
    for start, chair in zip(("11:00", "11:15", "11:30"), others, strict=True):
        booked(madison, start, chair=chair)

    with pytest.raises(NotAvailable) as caught:
        extend(appointment=appointment, end=at(madison, "11:45"), by=None)

    assert caught.value.code == "nurses"
    assert caught.value.reason.startswith("At 11:30 AM every nurse on the floor has 3 patients.")
    appointment.refresh_from_db()
    assert appointment.end == at(madison, "11:30")


def test_a_stay_does_not_run_on_where_nobody_is_on_the_floor(madison: Clinic) -> None:
    on_floor(madison, "8:00", "11:30")
    appointment = stands(booked(madison), Status.INFUSING)

    with pytest.raises(NotAvailable) as caught:
        extend(appointment=appointment, end=at(madison, "11:45"), by=None)

    assert caught.value.code == "nurses"
    assert "no nurse is on the floor" in caught.value.reason


def test_a_stay_does_not_run_into_the_patients_own_next_appointment(madison: Clinic, wausau: Clinic) -> None:
    on_floor(madison)
    on_floor(wausau)
    patient = make_patient(madison)
    appointment = stands(booked(madison, plan=make_plan(patient)), Status.INFUSING)
    booked(wausau, "12:00", plan=make_plan(patient, "vedolizumab"))

    with pytest.raises(NotAvailable) as caught:
        extend(appointment=appointment, end=at(madison, "12:15"), by=None)

    assert caught.value.code == "patient"


@pytest.mark.parametrize("end", ["11:30", "11:15", "11:40"])
def test_a_stay_runs_on_until_a_later_quarter_hour(madison: Clinic, end: str) -> None:
    on_floor(madison)

    with pytest.raises(NotAvailable) as caught:
        extend(appointment=booked(madison), end=at(madison, end), by=None)

    assert caught.value.code == "quarter"


def test_a_stay_does_not_run_past_midnight(madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison)

    with pytest.raises(NotAvailable) as caught:
        extend(appointment=appointment, end=at(madison, "0:15", DAY + timedelta(days=1)), by=None)

    assert caught.value.code == "quarter"


@pytest.mark.parametrize("status", [Status.DONE, Status.CANCELLED, Status.NO_SHOW, Status.LEFT])
def test_an_ended_visit_does_not_run_on(madison: Clinic, status: Status) -> None:
    on_floor(madison)
    appointment = stands(booked(madison), status)

    with pytest.raises(NotAvailable, match="This visit has ended"):
        extend(appointment=appointment, end=at(madison, "14:00"), by=None)


def test_a_stay_that_ran_on_may_still_end_early(madison: Clinic) -> None:
    on_floor(madison)
    appointment = extend(appointment=stands(booked(madison), Status.INFUSING), end=at(madison, "13:00"), by=None)

    with now_is(madison, "12:00"):
        assert set_status(appointment=appointment, status=Status.DONE, by=None).end == at(madison, "12:00")


# Who is told, and who was looking at an old page


def test_the_rooms_to_the_right_are_told_inside_the_transaction(madison: Clinic, nurse: User) -> None:
    on_floor(madison)
    appointment = booked(madison)

    def object_to_it(**told: object) -> None:
        assert (told["appointment"], told["change"], told["by"]) == (appointment, "status", nurse)
        assert connection.in_atomic_block
        raise RuntimeError("the outbox is full")

    appointment_changed.connect(object_to_it)
    try:
        with pytest.raises(RuntimeError):
            set_status(appointment=appointment, status=Status.ARRIVED, by=nurse)
    finally:
        appointment_changed.disconnect(object_to_it)

    appointment.refresh_from_db()
    assert appointment.status == Status.BOOKED
    assert appointment.status_changes.count() == 1


@pytest.mark.parametrize("change", ["cancel", "no_show", "confirm", "extend", "chair", "move"])
def test_a_change_from_an_old_page_counts_on_the_day_where_the_appointment_is_now(madison: Clinic, change: str) -> None:
    tomorrow = DAY + timedelta(days=1)
    on_floor(madison)
    on_floor(madison, day=tomorrow)
    appointment = booked(madison)
    on_the_old_page = Appointment.objects.get(pk=appointment.pk)
    move(appointment=appointment, clinic=madison, start=at(madison, "9:00", tomorrow), by=None)
    before = madison.days.get(date=tomorrow).version

    if change == "cancel":
        cancel(appointment=on_the_old_page, reason=Reason.OTHER, by=None)
    elif change == "no_show":
        set_status(appointment=on_the_old_page, status=Status.NO_SHOW, by=None, reason=Reason.OTHER)
    elif change == "confirm":
        confirm(appointment=on_the_old_page, by=None)
    elif change == "extend":
        extend(appointment=on_the_old_page, end=at(madison, "12:00", tomorrow), by=None)
    elif change == "chair":
        change_chair(appointment=on_the_old_page, chair=madison.chairs.latest("position"), by=None)
    else:
        move(appointment=on_the_old_page, clinic=madison, start=at(madison, "13:00"), by=None)

    assert madison.days.get(date=tomorrow).version == before + 1


def test_a_step_from_a_status_that_has_passed_takes_nobody_back(madison: Clinic) -> None:
    on_floor(madison)
    appointment = stands(booked(madison, "9:00"), Status.INFUSING)

    with pytest.raises(NotAvailable, match="A colleague has gone on meanwhile: the patient is infusing"):
        set_status(appointment=appointment, status=Status.SEATED, by=None, seen=Status.ARRIVED)

    appointment.refresh_from_db()
    assert appointment.status == Status.INFUSING
