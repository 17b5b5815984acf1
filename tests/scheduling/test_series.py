"""Many doses in one action: proposed inside their windows, written all or none."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Clinic, Closure, Nurse
from clinic.quarters import day_bounds
from patients.models import TreatmentPlan
from scheduling.booking import move
from scheduling.models import Appointment
from scheduling.series import Choice, SeriesClash, Step, book_series, move_series, propose, propose_shift
from tests.world import BEFORE, DAY, at, booked, clock, make_nurse, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


def staffed(clinic: Clinic, *days: date, nurse: Nurse | None = None) -> Nurse:
    nurse = nurse or make_nurse(clinic)
    for day in days:
        on_floor(clinic, day=day, nurse=nurse)
    return nurse


def every_day(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def chosen(steps: list[Step]) -> list[Choice]:
    return [Choice(step.dose_number, step.choices[0].clinic, step.choices[0].start) for step in steps]


def test_six_doses_of_tysabri_keep_weekday_hour_and_clinic(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 150))
    plan = make_plan(madison, usual_weekday=0, usual_time=clock("10:00"))

    steps = propose(plan=plan, count=6, clinics=[madison])
    series = book_series(plan=plan, choices=chosen(steps), by=None)

    assert [one.start for one in series] == [at(madison, "10:00", DAY + timedelta(days=28 * n)) for n in range(6)]
    assert [one.dose_number for one in series] == [1, 2, 3, 4, 5, 6]


def test_a_proposal_writes_nothing(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 30))

    propose(plan=make_plan(madison), count=2, clinics=[madison])

    assert not Appointment.objects.exists()


def test_the_first_dose_sets_the_habit_of_a_new_patient(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 70))
    booked(madison, "8:00", day=DAY)

    first, second, third = propose(plan=make_plan(madison), count=3, clinics=[madison])

    clocks = {step.choices[0].start.astimezone(madison.zone).time() for step in (first, second, third)}
    assert len(clocks) == 1


@pytest.mark.parametrize("first", [date(2027, 2, 22), date(2027, 10, 18)], ids=["spring", "autumn"])
def test_a_series_over_a_clock_change_keeps_its_wall_clock_hour(madison: Clinic, first: date) -> None:
    staffed(madison, *(first + timedelta(days=28 * n) for n in range(3)))
    plan = make_plan(madison, start_on=first, usual_weekday=0, usual_time=clock("9:00"))

    series = book_series(plan=plan, choices=chosen(propose(plan=plan, count=3, clinics=[madison])), by=None)

    assert {one.start.astimezone(madison.zone).strftime("%a %H:%M") for one in series} == {"Mon 09:00"}
    assert len({one.start.astimezone(madison.zone).utcoffset() for one in series}) == 2


def test_a_closed_day_is_stepped_around_inside_the_window(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 70))
    holiday = DAY + timedelta(days=28)
    Closure.objects.create(clinic=madison, period=day_bounds(holiday, madison.zone), reason="Holiday")

    first, second, third = propose(plan=make_plan(madison), count=3, clinics=[madison])

    assert second.choices[0].day != holiday
    assert second.is_in_window
    assert third.due.target == second.choices[0].day + timedelta(days=28)
    assert first.choices[0].day == DAY


def test_a_dose_with_nothing_free_in_its_window_shows_the_next_times_after_it(madison: Clinic) -> None:
    staffed(madison, DAY, *every_day(DAY + timedelta(days=40), 10))

    _, second = propose(plan=make_plan(madison), count=2, clinics=[madison])

    assert not second.is_in_window
    assert second.choices[0].day == DAY + timedelta(days=40)


def test_a_clash_writes_nothing_and_names_the_dose(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 70))
    plan = make_plan(madison)
    choices = chosen(propose(plan=plan, count=3, clinics=[madison]))
    taken = choices[1].start.astimezone(madison.zone)
    booked(madison, f"{taken:%H:%M}", day=taken.date())

    with pytest.raises(SeriesClash) as clash:
        book_series(plan=plan, choices=choices, by=None)

    assert clash.value.dose_number == 2
    assert clash.value.reason.endswith("Nothing was booked.")
    assert not plan.appointments.exists()


def test_five_days_of_lemtrada_are_one_block_that_fits_the_week(madison: Clinic) -> None:
    friday = DAY + timedelta(days=4)
    nurse = staffed(madison, *(day for day in every_day(DAY, 14) if day.weekday() < 5))
    plan = make_plan(madison, "lemtrada", start_on=friday, doses_ordered=5)
    assert nurse.shifts.count() == 10

    steps = propose(plan=plan, count=5, clinics=[madison])

    days = [step.choices[0].day for step in steps]
    assert days == every_day(DAY + timedelta(days=7), 5)
    assert len(book_series(plan=plan, choices=chosen(steps), by=None)) == 5


def test_a_relapse_is_treated_on_three_days_in_a_row_at_one_clinic(madison: Clinic, wausau: Clinic) -> None:
    staffed(madison, DAY, DAY + timedelta(days=2))
    staffed(wausau, *every_day(DAY, 3))
    plan = make_plan(madison, "methylprednisolone", doses_ordered=3)

    steps = propose(plan=plan, count=3, clinics=[madison, wausau])

    assert [step.choices[0].clinic for step in steps] == [wausau] * 3
    assert [step.choices[0].day for step in steps] == every_day(DAY, 3)


def test_the_series_ends_with_the_order(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 70))

    assert len(propose(plan=make_plan(madison, doses_ordered=2), count=6, clinics=[madison])) == 2


def a_booked_series(clinic: Clinic, count: int) -> TreatmentPlan:
    plan = make_plan(clinic, usual_weekday=0, usual_time=clock("9:00"))
    book_series(plan=plan, choices=chosen(propose(plan=plan, count=count, clinics=[clinic])), by=None)
    return plan


def test_moving_one_dose_offers_to_shift_the_rest_along(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 100))
    plan = a_booked_series(madison, 3)
    first = plan.appointments.get(dose_number=1)

    to = (madison, at(madison, "9:00", DAY + timedelta(days=9)))
    steps = propose_shift(appointment=first, away=timedelta(days=9), to=to, clinics=[madison])
    moved = move_series(plan=plan, choices=chosen(steps), by=None)

    days = {one.dose_number: one.start.astimezone(madison.zone).date() for one in moved}
    assert days == {n: DAY + timedelta(days=9 + 28 * (n - 1)) for n in (1, 2, 3)}
    assert {one.start.astimezone(madison.zone).strftime("%H:%M") for one in moved} == {"09:00"}


def test_after_a_move_the_later_doses_may_follow_it(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 100))
    plan = a_booked_series(madison, 3)
    first = move(
        appointment=plan.appointments.get(dose_number=1),
        clinic=madison,
        start=at(madison, "13:00", DAY + timedelta(days=2)),
        by=None,
    )

    steps = propose_shift(appointment=first, away=timedelta(days=2), clinics=[madison])

    assert [step.dose_number for step in steps] == [2, 3]
    assert [step.choices[0].day for step in steps] == [DAY + timedelta(days=30), DAY + timedelta(days=58)]


def test_a_shift_past_the_next_dose_is_possible_only_together(madison: Clinic) -> None:
    """Moved alone, dose 1 would come too close to dose 2; moved together, both keep their gap."""
    staffed(madison, *every_day(DAY, 100))
    plan = a_booked_series(madison, 2)
    first = plan.appointments.get(dose_number=1)
    later = at(madison, "9:00", DAY + timedelta(days=14))

    with pytest.raises(Exception, match="Too close to the next dose"):
        move(appointment=first, clinic=madison, start=later, by=None)

    steps = propose_shift(appointment=first, away=timedelta(days=14), to=(madison, later), clinics=[madison])
    assert len(move_series(plan=plan, choices=chosen(steps), by=None)) == 2


def test_a_shift_that_clashes_leaves_every_dose_where_it_was(madison: Clinic) -> None:
    staffed(madison, *every_day(DAY, 100))
    plan = a_booked_series(madison, 3)
    before = list(plan.appointments.order_by("dose_number").values_list("period", "version"))
    steps = propose_shift(
        appointment=plan.appointments.get(dose_number=1),
        away=timedelta(days=7),
        to=(madison, at(madison, "9:00", DAY + timedelta(days=7))),
        clinics=[madison],
    )
    choices = chosen(steps)
    booked(madison, "9:00", day=choices[2].start.astimezone(madison.zone).date())

    with pytest.raises(SeriesClash):
        move_series(plan=plan, choices=choices, by=None)

    assert list(plan.appointments.order_by("dose_number").values_list("period", "version")) == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    slug=st.sampled_from(["tysabri", "ocrevus", "briumvi", "infliximab", "vedolizumab"]),
    closed=st.sets(st.integers(0, 400), max_size=12),
    count=st.integers(1, 4),
)
def test_every_proposed_dose_lies_in_its_window_and_keeps_the_minimum_gap(
    madison: Clinic, slug: str, closed: set[int], count: int
) -> None:
    nurse = Nurse.objects.first() or staffed(madison, *every_day(DAY, 420))
    assert nurse
    Closure.objects.all().delete()
    for offset in closed:
        period = day_bounds(DAY + timedelta(days=offset), madison.zone)
        Closure.objects.create(clinic=madison, period=period, reason="Closed")

    steps = propose(plan=make_plan(madison, slug), count=count, clinics=[madison])

    assert len(steps) == count
    for step in steps:
        best = step.choices[0]
        assert (best.day - DAY).days not in closed
        assert step.due.earliest is None or best.day >= step.due.earliest
        if step.is_in_window:
            assert step.due.amber_from <= best.day <= step.due.amber_until
