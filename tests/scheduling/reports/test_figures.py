"""What figures say, charts, weeks and downloads. No database."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.reports.charts import Series, columns
from scheduling.reports.download import table_rows
from scheduling.reports.figures import Length, Share, Typical, Use, is_beyond_chance, percent, typical
from scheduling.reports.metrics import ATTENDANCE, METRICS, SECTIONS, USE, Batch
from scheduling.reports.page import compared
from scheduling.reports.tables import batched, since, split_for, table
from scheduling.reports.treatment import is_green
from scheduling.reports.weeks import MOST, BadPeriod, Weeks, chosen, latest
from tests.scheduling.reports.days import visit
from therapies.series import PhaseFacts

SUNDAY, WEDNESDAY = date(2026, 11, 22), date(2026, 11, 25)


# --- Figures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "words", "value"),
    [
        (Share(1, 2), "not enough visits", None),
        (Share(0, 0), "not enough visits", None),
        (Share(9, 9), "not enough visits", None),
        (Share(4, 9, "doses"), "not enough doses", None),
        (Share(9, 10), "90 %", 90),
        (Share(0, 10), "0 %", 0),
        (Share(1, 25), "4.0 %", 4),
    ],
)
def test_few_visits_give_no_percentage(share: Share, words: str, value: float | None) -> None:
    assert (share.words, share.value) == (words, value)


def test_the_middle_and_what_nine_of_ten_keep_within() -> None:
    found = typical([60 * minutes for minutes in (5, 1, 3, 2, 4, 10, 9, 8, 7, 6)])

    assert (found.value, found.words, found.basis) == (5.5, "6 min", "9 of 10 within 9 min")
    assert typical([60] * 9).words == "not enough visits"
    assert typical([]) == Typical(None, None, 0)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 min"), (59 * 60, "59 min"), (7200, "2 h"), (8100, "2 h 15 min"), (360_060, "100 h")]
)
def test_lengths_in_words(seconds: int, words: str) -> None:
    assert Length(seconds).words == words


def test_percentages_below_ten_have_a_decimal() -> None:
    assert [percent(value) for value in (0, 0.04, 4.44, 9.94, 9.96, 81.5)] == [
        "0 %",
        "under 0.1 %",
        "4.4 %",
        "9.9 %",
        "10 %",
        "82 %",
    ]


def test_a_change_is_named_only_when_chance_does_not_make_it() -> None:
    assert compared(Share(20, 350), Share(9, 250), is_better="less") == ("up from 3.6 %", "")
    assert compared(Share(60, 350), Share(9, 250), is_better="less") == ("up from 3.6 %", "worse")
    assert compared(Share(9, 250), Share(60, 350), is_better="less") == ("down from 17 %", "better")
    assert compared(Use(30, 100), Use(30, 100), is_better="more") == ("as before", "")
    assert compared(Share(9, 250), Share(1, 3), is_better="less") == ("too little before to compare", "")
    assert not is_beyond_chance(Share(10, 10), Share(10, 10))


# --- Weeks -------------------------------------------------------------------------------------


def test_the_last_thirteen_weeks_end_on_the_sunday_before() -> None:
    assert latest(13, today=WEDNESDAY) == Weeks(date(2026, 8, 24), 13)
    assert latest(13, today=WEDNESDAY).last_day == SUNDAY
    assert latest(1, today=SUNDAY).last_day == date(2026, 11, 15)
    assert latest(1, today=date(2026, 11, 23)).last_day == SUNDAY
    assert chosen("", "", today=WEDNESDAY) == latest(13, today=WEDNESDAY)


def test_days_within_weeks_mean_the_whole_weeks() -> None:
    assert chosen("2026-10-28", "2026-11-03", today=WEDNESDAY) == Weeks(date(2026, 10, 26), 2)
    assert chosen("2026-11-18", "2026-12-31", today=WEDNESDAY) == Weeks(date(2026, 11, 16), 1)
    assert Weeks(date(2026, 11, 16), 1).before == Weeks(date(2026, 11, 9), 1)
    assert Weeks(date(2025, 12, 29), 2).words == "Dec 29, 2025 – Jan 11, 2026, 2 weeks"


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-11-10", "2026-11-03", "to"),
        ("2026-11-23", "2026-11-29", "from"),
        ("2024-01-01", "2026-11-22", "from"),
        ("1999-01-01", "1999-02-01", "from"),
        ("soon", "2026-11-22", "from"),
        ("2026-11-02", "", "to"),
        ("2026-11-02", "9999-99-99", "to"),
    ],
)
def test_a_period_that_cannot_be_is_refused_beside_its_field(first: str, last: str, field: str) -> None:
    with pytest.raises(BadPeriod) as refused:
        chosen(first, last, today=WEDNESDAY)
    assert refused.value.field == field


@settings(deadline=None)
@given(st.dates(date(2005, 1, 1), date(2026, 11, 22)), st.integers(0, 7 * MOST - 14))
def test_the_days_asked_for_are_in_the_weeks(first: date, more: int) -> None:
    last = min(date.fromordinal(first.toordinal() + more), SUNDAY)
    weeks = chosen(first.isoformat(), last.isoformat(), today=WEDNESDAY)

    assert weeks.first_day.weekday() == 0
    assert weeks.first_day <= first <= last <= weeks.last_day <= SUNDAY


# --- Doses -------------------------------------------------------------------------------------

MONTHLY = PhaseFacts(first_dose=1, target_days=28, green_before=2, green_after=3, amber_before=4, amber_after=9)


@pytest.mark.parametrize(("ago", "expected"), [(25, False), (26, True), (28, True), (31, True), (32, False)])
def test_a_dose_is_held_against_the_window_of_the_dose_before(ago: int, expected: bool) -> None:
    found = is_green(phases=[MONTHLY], dose_number=5, start=-400, earlier=[(4, -ago)], variant="", interval_days=None)
    assert found is expected


def test_what_a_dose_counts_from_may_be_unknown() -> None:
    def green(number: int, **facts: object) -> bool | None:
        asked = {"start": 0, "earlier": [], "variant": "", "interval_days": None, **facts}
        return is_green(phases=[MONTHLY], dose_number=number, **asked)  # type: ignore[arg-type]

    assert green(1) is True
    assert green(1, start=-9) is False
    assert green(2) is None
    assert green(2, earlier=[(1, -42)], interval_days=42) is True


# --- Tables and downloads ----------------------------------------------------------------------


def test_rows_fall_into_the_part_they_belong_to() -> None:
    batch = Batch(visits=[visit(clinic=1, day=0), visit(clinic=2, day=7), visit(clinic=3, day=8), visit(day=-1)])

    parts = batched(batch, [1, 2], lambda row: row.clinic)

    assert {key: len(part.visits) for key, part in parts.items()} == {1: 2, 2: 1}
    assert len(since(batch, first=0, last=7).visits) == 2


def test_a_section_that_no_therapy_has_is_shown_by_clinic() -> None:
    assert [split_for(section, "therapy") for section in SECTIONS] == [
        "therapy", "therapy", "therapy", "clinic", "therapy",
    ]  # fmt: skip
    by_therapy = table(section=USE, split="therapy", batches={"A": Batch(), "B": Batch()}, total=Batch())
    assert [metric.key for metric in by_therapy.metrics] == ["visits", "chair-time"]


def test_a_download_has_a_column_for_each_number() -> None:
    visits = [visit()] * 9 + [visit(status="no_show")]
    parts = {"Eau Claire": Batch(visits=visits), "=Madison": Batch()}

    rows = table_rows(table(section=ATTENDANCE, split="clinic", batches=parts, total=Batch(visits=visits)))

    assert rows[0][:4] == ["Clinic", "No-show %", "No-show count", "No-show of"]
    assert [row[:4] for row in rows[1:]] == [
        ["All together", 10.0, 1, 10],
        ["Eau Claire", 10.0, 1, 10],
        ["=Madison", None, 0, 0],
    ]
    assert {len(row) for row in rows} == {len(rows[0])}


def test_every_figure_says_what_it_counts_and_each_that_is_drawn_exists() -> None:
    assert len(METRICS) == sum(len(section.metrics) for section in SECTIONS)
    assert all(metric.counts and metric.source.name for metric in METRICS.values())
    assert all(key in METRICS for section in SECTIONS for keys in section.drawn for key in keys)
    for metric in METRICS.values():
        assert metric.of(Batch()).words


# --- Charts ------------------------------------------------------------------------------------


def test_columns_are_as_high_as_their_values_and_say_them() -> None:
    chart = columns(
        key="x",
        title="No-show",
        unit="percent",
        labels=["Nov 2", "Nov 9"],
        series=[Series("No-show", [5.0, None]), Series("Late", [10.0, 0.0])],
        benchmarks=[("median 5 %", 5)],
    )

    full = chart.base - 30
    assert [(column.series, column.height, column.text) for column in chart.columns] == [
        (0, full / 2, "5"),
        (1, full, "10"),
        (1, 0, "0"),
    ]
    assert chart.rules[0].y == chart.base - full / 2
    assert chart.says == (
        "No-show by week, percent. No-show between 5 (week of Nov 2) and 5 (week of Nov 2);"
        " Late between 0 (week of Nov 9) and 10 (week of Nov 2)."
    )


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(0, 1e6), min_size=1, max_size=MOST))
def test_a_chart_of_any_weeks_stays_on_its_ground(values: list[float | None]) -> None:
    chart = columns(
        key="x", title="A", unit="number", labels=[str(n) for n in range(len(values))], series=[Series("A", values)]
    )

    assert all(one.x >= 0 and one.x + one.width <= chart.width and one.y >= 20 for one in chart.columns)
    assert 1 <= len(chart.ticks) <= 13
