"""Changing who is on the floor: it never fails because of patients, and every patient is accounted for."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.celery import app
from clinic.models import Absence, Clinic, FloorPeriod, Nurse, Shift, ShiftPattern, User
from clinic.quarters import ClinicDate
from clinic.staffing import RosterConflict
from scheduling import restaffing
from scheduling.booking import NotAvailable, cancel, set_status
from scheduling.models import HELD, Appointment, NurseAssignment, Status
from scheduling.redealing import Redealt
from scheduling.tasks import top_up_rosters
from tests.world import BEFORE, DAY, at, booked, clock, make_clinic, make_nurse, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(BEFORE, tick=False):
        yield


def sick(clinic: Clinic, nurse: Nurse, start: str = "8:00", end: str = "17:00", by: User | None = None) -> Redealt:
    return restaffing.take_off(nurse=nurse, start=at(clinic, start), end=at(clinic, end), reason="Sick", by=by)


def carers(appointment: Appointment) -> list[tuple[object, ...]]:
    """Who cares for an appointment, with wall-clock times."""
    zone = appointment.clinic.zone
    return [
        (care.nurse_id, *(f"{moment.astimezone(zone):%-H:%M}" for moment in (care.period.lower, care.period.upper)))
        for care in appointment.assignments.order_by("period")
    ]


def check_the_day(clinic: Clinic) -> None:
    """Every guarantee about care holds, and exactly those are short-staffed whom nobody cares for at some time."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; set constraints all deferred")
    grid = ClinicDate(DAY, clinic.zone)
    floor = {
        (nurse, quarter)
        for nurse, period in FloorPeriod.objects.values_list("nurse_id", "period")
        for quarter in range(grid.quarter_of(period.lower), grid.quarter_of(period.upper))
    }
    held = Appointment.objects.filter(clinic=clinic, status__in=HELD).prefetch_related("assignments")
    load: Counter[tuple[int, int]] = Counter()
    for appointment in held:
        cared = Counter(
            (care.nurse_id, quarter)
            for care in appointment.assignments.all()
            for quarter in range(grid.quarter_of(care.period.lower), grid.quarter_of(care.period.upper))
        )
        load += cared
        quarters = [quarter for _, quarter in cared]
        stay = range(grid.quarter_of(appointment.start), grid.quarter_of(appointment.end))
        assert len(quarters) == len(set(quarters)), "two nurses at once"
        assert appointment.short_staffed == (sorted(quarters) != list(stay))
    assert set(load) <= floor
    assert all(patients <= 3 for patients in load.values())


def test_the_patients_of_a_sick_nurse_go_to_a_colleague(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")
    bea = on_floor(madison).nurse

    changed = sick(madison, anna)

    assert changed.moved == {appointment.pk}
    assert not changed.uncovered
    assert carers(appointment) == [(bea.pk, "9:00", "11:30")]


def test_a_nurse_who_leaves_early_hands_over_when_she_goes(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")
    bea = on_floor(madison).nurse

    sick(madison, anna, "10:00")

    assert carers(appointment) == [(anna.pk, "9:00", "10:00"), (bea.pk, "10:00", "11:30")]


def test_whom_nobody_can_cover_becomes_short_staffed_and_keeps_what_care_there_is(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")

    changed = sick(madison, anna, "10:00")

    appointment.refresh_from_db()
    assert changed.uncovered == {appointment.pk}
    assert appointment.short_staffed
    assert carers(appointment) == [(anna.pk, "9:00", "10:00")]


def test_taking_off_the_only_nurse_of_a_full_day_succeeds(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    for start in ("8:00", "8:15", "8:30", "11:00", "11:15"):
        booked(madison, start)

    assert len(sick(madison, anna).uncovered) == 5
    assert not NurseAssignment.objects.exists()
    check_the_day(madison)


def test_adding_a_nurse_heals(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")
    sick(madison, anna)
    bea = make_nurse(madison)

    changed = restaffing.add_shift(nurse=bea, clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00"))

    appointment.refresh_from_db()
    assert changed.healed == {appointment.pk}
    assert not appointment.short_staffed
    assert carers(appointment) == [(bea.pk, "9:00", "11:30")]


def test_a_nurse_who_comes_back_heals(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")
    sick(madison, anna)

    changed = restaffing.put_back(absence=Absence.objects.get())

    assert changed.healed == {appointment.pk}
    assert carers(appointment) == [(anna.pk, "9:00", "11:30")]


def test_a_new_break_is_covered_by_the_colleague(madison: Clinic) -> None:
    shift = on_floor(madison)
    appointment = booked(madison, "11:00")
    bea = on_floor(madison).nurse
    lunch = (at(madison, "12:00"), at(madison, "12:30"))

    restaffing.change_shift(shift=shift, start=at(madison, "8:00"), end=at(madison, "17:00"), breaks=[lunch])

    anna = shift.nurse_id
    assert carers(appointment) == [(anna, "11:00", "12:00"), (bea.pk, "12:00", "12:30"), (anna, "12:30", "13:30")]


def test_a_break_that_nobody_covers_shows_and_moving_it_heals(madison: Clinic) -> None:
    shift = on_floor(madison)
    appointment = booked(madison, "11:00")
    whole = {"start": at(madison, "8:00"), "end": at(madison, "17:00")}

    first = restaffing.change_shift(shift=shift, **whole, breaks=[(at(madison, "12:00"), at(madison, "12:30"))])
    assert first.uncovered == {appointment.pk}

    second = restaffing.change_shift(shift=shift, **whole, breaks=[(at(madison, "14:00"), at(madison, "14:30"))])
    assert second.healed == {appointment.pk}
    check_the_day(madison)


def test_removing_a_shift_leaves_its_patients_to_the_others(madison: Clinic) -> None:
    shift = on_floor(madison)
    appointment = booked(madison, "9:00")
    bea = on_floor(madison).nurse

    restaffing.remove_shift(shift=shift)

    assert carers(appointment) == [(bea.pk, "9:00", "11:30")]
    assert not Shift.objects.filter(nurse=shift.nurse_id).exists()


def test_a_refused_shift_changes_nothing(madison: Clinic, wausau: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")

    with pytest.raises(RosterConflict):
        restaffing.add_shift(nurse=anna, clinic=wausau, start=at(wausau, "9:00"), end=at(wausau, "12:00"))

    assert carers(appointment) == [(anna.pk, "9:00", "11:30")]
    assert not wausau.days.exists()


def test_the_record_of_a_visit_that_is_done_stands_when_its_nurse_leaves(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")
    with time_machine.travel(at(madison, "9:00"), tick=False):
        for status in (Status.SEATED, Status.INFUSING):
            set_status(appointment=appointment, status=status, by=None)
    with time_machine.travel(at(madison, "11:00"), tick=False):
        set_status(appointment=appointment, status=Status.DONE, by=None)
        changed = sick(madison, anna, "11:00")

    appointment.refresh_from_db()
    assert not changed.moved | changed.uncovered
    assert (appointment.status, appointment.short_staffed) == (Status.DONE, False)
    assert carers(appointment) == [(anna.pk, "9:00", "11:00")]


def test_patients_in_a_chair_are_given_up_last(madison: Clinic) -> None:
    anna, bea = on_floor(madison).nurse, on_floor(madison).nurse
    stays = [booked(madison, start) for start in ("8:00", "8:15", "8:30", "8:45")]
    with time_machine.travel(at(madison, "8:45"), tick=False):
        for appointment in stays[:3]:
            set_status(appointment=appointment, status=Status.SEATED, by=None)
        changed = sick(madison, anna, "9:00")

    assert changed.uncovered == {stays[3].pk}
    assert NurseAssignment.objects.filter(nurse=bea, period__endswith=at(madison, "10:30")).exists()


def test_a_nurse_away_for_days_is_taken_off_at_every_clinic_she_works_at(madison: Clinic, wausau: Clinic) -> None:
    tomorrow = DAY + timedelta(days=1)
    anna = on_floor(madison).nurse
    on_floor(wausau, day=tomorrow, nurse=anna)
    here, there = booked(madison, "9:00"), booked(wausau, "9:00", day=tomorrow)

    changed = restaffing.take_off(
        nurse=anna, start=at(madison, "0:00"), end=at(madison, "0:00", DAY + timedelta(days=3)), reason="Flu", by=None
    )

    assert changed.uncovered == {here.pk, there.pk}


def test_every_change_of_staff_counts_the_version_of_its_day(madison: Clinic) -> None:
    shift = on_floor(madison)
    restaffing.take_off(nurse=shift.nurse, start=shift.period.lower, end=shift.period.upper, reason="Sick", by=None)
    restaffing.remove_shift(shift=shift)

    assert madison.days.get(date=DAY).version == 2


def test_a_roster_made_ahead_covers_whom_nobody_covered(madison: Clinic) -> None:
    anna = on_floor(madison).nurse
    appointment = booked(madison, "9:00")
    sick(madison, anna)
    ShiftPattern.objects.create(
        nurse=make_nurse(madison),
        clinic=madison,
        weekday=DAY.weekday(),
        starts=clock("8:00"),
        ends=clock("16:00"),
        valid_from=DAY,
    )

    assert restaffing.roster_ahead() > 30

    appointment.refresh_from_db()
    assert not appointment.short_staffed
    assert restaffing.roster_ahead() == 0


def test_rosters_are_made_ahead_every_night(madison: Clinic) -> None:
    assert app.conf.beat_schedule["rosters"]["task"] == top_up_rosters.name
    ShiftPattern.objects.create(
        nurse=make_nurse(madison),
        clinic=madison,
        weekday=DAY.weekday(),
        starts=clock("8:00"),
        ends=clock("16:00"),
        valid_from=DAY,
    )

    top_up_rosters()

    assert Shift.objects.count() == 40


# --- Random days through the real rules on the real database ---

hour_starts = st.integers(32, 60)
shifts = st.tuples(st.integers(32, 40), st.integers(12, 32), st.integers(0, 10))
"""First quarter of a shift, its length, and how far into it a break of two quarters lies (0: none)."""

ACTIONS = ("off", "back", "add", "change", "remove", "cancel", "book", "sit")


class _Day:
    """A clinic's day that things happen to."""

    def __init__(self, clinic: Clinic, rostered: list[tuple[int, int, int]]) -> None:
        self.clinic = clinic
        self.grid = ClinicDate(DAY, clinic.zone)
        for shape in rostered:
            restaffing.add_shift(nurse=make_nurse(clinic), clinic=clinic, **self.hours(shape))

    def hours(self, shape: tuple[int, int, int]) -> dict[str, Any]:
        start, length, pause = shape
        moment = self.grid.moment_of
        breaks = [(moment(start + pause), moment(start + pause + 2))] if pause and pause + 2 <= length else []
        return {"start": moment(start), "end": moment(start + length), "breaks": breaks}

    def do(self, action: str, which: int, shape: tuple[int, int, int]) -> None:
        """Something happens, if there is anything it can happen to."""
        make: dict[str, Callable[[], object]] = {
            "off": lambda: restaffing.take_off(
                nurse=self._pick(Nurse, which),
                start=self.hours(shape)["start"],
                end=self.hours(shape)["end"],
                reason="Sick",
                by=None,
            ),
            "back": lambda: restaffing.put_back(absence=self._pick(Absence, which)),
            "add": lambda: restaffing.add_shift(
                nurse=self._pick(Nurse, which), clinic=self.clinic, **self.hours(shape)
            ),
            "change": lambda: restaffing.change_shift(shift=self._pick(Shift, which), **self.hours(shape)),
            "remove": lambda: restaffing.remove_shift(shift=self._pick(Shift, which)),
            "cancel": lambda: cancel(appointment=self._pick(Appointment, which), reason="other", by=None),
            "book": lambda: booked(self.clinic, f"{shape[0] // 4}:{shape[0] % 4 * 15:02}"),
            "sit": lambda: set_status(appointment=self._pick(Appointment, which), status="seated", by=None),
        }
        try:
            make[action]()
        except _Nobody:
            return
        except (RosterConflict, NotAvailable):
            if action in {"off", "back", "remove"}:
                raise  # these never fail because of patients

    def _pick(self, model: type[Any], which: int) -> Any:
        rows = list(model.objects.order_by("pk"))
        if not rows:
            raise _Nobody
        return rows[which % len(rows)]


class _Nobody(Exception):
    """There is none to pick from."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rostered=st.lists(shifts, min_size=1, max_size=3),
    starts=st.lists(hour_starts, min_size=3, max_size=10),
    happenings=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 20), shifts), max_size=8),
)
def test_whatever_happens_to_a_day_every_guarantee_holds(
    rostered: list[tuple[int, int, int]],
    starts: list[int],
    happenings: list[tuple[str, int, tuple[int, int, int]]],
) -> None:
    with transaction.atomic():
        clinic = make_clinic("madison", chairs=6)
        day = _Day(clinic, rostered)
        for start in starts:
            day.do("book", 0, (start, 1, 0))
        for action, which, shape in happenings:
            day.do(action, which, shape)
            check_the_day(clinic)
        transaction.set_rollback(True)


# --- At the same time ---


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("head_start", ["sick call", "bookings"])
def test_a_sick_call_and_bookings_at_the_same_time_leave_a_right_day(madison: Clinic, head_start: str) -> None:
    anna = on_floor(madison).nurse
    on_floor(madison)
    for start in ("9:00", "9:15"):
        booked(madison, start)
    plans = [make_plan(madison) for _ in range(6)]
    gate, broken = threading.Barrier(len(plans) + 1), []

    def at_once(work: Callable[[], object], *, first: bool) -> None:
        try:
            gate.wait()
            if not first:
                threading.Event().wait(0.02)
            work()
        except NotAvailable:
            pass
        except Exception as error:  # noqa: BLE001  # whatever it is, the test must see it
            broken.append(error)
        finally:
            connection.close()

    works: list[tuple[Callable[[], object], bool]] = [
        (partial(booked, madison, f"{10 + n % 3}:{n // 3 * 15:02}", plan=plan), head_start == "bookings")
        for n, plan in enumerate(plans)
    ]
    works.append((lambda: sick(madison, anna, "10:00"), head_start == "sick call"))
    threads = [threading.Thread(target=at_once, args=(work,), kwargs={"first": first}) for work, first in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not broken
    assert Absence.objects.count() == 1
    check_the_day(madison)
