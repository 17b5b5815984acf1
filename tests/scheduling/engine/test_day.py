"""Which starts are possible: the counts against a search that tries everything."""

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from scheduling.engine.day import Day, Stay, each, run_length, span, starts_of_runs
from scheduling.engine.seating import seat
from tests.scheduling.engine.days import LENGTH, booked_days, seated


def can_be_dealt(day: Day, extra: tuple[int, int]) -> bool:
    """Whether nurses can be found at every quarter for all patients and one more, trying every way to deal."""
    stays = [(stay.start, stay.end) for stay in day.stays] + [extra]
    for quarter in range(day.length):
        here = [start == quarter for start, end in stays if start <= quarter < end]
        nurses = [nurse.id for nurse in day.nurses if nurse.floor >> quarter & 1]
        if not any(_is_legal(deal, here) for deal in product(nurses, repeat=len(here))):
            return False
    return True


def _is_legal(deal: tuple[int, ...], starts: list[bool]) -> bool:
    starters = [nurse for nurse, starting in zip(deal, starts, strict=True) if starting]
    return all(deal.count(nurse) <= 3 for nurse in deal) and len(starters) == len(set(starters))


def bookable(day: Day, chair_id: int, start: int, length: int) -> bool:
    """Whether a stay can be booked, by the words of the guarantees alone."""
    end = start + length
    chair = next(chair for chair in day.chairs if chair.id == chair_id)
    if end > day.length or any(not day.open >> at & 1 or not chair.usable >> at & 1 for at in range(start, end)):
        return False
    if any(stay.chair == chair_id and stay.start < end and start < stay.end for stay in day.stays):
        return False
    return can_be_dealt(day, (start, end))


@given(day=booked_days(), length=st.integers(1, 6))
def test_a_start_is_offered_if_and_only_if_it_can_be_booked(day: Day, length: int) -> None:
    offered = {(chair, start) for chair, starts in day.starts(length).items() for start in each(starts)}

    possible = {
        (chair.id, start) for chair in day.chairs for start in range(LENGTH) if bookable(day, chair.id, start, length)
    }
    assert offered == possible


@given(day=booked_days(), data=st.data())
def test_a_chair_that_is_held_stays_bookable_for_whom_it_is_held(day: Day, data: st.DataObject) -> None:
    offered = [(chair, at, n) for n in range(1, 5) for chair, found in day.starts(n).items() for at in each(found)]
    if not offered:
        return
    chair, start, length = data.draw(st.sampled_from(offered))
    day = replace(day, held=(Stay(-1, chair, start, start + length),))

    for number in range(100, 104):
        others = [(chair, at, n) for n in range(1, 5) for chair, found in day.starts(n).items() for at in each(found)]
        if others:
            other, at, n = data.draw(st.sampled_from(others))
            day = seated(day, number, at, n, seat(day, start=at, length=n, chairs=[other]))

    assert replace(day, held=()).starts(length)[chair] >> start & 1


@given(quarters=st.integers(0, 2**20 - 1), length=st.integers(1, 8))
def test_runs_start_where_enough_quarters_follow_each_other(quarters: int, length: int) -> None:
    expected = {at for at in range(20) if all(quarters >> n & 1 for n in range(at, at + length))}

    assert set(each(starts_of_runs(quarters, length))) == expected


@given(quarters=st.integers(0, 2**20 - 1), start=st.integers(0, 20))
def test_a_run_is_as_long_as_the_quarters_in_a_row(quarters: int, start: int) -> None:
    count = 0
    while quarters >> (start + count) & 1:
        count += 1

    assert run_length(quarters, start) == count


def test_a_span_holds_its_first_quarter_and_not_its_last() -> None:
    assert list(each(span(2, 5))) == [2, 3, 4]
    assert span(3, 3) == 0
