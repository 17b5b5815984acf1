"""Days, times and lengths as staff and patients read them. Moments are turned into the clinic's wall clock first."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def day_words(day: date, *, year: bool = False) -> str:
    """A day: Tue Dec 8, or Tue Dec 8, 2026."""
    return f"{day:%a %b} {day.day}" + (f", {day.year}" if year else "")


def clock_words(moment: datetime, zone: ZoneInfo) -> str:
    """A time of day: 9:15 AM."""
    return f"{moment.astimezone(zone):%-I:%M %p}"


def span_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """From when to when: 9:15–11:45 AM, or 9:15 AM–1:15 PM across noon."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    same_half = first.hour // 12 == last.hour // 12
    return f"{first:%-I:%M}{'' if same_half else f' {first:%p}'}–{last:%-I:%M %p}"


def when_words(moment: datetime, zone: ZoneInfo) -> str:
    """Day and time: Tue Dec 8, 9:15 AM."""
    return f"{day_words(moment.astimezone(zone).date())}, {clock_words(moment, zone)}"


def stretch_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """A stretch: on Tue Dec 8, 9:15–11:45 AM; over days, from Tue Dec 8, 9:15 AM to Thu Dec 10, 5:00 PM."""
    if start.astimezone(zone).date() == end.astimezone(zone).date():
        return f"on {day_words(start.astimezone(zone).date())}, {span_words(start, end, zone)}"
    return f"from {when_words(start, zone)} to {when_words(end, zone)}"


def clock_or_when_words(moment: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """A time of day, with the day before it unless that is today."""
    is_today = moment.astimezone(zone).date() == now.astimezone(zone).date()
    return clock_words(moment, zone) if is_today else when_words(moment, zone)


def length_words(minutes: int) -> str:
    """A length: 45 min, 2 h, 5 h 30."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


def days_words(count: int) -> str:
    """A number of days: 1 day, 12 days."""
    return "1 day" if count == 1 else f"{count} days"
