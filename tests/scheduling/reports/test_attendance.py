"""Who comes, counted by hand. No database."""

from scheduling.reports import attendance
from scheduling.reports.rows import DAY, HOUR
from tests.scheduling.reports.days import clock, visit


def test_a_cancelled_visit_is_not_due() -> None:
    visits = [visit()] * 8 + [visit(status="left")] + [visit(status="no_show")] * 2 + [visit(status="cancelled")] * 5

    found = attendance.no_show(visits)

    assert (found.part, found.whole, found.words) == (2, 11, "18 %")


def test_cancelled_a_day_before_to_the_second_is_not_late() -> None:
    start = clock("9:00")
    in_time = visit(status="cancelled", ended=start - 24 * HOUR)
    late = visit(status="cancelled", ended=start - 24 * HOUR + 1)
    early = visit(status="cancelled", ended=start - 3 * DAY)

    found = attendance.late_cancellation([in_time, late, early, *[visit()] * 9])

    assert (found.part, found.whole) == (1, 10)
    assert attendance.cancellation([in_time, late, early, *[visit()] * 9]).basis == "3 of 12"


def test_confirmed_counts_until_midnight_before_the_visit() -> None:
    found = attendance.confirmed([
        visit(confirmed_at=-1),
        visit(confirmed_at=0),
        visit(confirmed_at=None),
        visit(confirmed_at=-DAY, status="no_show"),
        visit(confirmed_at=-DAY, status="cancelled"),
    ])  # fmt: skip

    assert found.basis == "2 of 4"


def test_lead_and_clog_time_are_medians_of_days() -> None:
    start = clock("9:00")
    due = [visit(booked_at=start - days * DAY) for days in (1, 2, 3, 4, 5, 6, 7, 8, 9, 40)]
    cancelled = [visit(status="cancelled", booked_at=start - 30 * DAY, ended=start - 9 * DAY)] * 10

    lead, clog = attendance.lead_time(due + cancelled), attendance.clog_time(due + cancelled)

    assert (lead.value, lead.basis) == (5.5, "9 of 10 within 9 days")
    assert (clog.words, clog.count) == ("21 days", 10)


def test_refilled_is_of_those_cancelled() -> None:
    visits = [visit(status="cancelled", was_refilled=number < 3) for number in range(12)]

    assert attendance.refilled([*visits, visit()]).words == "25 %"


def test_reasons_are_counted_the_most_frequent_first() -> None:
    visits = [visit(status="no_show", reason=reason) for reason in ("weather", "other", "other", "transport")]

    assert attendance.reasons([*visits, visit(reason="other")], "no_show") == {"other": 2, "transport": 1, "weather": 1}
