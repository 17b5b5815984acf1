"""Quarter hours and clinic days: the only clock arithmetic of the program. Pure: no Django, no database.

A *clinic day* is one local date of one clinic. Its quarters are counted from local midnight in elapsed time,
so a day has 96 quarters, 92 when the clocks go forward and 100 when they go back. All periods are half-open.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
QUARTER_SECONDS = 900


def is_on_quarter(moment: datetime) -> bool:
    """Whether an aware moment lies exactly on a quarter hour."""
    return moment.timestamp() % QUARTER_SECONDS == 0


def floor_quarter(moment: datetime) -> datetime:
    """The last quarter hour at or before an aware moment, in UTC."""
    return datetime.fromtimestamp(moment.timestamp() // QUARTER_SECONDS * QUARTER_SECONDS, UTC)


def ceil_quarter(moment: datetime) -> datetime:
    """The first quarter hour at or after an aware moment, in UTC."""
    return datetime.fromtimestamp(-(-moment.timestamp() // QUARTER_SECONDS) * QUARTER_SECONDS, UTC)


def quarters_in(minutes: int) -> int:
    """How many quarter hours it takes to hold some minutes: 61 minutes take 5."""
    return -(-minutes // 15)


@lru_cache(maxsize=8192)
def at_wall_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, when a clinic's wall clock shows a time on a day.

    A time that the spring change skips is read with the offset before the change (2:30 becomes 3:30);
    one that the autumn change repeats means its first occurrence.
    """
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ClinicDate:
    """One local date in one zone, as a grid of quarter hours counted from local midnight."""

    day: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """Local midnight, in UTC."""
        return day_bounds(self.day, self.zone)[0]

    @property
    def end(self) -> datetime:
        """The next local midnight, in UTC."""
        return day_bounds(self.day, self.zone)[1]

    @property
    def length(self) -> int:
        """How many quarters the day has: 96, or 92 and 100 when the clocks change."""
        return (self.end - self.start) // QUARTER

    def quarter_of(self, moment: datetime) -> int:
        """The index of the quarter hour that holds a moment; negative before, beyond `length` after the day."""
        return (moment - self.start) // QUARTER

    def moment_of(self, quarter: int) -> datetime:
        """The moment, in UTC, when a quarter begins."""
        return self.start + quarter * QUARTER

    def quarter_at(self, clock: time) -> int:
        """The index of the quarter that begins when the wall clock shows a time."""
        return self.quarter_of(at_wall_clock(self.day, clock, self.zone))


@lru_cache(maxsize=4096)
def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Local midnight of a day and of the next one, in UTC."""
    return at_wall_clock(day, time.min, zone), at_wall_clock(day + timedelta(days=1), time.min, zone)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The date on a clinic's calendar at a moment."""
    return moment.astimezone(zone).date()
