"""Dealing a day again when the floor changes."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from scheduling.engine.day import Day, NurseDay, Stay, span
from scheduling.engine.redeal import redeal
from tests.scheduling.engine.days import LENGTH, booked_days, broken_rules, care_of
from tests.scheduling.engine.test_seating import ANNA, BEA, a_day


def dealt_again(day: Day) -> tuple[Day, frozenset[int]]:
    result = redeal(day)
    stays = tuple(Stay(one.id, one.chair, one.start, one.end, result.care[one.id], one.in_chair) for one in day.stays)
    return Day(day.length, day.open, day.chairs, day.nurses, stays), result.uncovered


def counts_hold(day: Day, stays: tuple[Stay, ...]) -> bool:
    kept = Day(day.length, day.open, day.chairs, day.nurses, stays)
    return all(
        present <= 3 * nurses and starts <= nurses
        for present, nurses, starts in zip(kept.present, kept.on_floor, kept.starting, strict=True)
    )


@st.composite
def days_with_a_sick_nurse(draw: st.DrawFn) -> Day:
    day = draw(booked_days().filter(lambda day: day.nurses))
    sick, from_ = draw(st.sampled_from(day.nurses)), draw(st.integers(0, LENGTH))
    nurses = tuple(NurseDay(one.id, one.floor & span(0, from_) if one == sick else one.floor) for one in day.nurses)
    return Day(day.length, day.open, day.chairs, nurses, day.stays)


@given(day=days_with_a_sick_nurse())
def test_after_a_sick_call_the_rest_of_the_day_keeps_every_guarantee(day: Day) -> None:
    again, uncovered = dealt_again(day)

    assert broken_rules(again, uncovered=uncovered) == []


@given(day=days_with_a_sick_nurse())
def test_nobody_is_left_uncovered_who_could_be_covered(day: Day) -> None:
    _, uncovered = dealt_again(day)

    assert counts_hold(day, tuple(stay for stay in day.stays if stay.id not in uncovered))
    for pk in uncovered:
        assert not counts_hold(day, tuple(stay for stay in day.stays if stay.id not in uncovered - {pk}))


@given(day=days_with_a_sick_nurse())
def test_as_few_as_possible_are_left_uncovered_where_starts_do_not_bind(day: Day) -> None:
    """Giving up the longest stay first is the least where only presence counts; where starts bind too it may not be."""
    spread = all(starts <= nurses for starts, nurses in zip(day.starting, day.on_floor, strict=True))
    _, uncovered = dealt_again(day)

    if spread and uncovered:
        for fewer in combinations(day.stays, len(day.stays) - len(uncovered) + 1):
            assert not counts_hold(day, fewer)


@given(day=booked_days())
def test_a_good_day_is_left_as_it_is(day: Day) -> None:
    again, uncovered = dealt_again(day)

    assert uncovered == frozenset()
    assert again.stays == day.stays


def test_patients_keep_the_nurse_they_have_when_another_goes_home() -> None:
    day = a_day(Stay(1, 10, 4, 20, care_of((ANNA, 4, 20))), Stay(2, 11, 5, 20, care_of((BEA, 5, 20))), bea=span(0, 10))

    again, _ = dealt_again(day)

    assert again.stays[0].care == care_of((ANNA, 4, 20))
    assert again.stays[1].care == care_of((BEA, 5, 10), (ANNA, 10, 20))


def test_a_patient_in_the_chair_is_covered_before_one_who_has_not_come() -> None:
    stays = [Stay(n, 10 + n, n, 30 - n, care_of((ANNA if n < 3 else BEA, n, 30 - n)), n == 0) for n in range(4)]
    day = a_day(*stays, bea=0)

    _, uncovered = dealt_again(day)

    assert uncovered == {1}
