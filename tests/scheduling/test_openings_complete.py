"""A start is offered if and only if booking it succeeds, on small random days of the real database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Chair, ChairOutage, Clinic, Closure
from patients.models import TreatmentPlan
from scheduling.booking import NotAvailable, book, move
from scheduling.models import Appointment
from scheduling.openings import Opening, find
from tests.world import BEFORE, DAY, at, make_clinic, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


def everything(plan: TreatmentPlan, clinic: Clinic, *, moving: Appointment | None = None) -> list[Opening]:
    """All openings of the day."""
    return find(plan=plan, dose_number=1, clinics=[clinic], first_day=DAY, last_day=DAY, limit=1000, moving=moving)


@dataclass(frozen=True)
class Nurse:
    """A nurse's hours in quarters from 9:00, with a break that may be empty."""

    start: int
    end: int
    pause: int
    pause_end: int


@dataclass(frozen=True)
class Place:
    """A small clinic that is open from 9:00 for some quarters."""

    kinds: tuple[str, ...]
    nurses: tuple[Nurse, ...]
    quarters: int
    closed: tuple[int, int] | None
    broken: tuple[int, int] | None
    wanted: tuple[tuple[int, int], ...]
    """What others try to book before: a quarter, and minutes of infusion."""


@st.composite
def nurses(draw: st.DrawFn) -> Nurse:
    start, end = draw(st.integers(0, 3)), draw(st.integers(8, 12))
    pause = draw(st.integers(start, end))
    return Nurse(start, end, pause, min(pause + 2, end))


stretches = st.none() | st.none() | st.integers(0, 10).map(lambda start: (start, start + 2))
MINUTES = (5, 35, 60)
"""Minutes of infusion that make stays of 2, 4 and 6 quarters."""

places = st.builds(
    Place,
    kinds=st.lists(st.sampled_from(["recliner", "recliner", "bed"]), min_size=1, max_size=3).map(tuple),
    nurses=st.lists(nurses(), min_size=1, max_size=3).map(tuple),
    quarters=st.integers(9, 12),
    closed=stretches,
    broken=stretches,
    wanted=st.lists(st.tuples(st.integers(0, 10), st.sampled_from(MINUTES)), max_size=6).map(tuple),
)


def quarter(number: int) -> str:
    """A wall-clock time some quarters after 9:00."""
    return f"{9 + number // 4}:{number % 4 * 15:02}"


def short_plan(clinic: Clinic, minutes: int, chair_kind: str = "") -> TreatmentPlan:
    """A plan whose stay is 25 minutes longer than its infusion."""
    return make_plan(make_patient(clinic, chair_kind=chair_kind), "methylprednisolone", infusion_minutes=minutes)


def build(slug: str, place: Place) -> Clinic:
    """A clinic as drawn, with as many of its appointments as there is room for."""
    clinic = make_clinic(slug, chairs=0, opens="9:00", closes=quarter(place.quarters))
    for number, kind in enumerate(place.kinds):
        Chair.objects.create(clinic=clinic, name=f"Chair {number}", kind=kind, position=number)

    def span(start: int, end: int) -> tuple[str, str]:
        return quarter(start), quarter(end)

    def period(stretch: tuple[int, int]) -> tuple[datetime, datetime]:
        start, end = span(*stretch)
        return at(clinic, start), at(clinic, end)

    for nurse in place.nurses:
        pauses = [span(nurse.pause, nurse.pause_end)] if nurse.pause < nurse.pause_end else []
        on_floor(clinic, *span(nurse.start, nurse.end), breaks=pauses)
    if place.broken:
        ChairOutage.objects.create(
            chair=clinic.chairs.earliest("position"), period=period(place.broken), reason="Motor"
        )
    for start, minutes in place.wanted:
        try_to_book(short_plan(clinic, minutes), clinic, at(clinic, quarter(start)))
    if place.closed:
        Closure.objects.create(clinic=clinic, period=period(place.closed), reason="Fire drill")
    return clinic


def try_to_book(plan: TreatmentPlan, clinic: Clinic, start: datetime) -> bool:
    """Book if possible, and say whether it was."""
    try:
        book(plan=plan, dose_number=1, clinic=clinic, start=start, by=None)
    except NotAvailable:
        return False
    return True


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside has not happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def bookable(plan: TreatmentPlan, clinic: Clinic) -> set[datetime]:
    """Every start of the day, and some around it, that can be booked: found by booking it."""
    found = set()
    for number in range(-1, 13):
        start = at(clinic, quarter(number))
        with undone():
            if try_to_book(plan, clinic, start):
                found.add(start)
    return found


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    here=places,
    minutes=st.sampled_from(MINUTES),
    chair_kind=st.sampled_from(["", "", "", "bed"]),
    now=st.sampled_from(["8:00", "8:00", "9:50"]),
    elsewhere=st.none() | st.integers(0, 8),
)
def test_a_start_is_offered_if_and_only_if_it_can_be_booked(
    db: None, here: Place, minutes: int, chair_kind: str, now: str, elsewhere: int | None
) -> None:
    with undone():
        clinic = build("madison", here)
        plan = short_plan(clinic, minutes, chair_kind=chair_kind)
        if elsewhere is not None:
            away = make_clinic("wausau", kind=chair_kind or "recliner")
            on_floor(away)
            other = make_plan(plan.patient, "vedolizumab", infusion_minutes=5)
            assert try_to_book(other, away, at(away, quarter(elsewhere)))

        with time_machine.travel(at(clinic, now), tick=False):
            offered = {one.start for one in everything(plan, clinic)}

            assert offered == bookable(plan, clinic)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(here=places, minutes=st.sampled_from(MINUTES), first=st.integers(0, 6))
def test_a_start_is_offered_for_a_move_if_and_only_if_it_can_be_moved_there(
    db: None, here: Place, minutes: int, first: int
) -> None:
    with undone():
        clinic = build("madison", here)
        plan = short_plan(clinic, minutes)
        if not any(
            try_to_book(plan, clinic, at(clinic, quarter(number))) for number in (*range(first, 12), *range(first))
        ):
            return
        appointment = Appointment.objects.get(plan=plan)

        offered = {one.start for one in everything(plan, clinic, moving=appointment)}

        possible = set()
        for number in range(-1, 13):
            with undone():
                start = at(clinic, quarter(number))
                try:
                    move(appointment=Appointment.objects.get(pk=appointment.pk), clinic=clinic, start=start, by=None)
                except NotAvailable:
                    continue
                possible.add(start)
        # Where it is now is no opening to move it to.
        assert offered == possible - {appointment.start}
