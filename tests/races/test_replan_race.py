"""Two charge nurses accept plans of one day at once, or one accepts while the desk books: one wins, nothing breaks."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from clinic.models import Clinic, Shift
from patients.models import TreatmentPlan
from scheduling import restaffing
from scheduling.booking import book
from scheduling.engine.replan import Limit
from scheduling.models import Appointment, CallToMake
from scheduling.replan_day import Proposal, propose
from scheduling.replanning import accept
from tests.races.grounds import day_number, grounds, make_plans
from tests.races.test_waitlist_race import at_once
from tests.races.verdict import broken
from tests.world import at

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 3


def short_day(clinic: Clinic, number: int) -> Proposal:
    """The plan of a day on which one of two nurses is ill and the other cannot take everybody."""
    day = day_number(number)
    for plan, clock in zip(make_plans(clinic, 5), ("8:00", "8:15", "8:30", "9:00", "9:15"), strict=True):
        start = at(clinic, clock, day)
        book(plan=TreatmentPlan.objects.get(pk=plan), dose_number=1, clinic=clinic, start=start, by=None)
    shift = Shift.objects.filter(clinic=clinic, period__startswith__date=day).earliest("pk")
    restaffing.take_off(nurse=shift.nurse, start=shift.period.lower, end=shift.period.upper, reason="Ill", by=None)
    return propose(clinic=clinic, date=day, clinics=[clinic], limit=Limit(seconds=600))


def accepting(proposal: Proposal) -> Any:
    return partial(
        accept,
        clinic=proposal.clinic,
        date=proposal.date,
        moves=proposal.moves,
        seen=proposal.seen,
        why={},
        by=None,
    )


def test_of_two_charge_nurses_who_accept_at_once_one_does_and_the_other_is_told() -> None:
    clinic = grounds(nurses=2, days=ROUNDS + 1)
    for number in range(ROUNDS):
        proposal = short_day(clinic, number)

        ends = at_once(accepting(proposal), accepting(proposal))

        assert sorted(ends) == ["changed", "won"]
        assert CallToMake.objects.filter(appointment__in=[one.appointment for one in proposal.moves]).count() == 2
    assert not Appointment.objects.filter(short_staffed=True).exists()
    assert broken() == {}


def test_a_plan_accepted_while_the_desk_books_into_the_day_breaks_nothing() -> None:
    clinic = grounds(nurses=2, days=ROUNDS + 1)
    for number in range(ROUNDS):
        proposal = short_day(clinic, number)
        plan = TreatmentPlan.objects.get(pk=make_plans(clinic, 1)[0])
        move = max(proposal.moves, key=lambda one: one.start)

        ends = at_once(
            accepting(proposal),
            partial(book, plan=plan, dose_number=1, clinic=clinic, start=move.start + timedelta(minutes=15), by=None),
        )

        assert "won" in ends
        assert set(ends) <= {"won", "changed", "time"}
    assert broken() == {}
