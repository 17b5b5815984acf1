"""Visits and clinic days as plain values, written as a person would say them: minutes from midnight of day 0."""

from typing import Any

from scheduling.reports.rows import Ground, Stretch, Visit


def clock(text: str) -> int:
    """Seconds from "9:15"."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def span(text: str) -> Stretch:
    """A stretch from "8:00-17:00"."""
    start, end = text.split("-")
    return clock(start), clock(end)


def visit(booked: str = "9:00-11:00", status: str = "done", **facts: Any) -> Visit:
    """A visit of the day after day 0 at midnight, booked a week before; times of day may be given as words."""
    start, end = span(booked)
    named = {name: clock(value) if isinstance(value, str) and ":" in value else value for name, value in facts.items()}
    known: dict[str, Any] = {
        "clinic": 1,
        "therapy": 1,
        "day": 0,
        "status": status,
        "is_due": status != "cancelled",
        "reason": "",
        "start": start,
        "end": end,
        "leaves": end,
        "midnight": 0,
        "booked_at": start - 7 * 86_400,
        **named,
    }
    return Visit(**known)


def ground(
    opened: str = "8:00-16:00",
    *,
    chairs: int = 4,
    out: tuple[str, ...] = (),
    floor: tuple[str, ...] = (),
    booked: tuple[str, ...] = (),
    seated: tuple[str, ...] = (),
) -> Ground:
    """A clinic day."""
    return Ground(
        clinic=1,
        day=0,
        opened=tuple(span(one) for one in opened.split(",") if one),
        chairs=chairs,
        out=[span(one) for one in out],
        floor=[span(one) for one in floor],
        booked=[span(one) for one in booked],
        seated=[span(one) for one in seated],
    )
