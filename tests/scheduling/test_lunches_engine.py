"""Placing breaks: against trying every way, the ratio holds whenever it can, and nobody leaves alone unseen."""

from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.engine.day import ChairDay, Day, NurseDay, Stay, span
from scheduling.engine.lunches import Lunch, bare_quarters, cost_of, place

LENGTH = 16


def a_day(nurses: int, stays: list[tuple[int, int]] = [], *, length: int = LENGTH) -> Day:  # noqa: B006
    return Day(
        length=length,
        open=span(0, length),
        chairs=tuple(ChairDay(number, "recliner", span(0, length)) for number in range(1, 20)),
        nurses=tuple(NurseDay(number, span(0, length)) for number in range(1, nurses + 1)),
        stays=tuple(Stay(number, number, *when) for number, when in enumerate(stays, start=1)),
    )


def lunch(pk: int, first: int = 4, last: int = 10, *, length: int = 2, wished: int | None = None) -> Lunch:
    return Lunch(pk, length, first, last, first if wished is None else wished)


@st.composite
def _problems(draw: st.DrawFn) -> tuple[Day, list[Lunch]]:
    nurses = draw(st.integers(1, 4))
    times = st.integers(0, LENGTH - 2).flatmap(lambda start: st.tuples(st.just(start), st.integers(start + 1, LENGTH)))
    day = a_day(nurses, draw(st.lists(times, max_size=3 * nurses + 2)))
    lunches = []
    for pk in range(1, nurses + 1):
        first = draw(st.integers(2, 8))
        last = draw(st.integers(first, min(first + 4, 11)))
        lunches.append(lunch(pk, first, last, length=draw(st.integers(1, 3)), wished=draw(st.integers(2, 12))))
    return day, lunches


@given(_problems())
@settings(max_examples=150, deadline=None)
def test_no_other_way_of_giving_breaks_is_better(problem: tuple[Day, list[Lunch]]) -> None:
    day, lunches = problem

    placed = place(day=day, lunches=lunches)

    assert placed.is_best
    ids = [one.id for one in lunches]
    every = product(*(range(one.first, one.last + 1) for one in lunches))
    best = min(cost_of(day=day, lunches=lunches, starts=dict(zip(ids, way, strict=True))).key for way in every)
    assert cost_of(day=day, lunches=lunches, starts=placed.starts).key == best


@given(_problems())
@settings(max_examples=50, deadline=None)
def test_the_same_day_gives_the_same_breaks_in_whatever_order_the_nurses_come(
    problem: tuple[Day, list[Lunch]],
) -> None:
    day, lunches = problem

    assert place(day=day, lunches=lunches).starts == place(day=day, lunches=lunches[::-1]).starts


def test_breaks_are_staggered_so_that_six_patients_keep_two_of_three_nurses() -> None:
    day = a_day(3, [(at, LENGTH) for at in (0, 0, 0, 1, 1, 1)])

    starts = place(day=day, lunches=[lunch(1), lunch(2), lunch(3)]).starts

    taken = sorted(starts.values())
    assert all(later - earlier >= 2 for earlier, later in pairwise(taken))


def test_a_break_avoids_the_quarter_in_which_every_nurse_starts_a_patient() -> None:
    day = a_day(2, [(4, 8), (4, 8)])

    starts = place(day=day, lunches=[lunch(1, 3, 6, length=1, wished=4)]).starts

    assert starts[1] != 4


def test_a_break_stays_when_it_was_wished_when_nothing_speaks_against_it() -> None:
    assert place(day=a_day(2), lunches=[lunch(1, wished=7), lunch(2, wished=9)]).starts == {1: 7, 2: 9}


def test_a_lone_nurse_leaves_when_nobody_sits_there_and_the_bare_quarters_are_named() -> None:
    day = a_day(1, [(0, 6), (9, 12)])
    alone = lunch(1)

    starts = place(day=day, lunches=[alone]).starts

    assert starts == {1: 6}
    assert bare_quarters(day=day, starts=starts, lunches=[alone]) == {1: [6, 7]}
    assert bare_quarters(day=a_day(2), starts=starts, lunches=[alone]) == {}


def test_a_break_that_has_no_room_is_left_out() -> None:
    assert place(day=a_day(2), lunches=[lunch(1, 9, 8)]).starts == {}


def test_ten_nurses_are_placed_without_two_away_more_often_than_three_hours_force() -> None:
    day = a_day(10, length=96)
    lunches = [lunch(pk, 44, 54, length=2, wished=48) for pk in range(1, 11)]

    starts = place(day=day, lunches=lunches).starts

    away = [sum(start <= at < start + 2 for start in starts.values()) for at in range(96)]
    assert max(away) == 2
