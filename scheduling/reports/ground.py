"""What a clinic day had to give, and whether it held: chair time, staffed time, three to one. Pure: no Django."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.reports.figures import Length, Share, Use
from scheduling.reports.rows import HOUR, Ground, Stretch, Visit, Worked

PER_NURSE = 3

BREAK_DUE_FROM = 6 * HOUR
"""A shift of so many hours has a break in it."""

_OPEN, _OUT, _FLOOR, _BOOKED, _SEATED = range(5)


@dataclass(frozen=True, slots=True)
class Swept:
    """A clinic day, counted: seconds of chairs and of breaches."""

    clinic: int
    day: int
    available: int
    """Open time × chairs in service."""
    staffed: int
    """Open time × min(chairs in service, 3 × nurses on the floor)."""
    overtime: int
    """Chair time with a patient in it when the clinic is not open any more."""
    breach_by_book: int
    breaches: tuple[Stretch, ...]
    """When more patients sat than 3 for each nurse on the floor, by the stamps."""


def sweep(day: Ground) -> Swept:
    """Go through a clinic day once, from one change to the next."""
    events = sorted(_events(day))
    closing = max((end for _, end in day.opened), default=0)
    now = [0] * 5
    available = staffed = overtime = by_book = 0
    breaches: list[Stretch] = []
    last = events[0][0] if events else 0
    for moment, what, change in events:
        if length := moment - last:
            chairs = max(day.chairs - now[_OUT], 0) if now[_OPEN] else 0
            room = PER_NURSE * now[_FLOOR]
            available += chairs * length
            staffed += min(chairs, room) * length
            if now[_BOOKED] > room:
                by_book += length
            if now[_SEATED] > room:
                breaches = _joined(breaches, (last, moment))
            if last >= closing:
                overtime += now[_SEATED] * length
        now[what] += change
        last = moment
    return Swept(day.clinic, day.day, available, staffed, overtime, by_book, tuple(breaches))


def scheduled(visits: Sequence[Visit], days: Sequence[Swept]) -> Use:
    """Booked time of the visits that were due, of the chair time there was."""
    return Use(booked_seconds(visits), sum(day.available for day in days))


def actual(visits: Sequence[Visit], days: Sequence[Swept]) -> Use:
    """Time with a patient in the chair, of the chair time there was."""
    return Use(seated_seconds(visits), sum(day.available for day in days))


def scheduled_staffed(visits: Sequence[Visit], days: Sequence[Swept]) -> Use:
    """Booked time of the visits that were due, of the chair time that nurses were there for."""
    return Use(booked_seconds(visits), sum(day.staffed for day in days))


def actual_staffed(visits: Sequence[Visit], days: Sequence[Swept]) -> Use:
    """Time with a patient in the chair, of the chair time that nurses were there for."""
    return Use(seated_seconds(visits), sum(day.staffed for day in days))


def booked_seconds(visits: Sequence[Visit]) -> int:
    """Seconds of the stays, as booked, of the visits that were due."""
    return sum(visit.end - visit.start for visit in visits if visit.is_due)


def seated_seconds(visits: Sequence[Visit]) -> int:
    """Seconds with a patient in the chair."""
    return sum(
        max(visit.ended - visit.seated, 0)
        for visit in visits
        if visit.seated is not None and visit.ended is not None and visit.is_due
    )


def chair_overtime(days: Sequence[Swept]) -> Length:
    """Chair time past closing."""
    over = [day.overtime for day in days if day.overtime]
    return Length(sum(over), _on_days(len(over)))


def breach_by_book(days: Sequence[Swept]) -> Length:
    """Time with more patients in the book than 3 for each nurse on the floor."""
    found = [day.breach_by_book for day in days if day.breach_by_book]
    return Length(sum(found), _on_days(len(found)))


def breach_by_clock(days: Sequence[Swept]) -> Length:
    """Time with more patients in the chairs than 3 for each nurse on the floor."""
    found = [sum(end - start for start, end in day.breaches) for day in days if day.breaches]
    return Length(sum(found), _on_days(len(found)))


def nurse_overtime(shifts: Sequence[Worked]) -> Length:
    """Nurse time past the end of the shift, until her last patient had left."""
    over = [shift.over for shift in shifts if shift.over > 0]
    return Length(sum(over), f"{len(over)} {'shift' if len(over) == 1 else 'shifts'}" if over else "")


def breaks_kept(shifts: Sequence[Worked], days: Sequence[Swept]) -> Share:
    """Shifts of 6 hours or more with a break on the roster, during which the others could care for everybody."""
    breaches = {(day.clinic, day.day): day.breaches for day in days}
    due = [shift for shift in shifts if shift.shift[1] - shift.shift[0] >= BREAK_DUE_FROM]
    kept = sum(
        any(not _touches(pause, breaches.get((shift.clinic, shift.day), ())) for pause in shift.breaks) for shift in due
    )
    return Share(kept, len(due), "shifts")


def _events(day: Ground) -> list[tuple[int, int, int]]:
    stretches = (day.opened, day.out, day.floor, day.booked, day.seated)
    return [
        event
        for what, of_kind in enumerate(stretches)
        for start, end in of_kind
        if start < end
        for event in ((start, what, 1), (end, what, -1))
    ]


def _joined(stretches: list[Stretch], more: Stretch) -> list[Stretch]:
    """Some stretches and one that begins after them, as one with the last where they meet."""
    if stretches and stretches[-1][1] == more[0]:
        return [*stretches[:-1], (stretches[-1][0], more[1])]
    return [*stretches, more]


def _touches(stretch: Stretch, others: Sequence[Stretch]) -> bool:
    return any(start < stretch[1] and stretch[0] < end for start, end in others)


def _on_days(count: int) -> str:
    return f"on {count} {'day' if count == 1 else 'days'}" if count else ""
