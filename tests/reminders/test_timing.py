"""When messages are due: in wall-clock time, over clock changes, for late bookings. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from clinic.quarters import at_wall_clock, local_date
from reminders.rules import read_rules
from reminders.timing import LAST_CALL, SETTLE, Hours, Planned, Rule, Visit, after_visit, at_the_end, before_visit

ZONES = [ZoneInfo(name) for name in ("America/Chicago", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")]
CHICAGO = ZONES[0]


def shipped(row: dict[str, Any]) -> Rule:
    """A row of the file as the rule that it makes."""
    facts: dict[str, Any] = {name: value for name, value in row.items() if name != "is_active"}
    return Rule(**facts | {"channels": tuple(row["channels"])})


RULES = [shipped(row) for row in read_rules()]
"""The shipped ones."""


def visit(day: date, clock: str = "9:15", *, told: str, zone: ZoneInfo = CHICAGO, **facts: Any) -> Visit:
    hours, minutes = clock.split(":")
    start = at_wall_clock(day, time(int(hours), int(minutes)), zone)
    told_at = datetime.fromisoformat(told).replace(tzinfo=zone).astimezone(UTC)
    open_days = [day - timedelta(days=back) for back in range(15) if (day - timedelta(days=back)).weekday() < 5]
    return Visit(start=start, zone=zone, told_at=told_at, open_days=open_days, **facts)


def shown(planned: list[Planned], zone: ZoneInfo = CHICAGO) -> dict[tuple[str, str], str]:
    return {(each.code, each.channel): f"{each.due_at.astimezone(zone):%a %b %d %H:%M}" for each in planned}


def test_a_visit_booked_well_ahead_is_told_at_booking_and_reminded_three_times() -> None:
    planned = before_visit(rules=RULES, visit=visit(date(2027, 3, 3), told="2027-01-05 14:00"), announce="booked")
    assert shown(planned) == {
        ("booked", "email"): "Tue Jan 05 14:02",
        ("week", "email"): "Wed Feb 24 10:00",
        ("week", "sms"): "Wed Feb 24 10:00",
        ("three_days", "sms"): "Sun Feb 28 10:00",
        ("day", "sms"): "Tue Mar 02 10:00",
        ("call", "call"): "Tue Mar 02 12:00",
    }


def test_only_drugs_given_twice_a_year_are_told_three_weeks_ahead() -> None:
    soon, rare = (visit(date(2027, 3, 3), told="2027-01-05 14:00", interval_days=days) for days in (28, 168))
    assert ("three_weeks", "email") not in shown(before_visit(rules=RULES, visit=soon, announce="booked"))
    planned = shown(before_visit(rules=RULES, visit=rare, announce="booked"))
    assert planned["three_weeks", "email"] == "Wed Feb 10 10:00"


def test_a_visit_booked_two_days_ahead_gets_one_message_and_not_three_at_once() -> None:
    planned = before_visit(rules=RULES, visit=visit(date(2027, 3, 3), told="2027-03-01 14:00"), announce="booked")
    assert shown(planned) == {
        ("booked", "email"): "Mon Mar 01 14:02",
        ("booked", "sms"): "Mon Mar 01 14:02",
        ("day", "sms"): "Tue Mar 02 10:00",
        ("call", "call"): "Tue Mar 02 12:00",
    }


def test_a_visit_booked_for_this_afternoon_is_told_once() -> None:
    planned = before_visit(
        rules=RULES, visit=visit(date(2027, 3, 3), "14:00", told="2027-03-03 10:00"), announce="booked"
    )
    assert shown(planned) == {("booked", "email"): "Wed Mar 03 10:02", ("booked", "sms"): "Wed Mar 03 10:02"}


def test_a_visit_in_half_an_hour_is_told_by_nobody_but_the_person_who_booked_it() -> None:
    planned = before_visit(
        rules=RULES, visit=visit(date(2027, 3, 3), "9:15", told="2027-03-03 08:45"), announce="booked"
    )
    assert planned == []


def test_who_has_confirmed_gets_the_preparation_and_the_last_text_only() -> None:
    planned = before_visit(
        rules=RULES, visit=visit(date(2027, 3, 3), told="2027-01-05 14:00", confirmed=True), announce=""
    )
    assert set(shown(planned)) == {("week", "email"), ("day", "sms")}


def test_a_monday_visit_is_called_about_on_friday() -> None:
    planned = before_visit(rules=RULES, visit=visit(date(2027, 3, 8), told="2027-01-05 14:00"), announce="booked")
    assert shown(planned)["call", "call"] == "Fri Mar 05 12:00"


def test_times_are_wall_clock_times_on_both_sides_of_a_clock_change() -> None:
    for day, change in ((date(2027, 3, 17), date(2027, 3, 14)), (date(2026, 11, 4), date(2026, 11, 1))):
        planned = before_visit(
            rules=RULES, visit=visit(day, told=f"{day - timedelta(days=60)} 14:00"), announce="booked"
        )
        reminders = [each for each in planned if each.code in {"week", "three_days", "day"}]
        assert {each.due_at.astimezone(CHICAGO).time() for each in reminders} == {time(10)}
        utc_hours = {local_date(each.due_at, CHICAGO) < change: each.due_at.hour for each in reminders}
        assert utc_hours[True] != utc_hours[False]


def test_aftercare_comes_the_day_after_and_a_missed_visit_at_once() -> None:
    past = visit(date(2027, 3, 3), told="2027-03-03 12:00")
    assert shown(after_visit(rules=RULES, visit=past)) == {("aftercare", "email"): "Thu Mar 04 10:00"}
    assert shown(at_the_end(rules=RULES, visit=past, moment="no_show", by=())) == {
        ("no_show", "call"): "Wed Mar 03 12:00"
    }


def test_a_cancellation_is_told_by_the_ways_that_told_of_the_visit() -> None:
    off = visit(date(2027, 3, 3), told="2027-03-01 12:00")
    assert at_the_end(rules=RULES, visit=off, moment="cancelled", by=()) == []
    assert set(shown(at_the_end(rules=RULES, visit=off, moment="cancelled", by=("sms", "call")))) == {
        ("cancelled", "sms")
    }


@given(
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.times(time(7), time(17)),
    st.timedeltas(timedelta(minutes=1), timedelta(days=90)),
    st.booleans(),
)
def test_nothing_is_due_before_it_is_told_or_too_late_for_the_visit(
    zone: ZoneInfo, day: date, clock: time, ahead: timedelta, confirmed: bool
) -> None:
    start = at_wall_clock(day, clock.replace(minute=clock.minute // 15 * 15, second=0, microsecond=0), zone)
    told = start - ahead
    open_days = [day - timedelta(days=back) for back in range(15)]
    planned = before_visit(
        rules=RULES,
        visit=Visit(start=start, zone=zone, told_at=told, confirmed=confirmed, interval_days=168, open_days=open_days),
        announce="booked",
    )
    keys = [(each.code, each.channel) for each in planned]
    assert len(keys) == len(set(keys))
    for each in planned:
        assert told < each.due_at < each.cut_off_at <= start - LAST_CALL
        if each.code in {"week", "three_days", "day", "three_weeks"}:
            assert each.due_at.astimezone(zone).time() == time(10)
    # However late it is booked: told at once, and by text too unless a text is still to come at its own time.
    if ahead > LAST_CALL + SETTLE:
        assert ("booked", "email") in keys
        assert any(channel == "sms" for _, channel in keys)


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
def test_the_next_open_moment_is_the_moment_itself_or_the_next_opening(zone: ZoneInfo, moment: datetime) -> None:
    hours = Hours(time(9), time(19))
    found = hours.next_open(moment, zone)
    assert time(9) <= found.astimezone(zone).time() < time(19)
    assert found >= moment
    assume(found != moment)
    assert found.astimezone(zone).time() == time(9)
    assert found - moment <= timedelta(hours=15, minutes=30)
