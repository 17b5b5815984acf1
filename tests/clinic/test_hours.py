"""When clinics are open: weekly hours in wall-clock time, minus closures."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.closing import ClosingConflict, close_clinic, put_chair_back, put_chair_out, reopen
from clinic.hours import days_between, open_periods, subtract
from clinic.models import Chair, Clinic, OpeningHours
from tests.world import DAY, at, make_clinic

NOON = datetime(2026, 12, 7, 18, tzinfo=UTC)


def opening(clinic: Clinic, first: date, last: date | None = None) -> dict[date, list[str]]:
    """The open stretches of a clinic by day, as wall-clock times."""
    found = open_periods(clinics=[clinic], first_day=first, last_day=last or first)
    return {
        day: [f"{start.astimezone(clinic.zone):%-H:%M}–{end.astimezone(clinic.zone):%-H:%M}" for start, end in periods]
        for (_, day), periods in found.items()
    }


def test_days_between_counts_both_ends() -> None:
    assert days_between(date(2028, 2, 28), date(2028, 3, 1)) == [
        date(2028, 2, 28),
        date(2028, 2, 29),
        date(2028, 3, 1),
    ]
    assert days_between(DAY, DAY) == [DAY]
    assert days_between(DAY, DAY - timedelta(days=1)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("sunday", [date(2027, 3, 14), date(2026, 11, 1)])
def test_a_clinic_opens_at_the_same_wall_clock_time_when_the_clocks_change(madison: Clinic, sunday: date) -> None:
    days = opening(madison, sunday - timedelta(days=1), sunday + timedelta(days=1))

    assert list(days.values()) == [["8:00–17:00"]] * 3


@pytest.mark.django_db
def test_a_weekday_without_hours_is_closed(madison: Clinic) -> None:
    OpeningHours.objects.filter(clinic=madison, weekday=5).delete()

    assert DAY + timedelta(days=5) not in opening(madison, DAY, DAY + timedelta(days=6))


@pytest.mark.django_db
def test_a_closure_takes_its_time_out_of_the_day_and_gives_it_back(madison: Clinic) -> None:
    closure = close_clinic(clinic=madison, start=at(madison, "11:00"), end=at(madison, "12:30"), reason="Drill")
    assert opening(madison, DAY) == {DAY: ["8:00–11:00", "12:30–17:00"]}

    reopen(closure=closure)
    assert opening(madison, DAY) == {DAY: ["8:00–17:00"]}


@pytest.mark.django_db
def test_a_closure_over_days_leaves_the_closed_days_out(madison: Clinic) -> None:
    last = DAY + timedelta(days=2)
    close_clinic(clinic=madison, start=at(madison, "15:00"), end=at(madison, "10:00", last), reason="Snow")

    assert opening(madison, DAY, last) == {DAY: ["8:00–15:00"], last: ["10:00–17:00"]}


@pytest.mark.django_db
def test_closing_what_is_closed_already_is_refused_in_words(madison: Clinic) -> None:
    close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Snow")

    with pytest.raises(ClosingConflict, match="closed at that time already: Snow"):
        close_clinic(clinic=madison, start=at(madison, "9:00"), end=at(madison, "10:00"), reason="Ice")


@pytest.mark.django_db
def test_a_chair_is_out_once_and_comes_back(madison: Clinic) -> None:
    chair = Chair.objects.earliest("pk")
    stretch = {"start": at(madison, "9:00"), "end": at(madison, "12:00")}
    outage = put_chair_out(chair=chair, **stretch, reason="Motor")

    with pytest.raises(ClosingConflict, match="Motor"):
        put_chair_out(chair=chair, **stretch, reason="Motor")

    put_chair_back(outage=outage)
    assert put_chair_out(chair=chair, **stretch, reason="Cleaning")


@pytest.mark.django_db
def test_a_closure_off_the_quarter_hour_is_refused(madison: Clinic) -> None:
    with pytest.raises(ClosingConflict, match="quarter hours"):
        close_clinic(clinic=madison, start=at(madison, "9:05"), end=at(madison, "10:00"), reason="Ice")


@pytest.mark.django_db
def test_the_hours_of_many_clinics_and_days_take_one_query(
    madison: Clinic, wausau: Clinic, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        open_periods(clinics=[madison, wausau], first_day=DAY, last_day=DAY + timedelta(days=200))


@pytest.mark.django_db
def test_each_clinic_opens_by_its_own_clock(madison: Clinic) -> None:
    denver = make_clinic("denver")
    denver.timezone = "America/Denver"
    OpeningHours.objects.filter(clinic=denver).update(opens=time(8))

    found = open_periods(clinics=[madison, denver], first_day=DAY, last_day=DAY)

    assert found[denver.pk, DAY][0][0] - found[madison.pk, DAY][0][0] == timedelta(hours=1)


stretches = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 12)).map(
        lambda pair: (NOON + timedelta(minutes=15 * pair[0]), NOON + timedelta(minutes=15 * (pair[0] + pair[1])))
    ),
    max_size=5,
)


def quarters(periods: list[tuple[datetime, datetime]]) -> set[int]:
    step = timedelta(minutes=15)
    return {quarter for start, end in periods for quarter in range((start - NOON) // step, (end - NOON) // step)}


@given(start=st.integers(0, 40), length=st.integers(1, 20), holes=stretches)
def test_subtract_leaves_just_the_quarters_outside_every_hole(
    start: int, length: int, holes: list[tuple[datetime, datetime]]
) -> None:
    whole = (NOON + timedelta(minutes=15 * start), NOON + timedelta(minutes=15 * (start + length)))

    left = subtract([whole], holes)

    assert quarters(left) == quarters([whole]) - quarters(holes)
    assert left == sorted(left)
    assert all(begin < end for begin, end in left)


def test_subtract_a_hole_that_only_touches_takes_nothing() -> None:
    hour = timedelta(hours=1)

    assert subtract([(NOON, NOON + hour)], [(NOON - hour, NOON), (NOON + hour, NOON + 2 * hour)]) == [
        (NOON, NOON + hour)
    ]
