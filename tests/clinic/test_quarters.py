"""Quarter hours and clinic days, over midnights, leap days and both changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.quarters import (
    ClinicDate,
    at_wall_clock,
    ceil_quarter,
    day_bounds,
    floor_quarter,
    is_on_quarter,
    local_date,
    quarters_in,
)

CHICAGO = ZoneInfo("America/Chicago")
SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)

days = st.dates(date(2020, 1, 1), date(2099, 12, 31))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize(("day", "quarters"), [(date(2026, 12, 7), 96), (SPRING, 92), (AUTUMN, 100)])
def test_a_day_has_96_quarters_and_four_less_or_more_when_the_clocks_change(day: date, quarters: int) -> None:
    assert ClinicDate(day, CHICAGO).length == quarters


@pytest.mark.parametrize("day", [SPRING, AUTUMN, date(2026, 12, 7)])
def test_nine_in_the_morning_is_nine_on_the_wall_on_every_day(day: date) -> None:
    grid = ClinicDate(day, CHICAGO)

    moment = grid.moment_of(grid.quarter_at(time(9)))

    assert f"{moment.astimezone(CHICAGO):%Y-%m-%d %H:%M}" == f"{day} 09:00"


def test_a_time_that_the_spring_change_skips_is_the_hour_after() -> None:
    assert at_wall_clock(SPRING, time(2, 30), CHICAGO).astimezone(CHICAGO).time() == time(3, 30)


def test_a_time_that_the_autumn_change_repeats_is_its_first() -> None:
    assert at_wall_clock(AUTUMN, time(1, 30), CHICAGO) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_the_date_of_a_moment_is_the_clinics_own() -> None:
    assert local_date(datetime(2026, 12, 8, 5, 59, tzinfo=UTC), CHICAGO) == date(2026, 12, 7)
    assert local_date(datetime(2026, 12, 8, 6, 0, tzinfo=UTC), CHICAGO) == date(2026, 12, 8)


@pytest.mark.parametrize(("minutes", "quarters"), [(0, 0), (1, 1), (15, 1), (16, 2), (60, 4), (61, 5)])
def test_minutes_take_the_quarters_that_hold_them(minutes: int, quarters: int) -> None:
    assert quarters_in(minutes) == quarters


@given(day=days)
def test_days_follow_each_other_without_gap_or_overlap(day: date) -> None:
    following = day + timedelta(days=1)

    assert day_bounds(day, CHICAGO)[1] == day_bounds(following, CHICAGO)[0]
    assert local_date(day_bounds(day, CHICAGO)[0], CHICAGO) == day


@given(day=days, data=st.data())
def test_every_quarter_of_a_day_is_a_moment_of_that_day_and_back(day: date, data: st.DataObject) -> None:
    grid = ClinicDate(day, CHICAGO)
    quarter = data.draw(st.integers(0, grid.length - 1))

    moment = grid.moment_of(quarter)

    assert is_on_quarter(moment)
    assert grid.quarter_of(moment) == grid.quarter_of(moment + timedelta(minutes=14, seconds=59)) == quarter
    assert local_date(moment, CHICAGO) == day


@given(moment=moments)
def test_floor_and_ceiling_are_the_quarters_around_a_moment(moment: datetime) -> None:
    below, above = floor_quarter(moment), ceil_quarter(moment)

    assert below <= moment <= above
    assert is_on_quarter(below)
    assert is_on_quarter(above)
    assert above - below in {timedelta(0), timedelta(minutes=15)}
    assert (above == below) == is_on_quarter(moment)
