"""What holds for every course, whatever really happened."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.therapies.published import SHIPPED
from therapies.series import DueDose, PhaseFacts, due_dose, faults_of, series, window_of

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
intervals = st.none() | st.integers(1, 400)
few = st.integers(0, 40)


@st.composite
def courses(draw: st.DrawFn) -> list[PhaseFacts]:
    """Phases that cover every dose once: a few closed ones, then an open one."""
    phases: list[PhaseFacts] = []
    first = 1
    for length in draw(st.lists(st.integers(1, 4), max_size=3)):
        phases.append(draw(phase(first, first + length - 1)))
        first += length
    return [*phases, draw(phase(first, None))]


def phase(first: int, last: int | None) -> st.SearchStrategy[PhaseFacts]:
    return st.builds(
        lambda green_before, green_after, more_before, more_after, **rest: PhaseFacts(
            first_dose=first,
            last_dose=last,
            green_before=green_before,
            green_after=green_after,
            amber_before=green_before + more_before,
            amber_after=green_after + more_after,
            **rest,
        ),
        target_days=st.integers(1, 400),
        anchor_dose=st.none() | st.integers(1, first - 1) if first > 1 else st.none(),
        min_gap_days=st.integers(0, 200),
        green_before=few,
        green_after=few,
        more_before=few,
        more_after=few,
        is_consecutive=st.booleans(),
    )


shipped_or_any = st.sampled_from(list(SHIPPED.values())) | courses()


@st.composite
def situations(draw: st.DrawFn) -> dict:
    """A course, what is known of it, and the dose that is asked about."""
    phases = draw(shipped_or_any)
    last = max(phase.last_dose or 30 for phase in phases)
    dates = draw(st.dictionaries(st.integers(1, last), days, max_size=8))
    return {
        "phases": phases,
        "dose_number": draw(st.integers(1, last)),
        "dates": dates,
        "start_on": draw(days),
        "interval_days": draw(intervals),
    }


def earlier(situation: dict) -> dict[int, date]:
    return {number: day for number, day in situation["dates"].items() if number < situation["dose_number"]}


@given(courses())
def test_the_courses_made_up_here_are_courses(phases: list[PhaseFacts]):
    assert faults_of(phases) == []


@given(situations())
def test_windows_nest_around_a_target_that_is_allowed(situation: dict):
    due = due_dose(**situation)
    assert due.amber_from <= due.green_from <= due.target <= due.green_until <= due.amber_until
    assert due.earliest is None or due.earliest <= due.amber_from
    assert window_of(due, due.target) == "green"


@given(situations())
def test_no_day_is_allowed_nearer_than_the_minimum_gap_to_a_dose_before(situation: dict):
    due = due_dose(**situation)
    before = earlier(situation)
    assert (due.earliest is None) == (not before)
    if due.earliest is not None:
        gap = next(p for p in situation["phases"] if p.covers(due.dose_number) and not p.variant).min_gap_days
        assert due.earliest == max(before.values()) + timedelta(days=max(gap, 1))
        assert window_of(due, due.earliest - timedelta(days=1)) == "too_soon"
        assert window_of(due, due.earliest) != "too_soon"


@given(situations(), st.integers(-60, 60))
def test_moving_everything_by_some_days_moves_the_due_date_by_as_many(situation: dict, shift: int):
    by = timedelta(days=shift)
    moved = situation | {
        "dates": {number: day + by for number, day in situation["dates"].items()},
        "start_on": situation["start_on"] + by,
    }
    assert due_dose(**moved).target == due_dose(**situation).target + by


@given(situations(), st.integers(0, 6))
def test_a_series_is_what_comes_of_giving_each_dose_on_its_day(situation: dict, count: int):
    course = series(**situation, count=count)
    dates = dict(situation["dates"])
    for due in course:
        assert due.target == due_dose(**situation | {"dose_number": due.dose_number, "dates": dates}).target
        dates.setdefault(due.dose_number, due.target)


@given(situations(), st.integers(1, 200))
def test_giving_the_dose_before_later_never_makes_a_dose_due_sooner(situation: dict, late: int):
    number = situation["dose_number"]
    before = earlier(situation)
    if number - 1 in before:
        later = before | {number - 1: before[number - 1] + timedelta(days=late)}
        assert due_dose(**situation | {"dates": later}).target >= due_dose(**situation).target


@given(
    st.sampled_from(["tysabri", "tyruko", "infliximab", "vedolizumab"]), st.integers(5, 40), days, st.integers(30, 90)
)
def test_an_ordered_interval_moves_target_and_windows_together(slug: str, number: int, last: date, interval: int):
    def due(interval_days: int | None) -> DueDose:
        return due_dose(
            phases=SHIPPED[slug],
            dose_number=number,
            dates={number - 1: last},
            start_on=last,
            interval_days=interval_days,
        )

    usual, ordered = due(None), due(interval)
    by = ordered.target - usual.target
    assert ordered.target == last + timedelta(days=interval)
    assert ordered.earliest is not None
    assert ordered.earliest == usual.earliest
    assert ordered.green_until == usual.green_until + by
    assert ordered.amber_until == usual.amber_until + by
    assert ordered.green_from == max(usual.green_from + by, ordered.earliest)
