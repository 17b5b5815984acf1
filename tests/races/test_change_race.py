"""The charge nurse changes a day at the very moment when somebody books it: nobody is left unseen."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, time
from functools import partial
from typing import Any

import pytest

from clinic.holidays import Holiday
from clinic.models import Chair, Clinic, Shift
from patients.models import TreatmentPlan
from scheduling import closing, restaffing, rostering
from scheduling.booking import book
from scheduling.models import Appointment
from scheduling.refusals import NotAvailable
from tests.races.grounds import day_number, grounds, make_plans
from tests.races.test_waitlist_race import at_once
from tests.races.verdict import broken
from tests.world import at, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8
LATER = {weekday: (time(9), time(17)) for weekday in range(7)}


def insist(change: Callable[[], Any]) -> Any:
    """Change the day; when the lock was not to be had in time on a slow machine, try again."""
    for _ in range(20):
        with suppress(NotAvailable):
            return change()
    return change()


def race(
    clinic: Clinic, day: date, change: Callable[[], Any], *, start: str = "8:00", **where: Any
) -> tuple[bool, Any]:
    """Book a patient and change the day at once: whether the patient was booked, and what the change answered."""
    answers: list[Any] = []
    plan = TreatmentPlan.objects.select_related("patient", "therapy").get(pk=make_plans(clinic, 1)[0])
    desk = partial(book, plan=plan, dose_number=1, clinic=clinic, start=at(clinic, start, day), by=None, **where)
    desk_end, _ = at_once(desk, lambda: answers.append(insist(change)))
    return desk_end == "won", answers[0]


def test_new_hours_name_everybody_whom_they_leave_outside() -> None:
    clinic = grounds(days=ROUNDS)
    for number in reversed(range(ROUNDS)):
        day = day_number(number)

        booked, named = race(clinic, day, partial(closing.change_hours, clinic=clinic, from_day=day, week=LATER))

        outside = Appointment.objects.filter(clinic=clinic, period__startswith=at(clinic, "8:00", day))
        assert set(named) == set(outside)
        assert outside.exists() == booked
    assert broken() == {}


def test_a_chair_taken_away_names_everybody_on_it() -> None:
    clinic = grounds(days=ROUNDS, chairs=ROUNDS)
    for number, chair in enumerate(Chair.objects.filter(clinic=clinic).order_by("pk")):
        booked, named = race(clinic, day_number(number), partial(closing.take_chair_away, chair=chair), chair=chair)

        assert [one.chair_id for one in named] == [chair.pk] * booked


def test_a_holiday_names_everybody_who_was_booked_on_it() -> None:
    clinic = grounds(days=ROUNDS)
    for number in range(ROUNDS):
        day = day_number(number)
        holiday = Holiday(day, "Founders' Day", "Wisconsin")
        change = partial(closing.decide_holiday, holiday=holiday, decided={clinic: "close"}, by=None)

        booked, named = race(clinic, day, change)

        assert len(named) == booked


def test_a_nurse_lent_or_sent_to_lunch_leaves_nobody_unseen() -> None:
    clinic, other = grounds(days=ROUNDS, nurses=1), make_clinic("wausau")
    uncovered: set[int] = set()
    for number in range(ROUNDS):
        day = day_number(number)
        shift = Shift.objects.select_related("nurse", "clinic").get(
            clinic=clinic, period__startswith=at(clinic, "8:00", day)
        )
        noon = (at(clinic, "12:00", day), at(clinic, "12:30", day))
        change: Callable[[], rostering.Changed] = (
            partial(rostering.set_breaks, clinic=clinic, day=day, breaks={shift: [noon]})
            if number % 2
            else partial(rostering.lend, shift=shift, clinic=other, start=noon[0], end=at(clinic, "17:00", day))
        )

        _, changed = race(clinic, day, change, start="11:00")

        uncovered |= changed.redealt.uncovered
    assert uncovered == set(Appointment.objects.filter(short_staffed=True).values_list("pk", flat=True))
    assert broken() == {}


def test_a_weekly_shift_begun_and_a_booking_get_along() -> None:
    clinic = grounds(days=ROUNDS, nurses=1)
    for number in range(ROUNDS):
        day = day_number(number)
        shift = Shift.objects.get(clinic=clinic, period__startswith=at(clinic, "8:00", day))
        restaffing.remove_shift(shift=Shift.objects.select_related("nurse", "clinic").get(pk=shift.pk))
        change = partial(
            rostering.begin_pattern,
            nurse=shift.nurse,
            clinic=clinic,
            weekdays=[day.weekday()],
            times=rostering.Times(time(8), time(17), None, 30),
            first_day=day,
            last_day=day,
        )

        race(clinic, day, change)

    assert broken() == {}
