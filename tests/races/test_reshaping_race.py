"""A day is evened out, chairs are dealt again and patients check in while others book: no guarantee breaks."""

from collections.abc import Iterator
from functools import partial

import pytest
import time_machine

from clinic.models import Clinic
from patients.models import TreatmentPlan
from scheduling.booking import book, set_status
from scheduling.chairs import change_chair
from scheduling.models import HELD, Appointment, Status
from scheduling.openings import find
from scheduling.rebalancing import even_out, propose, take_back
from tests.races.grounds import day_number, grounds, make_plans
from tests.races.test_waitlist_race import at_once
from tests.races.verdict import broken
from tests.world import at, booked, make_clinic, make_nurse, make_plan, on_floor

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def lopsided(number: int) -> Clinic:
    """A clinic where one nurse has five patients and another, who came to the roster later, none."""
    clinic = make_clinic(f"race-{number}", chairs=6)
    on_floor(clinic, nurse=make_nurse(clinic))
    for clock in ("8:00", "9:30", "11:00", "12:30", "14:00"):
        booked(clinic, clock, plan=make_plan(clinic, "vedolizumab"))
    on_floor(clinic, nurse=make_nurse(clinic))
    return clinic


def test_evening_out_while_others_book_is_done_or_refused_and_never_half() -> None:
    day = day_number(0)
    for number in range(ROUNDS):
        clinic = lopsided(number)
        plans = TreatmentPlan.objects.filter(pk__in=make_plans(clinic, 3, "vedolizumab"))
        version = propose(clinic=clinic, date=day).version

        ends = at_once(
            partial(even_out, clinic=clinic, date=day, version=version),
            *(
                partial(book, plan=plan, dose_number=1, clinic=clinic, start=at(clinic, clock), by=None)
                for plan, clock in zip(plans, ("8:15", "9:45", "11:15"), strict=True)
            ),
        )

        assert ends[0] in {"won", "changed"}
        assert ends[1:] == ["won"] * 3
        assert broken() == {}


def test_taking_back_while_others_book_is_done_or_refused_and_never_half() -> None:
    day = day_number(0)
    for number in range(ROUNDS):
        clinic = lopsided(number)
        done = even_out(clinic=clinic, date=day, version=propose(clinic=clinic, date=day).version)
        plans = TreatmentPlan.objects.filter(pk__in=make_plans(clinic, 2, "vedolizumab"))

        ends = at_once(
            partial(take_back, clinic=clinic, date=day, evened=done),
            *(
                partial(book, plan=plan, dose_number=1, clinic=clinic, start=at(clinic, clock), by=None)
                for plan, clock in zip(plans, ("9:30", "12:30"), strict=True)
            ),
        )

        assert ends[0] in {"won", "changed"}
        assert ends[1:] == ["won"] * 2
        assert broken() == {}


@pytest.fixture
def _early() -> Iterator[None]:
    with time_machine.travel(at(Clinic(timezone="America/Chicago"), "7:50"), tick=False):
        yield


def test_two_who_need_the_same_patient_to_change_chairs_while_that_patient_changes_too() -> None:
    """Whoever comes first is booked; the others are told. Nobody sits in a chair with somebody else."""
    for number in range(ROUNDS):
        clinic = grounds(f"race-{number}", chairs=2, nurses=4, days=1)
        first, second = clinic.chairs.all()
        booked(clinic, "8:00", chair=first)
        moved = booked(clinic, "11:00", chair=second)
        plans = list(TreatmentPlan.objects.select_related("patient", "therapy").filter(pk__in=make_plans(clinic, 2)))
        offered = find(
            plan=plans[0], dose_number=1, clinics=[clinic], first_day=day_number(0), last_day=day_number(0), limit=99
        )
        assert at(clinic, "10:15") in {one.start for one in offered if one.moves}

        ends = at_once(
            *(
                partial(book, plan=plan, dose_number=1, clinic=clinic, start=at(clinic, "10:15"), by=None)
                for plan in plans
            ),
            partial(change_chair, appointment=moved, chair=first, by=None),
        )

        assert ends[:2].count("won") == 1
        assert Appointment.objects.filter(clinic=clinic, status__in=HELD).count() == 3
        assert broken() == {}


@pytest.mark.usefixtures("_early")
def test_who_checks_in_while_another_is_booked_keeps_the_chair_or_has_the_new_one() -> None:
    for number in range(ROUNDS):
        clinic = grounds(f"race-{number}", chairs=2, nurses=4, days=1)
        first, second = clinic.chairs.all()
        here = booked(clinic, "8:00", chair=first)
        set_status(appointment=here, status=Status.ARRIVED, by=None)
        comes = booked(clinic, "11:00", chair=second)
        plan = TreatmentPlan.objects.get(pk=make_plans(clinic, 1)[0])

        ends = at_once(
            partial(book, plan=plan, dose_number=1, clinic=clinic, start=at(clinic, "10:15"), by=None),
            partial(set_status, appointment=comes, status=Status.ARRIVED, by=None),
        )

        comes.refresh_from_db()
        assert ends[1] == "won"
        assert (comes.chair == first) == (ends[0] == "won")
        assert broken() == {}
