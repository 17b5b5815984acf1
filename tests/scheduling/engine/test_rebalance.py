"""Evening out the nurses of a day: never a broken rule, never less even, and who is here keeps the nurse."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scheduling.engine.day import Care, Day, Stay, span
from scheduling.engine.rebalance import Share, Weight, rebalance, shares, unevenness
from tests.scheduling.engine.days import LENGTH, booked_days, broken_rules, care_of
from tests.scheduling.engine.test_seating import ANNA, BEA, a_day

ORDINARY = Weight(0, 1)
FIRST = Weight(1, 3)


def after(day: Day, care: dict[int, tuple[Care, ...]]) -> Day:
    """The day with some care replaced."""
    return replace(day, stays=tuple(replace(stay, care=care.get(stay.id, stay.care)) for stay in day.stays))


@st.composite
def days_under_way(draw: st.DrawFn) -> Day:
    """A booked day on which some have arrived."""
    day = draw(booked_days())
    return replace(day, stays=tuple(replace(stay, is_expected=draw(st.integers(0, 3)) > 0) for stay in day.stays))


weights = st.builds(Weight, st.integers(0, 1), st.integers(1, 3))


@given(day=days_under_way(), earliest=st.integers(0, LENGTH), data=st.data())
def test_evening_out_breaks_no_rule_and_never_makes_a_day_less_even(
    day: Day, earliest: int, data: st.DataObject
) -> None:
    of = {stay.id: data.draw(weights) for stay in day.stays}

    care = rebalance(day, weights=of, earliest=earliest)

    again = after(day, care)
    assert broken_rules(again) == []
    assert unevenness(again, weights=of) <= unevenness(day, weights=of)
    if care:
        assert unevenness(again, weights=of) < unevenness(day, weights=of)
    for stay in day.stays:
        if stay.id in care:
            assert stay.is_expected
            assert stay.start >= earliest
            assert len(care[stay.id]) <= len(stay.care)


@given(day=days_under_way(), data=st.data())
def test_a_day_that_was_evened_out_is_left_as_it_is(day: Day, data: st.DataObject) -> None:
    of = {stay.id: data.draw(weights) for stay in day.stays}
    again = after(day, rebalance(day, weights=of))

    assert rebalance(again, weights=of) == {}


def expected(number: int, nurse: int, start: int, end: int) -> Stay:
    return Stay(number, 9 + number, start, end, care_of((nurse, start, end)), is_expected=True)


def test_four_patients_of_one_nurse_become_two_of_each() -> None:
    day = a_day(*(expected(n, ANNA, 6 * n, 6 * n + 5) for n in range(1, 5)))
    of = dict.fromkeys(range(1, 5), ORDINARY)

    again = after(day, rebalance(day, weights=of))

    assert shares(again, weights=of) == {ANNA: Share(2, 0, 2), BEA: Share(2, 0, 2)}


def test_first_doses_are_exchanged_where_patients_are_even() -> None:
    day = a_day(expected(1, ANNA, 4, 8), expected(2, ANNA, 10, 14), expected(3, BEA, 4, 8), expected(4, BEA, 10, 14))
    of = {1: FIRST, 2: FIRST, 3: ORDINARY, 4: ORDINARY}

    again = after(day, rebalance(day, weights=of))

    assert shares(again, weights=of) == {ANNA: Share(2, 1, 4), BEA: Share(2, 1, 4)}


def test_a_nurse_of_half_a_day_gets_half_as_many() -> None:
    day = a_day(*(expected(n, ANNA, 3 * n, 3 * n + 3) for n in range(1, 7)), bea=span(0, 20))

    again = after(day, rebalance(day, weights=dict.fromkeys(range(1, 7), ORDINARY)))

    assert [share.patients for share in shares(again, weights=dict.fromkeys(range(1, 7), ORDINARY)).values()] == [4, 2]


def test_who_has_arrived_keeps_the_nurse() -> None:
    stays = [replace(expected(n, ANNA, 6 * n, 6 * n + 5), is_expected=False) for n in range(1, 5)]

    assert rebalance(a_day(*stays), weights=dict.fromkeys(range(1, 5), ORDINARY)) == {}
