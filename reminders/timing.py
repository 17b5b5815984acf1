"""When a visit's messages are due, and until when they make sense. Pure: no Django, no database.

All times of rules are the clinic's wall clock: a message due at 10:00 is due at 10:00 on both sides of a clock change.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from clinic.quarters import at_wall_clock, local_date

SETTLE = timedelta(minutes=2)
"""How long an answer to a change waits, so that a slip can be undone before anybody is told of it."""

LAST_CALL = timedelta(minutes=30)
"""So long before a visit nothing about it leaves any more."""

ANSWERS = ("booked", "moved", "cancelled")
"""Moments that answer what somebody has just done: their e-mails may leave at any hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as it holds for a visit; the fields mean what they mean on `ReminderRule`."""

    code: str
    moment: str
    channels: tuple[str, ...]
    cut_off_hours: int
    days: int = 0
    at: time | None = None
    min_interval_days: int = 0
    rest_hours: int = 0
    only_unconfirmed: bool = False
    asks_to_confirm: bool = False
    keeps_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What due times depend on. `told_at` is when the patient is first told of this time: mostly now."""

    start: datetime
    zone: ZoneInfo
    told_at: datetime
    confirmed: bool = False
    interval_days: int = 0
    open_days: Collection[date] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One message to plan."""

    code: str
    channel: str
    due_at: datetime
    cut_off_at: datetime
    only_unconfirmed: bool = False
    keeps_place: bool = False

    def not_before(self, moment: datetime) -> Self:
        """The same message, due at a moment if it was due earlier."""
        return replace(self, due_at=max(self.due_at, moment))


@dataclass(frozen=True, slots=True)
class Hours:
    """The wall-clock hours in which messages may leave."""

    opens: time
    closes: time

    def next_open(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment itself when it lies in these hours, else when they next begin."""
        local = moment.astimezone(zone)
        if self.opens <= local.time() < self.closes:
            return moment
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return at_wall_clock(day, self.opens, zone)


def before_visit(*, rules: Iterable[Rule], visit: Visit, announce: str, also_by: Collection[str] = ()) -> list[Planned]:
    """What to tell before a visit.

    `announce` is "booked", "moved" or empty: whether the patient must first be told of the time at all. A reminder that
    would come too soon after that, or was due before, is left out, and the announcement then goes by its channels
    too: one message, not three at once. `also_by` are further channels for the announcement.
    """
    planned: list[Planned] = []
    left_out: set[str] = set()
    rules = list(rules)
    for rule in rules:
        due = _due_before(rule, visit)
        if due is None or visit.interval_days < rule.min_interval_days:
            continue
        if due <= visit.told_at + timedelta(hours=rule.rest_hours):
            left_out.update(rule.channels)
        else:
            planned += _each_channel(rule, due, visit)
    for rule in rules:
        if announce and rule.moment == announce:
            channels = {*rule.channels, *also_by, *(left_out - {"call"})}
            planned += _each_channel(
                replace(rule, channels=tuple(sorted(channels))), visit.told_at + SETTLE, visit, unconfirmed_only=False
            )
    return planned


def after_visit(*, rules: Iterable[Rule], visit: Visit) -> list[Planned]:
    """What to tell after a visit that took place."""
    planned = []
    for rule in rules:
        if rule.moment == "after" and rule.at:
            due = at_wall_clock(local_date(visit.start, visit.zone) + timedelta(days=rule.days), rule.at, visit.zone)
            planned += _planned(rule, due, due + timedelta(hours=rule.cut_off_hours))
    return planned


def at_the_end(*, rules: Iterable[Rule], visit: Visit, moment: str, by: Collection[str]) -> list[Planned]:
    """What to tell when a visit is cancelled or missed: by the channels of its rule, and of those by `by` and calls."""
    planned = []
    for rule in rules:
        if rule.moment != moment:
            continue
        due = visit.told_at + (SETTLE if moment in ANSWERS else timedelta())
        cut_off = due + timedelta(hours=rule.cut_off_hours)
        if moment in ANSWERS:
            channels = tuple(sorted({"sms", "email"} & set(by)))
            planned += _planned(replace(rule, channels=channels), due, min(cut_off, max(visit.start, due + SETTLE)))
        else:
            planned += _planned(rule, due, cut_off)
    return planned


def _due_before(rule: Rule, visit: Visit) -> datetime | None:
    if rule.at is None:
        return None
    day = local_date(visit.start, visit.zone)
    if rule.moment == "before":
        return at_wall_clock(day - timedelta(days=rule.days), rule.at, visit.zone)
    if rule.moment == "open_day_before":
        earlier = [each for each in visit.open_days if each < day]
        return at_wall_clock(max(earlier), rule.at, visit.zone) if earlier else None
    return None


def _each_channel(rule: Rule, due: datetime, visit: Visit, *, unconfirmed_only: bool = True) -> list[Planned]:
    """One message for each channel that this rule still needs, unless it would come too late for the visit."""
    cut_off = min(due + timedelta(hours=rule.cut_off_hours), visit.start - LAST_CALL)
    found = []
    for channel in rule.channels:
        if_unconfirmed = unconfirmed_only and (rule.only_unconfirmed or (rule.asks_to_confirm and channel == "sms"))
        if due < cut_off and not (if_unconfirmed and visit.confirmed):
            one = replace(rule, channels=(channel,), only_unconfirmed=if_unconfirmed)
            found += _planned(one, due, cut_off)
    return found


def _planned(rule: Rule, due: datetime, cut_off: datetime) -> list[Planned]:
    return [
        Planned(
            code=rule.code,
            channel=channel,
            due_at=due,
            cut_off_at=cut_off,
            only_unconfirmed=rule.only_unconfirmed,
            keeps_place=rule.keeps_place and channel == "sms",
        )
        for channel in rule.channels
    ]
