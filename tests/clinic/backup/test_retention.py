"""Which backups stay."""

from datetime import UTC, datetime, timedelta

from clinic.backup.retention import kept

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
EVERY_FOUR_HOURS = [NOW - timedelta(hours=4 * number) for number in range(6 * 400)]


def test_all_of_two_days_then_one_a_day_a_week_a_month() -> None:
    stay = sorted(kept(EVERY_FOUR_HOURS, now=NOW, days=14, weeks=8, months=12), reverse=True)

    assert stay[:12] == EVERY_FOUR_HOURS[:12]
    assert {moment.date() for moment in stay} >= {(NOW - timedelta(days=number)).date() for number in range(14)}
    weeks = {(NOW - timedelta(weeks=number)).isocalendar()[:2] for number in range(8)}
    assert {moment.isocalendar()[:2] for moment in stay} >= weeks
    assert len({(moment.year, moment.month) for moment in stay}) == 12
    assert len(stay) <= 12 + 12 + 6 + 10


def test_the_last_of_a_day_stays() -> None:
    day = datetime(2026, 11, 20, tzinfo=UTC)
    hours = [day + timedelta(hours=hour) for hour in (0, 8, 20)]

    assert kept(hours, now=NOW, days=1, weeks=0, months=0) == {hours[-1]}


def test_the_clock_alone_throws_nothing_away() -> None:
    long_ago = [NOW - timedelta(days=1000 + number) for number in range(3)]

    assert kept(long_ago, now=NOW, days=3, weeks=0, months=0) == set(long_ago)


def test_the_newest_stays_whatever_is_said() -> None:
    old = [NOW - timedelta(days=number) for number in (30, 40)]

    assert kept(old, now=NOW, days=0, weeks=0, months=0) == {old[0]}


def test_what_is_kept_today_can_still_be_kept_tomorrow() -> None:
    """Removing every day what is not kept leaves the same as removing once."""
    moments = sorted(EVERY_FOUR_HOURS)
    there: set[datetime] = set()
    for moment in moments:
        there = kept(there | {moment}, now=moment, days=14, weeks=8, months=12)

    assert there == kept(moments, now=NOW, days=14, weeks=8, months=12)
