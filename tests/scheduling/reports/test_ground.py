"""Chair time, staffed time, three to one, overtime and breaks, counted by hand. No database."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.reports import ground as metrics
from scheduling.reports.ground import sweep
from scheduling.reports.rows import HOUR, MINUTE, Ground, Worked
from tests.scheduling.reports.days import ground, span, visit


def test_outages_come_off_and_closed_hours_never_count() -> None:
    day = sweep(ground("8:00-12:00,13:00-16:00", out=("7:00-9:00", "12:00-14:00"), floor=("7:00-17:00", "7:00-17:00")))

    assert day.available == (4 * 7 - 1 - 1) * HOUR
    assert day.staffed == day.available


def test_staffed_time_is_the_lesser_of_chairs_and_three_for_each_nurse() -> None:
    """Four chairs: 8 to 10 one nurse (3), 10 to 12 two (4), 12 to 13 one (3), 13 to 15 two (4), then none."""
    day = sweep(ground(floor=("8:00-15:00", "10:00-12:00", "13:00-15:00")))

    assert day.available == 4 * 8 * HOUR
    assert day.staffed == (2 * 3 + 2 * 4 + 3 + 2 * 4) * HOUR


def test_a_fourth_patient_at_lunch_is_a_breach_to_the_minute() -> None:
    day = sweep(
        ground(
            floor=("8:00-12:00", "12:30-16:00", "8:00-16:00"),
            booked=("9:00-12:00", "9:00-12:30", "9:00-12:30", "9:00-12:30"),
            seated=("9:05-12:10", "9:10-12:20", "9:00-12:35", "9:00-12:35"),
        )
    )

    assert day.breach_by_book == 0
    assert day.breaches == (span("12:00-12:10"),)
    assert metrics.breach_by_clock([day]).words == "10 min"
    assert metrics.breach_by_clock([day]).basis == "on 1 day"


def test_a_patient_without_any_nurse_is_a_breach() -> None:
    day = sweep(ground(floor=("8:00-10:00",), booked=("9:00-11:00",), seated=("9:00-10:40",)))

    assert (day.breach_by_book, day.breaches) == (60 * MINUTE, (span("10:00-10:40"),))


def test_overtime_is_every_chair_that_is_taken_past_closing() -> None:
    day = sweep(ground(floor=("8:00-18:00",), seated=("15:00-16:20", "14:00-16:05", "9:00-10:00")))

    assert metrics.chair_overtime([day]).words == "25 min"


def test_a_day_that_was_closed_is_all_overtime() -> None:
    day = sweep(ground("", floor=("8:00-18:00",), seated=("15:00-16:00",)))

    assert (day.available, day.staffed, day.overtime) == (0, 0, HOUR)


def test_use_of_the_chairs() -> None:
    days = [sweep(ground(chairs=2, floor=("8:00-16:00",)))]
    visits = [
        visit("8:00-12:00", seated="8:10", ended="11:40"),
        visit("12:00-16:00", status="no_show"),
        visit("8:00-10:00", status="cancelled"),
        visit("10:00-12:00", status="left", seated="10:00", ended="10:30"),
    ]

    assert metrics.scheduled(visits, days).basis == "10 of 16 h"
    assert metrics.actual(visits, days).value == 25
    assert metrics.actual(visits, []).words == "nothing open"


def test_a_break_is_kept_when_the_others_could_care_for_everybody() -> None:
    calm = sweep(ground(floor=("8:00-12:00", "12:30-16:00", "8:00-16:00"), seated=("9:00-15:00",) * 3))
    breached = sweep(ground(floor=("8:00-12:00", "12:30-16:00", "8:00-16:00"), seated=("9:00-15:00",) * 4))
    whole, lunch = span("8:00-16:00"), span("12:00-12:30")
    shifts = [Worked(1, 0, whole, (lunch,), 0), Worked(1, 0, whole, (), 0), Worked(1, 0, span("8:00-13:59"), (), 0)]

    assert metrics.breaks_kept(shifts, [calm]).basis == "1 of 2"
    assert metrics.breaks_kept(shifts, [breached]).basis == "0 of 2"
    assert metrics.breaks_kept([shifts[0], shifts[1]] * 5, [calm]).words == "50 %"


def test_nurses_past_their_shift() -> None:
    shifts = [Worked(1, 0, span("8:00-16:00"), (), over) for over in (0, 10 * MINUTE, 65 * MINUTE)]

    assert (metrics.nurse_overtime(shifts).words, metrics.nurse_overtime(shifts).basis) == ("1 h 15 min", "2 shifts")


stretches = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8
)


@settings(deadline=None)
@given(opened=st.tuples(st.integers(0, 20), st.integers(1, 30)), chairs=st.integers(0, 5), floor=stretches,
       booked=stretches, seated=stretches)  # fmt: skip
def test_the_sweep_counts_what_counting_each_second_counts(
    opened: tuple[int, int],
    chairs: int,
    floor: list[tuple[int, int]],
    booked: list[tuple[int, int]],
    seated: list[tuple[int, int]],
) -> None:
    hours = (opened[0], opened[0] + opened[1])
    found = sweep(Ground(1, 0, (hours,), chairs, [], floor, booked, seated))

    def at(these: list[tuple[int, int]], second: int) -> int:
        return sum(start <= second < end for start, end in these)

    seconds = range(80)
    is_open = [hours[0] <= second < hours[1] for second in seconds]
    assert found.available == chairs * sum(is_open)
    assert found.staffed == sum(min(chairs, 3 * at(floor, second)) for second in seconds if is_open[second])
    assert found.breach_by_book == sum(at(booked, second) > 3 * at(floor, second) for second in seconds)
    breaches = list(found.breaches)
    assert sum(end - start for start, end in breaches) == sum(
        at(seated, second) > 3 * at(floor, second) for second in seconds
    )
    assert found.overtime == sum(at(seated, second) for second in seconds if second >= hours[1])
