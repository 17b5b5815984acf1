"""One text a day and three in seven days per number, whatever is asked. Pure."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reminders.limits import MOST_A_DAY, MOST_A_WEEK, WEEK, fits, next_fit

MONDAY = date(2027, 3, 1)
days = st.lists(st.integers(0, 20).map(lambda n: MONDAY + timedelta(days=n)), max_size=40)


def test_a_second_text_on_a_day_waits_for_the_next() -> None:
    assert not fits(MONDAY, [MONDAY])
    assert next_fit(MONDAY, [MONDAY], last=MONDAY + timedelta(days=3)) == MONDAY + timedelta(days=1)


def test_a_fourth_text_in_seven_days_does_not_fit_before_or_between_those_promised() -> None:
    taken = [MONDAY, MONDAY + timedelta(days=2), MONDAY + timedelta(days=6)]
    assert not fits(MONDAY + timedelta(days=4), taken)
    assert next_fit(MONDAY + timedelta(days=3), taken, last=MONDAY + timedelta(days=6)) is None
    assert next_fit(MONDAY + timedelta(days=3), taken, last=MONDAY + timedelta(days=9)) == MONDAY + timedelta(days=7)


@given(days)
def test_texts_sent_only_when_they_fit_keep_the_law_in_any_order(asked: list[date]) -> None:
    sent: list[date] = []
    for day in asked:
        if fits(day, sent):
            sent.append(day)
    for first in (MONDAY + timedelta(days=n) for n in range(-7, 28)):
        assert sent.count(first) <= MOST_A_DAY
        assert sum(first <= day < first + timedelta(days=WEEK) for day in sent) <= MOST_A_WEEK


@given(days, st.integers(0, 20))
def test_a_text_that_is_refused_would_break_the_law(taken: list[date], after: int) -> None:
    day = MONDAY + timedelta(days=after)
    if not fits(day, taken):
        every = [*taken, day]
        assert every.count(day) > MOST_A_DAY or any(
            sum(day - timedelta(days=back) <= each < day + timedelta(days=WEEK - back) for each in every) > MOST_A_WEEK
            for back in range(WEEK)
        )
