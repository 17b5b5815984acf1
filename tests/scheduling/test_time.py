"""Time as the clinic's wall clock shows it: clock changes, midnight, month ends, the leap day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
import time_machine

from clinic.models import Clinic, FloorPeriod, Shift, ShiftPattern
from clinic.quarters import at_wall_clock, local_date
from clinic.staffing import add_shift, roster_from_patterns
from patients import course
from patients.models import TreatmentPlan
from scheduling import restaffing
from scheduling.booking import NotAvailable, book, extend, move, set_status
from scheduling.load import load_day
from scheduling.models import Appointment, NurseAssignment, Status
from scheduling.openings import Opening, find
from tests.world import at, booked, clock, given_dates, make_clinic, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

SPRING = date(2027, 3, 14)
"""At 2:00 the clocks go to 3:00."""
AUTUMN = date(2026, 11, 1)
"""At 2:00 the clocks go back to 1:00."""


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with now_is("2026-06-01T09:00:00-05:00"):
        yield


@contextmanager
def now_is(moment: str) -> Iterator[None]:
    with time_machine.travel(datetime.fromisoformat(moment), tick=False):
        yield


@pytest.fixture
def night_clinic(db: None) -> Clinic:
    """A clinic that is open at night, when clocks change."""
    return make_clinic("madison", opens="0:00", closes="6:00")


def wall_clock(moment: datetime, clinic: Clinic) -> str:
    return f"{moment.astimezone(clinic.zone):%-H:%M}"


def offered(plan: TreatmentPlan, clinic: Clinic, first: date, last: date | None = None, dose: int = 1) -> list[Opening]:
    """All openings of some days, in order of time."""
    found = find(plan=plan, dose_number=dose, clinics=[clinic], first_day=first, last_day=last or first, limit=10_000)
    return sorted(found, key=lambda one: one.start)


def short_plan(clinic: Clinic) -> TreatmentPlan:
    """A plan whose stay is half an hour."""
    return make_plan(clinic, "methylprednisolone", infusion_minutes=5)


# The clocks change


@pytest.mark.parametrize(("day", "quarters"), [(SPRING, 92), (AUTUMN, 100), (SPRING + timedelta(days=1), 96)])
def test_a_day_has_as_many_quarters_as_its_clock(night_clinic: Clinic, day: date, quarters: int) -> None:
    assert load_day(clinic=night_clinic, day=day).length == quarters


def test_in_spring_the_hour_that_is_skipped_is_not_offered(night_clinic: Clinic) -> None:
    on_floor(night_clinic, "0:00", "6:00", day=SPRING)

    starts = [one.start for one in offered(short_plan(night_clinic), night_clinic, SPRING)]

    clocks = [wall_clock(start, night_clinic) for start in starts]
    assert clocks[:10] == ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30", "1:45", "3:00", "3:15"]
    assert len(clocks) == 5 * 4 - 1
    assert {after - before for before, after in pairwise(starts)} == {timedelta(minutes=15)}


def test_in_autumn_the_hour_that_comes_twice_is_offered_twice(night_clinic: Clinic) -> None:
    on_floor(night_clinic, "0:00", "6:00", day=AUTUMN)
    plan, other = short_plan(night_clinic), short_plan(night_clinic)

    starts = [one.start for one in offered(plan, night_clinic, AUTUMN)]

    clocks = [wall_clock(start, night_clinic) for start in starts]
    assert clocks[4:12] == ["1:00", "1:15", "1:30", "1:45"] * 2
    assert len(clocks) == 7 * 4 - 1
    first, second = (start for start in starts if wall_clock(start, night_clinic) == "1:30")
    for each, start in ((plan, first), (other, second)):
        made = book(plan=each, dose_number=1, clinic=night_clinic, start=start, by=None)
        assert (made.start, made.end) == (start, start + timedelta(minutes=30))


@pytest.mark.parametrize(("day", "end"), [(SPRING, "5:00"), (AUTUMN, "3:00")])
def test_a_stay_across_the_change_lasts_its_minutes(night_clinic: Clinic, day: date, end: str) -> None:
    on_floor(night_clinic, "0:00", "6:00", day=day)

    appointment = booked(night_clinic, "1:30", day=day)

    assert appointment.end - appointment.start == timedelta(minutes=150)
    assert wall_clock(appointment.end, night_clinic) == end
    assert [care.period for care in appointment.assignments.all()] == [appointment.period]
    assert load_day(clinic=night_clinic, day=day).stays[0].quarters.bit_count() == 10


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_break_across_the_change_is_covered(night_clinic: Clinic, day: date) -> None:
    on_floor(night_clinic, "0:00", "6:00", day=day, breaks=[("1:45", "3:15")])
    plan = short_plan(night_clinic)

    # A break that would run over the whole change: from 1:45, once, until 3:15.
    pause = (at(night_clinic, "1:45", day), at(night_clinic, "3:15", day))
    assert pause[1] - pause[0] == timedelta(minutes={SPRING: 30, AUTUMN: 150}[day])
    assert all(one.end <= pause[0] or pause[1] <= one.start for one in offered(plan, night_clinic, day))
    with pytest.raises(NotAvailable, match="At 1:45 AM no nurse is on the floor"):
        booked(night_clinic, "1:30", day=day)


def test_a_visit_of_the_night_of_the_change_runs_on_and_is_done(night_clinic: Clinic) -> None:
    on_floor(night_clinic, "0:00", "6:00", day=AUTUMN)
    appointment = booked(night_clinic, "0:30", day=AUTUMN)
    assert wall_clock(appointment.end, night_clinic) == "2:00"

    appointment = extend(appointment=appointment, end=appointment.end + timedelta(minutes=30), by=None)
    with now_is("2026-11-01T01:40:00-06:00"):
        for status in (Status.SEATED, Status.INFUSING, Status.DONE):
            appointment = set_status(appointment=appointment, status=status, by=None)

    assert appointment.end == datetime.fromisoformat("2026-11-01T01:45:00-06:00").astimezone(UTC)
    assert given_dates(appointment.plan) == {1: AUTUMN}


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_nine_o_clock_patient_stays_a_nine_o_clock_patient(madison: Clinic, change: date) -> None:
    before, after = change - timedelta(days=12), change + timedelta(days=16)
    for day in (before, after):
        on_floor(madison, day=day)
    plan = make_plan(madison, start_on=before)
    first = booked(madison, "9:00", plan=plan, day=before)

    [best] = find(plan=plan, dose_number=2, clinics=[madison], first_day=after, last_day=after, limit=1)

    assert wall_clock(best.start, madison) == "9:00"
    assert best.start - first.start != timedelta(days=28)
    assert "usual hour" in best.why
    second = book(plan=plan, dose_number=2, clinic=madison, start=best.start, by=None)
    assert wall_clock(second.start, madison) == "9:00"


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_opening_hours_and_shifts_keep_to_the_wall_clock(madison: Clinic, change: date) -> None:
    nurse = make_nurse(madison)
    for weekday in range(7):
        ShiftPattern.objects.create(
            nurse=nurse,
            clinic=madison,
            weekday=weekday,
            starts=clock("8:00"),
            ends=clock("17:00"),
            break_starts=clock("12:00"),
            valid_from=date(2026, 1, 1),
        )
    days = [change + timedelta(days=number) for number in (-1, 0, 1)]
    roster_from_patterns(clinics=[madison], first_day=days[0], last_day=days[-1])

    starts = [one.start for one in offered(short_plan(madison), madison, days[0], days[-1])]

    for day in days:
        clocks = [wall_clock(start, madison) for start in starts if local_date(start, madison.zone) == day]
        assert (clocks[0], clocks[-1]) == ("8:00", "16:30")
        assert not {"11:45", "12:00", "12:15"} & set(clocks)
        assert {"11:30", "12:30"} <= set(clocks)


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_minimum_gap_over_the_change_counts_calendar_days(madison: Clinic, change: date) -> None:
    given = change - timedelta(days=10)
    for number in (20, 21):
        on_floor(madison, day=given + timedelta(days=number))
    plan = make_plan(madison, start_on=given, given={1: given})

    days = {one.day for one in offered(plan, madison, given, given + timedelta(days=30), dose=2)}

    assert days == {given + timedelta(days=21)}


# Midnight


@pytest.fixture
def late_clinic(db: None) -> Clinic:
    """A clinic that is open until late: its evening is the next day in UTC."""
    return make_clinic("madison", opens="8:00", closes="23:45")


EVENING = date(2026, 12, 31)


def test_an_evening_belongs_to_its_local_day(late_clinic: Clinic) -> None:
    on_floor(late_clinic, "8:00", "23:45", day=EVENING)

    appointment = booked(late_clinic, "20:00", day=EVENING)

    assert appointment.start.date() == date(2027, 1, 1)
    assert [day.date for day in late_clinic.days.all()] == [EVENING]
    assert [stay.id for stay in load_day(clinic=late_clinic, day=EVENING).stays] == [appointment.pk]
    assert load_day(clinic=late_clinic, day=date(2027, 1, 1)).stays == ()


def test_a_dose_of_an_evening_is_given_that_evening(late_clinic: Clinic) -> None:
    on_floor(late_clinic, "8:00", "23:45", day=EVENING)
    appointment = booked(late_clinic, "20:00", day=EVENING)

    with now_is("2026-12-31T22:10:00-06:00"):
        for status in (Status.SEATED, Status.INFUSING, Status.DONE):
            set_status(appointment=appointment, status=status, by=None)

    assert given_dates(appointment.plan) == {1: EVENING}
    following = course.next_dose(plan=appointment.plan, on=EVENING)
    assert following is not None
    assert following.target == EVENING + timedelta(days=28)


def test_a_minimum_gap_counts_from_the_evening_and_not_from_its_day_in_utc(late_clinic: Clinic) -> None:
    earliest = EVENING + timedelta(days=21)
    on_floor(late_clinic, "8:00", "23:45", day=EVENING)
    on_floor(late_clinic, "8:00", "23:45", day=earliest)
    plan = make_plan(late_clinic, start_on=EVENING)
    booked(late_clinic, "20:00", plan=plan, day=EVENING)

    assert offered(plan, late_clinic, earliest, dose=2)[0].day == earliest


def test_what_is_left_of_an_evening_is_offered(late_clinic: Clinic) -> None:
    on_floor(late_clinic, "8:00", "23:45", day=EVENING)
    plan = make_plan(late_clinic, start_on=EVENING)

    with now_is("2026-12-31T20:50:00-06:00"):
        starts = [wall_clock(one.start, late_clinic) for one in offered(plan, late_clinic, EVENING)]

    assert starts == ["21:00", "21:15"]


def test_a_move_from_the_evening_to_the_next_morning_counts_both_days(late_clinic: Clinic) -> None:
    morning = EVENING + timedelta(days=1)
    for day in (EVENING, morning):
        on_floor(late_clinic, "8:00", "23:45", day=day)
    appointment = booked(late_clinic, "20:00", day=EVENING)

    move(appointment=appointment, clinic=late_clinic, start=at(late_clinic, "9:00", morning), by=None)

    assert {day.date: day.version for day in late_clinic.days.all()} == {EVENING: 2, morning: 1}


def test_a_stay_may_run_on_until_midnight_and_leaves_the_next_day_alone(late_clinic: Clinic) -> None:
    midnight = at(late_clinic, "0:00", EVENING + timedelta(days=1))
    add_shift(nurse=make_nurse(late_clinic), clinic=late_clinic, start=at(late_clinic, "8:00", EVENING), end=midnight)
    appointment = booked(late_clinic, "21:15", day=EVENING)

    assert extend(appointment=appointment, end=midnight, by=None).end == midnight
    assert load_day(clinic=late_clinic, day=EVENING + timedelta(days=1)).stays == ()
    with pytest.raises(NotAvailable, match="same day"):
        extend(appointment=appointment, end=midnight + timedelta(minutes=15), by=None)


def test_rows_past_midnight_written_by_hand_break_nothing(late_clinic: Clinic) -> None:
    on_floor(late_clinic, "8:00", "23:45", day=EVENING)
    appointment = booked(late_clinic, "20:00", day=EVENING)
    past_midnight = (at(late_clinic, "16:00", EVENING), at(late_clinic, "1:30", EVENING + timedelta(days=1)))
    nurse = make_nurse(late_clinic)
    shift = Shift.objects.create(nurse=nurse, clinic=late_clinic, period=past_midnight)
    FloorPeriod.objects.create(shift=shift, nurse=nurse, clinic=late_clinic, period=past_midnight)
    NurseAssignment.objects.update(nurse=nurse, period=(appointment.start, past_midnight[1]))
    Appointment.objects.update(period=(appointment.start, past_midnight[1]))
    plan = make_plan(late_clinic, start_on=EVENING)

    starts = offered(plan, late_clinic, EVENING, EVENING + timedelta(days=1))

    assert wall_clock(starts[-1].end, late_clinic) == "23:45"
    assert book(plan=plan, dose_number=1, clinic=late_clinic, start=starts[-1].start, by=None).end == starts[-1].end
    restaffing.take_off(nurse=nurse, start=past_midnight[0], end=past_midnight[1], reason="Sick", by=None)
    appointment.refresh_from_db()
    assert appointment.short_staffed


# Month ends and the leap day


def test_the_leap_day_is_a_day_like_any_other(madison: Clinic) -> None:
    leap_day = date(2028, 2, 29)
    given = leap_day - timedelta(days=28)
    for number in range(-1, 2):
        on_floor(madison, day=leap_day + timedelta(days=number))
    plan = make_plan(madison, start_on=given, given={1: given})

    with now_is("2028-02-25T09:00:00-06:00"):
        days = list(
            dict.fromkeys(one.day for one in offered(plan, madison, date(2028, 2, 28), date(2028, 3, 1), dose=2))
        )
        best = find(plan=plan, dose_number=2, clinics=[madison], first_day=days[0], last_day=days[-1], limit=1)[0]
        appointment = booked(madison, "9:00", plan=plan, dose_number=2, day=leap_day)
    with now_is("2028-02-29T11:30:00-06:00"):
        for status in (Status.SEATED, Status.INFUSING, Status.DONE):
            set_status(appointment=appointment, status=status, by=None)

    assert days == [date(2028, 2, 28), leap_day, date(2028, 3, 1)]
    assert (best.day, best.why[0]) == (leap_day, "on the due day")
    following = course.next_dose(plan=plan, on=leap_day)
    assert following is not None
    assert following.target == date(2028, 3, 28)


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (date(2026, 12, 31), date(2027, 1, 28)),
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 28)),
        (date(2028, 2, 1), date(2028, 2, 29)),
        (date(2028, 2, 2), date(2028, 3, 1)),
    ],
)
def test_due_days_count_days_and_not_months(madison: Clinic, given: date, due: date) -> None:
    on_floor(madison, day=due)
    plan = make_plan(madison, start_on=given, given={1: given})

    with now_is(f"{given.isoformat()}T18:00:00-06:00"):
        best = find(
            plan=plan,
            dose_number=2,
            clinics=[madison],
            first_day=due - timedelta(days=3),
            last_day=due + timedelta(days=3),
            limit=1,
        )[0]

    assert (best.day, best.why[0]) == (due, "on the due day")


def test_openings_run_over_the_end_of_the_year(madison: Clinic) -> None:
    days = [EVENING + timedelta(days=number) for number in range(-1, 3)]
    for day in days:
        on_floor(madison, day=day)
    plan = make_plan(madison, start_on=EVENING)

    assert sorted({one.day for one in offered(plan, madison, days[0], days[-1])}) == days


# Clinics with other clocks


def test_each_clinic_has_its_own_clock(madison: Clinic) -> None:
    denver = make_clinic("denver")
    denver.timezone = "America/Denver"
    denver.save()
    on_floor(madison, day=EVENING)
    on_floor(denver, day=EVENING)
    patient = make_patient(madison)
    plan = make_plan(patient, start_on=EVENING, usual_time=time(9, 0))

    best = {
        clinic.slug: find(plan=plan, dose_number=1, clinics=[clinic], first_day=EVENING, last_day=EVENING, limit=1)[
            0
        ].start
        for clinic in (madison, denver)
    }
    assert best["denver"] - best["madison"] == timedelta(hours=1)
    assert best["denver"] == at_wall_clock(EVENING, time(9, 0), denver.zone)

    # Booked from 9:00 to 11:30 here is from 8:00 to 10:30 there.
    booked(madison, "9:00", plan=plan, day=EVENING)
    other = make_plan(patient, "vedolizumab", start_on=EVENING)
    assert wall_clock(offered(other, denver, EVENING)[0].start, denver) == "10:30"
    assert Appointment.objects.count() == 1
