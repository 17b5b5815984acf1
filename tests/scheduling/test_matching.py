"""Who of those waiting fits a time that is free."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import Clinic
from patients.models import Patient
from scheduling.booking import cancel
from scheduling.matching import Freed, matches, times_for_waiting
from scheduling.models import Appointment, PartOfDay, Reason, WaitlistEntry
from scheduling.waitlist import Wishes, add, offer
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, make_ready, on_floor

pytestmark = pytest.mark.django_db

LATER = DAY + timedelta(days=3)


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    """Stand before `DAY`."""
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def floor(madison: Clinic) -> Clinic:
    """Madison with two nurses on `DAY` and on a later day."""
    for _ in range(2):
        shift = on_floor(madison)
        on_floor(madison, day=LATER, nurse=shift.nurse)
    return madison


def given_up(clinic: Clinic, start: str = "9:00") -> Freed:
    """What a cancelled appointment of 150 minutes leaves."""
    gone = booked(clinic, start)
    return Freed.by(cancel(appointment=gone, reason=Reason.WEATHER, by=None))


def waits(patient: Patient | Clinic, slug: str = "tysabri", **wishes: Any) -> WaitlistEntry:
    """A patient with everything in order who waits for dose 1, due on `DAY`."""
    return add(plan=make_ready(make_plan(patient, slug)), dose_number=1, by=None, wishes=Wishes(**wishes))


def names(freed: Freed, clinic: Clinic) -> list[WaitlistEntry]:
    return [match.entry for match in matches(freed=freed, clinics=[clinic])]


def test_a_cancelled_time_is_matched_with_who_waits_and_can_be_offered(floor: Clinic) -> None:
    freed = given_up(floor)
    entry = waits(floor)

    [match] = matches(freed=freed, clinics=[floor])

    assert (match.entry, match.start, match.chair_id) == (entry, freed.start, freed.chair_id)
    assert (match.window, match.readiness, match.missing, match.why) == ("green", "ready", (), ("fills the time",))
    held = offer(entry=entry, clinic=floor, start=match.start, by=None, chair=floor.chairs.get(pk=match.chair_id))
    assert held.end == match.end


def test_a_stay_that_is_too_long_for_the_freed_time_does_not_match(floor: Clinic) -> None:
    freed = given_up(floor, "8:00")
    chair = floor.chairs.get(pk=freed.chair_id)
    booked(floor, "10:30", chair=chair)
    waits(floor, "ocrevus")
    fits = waits(floor, "tysabri")

    assert names(freed, floor) == [fits]


@pytest.mark.parametrize(
    "wishes",
    [
        {"weekdays": [1, 2]},
        {"part": PartOfDay.AFTERNOON},
        {"first_day": DAY + timedelta(days=1)},
        {"last_day": DAY - timedelta(days=1)},
    ],
)
def test_wishes_keep_a_time_away(floor: Clinic, wishes: dict[str, Any]) -> None:
    freed = given_up(floor)
    waits(floor, **wishes)

    assert names(freed, floor) == []


def test_wishes_that_hold_let_it_through(floor: Clinic) -> None:
    freed = given_up(floor)
    entry = waits(floor, clinics=[floor], weekdays=[DAY.weekday()], part=PartOfDay.MORNING, first_day=DAY, last_day=DAY)

    assert names(freed, floor) == [entry]


def test_minimum_gap_and_another_visit_keep_a_time_away(floor: Clinic) -> None:
    freed = given_up(floor)
    soon = make_plan(floor, "ocrevus", given={1: DAY - timedelta(days=200), 2: DAY - timedelta(days=2)})
    add(plan=soon, dose_number=3, by=None)
    busy = make_patient(floor)
    booked(floor, "10:30", plan=make_plan(busy, "vedolizumab"))
    waits(busy, "tysabri")

    assert names(freed, floor) == []


def test_nobody_is_offered_a_day_before_the_window(floor: Clinic) -> None:
    freed = given_up(floor)
    appointment = booked(floor, "9:00", day=LATER, plan=make_plan(floor, start_on=DAY + timedelta(days=20)))
    add(plan=appointment.plan, dose_number=1, by=None, appointment=appointment)

    assert names(freed, floor) == []
    assert times_for_waiting(clinics=[floor]) == []


def test_who_wants_earlier_is_matched_only_with_earlier_times(floor: Clinic) -> None:
    late, early = booked(floor, "13:00", day=LATER), booked(floor, "8:00")
    freed = given_up(floor)
    entry, _ = (add(plan=one.plan, dose_number=1, by=None, appointment=one) for one in (late, early))

    [match] = matches(freed=freed, clinics=[floor])

    assert match.entry == entry


def test_the_best_match_stands_first(floor: Clinic, wausau: Clinic) -> None:
    """In the window before outside; ready before not ready; who fills the time before who leaves an hour of it."""
    freed = given_up(floor)
    unready = add(plan=make_plan(floor), dose_number=1, by=None)
    overdue = add(
        plan=make_ready(make_plan(floor, given={1: DAY - timedelta(days=60)}, start_on=DAY - timedelta(days=60))),
        dose_number=2,
        by=None,
    )
    short = waits(floor, "vedolizumab")
    best = waits(floor)

    found = matches(freed=freed, clinics=[floor])

    assert [match.entry for match in found][:2] == [best, short]
    assert {match.entry for match in found[2:]} == {unready, overdue}
    by_entry = {match.entry: match for match in found}
    assert by_entry[short].why == ("leaves 1 h 30 of it",)
    assert by_entry[unready].readiness == "not_ready"
    assert by_entry[unready].missing
    assert by_entry[overdue].window == "red"


def test_patients_of_other_clinics_are_not_named(floor: Clinic, wausau: Clinic) -> None:
    freed = given_up(floor)
    waits(wausau)

    assert names(freed, floor) == []
    assert len(matches(freed=freed, clinics=[wausau])) == 1


def test_who_has_an_open_offer_is_not_matched_again(floor: Clinic) -> None:
    freed = given_up(floor)
    entry = waits(floor)
    offer(entry=entry, clinic=floor, start=at(floor, "13:00"), by=None)

    assert names(freed, floor) == []
    assert times_for_waiting(clinics=[floor]) == []


def test_a_time_of_the_past_matches_nobody(floor: Clinic, clock_hand: time_machine.Traveller) -> None:
    freed = given_up(floor)
    waits(floor)
    clock_hand.move_to(at(floor, "11:30"))

    assert names(freed, floor) == []


def test_the_drive_is_allowed_for(floor: Clinic, clock_hand: time_machine.Traveller) -> None:
    freed = given_up(floor)
    waits(make_patient(floor, drive_minutes=60))
    clock_hand.move_to(at(floor, "8:00"))

    [match] = matches(freed=freed, clinics=[floor])

    assert match.start == at(floor, "9:30"), "half an hour's notice and an hour's drive"


def test_each_who_waits_gets_the_best_time_there_is(floor: Clinic) -> None:
    appointment = booked(floor, "9:00", day=LATER)
    earlier = add(plan=appointment.plan, dose_number=1, by=None, appointment=appointment)
    due = waits(floor, part=PartOfDay.AFTERNOON)
    waits(floor, last_day=DAY - timedelta(days=1))

    found = {match.entry: match for match in times_for_waiting(clinics=[floor])}

    assert found[earlier].start == at(floor, "8:00")
    assert found[due].start == at(floor, "12:00")
    assert len(found) == 2
    for match in found.values():
        offer(entry=match.entry, clinic=floor, start=match.start, by=None)


def test_the_number_of_queries_is_fixed(floor: Clinic) -> None:
    freed = given_up(floor)
    waits(floor)

    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as one:
            matches(freed=freed, clinics=[floor])
        with CaptureQueriesContext(connection) as all_:
            times_for_waiting(clinics=[floor])
        return len(one), len(all_)

    few = asked()
    for number in range(4):
        waits(floor, weekdays=[number])
        appointment = booked(floor, f"9:{15 * number:02}", day=LATER)
        add(plan=appointment.plan, dose_number=1, by=None, appointment=appointment)

    assert asked() == few
    assert Appointment.objects.filter(period__startswith__gt=timezone.now()).count() == 5
