"""Where each course stands is kept by the database itself, whoever writes: against the plain count, and in a race."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Clinic
from clinic.quarters import at_wall_clock, local_date
from patients.models import DoseGiven, DoseSource, TreatmentPlan
from scheduling.booking import cancel, move
from scheduling.models import HELD, Appointment, NextDose, Reason, Status
from tests.races.verdict import broken
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_plan, on_floor
from therapies.models import DosePhase

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=True):
        yield

Stand = tuple[int, date, date]
Write = Callable[[Sequence[TreatmentPlan], Sequence[Clinic]], Any]


def kept(plan: TreatmentPlan) -> Stand | None:
    """What the database says of a plan."""
    return NextDose.objects.filter(plan=plan).values_list("dose_number", "day", "latest").first()


def counted(plan: TreatmentPlan) -> Stand | None:
    """The same, counted dose by dose."""
    given = dict(plan.doses_given.values_list("dose_number", "given_on"))
    stays = plan.appointments.filter(status__in=HELD).select_related("clinic")
    days = {stay.dose_number: local_date(stay.start, stay.clinic.zone) for stay in stays} | given
    number = max(given, default=0) + 1
    while number in days:
        number += 1
    before = [day for dose, day in days.items() if dose < number]
    return (number, days[number - 1], max(before)) if before else None


# What scripts may do, past all rules: rows of two plans at two clinics, one by one and many at once.

numbers = st.integers(1, 6)
plan_numbers = st.integers(0, 1)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def _free(day: date) -> date:
    """A day on which nobody sits in the chair yet: patients and chairs would be refused before we are asked."""
    taken = {stay.start.date() for stay in Appointment.objects.filter(status__in=HELD)}
    taken |= {day + timedelta(days=1) for day in taken} | {day - timedelta(days=1) for day in taken}
    while day in taken:
        day += timedelta(days=1)
    return day


def _stay(plan: TreatmentPlan, number: int, clinic: Clinic, day: date, hour: int) -> Appointment:
    start = at_wall_clock(_free(day), time(hour), clinic.zone)
    period = (start, start + timedelta(hours=1))
    return Appointment(
        plan=plan,
        patient_id=plan.patient_id,
        dose_number=number,
        dose_phase=DosePhase.objects.filter(version__therapy=plan.therapy)[0],
        clinic=clinic,
        chair=clinic.chairs.all()[0],
        period=period,
        planned_period=period,
    )


@st.composite
def gives(draw: st.DrawFn) -> Write:
    """Doses given are put on record, a few at once."""
    doses = draw(st.dictionaries(st.tuples(plan_numbers, numbers), days, max_size=3))

    def write(plans: Sequence[TreatmentPlan], clinics: Sequence[Clinic]) -> None:
        DoseGiven.objects.bulk_create(
            (
                DoseGiven(plan=plans[plan], dose_number=number, given_on=day, source=DoseSource.ENTERED)
                for (plan, number), day in doses.items()
            ),
            ignore_conflicts=True,
        )

    return write


@st.composite
def takes_back(draw: st.DrawFn) -> Write:
    """Doses of all plans are removed, or said to have been given on another day or under another number."""
    number, day, kind = draw(numbers), draw(days), draw(st.sampled_from(["remove", "other day", "other plan"]))

    def write(plans: Sequence[TreatmentPlan], clinics: Sequence[Clinic]) -> None:
        found = DoseGiven.objects.filter(dose_number__gte=number)
        if kind == "remove":
            found.delete()
        elif kind == "other day":
            found.update(given_on=day)
        elif not DoseGiven.objects.filter(plan=plans[1]).exists():
            found.update(plan=plans[1])

    return write


@st.composite
def books(draw: st.DrawFn) -> Write:
    """A dose is booked, late in the evening or early in the morning, when two clinics' days differ."""
    plan, number, clinic = draw(plan_numbers), draw(numbers), draw(plan_numbers)
    day, hour = draw(days), draw(st.sampled_from([1, 12, 22]))

    def write(plans: Sequence[TreatmentPlan], clinics: Sequence[Clinic]) -> None:
        if not plans[plan].appointments.filter(dose_number=number, status__in=HELD).exists():
            _stay(plans[plan], number, clinics[clinic], day, hour).save()

    return write


@st.composite
def changes(draw: st.DrawFn) -> Write:
    """Visits are given up or go, another day is planned, a clinic's clock is set right."""
    number, status, day = draw(numbers), draw(st.sampled_from(Status.values)), draw(days)
    zone = draw(st.sampled_from(["America/Chicago", "Asia/Tokyo", "Pacific/Honolulu"]))
    kind = draw(st.sampled_from(["status", "day", "clock", "gone", "chair"]))

    def write(plans: Sequence[TreatmentPlan], clinics: Sequence[Clinic]) -> None:
        stays = Appointment.objects.filter(dose_number=number, status__in=HELD)
        if kind == "status":
            stays.update(status=status)
        elif kind == "clock":
            clinics[0].timezone = zone
            clinics[0].save()
        elif kind == "gone":
            stays.delete()
        elif kind == "chair":
            stays.update(note="moved up to the window")
        elif stay := stays.first():
            other = _stay(stay.plan, number, stay.clinic, day, 12)
            stays.filter(pk=stay.pk).update(period=other.period)

    return write


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(gives() | takes_back() | books() | changes(), min_size=1, max_size=12))
def test_after_every_write_it_is_what_a_plain_count_finds(db: None, writes: list[Write]) -> None:
    with transaction.atomic():
        clinics = [make_clinic("madison"), make_clinic("wausau")]
        plans = [make_plan(clinics[0]), make_plan(clinics[1])]
        for write in writes:
            write(plans, clinics)
            assert [kept(plan) for plan in plans] == [counted(plan) for plan in plans]
            assert "G12" not in broken()
        transaction.set_rollback(True)


def test_a_course_follows_booking_moving_and_cancelling(madison: Clinic) -> None:
    later = DAY + timedelta(days=7)
    for day in (DAY, later):
        on_floor(madison, day=day)
    visit = booked(madison, "9:00")
    assert kept(visit.plan) == (2, DAY, DAY)

    visit = move(appointment=visit, clinic=madison, start=at(madison, "9:00", later), by=None)
    assert kept(visit.plan) == (2, later, later)

    cancel(appointment=visit, reason=Reason.WEATHER, by=None)
    assert kept(visit.plan) is None


def test_a_day_is_the_clinics(madison: Clinic) -> None:
    plan = make_plan(madison)
    visit = _stay(plan, 1, madison, DAY, 22)
    visit.short_staffed = True
    visit.save()
    assert kept(plan) == (2, DAY, DAY)

    madison.timezone = "America/New_York"
    madison.save()
    assert kept(plan) == (2, DAY, DAY)
    madison.timezone = "Europe/Berlin"
    madison.save()

    tomorrow = DAY + timedelta(days=1)
    assert kept(plan) == (2, tomorrow, tomorrow)


def test_a_wrong_one_is_found(madison: Clinic) -> None:
    plan = make_plan(madison, given={1: DAY - timedelta(days=28)})
    assert broken() == {}

    NextDose.objects.filter(plan=plan).update(latest=DAY)

    assert broken() == {"G12": 1}


@pytest.mark.django_db(transaction=True)
def test_two_who_write_doses_of_one_plan_at_once_do_not_overlook_each_other() -> None:
    """The second waits until the first has committed, and then counts hers too."""
    plan = make_plan(make_clinic("madison"))
    gave, waits = threading.Event(), threading.Event()

    def give(number: int) -> None:
        day = DAY + timedelta(days=28 * number)
        DoseGiven.objects.create(plan=plan, dose_number=number, given_on=day, source=DoseSource.ENTERED)

    def first() -> None:
        with transaction.atomic():
            give(1)
            gave.set()
            waits.wait(10)
        connection.close()

    def second() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        give(2)
        connection.close()

    pids: list[int] = []
    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert gave.wait(10)
    threads[1].start()
    while not _is_waiting(pids):
        assert threads[1].is_alive()
    waits.set()
    for thread in threads:
        thread.join(10)

    assert kept(plan) == counted(plan)


@pytest.mark.django_db(transaction=True)
def test_a_step_of_the_stay_waits_for_nobody_who_writes_doses_of_the_plan() -> None:
    clinic = make_clinic("madison")
    on_floor(clinic)
    visit = booked(clinic)
    with closing(connection.copy()) as elsewhere:
        elsewhere.set_autocommit(False)
        with elsewhere.cursor() as cursor:
            cursor.execute("select from patients_treatmentplan where id = %s for no key update", [visit.plan_id])

        with connection.cursor() as cursor:
            cursor.execute("set lock_timeout = '1s'")
        assert Appointment.objects.filter(pk=visit.pk).update(status=Status.ARRIVED) == 1
        with pytest.raises(OperationalError):
            Appointment.objects.filter(pk=visit.pk).update(status=Status.CANCELLED)
        connection.close()


def _is_waiting(pids: list[int]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from unnest(%s::int[]) pid where pg_blocking_pids(pid) <> '{}')", [pids])
        return bool(cursor.fetchone()[0])
