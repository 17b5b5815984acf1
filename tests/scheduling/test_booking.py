"""Booking: what is checked, what is written, and what people are told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from clinic.models import Chair, ChairOutage, Clinic, Closure, User
from patients.models import PlanStatus
from scheduling.booking import NotAvailable, book, cancel, confirm, move
from scheduling.models import Appointment, NurseAssignment, Reason, Status
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


def refusal(**asked: Any) -> NotAvailable:
    with pytest.raises(NotAvailable) as caught:
        book(by=None, **asked)
    return caught.value


def test_a_booked_appointment_has_a_chair_a_nurse_and_the_length_of_its_dose(madison: Clinic) -> None:
    shift = on_floor(madison)

    appointment = booked(madison, "9:00")

    assert appointment.end - appointment.start == timedelta(minutes=150)
    assert appointment.chair.clinic == madison
    assert appointment.dose_phase.dose == "300 mg"
    [care] = appointment.assignments.all()
    assert (care.nurse, care.period, care.is_start) == (shift.nurse, appointment.period, True)
    assert [change.status for change in appointment.status_changes.all()] == [Status.BOOKED]


def test_a_colleague_covers_the_break(madison: Clinic) -> None:
    lunch = on_floor(madison, breaks=[("12:00", "12:30")])
    on_floor(madison, "12:00", "12:30")

    appointment = booked(madison, "11:00")

    nurses = [care.nurse_id for care in appointment.assignments.order_by("period")]
    assert nurses[0] == nurses[2] == lunch.nurse_id
    assert len(nurses) == 3


def test_a_fourth_patient_is_refused_at_lunch(madison: Clinic) -> None:
    on_floor(madison, breaks=[("12:00", "12:30")])
    on_floor(madison)
    for start in ("10:30", "10:45", "11:00"):
        booked(madison, start)

    refused = refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "11:15"))

    assert refused.code == "time"
    assert refused.reason == "At 12:00 PM every nurse on the floor has 3 patients."


def test_a_nurse_starts_one_patient_at_a_time(madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00")

    refused = refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "9:00"))

    assert "already starts a patient" in refused.reason


def test_what_is_refused_comes_with_the_next_best_times(madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00")

    refused = refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "9:00"))

    assert len(refused.alternatives) == 3
    assert refused.alternatives[0].start == at(madison, "9:15")


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("7:00", "The clinic is closed during part of that time: the stay takes 150 minutes."),
        ("15:00", "The clinic is closed during part of that time: the stay takes 150 minutes."),
        ("9:10", "Appointments start on a quarter hour."),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_its_reason(madison: Clinic, start: str, reason: str) -> None:
    on_floor(madison)

    assert refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, start)).reason == reason


def test_a_closure_is_not_booked(madison: Clinic) -> None:
    on_floor(madison)
    Closure.objects.create(clinic=madison, period=(at(madison, "11:00"), at(madison, "12:00")), reason="Fire drill")

    assert "closed" in refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "9:00")).reason


def test_without_a_nurse_nothing_is_booked(madison: Clinic) -> None:
    refused = refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "9:00"))

    assert refused.reason == "At 9:00 AM no nurse is on the floor."


def test_a_broken_chair_is_not_used(madison: Clinic) -> None:
    on_floor(madison)
    for chair in Chair.objects.all():
        ChairOutage.objects.create(chair=chair, period=(at(madison, "8:00"), at(madison, "17:00")), reason="Motor")

    refused = refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "9:00"))

    assert refused.reason == "No chair is free for the whole stay of 150 minutes."


def test_time_that_has_passed_is_not_booked(madison: Clinic) -> None:
    on_floor(madison)

    with time_machine.travel(at(madison, "10:01"), tick=False):
        refused = refusal(plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "10:00"))

    assert refused.reason == "That time has passed."


def test_a_patient_is_in_one_chair_at_a_time_over_all_clinics(madison: Clinic, wausau: Clinic) -> None:
    on_floor(madison)
    on_floor(wausau)
    patient = make_patient(madison)
    booked(madison, "9:00", plan=make_plan(patient))

    refused = refusal(plan=make_plan(patient, "vedolizumab"), dose_number=1, clinic=wausau, start=at(wausau, "10:00"))

    assert refused.code == "time"


def test_a_dose_is_booked_once(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison)
    booked(madison, "9:00", plan=plan)

    refused = refusal(plan=plan, dose_number=1, clinic=madison, start=at(madison, "13:00"))

    assert refused.reason == "Dose 1 is booked already, on Mon Dec 7, 2026. Move that appointment."


def test_a_dose_that_was_given_is_not_booked_again(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison, start_on=DAY - timedelta(days=28), given={1: DAY - timedelta(days=28)})

    assert refusal(plan=plan, dose_number=1, clinic=madison, start=at(madison, "9:00")).code == "given"


def test_the_minimum_gap_to_the_dose_before_is_kept(madison: Clinic) -> None:
    on_floor(madison)
    first, second = DAY - timedelta(days=153), DAY - timedelta(days=139)
    plan = make_plan(madison, "ocrevus", start_on=first, given={1: first, 2: second})

    refused = refusal(plan=plan, dose_number=3, clinic=madison, start=at(madison, "9:00"))

    assert refused.code == "minimum_gap"
    assert "from Tue Dec 8, 2026 on" in refused.reason


def test_the_minimum_gap_to_the_next_booked_dose_is_kept(madison: Clinic) -> None:
    later = DAY + timedelta(days=100)
    on_floor(madison)
    on_floor(madison, day=later)
    first, second = DAY - timedelta(days=200), DAY - timedelta(days=186)
    plan = make_plan(madison, "ocrevus", start_on=first, given={1: first, 2: second})
    booked(madison, "9:00", plan=plan, dose_number=4, day=later)

    refused = refusal(plan=plan, dose_number=3, clinic=madison, start=at(madison, "9:00"))

    assert refused.code == "minimum_gap"
    assert "Move the next dose first" in refused.reason


def test_a_paused_plan_is_not_booked(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison, status=PlanStatus.PAUSED)

    assert refusal(plan=plan, dose_number=1, clinic=madison, start=at(madison, "9:00")).code == "plan"


def test_a_manager_books_past_closing_with_a_reason_that_is_kept(madison: Clinic, manager: User) -> None:
    on_floor(madison, "8:00", "19:00")
    plan = make_plan(madison)

    appointment = book(
        plan=plan, dose_number=1, clinic=madison, start=at(madison, "15:30"), by=manager, override_reason="Long drive"
    )

    assert appointment.override_reason == "Long drive"


def test_an_override_never_goes_past_the_nurses(madison: Clinic, manager: User) -> None:
    on_floor(madison)

    with pytest.raises(NotAvailable, match="no nurse is on the floor"):
        book(
            plan=make_plan(madison),
            dose_number=1,
            clinic=madison,
            start=at(madison, "15:30"),
            by=manager,
            override_reason="Long drive",
        )


def test_the_front_desk_may_not_override(madison: Clinic, front_desk: User) -> None:
    with pytest.raises(PermissionDenied):
        book(
            plan=make_plan(madison),
            dose_number=1,
            clinic=madison,
            start=at(madison, "15:30"),
            by=front_desk,
            override_reason="Long drive",
        )


def test_a_patient_who_needs_more_time_stays_longer(madison: Clinic) -> None:
    on_floor(madison)

    appointment = booked(madison, "9:00", plan=make_plan(make_patient(madison, extra_minutes=20)))

    assert appointment.end - appointment.start == timedelta(minutes=165)


def test_a_patient_who_needs_a_bed_gets_one(madison: Clinic) -> None:
    on_floor(madison)
    bed = Chair.objects.create(clinic=madison, name="Bed 1", kind="bed", position=9)

    assert booked(madison, "9:00", plan=make_plan(make_patient(madison, chair_kind="bed"))).chair == bed


def test_a_move_frees_the_old_time_and_counts_the_version(madison: Clinic) -> None:
    on_floor(madison)
    appointment = confirm(appointment=booked(madison, "9:00"), by=None)

    moved = move(appointment=appointment, clinic=madison, start=at(madison, "13:00"), by=None)

    assert moved.start == at(madison, "13:00")
    assert (moved.version, moved.confirmed_at) == (2, None)
    assert booked(madison, "9:00").start == at(madison, "9:00")


def test_a_move_to_another_clinic_takes_the_nurse_and_chair_of_that_clinic(madison: Clinic, wausau: Clinic) -> None:
    on_floor(madison)
    there = on_floor(wausau)

    moved = move(appointment=booked(madison, "9:00"), clinic=wausau, start=at(wausau, "9:00"), by=None)

    assert moved.chair.clinic == wausau
    assert [care.nurse_id for care in moved.assignments.all()] == [there.nurse_id]


def test_a_move_by_a_quarter_hour_may_overlap_its_own_old_time(madison: Clinic) -> None:
    on_floor(madison)

    assert move(appointment=booked(madison, "9:00"), clinic=madison, start=at(madison, "9:15"), by=None).version == 2


def test_a_refused_move_leaves_everything_as_it_was(madison: Clinic) -> None:
    on_floor(madison)
    appointment, other = booked(madison, "9:00"), booked(madison, "13:00")

    with pytest.raises(NotAvailable):
        move(appointment=appointment, clinic=madison, start=other.start, by=None)

    appointment.refresh_from_db()
    assert appointment.start == at(madison, "9:00")
    assert appointment.assignments.count() == 1


def test_a_cancelled_appointment_frees_chair_and_nurse_and_keeps_its_reason(madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")

    gone = cancel(appointment=appointment, reason=Reason.TRANSPORT, by=None, note="Car broke down")

    assert (gone.status, gone.reason, gone.note) == (Status.CANCELLED, Reason.TRANSPORT, "Car broke down")
    assert not NurseAssignment.objects.filter(appointment=gone).exists()
    assert booked(madison, "9:00", plan=appointment.plan).status == Status.BOOKED


def test_a_cancellation_needs_a_reason(madison: Clinic) -> None:
    on_floor(madison)

    with pytest.raises(NotAvailable, match="Choose why"):
        cancel(appointment=booked(madison, "9:00"), reason="", by=None)


def test_confirming_twice_keeps_the_first_moment(madison: Clinic) -> None:
    on_floor(madison)
    appointment = confirm(appointment=booked(madison, "9:00"), by=None)

    with time_machine.travel(BEFORE + timedelta(hours=1)):
        assert confirm(appointment=appointment, by=None).confirmed_at == appointment.confirmed_at


def test_every_change_counts_the_version_of_its_clinic_day(madison: Clinic) -> None:
    on_floor(madison)
    cancel(appointment=booked(madison, "9:00"), reason=Reason.OTHER, by=None)

    assert madison.days.get(date=DAY).version == 2
    assert Appointment.objects.count() == 1


def test_cancelling_without_a_note_keeps_the_one_from_booking(madison: Clinic) -> None:
    on_floor(madison)
    appointment = book(
        plan=make_plan(madison), dose_number=1, clinic=madison, start=at(madison, "9:00"), by=None, note="Was abroad"
    )

    assert cancel(appointment=appointment, reason=Reason.OTHER, by=None).note == "Was abroad"
