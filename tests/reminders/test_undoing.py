"""Undo at the desk: what was done is taken back, and nobody is told of it, before, between or after."""

from datetime import timedelta

import pytest
import time_machine

from clinic.models import Clinic, User
from reminders.models import Message
from reminders.timing import SETTLE
from scheduling.booking import NotAvailable, book, cancel, confirm, move
from scheduling.chairs import change_chair, free_chairs
from scheduling.models import Appointment, NurseAssignment, Reason, Status
from scheduling.undoing import WITHIN, read, remember, undo
from tests.reminders.crowd import reachable
from tests.reminders.test_planning import LATER, REMINDERS, VISIT, rows, say_sent
from tests.world import BEFORE, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(BEFORE, tick=False) as traveller:
        yield traveller


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


def moved(visit: Appointment, by: User) -> str:
    """Move a visit to another day; what undoes it."""
    after = move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "10:00", LATER), by=by)
    return remember(done="moved", before=visit, after=after, by=by)


def take_back(token: str, by: User) -> Appointment:
    return undo(before=read(token=token, by=by), by=by)


def test_who_undoes_in_time_has_told_nobody() -> None:
    assert WITHIN < SETTLE


def test_nothing_that_a_change_at_the_desk_plans_leaves_at_once(visit: Appointment, front_desk: User) -> None:
    say_sent("booked")
    moved(visit, front_desk)

    assert all(row.due_at >= BEFORE + SETTLE for row in Message.objects.filter(status="pending"))


def test_an_undone_move_tells_nobody_and_the_reminders_stand_again(visit: Appointment, front_desk: User) -> None:
    say_sent("booked")
    token = moved(visit, front_desk)
    assert ("moved", "email") in rows(visit)

    after = take_back(token, front_desk)

    assert (after.start, after.chair_id) == (visit.start, visit.chair_id)
    assert rows(visit) == REMINDERS
    assert {row.visit_start for row in Message.objects.filter(status="pending")} == {visit.start}
    assert ("moved", "email") in rows(visit, "retired")


def test_a_move_undone_before_the_booking_was_told_still_tells_the_booking_once(
    visit: Appointment, front_desk: User
) -> None:
    take_back(moved(visit, front_desk), front_desk)

    assert rows(visit) == {("booked", "email"), *REMINDERS}


def test_moving_again_after_an_undo_says_moved_once(visit: Appointment, front_desk: User) -> None:
    say_sent("booked")
    before = take_back(moved(visit, front_desk), front_desk)

    moved(before, front_desk)

    pending = Message.objects.filter(appointment=visit, rule="moved", status="pending")
    assert [row.visit_start for row in pending] == [at(visit.clinic, "10:00", LATER)]


def test_an_undone_move_keeps_the_confirmation_and_the_note(visit: Appointment, front_desk: User) -> None:
    confirm(appointment=visit, by=front_desk)
    Appointment.objects.update(note="window seat")
    visit.refresh_from_db()
    waiting = rows(visit)

    after = take_back(moved(visit, front_desk), front_desk)

    assert after.confirmed_at == visit.confirmed_at
    assert after.note == "window seat"
    assert rows(visit) == waiting, "a confirmed patient is not asked to confirm"


def test_an_undone_cancellation_stands_where_it_was_and_tells_nobody(visit: Appointment, front_desk: User) -> None:
    say_sent("booked")
    confirm(appointment=visit, by=front_desk)
    waiting = rows(visit)
    visit.refresh_from_db()
    after = cancel(appointment=visit, reason=Reason.WEATHER, note="snow", by=front_desk)
    assert ("cancelled", "email") in rows(visit)

    back = take_back(remember(done="cancelled", before=visit, after=after, by=front_desk), front_desk)

    assert (back.pk, back.status, back.reason, back.note) == (visit.pk, Status.BOOKED, "", "")
    assert (back.period, back.chair_id, back.confirmed_at) == (visit.period, visit.chair_id, visit.confirmed_at)
    assert NurseAssignment.objects.filter(appointment=back).exists()
    assert rows(visit) == waiting


def test_an_undone_booking_is_cancelled_without_a_word(visit: Appointment, front_desk: User) -> None:
    after = take_back(remember(done="booked", before=visit, after=visit, by=front_desk), front_desk)

    assert after.status == Status.CANCELLED
    assert not rows(visit)
    assert not NurseAssignment.objects.filter(appointment=visit).exists()


def test_another_chair_is_undone_without_a_word(visit: Appointment, front_desk: User) -> None:
    waiting = rows(visit)
    after = change_chair(appointment=visit, chair=free_chairs(appointment=visit)[0], by=front_desk)

    back = take_back(remember(done="chair", before=visit, after=after, by=front_desk), front_desk)

    assert back.chair_id == visit.chair_id != after.chair_id
    assert rows(visit) == waiting


def test_a_place_that_was_taken_meanwhile_stays_taken(visit: Appointment, front_desk: User) -> None:
    token = moved(visit, front_desk)
    booked(visit.clinic, "9:00", day=VISIT, chair=visit.chair)

    with pytest.raises(NotAvailable, match="not free for the whole stay"):
        take_back(token, front_desk)

    visit.refresh_from_db()
    assert visit.start == at(visit.clinic, "10:00", LATER)
    assert ("booked", "email") in rows(visit), "of the time it has now"


def test_a_cancelled_dose_that_was_booked_again_stays_as_it_is(visit: Appointment, front_desk: User) -> None:
    after = cancel(appointment=visit, reason=Reason.WEATHER, by=front_desk)
    token = remember(done="cancelled", before=visit, after=after, by=front_desk)
    book(plan=visit.plan, dose_number=1, clinic=visit.clinic, start=at(visit.clinic, "10:00", LATER), by=front_desk)

    with pytest.raises(NotAvailable, match="is booked already"):
        take_back(token, front_desk)


def test_a_change_of_somebody_else_is_not_undone(visit: Appointment, front_desk: User) -> None:
    token = moved(visit, front_desk)
    visit.refresh_from_db()
    move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "11:00", LATER), by=None)

    with pytest.raises(NotAvailable, match="changed again since"):
        take_back(token, front_desk)


def test_a_slip_with_a_patient_who_is_late_is_undone_too(
    visit: Appointment, front_desk: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(at(visit.clinic, "9:20", VISIT))
    after = cancel(appointment=visit, reason=Reason.WEATHER, by=front_desk)

    back = take_back(remember(done="cancelled", before=visit, after=after, by=front_desk), front_desk)

    assert (back.status, back.start) == (Status.BOOKED, visit.start)


def test_it_holds_for_a_minute_and_for_one_person(
    visit: Appointment, front_desk: User, manager: User, clock: time_machine.Traveller
) -> None:
    token = moved(visit, front_desk)

    with pytest.raises(NotAvailable, match="Only the person who did this"):
        read(token=token, by=manager)
    with pytest.raises(NotAvailable, match="nothing to undo"):
        read(token=f"{token}x", by=front_desk)
    clock.shift(WITHIN + timedelta(seconds=1))
    with pytest.raises(NotAvailable, match="too late"):
        read(token=token, by=front_desk)
