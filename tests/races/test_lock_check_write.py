"""Why there is a lock and why there are constraints: the same race without either, with one, and with both."""

from collections.abc import Iterator
from multiprocessing.pool import Pool

import pytest
from django.db import connection

from clinic.audit.watching import starting_over
from scheduling.models import Appointment
from tests.races.contest import RACERS, Contest, Try, hold
from tests.races.grounds import grounds, make_plans, slots
from tests.races.verdict import broken

pytestmark = pytest.mark.django_db(transaction=True)

CONSTRAINTS = {
    "chair_holds_one_patient_at_a_time": "scheduling_appointment",
    "patient_in_one_chair_at_a_time": "scheduling_appointment",
    "a_nurse_has_three_places": "scheduling_nurseassignment",
    "nurse_place_holds_one_patient_at_a_time": "scheduling_nurseassignment",
    "nurse_cares_while_on_the_floor": "scheduling_nurseassignment",
}
INDEXES = ("a_dose_is_booked_once", "nurse_starts_one_patient_at_a_time")
WATCHED = ("scheduling_appointment", "scheduling_nurseassignment")


def run(sql: str, *values: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def unguarded(transactional_db: None) -> Iterator[None]:
    """The database without its guarantees, until the test is over."""
    constraints = {
        name: run("select pg_get_constraintdef(oid) from pg_constraint where conname = %s", name)[0][0]
        for name in CONSTRAINTS
    }
    indexes = [run("select pg_get_indexdef(%s::regclass)", name)[0][0] for name in INDEXES]
    try:
        for name, table in CONSTRAINTS.items():
            run(f"alter table {table} drop constraint {name}")
        for name in INDEXES:
            run(f"drop index {name}")
        for table in WATCHED:
            run(f"alter table {table} disable trigger assignments_tile_appointment")
        yield
    finally:
        with starting_over():
            run("truncate scheduling_appointment cascade")
        for name, definition in constraints.items():
            run(f"alter table {CONSTRAINTS[name]} add constraint {name} {definition}")
        for definition in indexes:
            run(definition)
        for table in WATCHED:
            run(f"alter table {table} enable trigger assignments_tile_appointment")


def race_for_chairs(racers: Pool, *, days: int, has_lock: bool = True, has_constraints: bool = True) -> Contest:
    """Every racer wants the same chair at the same time for a patient of its own, round after round."""
    clinic = grounds(days=days)
    chair = clinic.chairs.earliest("position").pk
    starts = list(slots(clinic, days=days))
    plans = iter(make_plans(clinic, RACERS * len(starts)))
    return hold(
        racers,
        [
            [Try("book", start=start, clinic=clinic.pk, chair=chair, plan=next(plans)) for _ in range(RACERS)]
            for start in starts
        ],
        has_lock=has_lock,
        has_constraints=has_constraints,
    )


@pytest.mark.usefixtures("unguarded")
def test_without_lock_and_constraints_chairs_are_sold_twice(racers: Pool) -> None:
    contest = race_for_chairs(racers, days=4, has_lock=False, has_constraints=False)

    contest.report("neither lock nor constraints")
    assert max(contest.winners) > 1
    assert broken()["G1"] > 0


def test_with_constraints_alone_no_chair_is_sold_twice(racers: Pool) -> None:
    contest = race_for_chairs(racers, days=4, has_lock=False)

    contest.report("constraints without the lock")
    assert contest.surprises == []
    assert set(contest.winners) <= {0, 1}
    assert contest.pgcodes, "the constraints never had to speak: the race did not happen"
    assert broken() == {}


def test_with_lock_and_constraints_one_wins_and_the_database_need_not_refuse(racers: Pool) -> None:
    contest = race_for_chairs(racers, days=12)

    contest.report("lock and constraints")
    assert contest.surprises == []
    assert set(contest.winners) == {1}
    assert contest.pgcodes == {}
    assert contest.refusals == {"time"}
    assert Appointment.objects.count() == len(contest.rounds)
    assert broken() == {}


@pytest.mark.usefixtures("unguarded")
def test_the_lock_alone_keeps_every_guarantee_among_those_who_take_it(racers: Pool) -> None:
    contest = race_for_chairs(racers, days=4, has_constraints=False)

    assert contest.surprises == []
    assert set(contest.winners) == {1}
    assert broken() == {}
