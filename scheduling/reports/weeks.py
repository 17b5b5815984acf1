"""The weeks of a report: whole ISO weeks of the clinic's calendar, Monday to Sunday. Pure: no Django."""

from dataclasses import dataclass
from datetime import date, timedelta

USUAL = 13
"""A quarter of a year."""

MOST = 53

EARLIEST = date(2000, 1, 3)


class BadPeriod(ValueError):
    """The period as asked for cannot be reported: the message says why, for people; `field` is where."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.message, self.field = message, field


@dataclass(frozen=True, slots=True)
class Weeks:
    """Some whole weeks, from a Monday on."""

    first_day: date
    count: int

    @property
    def last_day(self) -> date:
        """The last Sunday."""
        return self.first_day + timedelta(days=7 * self.count - 1)

    @property
    def mondays(self) -> list[date]:
        """The first day of each week."""
        return [self.first_day + timedelta(weeks=number) for number in range(self.count)]

    @property
    def before(self) -> "Weeks":
        """As many weeks right before."""
        return Weeks(self.first_day - timedelta(weeks=self.count), self.count)

    @property
    def words(self) -> str:
        """Aug 24 – Nov 22, 2026, 13 weeks."""
        weeks = "1 week" if self.count == 1 else f"{self.count} weeks"
        first = f"{self.first_day:%b} {self.first_day.day}"
        if self.first_day.year != self.last_day.year:
            first += f", {self.first_day.year}"
        return f"{first} – {self.last_day:%b} {self.last_day.day}, {self.last_day.year}, {weeks}"


def last_full_sunday(today: date) -> date:
    """The Sunday of the last week that is over."""
    return today - timedelta(days=today.isoweekday())


def latest(count: int, *, today: date) -> Weeks:
    """The last `count` weeks that are over."""
    sunday = last_full_sunday(today)
    return Weeks(sunday - timedelta(days=7 * count - 1), count)


def chosen(first: str, last: str, *, today: date) -> Weeks:
    """The whole weeks from the one that holds the first day to the one that holds the last, as far as they are over.

    Days are ISO dates as typed; with both empty, the last 13 weeks. Raises `BadPeriod`.
    """
    if not first and not last:
        return latest(USUAL, today=today)
    start, end = _day(first, "from"), _day(last, "to")
    sunday = last_full_sunday(today)
    if start > end:
        raise BadPeriod("The last day comes before the first. Choose a later one.", field="to")
    if start > sunday:
        raise BadPeriod(
            f"Weeks are reported once they are over: choose a day until {sunday:%b} {sunday.day}.", field="from"
        )
    if start < EARLIEST:
        raise BadPeriod("Choose a day from the year 2000 on.", field="from")
    monday = start - timedelta(days=start.weekday())
    end = min(end + timedelta(days=6 - end.weekday()), sunday) if end <= sunday else sunday
    count = (end - monday).days // 7 + 1
    if count > MOST:
        raise BadPeriod(f"At most {MOST} weeks at a time. Choose a later first day.", field="from")
    return Weeks(monday, count)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadPeriod("Choose a day.", field=field)
