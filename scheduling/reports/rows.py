"""What figures are counted from: visits, clinic days, shifts and doses as plain values. Pure: no Django.

Moments and lengths are whole seconds, moments since 1970 in UTC, so an hour is an hour also when the clocks change.
`day` counts the clinic's local dates from the first day of the report; before it, days are negative.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

MINUTE, HOUR, DAY = 60, 3600, 86_400

Stretch = tuple[int, int]
"""From a moment to a moment."""


class Visit(NamedTuple):
    """An appointment whose start has passed, with the moments of its steps, each as it stood in the end."""

    clinic: int
    therapy: int
    day: int
    status: str
    reason: str
    start: int
    end: int
    """The stay as it was booked or last moved."""
    leaves: int
    """The end of the stay as the book has it now: earlier when the patient left early, later when it was extended."""
    midnight: int
    """When the day of the visit begins at the clinic."""
    booked_at: int
    confirmed_at: int | None = None
    arrived: int | None = None
    seated: int | None = None
    infusing: int | None = None
    ended: int | None = None
    """When the visit was done, left, missed or cancelled."""
    was_refilled: bool | None = None
    """Of a cancelled one: whether somebody else was booked into its chair and time afterwards."""
    is_due: bool = True
    """Whether it was still in the book when its time came: not cancelled."""


class Prepared(NamedTuple):
    """A visit that was due, and whether its papers were in order so many days before; None if booked after that."""

    clinic: int
    therapy: int
    day: int
    at_7: bool | None
    at_2: bool | None


class Dose(NamedTuple):
    """A dose that was given, and whether on a day of its green window; None when that cannot be known."""

    clinic: int
    therapy: int
    day: int
    is_on_interval: bool | None


class Worked(NamedTuple):
    """A shift that somebody worked, with its breaks, and how long the last patient stayed past its end."""

    clinic: int
    day: int
    shift: Stretch
    breaks: tuple[Stretch, ...]
    over: int


@dataclass(slots=True)
class Ground:
    """One clinic day: when it is open, how many chairs, which are out, who is on the floor, who sits."""

    clinic: int
    day: int
    opened: tuple[Stretch, ...] = ()
    chairs: int = 0
    out: list[Stretch] = field(default_factory=list)
    """Chairs out of service, each for a stretch; one chair's stretches do not overlap."""
    floor: list[Stretch] = field(default_factory=list)
    booked: list[Stretch] = field(default_factory=list)
    """Stays as the book has them."""
    seated: list[Stretch] = field(default_factory=list)
    """Patients in their chairs, by the stamps."""
