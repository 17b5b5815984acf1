"""What the report reads of the record: the moments of steps, weeks of the clinic, papers as they stood then."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.closing import close_clinic, put_chair_out
from clinic.models import Clinic, OpeningHours
from clinic.staffing import record_absence
from patients.models import Authorization, Clearance
from scheduling.booking import cancel, confirm, move, set_status
from scheduling.models import Appointment, Reason, Status
from scheduling.reports.facts import Facts, read
from scheduling.reports.rows import HOUR, MINUTE, Visit
from scheduling.reports.weeks import Weeks
from scheduling.taking_over import KnownVisit, take_over_day
from tests.world import DAY, at, booked, clock, make_clinic, make_plan, make_ready, on_floor
from therapies.models import Prerequisite

pytestmark = pytest.mark.django_db

WEEK = Weeks(DAY, 1)
AFTER = datetime.fromisoformat("2026-12-16T09:00:00-06:00")


@pytest.fixture(autouse=True)
def now(db: None) -> Iterator[time_machine.Traveller]:
    """Early on the Monday of the week."""
    with time_machine.travel(datetime.fromisoformat("2026-12-07T06:00:00-06:00"), tick=False) as now:
        yield now


def facts(*clinics: Clinic, weeks: Weeks = WEEK, asked_at: datetime = AFTER) -> Facts:
    return read(clinics=clinics, weeks=weeks, now=asked_at)


def only_visit(*clinics: Clinic) -> Visit:
    [found] = facts(*clinics).visits
    return found


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def step(now: Any, clinic: Clinic, visit: Appointment, *steps: tuple[str, str]) -> None:
    """Let a visit go through statuses at times of the day."""
    for time, status in steps:
        now.move_to(at(clinic, time))
        set_status(appointment=visit, status=status, by=None)


def past(
    clinic: Clinic, start: str, end: str, steps: dict[Status, str], *, chair: int = 0, day: date = DAY
) -> KnownVisit:
    """A visit that was taken over."""
    return KnownVisit(
        plan=make_plan(clinic, start_on=day),
        dose_number=1,
        chair_id=clinic.chairs.all()[chair].pk,
        start=at(clinic, start, day),
        end=at(clinic, end, day),
        booked_at=at(clinic, "9:00", day - timedelta(days=20)),
        steps=[(status, at(clinic, time, day)) for status, time in steps.items()],
        reason="" if Status.DONE in steps else Reason.OTHER,
    )


def treated(seated: str, done: str) -> dict[Status, str]:
    return {Status.ARRIVED: seated, Status.SEATED: seated, Status.INFUSING: seated, Status.DONE: done}


# --- Steps -------------------------------------------------------------------------------------


def test_the_moments_of_a_visit(now: Any, madison: Clinic) -> None:
    on_floor(madison)
    visit = booked(madison, "9:00")
    confirm(appointment=visit, by=None)
    step(now, madison, visit, ("8:50", "arrived"), ("9:04", "seated"), ("9:22", "infusing"), ("11:10", "done"))

    found = only_visit(madison)

    assert (found.day, found.status, found.is_due) == (0, "done", True)
    assert (found.start, found.end, found.leaves) == tuple(seconds(at(madison, t)) for t in ("9:00", "11:30", "11:15"))
    assert found.midnight == seconds(at(madison, "0:00"))
    assert found.confirmed_at == found.booked_at == seconds(at(madison, "6:00"))
    assert [found.arrived, found.seated, found.infusing, found.ended] == [
        seconds(at(madison, t)) for t in ("8:50", "9:04", "9:22", "11:10")
    ]


def test_a_step_that_was_taken_back_does_not_count(now: Any, madison: Clinic) -> None:
    """Marked as arrived too soon, and as infusing too soon: the patient sat from 9:04 on all the same."""
    on_floor(madison)
    visit = booked(madison, "9:00")
    step(now, madison, visit, ("8:30", "arrived"), ("8:31", "booked"), ("8:55", "arrived"), ("9:04", "seated"))
    step(now, madison, visit, ("9:05", "infusing"), ("9:06", "seated"), ("9:20", "infusing"), ("11:10", "done"))

    found = only_visit(madison)

    assert [found.arrived, found.seated, found.infusing] == [seconds(at(madison, t)) for t in ("8:55", "9:04", "9:20")]


def test_who_was_put_back_into_the_waiting_room_never_sat(now: Any, madison: Clinic) -> None:
    on_floor(madison)
    visit = booked(madison, "9:00")
    step(now, madison, visit, ("8:50", "arrived"), ("9:04", "seated"), ("9:05", "arrived"))
    now.move_to(at(madison, "9:20"))
    set_status(appointment=visit, status="left", by=None, reason=Reason.NOT_WELL_TODAY)

    found = only_visit(madison)

    assert (found.seated, found.arrived) == (None, seconds(at(madison, "8:50")))


def test_a_cancelled_time_is_refilled_by_who_is_booked_into_it_afterwards(now: Any, madison: Clinic) -> None:
    on_floor(madison)
    before = booked(madison, "13:00", chair=madison.chairs.first())
    left = [booked(madison, time, chair=madison.chairs.first()) for time in ("9:00",)]
    alone = booked(madison, "9:15", chair=madison.chairs.last())
    now.move_to(at(madison, "7:00"))
    for visit in (*left, alone):
        cancel(appointment=visit, reason=Reason.WEATHER, by=None)
    now.move_to(at(madison, "7:10"))
    booked(madison, "9:30", chair=madison.chairs.first())

    found = {visit.start: visit.was_refilled for visit in facts(madison).visits if visit.status == "cancelled"}

    assert found == {seconds(left[0].start): True, seconds(alone.start): False}
    assert before.pk


def test_a_visit_counts_where_and_when_it_was_moved_to(madison: Clinic, wausau: Clinic) -> None:
    on_floor(madison)
    on_floor(wausau, day=DAY + timedelta(days=8))
    visit = booked(madison, "9:00")
    move(appointment=visit, clinic=wausau, start=at(wausau, "10:00", DAY + timedelta(days=8)), by=None)

    later = AFTER + timedelta(days=7)
    assert facts(madison, wausau, asked_at=later).visits == []
    [found] = facts(madison, wausau, weeks=Weeks(DAY, 2), asked_at=later).visits
    assert (found.clinic, found.day) == (wausau.pk, 8)


def test_the_weeks_before_have_negative_days_and_what_is_to_come_does_not_count(madison: Clinic) -> None:
    for day in (DAY, DAY + timedelta(days=7)):
        on_floor(madison, day=day)
        booked(madison, "9:00", day=day)

    def days(weeks: Weeks, hours: int) -> list[int]:
        return [visit.day for visit in facts(madison, weeks=weeks, asked_at=at(madison, f"{hours}:00")).visits]

    assert days(WEEK, 9) == []
    assert days(WEEK, 10) == [0]
    assert days(Weeks(DAY + timedelta(days=7), 1), 10) == [-7]
    assert days(Weeks(DAY + timedelta(days=14), 1), 10) == []


# --- Clinic days -------------------------------------------------------------------------------


def test_a_week_in_which_the_clocks_change_is_as_long_as_it_was(madison: Clinic) -> None:
    """Open from midnight to six, one chair: the Sunday night lasts seven hours in autumn, five in spring."""
    OpeningHours.objects.filter(clinic=madison).update(opens=clock("0:00"), closes=clock("6:00"))
    madison.chairs.exclude(pk=madison.chairs.all()[0].pk).delete()
    autumn, spring = Weeks(date(2026, 10, 26), 1), Weeks(date(2026, 3, 2), 1)

    for weeks, hours in ((autumn, 7), (spring, 5), (WEEK, 6)):
        sunday = weeks.last_day
        on_floor(madison, "0:00", "6:00", day=sunday)
        found = [day for day in facts(madison, weeks=weeks).days if day.day >= 0]
        assert sum(day.available for day in found) == (36 + hours) * HOUR
        assert sum(day.staffed for day in found) == hours * HOUR
        assert {day.day for day in found} == set(range(7))


def test_a_late_visit_counts_on_its_local_day(madison: Clinic) -> None:
    sunday = date(2026, 11, 1)
    on_floor(madison, "20:00", "23:45", day=sunday)
    steps = treated("22:00", "23:20")
    take_over_day(clinic=madison, day=sunday, visits=[past(madison, "22:00", "23:30", steps, day=sunday)], by=None)

    [found] = facts(madison, weeks=Weeks(date(2026, 10, 26), 1)).visits

    assert found.day == 6
    assert found.ended is not None
    assert found.ended - found.start == 80 * MINUTE
    assert found.midnight == seconds(datetime.fromisoformat("2026-11-01T00:00:00-05:00"))


def test_outages_closures_and_chairs_that_went_come_off(madison: Clinic) -> None:
    """Four chairs from 8 to 17; one is listed no more, one is out for stretches that overlap, one hour is closed."""
    retired, broken, *_ = madison.chairs.all()
    type(retired).objects.filter(pk=retired.pk).update(is_active=False)
    for start, end in (("9:00", "11:00"), ("10:00", "11:30"), ("16:30", "23:00")):
        put_chair_out(chair=broken, start=at(madison, start), end=at(madison, end), reason="Pump")
    put_chair_out(chair=retired, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Old")
    close_clinic(clinic=madison, start=at(madison, "12:00"), end=at(madison, "13:00"), reason="Snow")

    [day] = [day for day in facts(madison).days if day.day == 0]

    assert day.available == (3 * 8 - 3) * HOUR


def test_who_is_away_is_not_on_the_floor_and_a_shift_nobody_worked_has_no_break_due(madison: Clinic) -> None:
    shift = on_floor(madison, breaks=[("12:00", "12:30")])
    away = on_floor(madison)
    record_absence(nurse=away.nurse, start=away.period.lower, end=away.period.upper, reason="Ill", by=None)

    found = facts(madison)

    [day] = [day for day in found.days if day.day == 0]
    assert day.staffed == 3 * (8 * HOUR + HOUR // 2)
    [worked] = found.shifts
    assert worked.shift == (seconds(shift.period.lower), seconds(shift.period.upper))
    assert worked.breaks == ((seconds(at(madison, "12:00")), seconds(at(madison, "12:30"))),)
    assert worked.over == 0


def test_a_nurse_stays_until_her_last_patient_has_left(now: Any, madison: Clinic) -> None:
    on_floor(madison, "8:00", "12:00")
    now.move_to(at(madison, "18:00"))
    visits = [
        past(madison, "9:00", "11:30", treated("9:00", "11:20")),
        past(madison, "9:30", "12:00", treated("9:30", "12:25"), chair=1),
        past(madison, "9:15", "11:45", treated("9:15", "11:50"), chair=2),
    ]
    take_over_day(clinic=madison, day=DAY, visits=visits, by=None)

    found = facts(madison)

    assert [worked.over for worked in found.shifts] == [25 * MINUTE]
    [day] = [day for day in found.days if day.day == 0]
    assert day.breaches == ((seconds(at(madison, "12:00")), seconds(at(madison, "12:25"))),)
    assert day.breach_by_book == 0


# --- Doses and papers --------------------------------------------------------------------------


def test_doses_are_held_against_the_green_window_of_their_therapy(madison: Clinic) -> None:
    """Ocrevus dose 3 counts from dose 1, by 24 weeks and some days; Tysabri from the dose before, by 28 days."""
    on_floor(madison)
    first = DAY - timedelta(days=168)
    visits = []
    for chair, (slug, number, given) in enumerate(
        [
            ("tysabri", 3, {2: DAY - timedelta(days=28)}),
            ("tysabri", 3, {2: DAY - timedelta(days=60)}),
            ("ocrevus", 3, {1: first, 2: first + timedelta(days=14)}),
        ]
    ):
        steps = treated(f"{9 + chair}:00", "14:00")
        one = past(madison, f"{9 + chair}:00", "14:30", steps, chair=chair)
        plan = make_plan(madison, slug, given=given, start_on=DAY - timedelta(days=400))
        visits.append(replace(one, plan=plan, dose_number=number))
    with time_machine.travel(AFTER, tick=False):
        take_over_day(clinic=madison, day=DAY, visits=visits, by=None)

    found = facts(madison).doses

    assert sorted(dose.is_on_interval or False for dose in found) == [False, True, True]


def test_papers_count_as_they_stood_then(madison: Clinic) -> None:
    """In order a week before; and one that came in three days before, one withdrawn since, one that ran out."""
    on_floor(madison)
    day = at(madison, "0:00")
    plans = [make_plan(madison) for _ in range(4)]
    with time_machine.travel(day - timedelta(days=20), tick=False):
        visits = [booked(madison, time, plan=plan, ready=False) for time, plan in zip(
            ("9:00", "9:15", "12:00", "12:15"), plans, strict=True)]  # fmt: skip
    for plan in plans:
        make_ready(plan, DAY, without={"authorization"})
        Clearance.objects.filter(plan=plan).update(recorded_at=day - timedelta(days=8))
        Authorization.objects.create(
            plan=plan, payer="Badger", number="1", valid_from=DAY - timedelta(days=90),
            valid_until=DAY, recorded_at=day - timedelta(days=30),
        )  # fmt: skip
    late, withdrawn, ended = plans[1:]
    late_one = Clearance.objects.filter(plan=late, for_day=None).first()
    assert late_one
    Clearance.objects.filter(pk=late_one.pk).update(recorded_at=day - timedelta(days=3))
    Authorization.objects.filter(plan=withdrawn).update(withdrawn_at=day - timedelta(days=4))
    Authorization.objects.filter(plan=ended).update(valid_until=DAY - timedelta(days=1))
    assert Prerequisite.objects.filter(version__therapy=plans[0].therapy, code="authorization").exists()

    found = [(visit.at_7, visit.at_2) for visit in facts(madison).prepared]

    assert sorted(found) == sorted([(True, True), (False, True), (True, False), (False, False)])
    Appointment.objects.filter(pk=visits[0].pk).update(booked_at=day - timedelta(days=3))
    assert (None, True) in [(visit.at_7, visit.at_2) for visit in facts(madison).prepared]


# --- How much is read --------------------------------------------------------------------------


def test_a_year_takes_as_many_queries_as_a_week_and_other_clinics_are_left_out(madison: Clinic, wausau: Clinic) -> None:
    for clinic in (madison, wausau):
        for number in range(4):
            on_floor(clinic, day=DAY + timedelta(days=number))
            booked(clinic, "9:00", day=DAY + timedelta(days=number))
    third = make_clinic("eau-claire")
    counts = []
    for clinics, weeks in (([third], WEEK), ([madison, wausau, third], Weeks(DAY - timedelta(weeks=51), 52))):
        with CaptureQueriesContext(connection) as queries:
            read(clinics=clinics, weeks=weeks, now=AFTER)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 11
    found = facts(madison)
    assert {row.clinic for rows in (found.visits, found.days, found.shifts, found.prepared) for row in rows} == {
        madison.pk
    }
    assert len(found.visits) == 4
    assert timezone.now() < AFTER
