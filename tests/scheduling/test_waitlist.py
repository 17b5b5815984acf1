"""The waitlist: who waits, times offered to them, and chairs that are held until they answer."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from clinic.models import Clinic, User
from patients.errors import Refused
from scheduling import waitlist
from scheduling.booking import NotAvailable, book, cancel, check, extend, move
from scheduling.models import Appointment, OfferOutcome, Reason, Status, WaitlistEntry, WaitlistOffer
from scheduling.openings import find
from scheduling.restaffing import take_off
from scheduling.waitlist import Wishes, accept, add, close, let_go, offer, waiting, write_down_lapsed
from tests.world import BEFORE, DAY, at, booked, make_plan, on_floor

pytestmark = pytest.mark.django_db

LATER = DAY + timedelta(days=3)


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    """Stand before `DAY`."""
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def floor(madison: Clinic) -> Clinic:
    """Madison with one nurse on `DAY` and on a later day."""
    shift = on_floor(madison)
    on_floor(madison, day=LATER, nurse=shift.nurse)
    return madison


def waits(clinic: Clinic, **wishes: Any) -> WaitlistEntry:
    """A new patient of a clinic who waits for dose 1."""
    return add(plan=make_plan(clinic), dose_number=1, by=None, wishes=Wishes(**wishes))


def refused(call: Callable[..., object], **asked: object) -> NotAvailable:
    with pytest.raises(NotAvailable) as caught:
        call(**asked)
    return caught.value


# --- Who waits ---------------------------------------------------------------------------------


def test_a_dose_waits_until_it_is_booked_and_again_when_that_is_cancelled(floor: Clinic) -> None:
    entry = waits(floor)
    assert list(waiting()) == [entry]

    appointment = book(plan=entry.plan, dose_number=1, clinic=floor, start=at(floor, "9:00"), by=None)
    assert list(waiting()) == []

    cancel(appointment=appointment, reason=Reason.WEATHER, by=None)
    assert list(waiting()) == [entry]


def test_who_wants_earlier_waits_while_the_appointment_is_booked(floor: Clinic) -> None:
    appointment = booked(floor, "9:00", day=LATER)
    entry = add(plan=appointment.plan, dose_number=1, by=None, appointment=appointment)
    assert list(waiting()) == [entry]

    cancel(appointment=appointment, reason=Reason.WEATHER, by=None)
    assert list(waiting()) == []


def test_asking_again_replaces_the_wishes(floor: Clinic, wausau: Clinic) -> None:
    first = waits(floor, weekdays=[1], clinics=[floor])

    again = add(plan=first.plan, dose_number=1, by=None, wishes=Wishes(clinics=[wausau], part="morning"))

    assert again.pk == first.pk
    assert (again.weekdays, again.part, list(again.clinics.all())) == ([], "morning", [wausau])


def test_a_dose_that_is_booked_or_given_cannot_wait(floor: Clinic) -> None:
    taken = booked(floor, "9:00")
    with pytest.raises(Refused, match="booked already"):
        add(plan=taken.plan, dose_number=1, by=None)
    with pytest.raises(Refused, match="given already"):
        add(plan=make_plan(floor, given={1: DAY - timedelta(days=40)}), dose_number=1, by=None)


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"first_day": DAY, "last_day": DAY - timedelta(days=1)}, "last_day"),
        ({"last_day": date(2026, 11, 30)}, "last_day"),
        ({"part": "night"}, "part"),
        ({"note": "x" * 241}, "note"),
    ],
)
def test_wishes_that_cannot_be_are_refused_at_their_field(floor: Clinic, wishes: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as caught:
        waits(floor, **wishes)
    assert caught.value.field == field


def test_who_is_taken_off_waits_no_more_and_the_chair_is_free(floor: Clinic) -> None:
    entry = waits(floor)
    held = offer(entry=entry, clinic=floor, start=at(floor, "9:00"), by=None)

    close(entry=entry, by=None)

    assert list(waiting()) == []
    held.refresh_from_db()
    assert held.outcome == OfferOutcome.LET_GO
    booked(floor, "9:00", chair=held.chair)


# --- An offer holds its chair ------------------------------------------------------------------


def test_an_offered_chair_is_neither_offered_nor_booked_to_anybody_else(floor: Clinic) -> None:
    chair = floor.chairs.first()
    held = offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None, chair=chair)
    plan = make_plan(floor)

    starts = {
        opening.start
        for opening in find(plan=plan, dose_number=1, clinics=[floor], first_day=DAY, last_day=DAY, limit=500)
    }
    refusal = refused(book, plan=plan, dose_number=1, clinic=floor, start=at(floor, "10:00"), chair=chair, by=None)

    assert at(floor, "9:00") not in starts, "the one nurse starts one patient at a time"
    assert held.end - held.start == timedelta(minutes=150)
    assert "Chair 1 is not free" in refusal.reason


def test_an_offer_takes_one_of_the_nurses_places(floor: Clinic) -> None:
    offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None)
    booked(floor, "9:15")
    booked(floor, "9:30")

    refusal = refused(book, plan=make_plan(floor), dose_number=1, clinic=floor, start=at(floor, "9:45"), by=None)

    assert refusal.reason == "At 9:45 AM every nurse on the floor has 3 patients."


def test_a_chair_is_free_again_when_the_hold_has_run_out(floor: Clinic, clock_hand: time_machine.Traveller) -> None:
    held = offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None)
    plan = make_plan(floor)

    clock_hand.shift(timedelta(minutes=119))
    refused(check, plan=plan, dose_number=1, clinic=floor, start=at(floor, "9:00"), chair=held.chair)
    clock_hand.shift(timedelta(minutes=1))
    check(plan=plan, dose_number=1, clinic=floor, start=at(floor, "9:00"), chair=held.chair)


def test_a_hold_ends_when_the_stay_would_begin(floor: Clinic, clock_hand: time_machine.Traveller) -> None:
    clock_hand.move_to(at(floor, "8:10"))

    held = offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None)

    assert held.held_until == at(floor, "9:00")


def test_a_lapsed_offer_does_not_keep_the_next_one_out(floor: Clinic, clock_hand: time_machine.Traveller) -> None:
    chair = floor.chairs.first()
    first = offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None, chair=chair)
    clock_hand.shift(timedelta(hours=3))

    offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None, chair=chair)
    again = offer(entry=first.entry, clinic=floor, start=at(floor, "12:00"), by=None)

    first.refresh_from_db()
    assert (first.outcome, again.outcome) == (OfferOutcome.LAPSED, "")


def test_a_time_is_offered_once_and_a_patient_gets_one_offer_at_a_time(floor: Clinic) -> None:
    entry = waits(floor)
    chair = floor.chairs.first()
    offer(entry=entry, clinic=floor, start=at(floor, "9:00"), by=None, chair=chair)

    taken = refused(offer, entry=waits(floor), clinic=floor, start=at(floor, "9:15"), by=None, chair=chair)
    twice = refused(offer, entry=entry, clinic=floor, start=at(floor, "13:00"), by=None)

    assert taken.code == "time"
    assert twice.code == "offered"


def test_an_offer_obeys_the_minimum_gap_and_must_be_earlier_than_the_appointment(floor: Clinic) -> None:
    soon = make_plan(floor, "ocrevus", given={1: DAY - timedelta(days=200), 2: DAY - timedelta(days=2)})
    entry = add(plan=soon, dose_number=3, by=None)
    later = booked(floor, "10:00")
    earlier = add(plan=later.plan, dose_number=1, by=None, appointment=later)

    assert refused(offer, entry=entry, clinic=floor, start=at(floor, "9:00"), by=None).code == "minimum_gap"
    assert refused(offer, entry=earlier, clinic=floor, start=at(floor, "10:00"), by=None).code == "later"


def test_a_sick_call_deals_booked_patients_past_a_hold(floor: Clinic, wausau: Clinic) -> None:
    second = on_floor(floor)
    for start in ("9:00", "9:15"):
        booked(floor, start)
    held = offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None)
    booked(floor, "9:30")

    take_off(nurse=second.nurse, start=at(floor, "8:00"), end=at(floor, "17:00"), reason="ill", by=None)

    assert not Appointment.objects.filter(short_staffed=True).exists()
    assert refused(accept, offer=held, by=None).code == "time"
    held.refresh_from_db()
    assert held.outcome == "", "the refusal took everything back"


def test_a_stay_that_runs_late_does_not_take_a_chair_that_is_held(
    floor: Clinic, clock_hand: time_machine.Traveller
) -> None:
    chair = floor.chairs.first()
    on_floor(floor)
    visit = booked(floor, "9:00", chair=chair)
    clock_hand.move_to(at(floor, "10:30"))
    held = offer(entry=waits(floor), clinic=floor, start=at(floor, "11:45"), by=None, chair=chair)

    assert extend(appointment=visit, end=held.start, by=None).end == held.start
    refusal = refused(extend, appointment=visit, end=held.start + timedelta(minutes=15), by=None)

    assert refusal.reason == "Chair 1 is held for somebody on the waitlist. Let that offer go first."


# --- Answers -----------------------------------------------------------------------------------


def test_accepting_books_the_dose_in_the_chair_that_was_held(floor: Clinic, front_desk: User) -> None:
    entry = waits(floor)
    held = offer(entry=entry, clinic=floor, start=at(floor, "9:00"), by=None)

    appointment = accept(offer=held, by=front_desk)

    assert (appointment.plan, appointment.dose_number) == (entry.plan, 1)
    assert (appointment.start, appointment.chair, appointment.booked_by) == (held.start, held.chair, front_desk)
    assert appointment.note == waitlist.BOOKED_FROM_HERE
    assert appointment.assignments.count() == 1
    held.refresh_from_db()
    entry.refresh_from_db()
    assert (held.outcome, entry.closed_by) == (OfferOutcome.ACCEPTED, front_desk)


def test_accepting_an_earlier_time_moves_the_appointment(floor: Clinic) -> None:
    appointment = booked(floor, "13:00", day=LATER)
    entry = add(plan=appointment.plan, dose_number=1, by=None, appointment=appointment)
    held = offer(entry=entry, clinic=floor, start=at(floor, "9:00"), by=None)
    assert Appointment.objects.get().start == at(floor, "13:00", LATER), "it stays until the patient says yes"

    moved = accept(offer=held, by=None)

    assert moved.pk == appointment.pk
    assert (moved.start, moved.version) == (held.start, 2)
    assert Appointment.objects.count() == 1


def test_an_earlier_time_on_the_same_day_may_overlap_the_appointment(floor: Clinic) -> None:
    appointment = booked(floor, "10:00")
    entry = add(plan=appointment.plan, dose_number=1, by=None, appointment=appointment)

    held = offer(entry=entry, clinic=floor, start=at(floor, "9:00"), by=None, chair=appointment.chair)

    assert accept(offer=held, by=None).start == at(floor, "9:00")


def test_an_offer_is_answered_once(floor: Clinic) -> None:
    held = offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None)
    let_go(offer=held, by=None)

    assert "let go already" in refused(accept, offer=held, by=None).reason
    assert "let go already" in refused(let_go, offer=held, by=None).reason
    assert not Appointment.objects.exists()
    booked(floor, "9:00", chair=held.chair)


def test_a_lapsed_offer_cannot_be_accepted(floor: Clinic, clock_hand: time_machine.Traveller) -> None:
    held = offer(entry=waits(floor), clinic=floor, start=at(floor, "9:00"), by=None)
    clock_hand.move_to(held.held_until)

    assert "has lapsed" in refused(accept, offer=held, by=None).reason
    assert not Appointment.objects.exists()


def test_lapsed_offers_are_written_down_and_their_boards_drawn_anew(
    floor: Clinic, clock_hand: time_machine.Traveller
) -> None:
    entry = waits(floor)
    held = offer(entry=entry, clinic=floor, start=at(floor, "9:00"), by=None)
    version = floor.days.get(date=DAY).version
    assert write_down_lapsed() == 0

    clock_hand.shift(timedelta(hours=2))

    assert write_down_lapsed() == 1
    assert floor.days.get(date=DAY).version == version + 1
    assert WaitlistOffer.objects.get().outcome == OfferOutcome.LAPSED
    assert list(waiting()) == [entry], "the patient waits on"
    assert held.settled_at is None


def test_an_appointment_moved_by_hand_meanwhile_is_what_accepting_moves(floor: Clinic) -> None:
    appointment = booked(floor, "13:00", day=LATER)
    entry = add(plan=appointment.plan, dose_number=1, by=None, appointment=appointment)
    held = offer(entry=entry, clinic=floor, start=at(floor, "9:00"), by=None)
    move(appointment=appointment, clinic=floor, start=at(floor, "14:00"), by=None)

    assert accept(offer=held, by=None).start == at(floor, "9:00")
    assert Appointment.objects.get().status == Status.BOOKED
