"""The patient's day, counted by hand. No database."""

import pytest

from scheduling.reports import flow
from tests.scheduling.reports.days import clock, visit


def test_a_quarter_of_an_hour_after_the_time_is_still_on_time() -> None:
    late = clock("9:15") + 1

    found = flow.on_time([visit(seated="8:50"), visit(seated="9:15"), visit(seated=late), visit(status="no_show")])

    assert found.basis == "2 of 3"


@pytest.mark.parametrize(
    ("arrived", "seated", "in_lobby", "after_time"),
    [("8:40", "9:05", 25, 5), ("8:40", "8:55", 15, 0), ("9:10", "9:16", 6, 6), ("9:00", "9:00", 0, 0)],
)
def test_an_early_patients_own_wait_is_not_the_clinics(
    arrived: str, seated: str, in_lobby: int, after_time: int
) -> None:
    one = [visit(arrived=arrived, seated=seated)] * 10

    assert flow.wait_in_lobby(one).value == in_lobby
    assert flow.wait_for_chair(one).value == after_time


def test_the_wait_in_the_chair_ends_when_the_infusion_runs() -> None:
    visits = [visit(seated="9:00", infusing=clock("9:00") + 60 * minutes) for minutes in range(10, 30)]

    found = flow.wait_in_chair([*visits, visit(seated="9:00")])

    assert (found.value, found.basis) == (19.5, "9 of 10 within 27 min")


def test_a_stay_is_as_booked_within_a_quarter_of_an_hour() -> None:
    stays = [visit("9:00-11:00", seated="9:00", ended=end) for end in ("10:44", "10:45", "11:00", "11:15", "11:16")]
    untreated = [visit(status="left", seated="9:00", ended="9:05"), visit(seated=None)]

    as_booked, longer, shorter = (count(stays + untreated) for count in (flow.as_booked, flow.longer, flow.shorter))

    assert (as_booked.basis, longer.basis, shorter.basis) == ("3 of 5", "1 of 5", "1 of 5")
    assert flow.stay(stays * 2).words == "120 min"
