"""What to do for a patient at which time: the phases of a stay, planned, or as they really run. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.models import Status
from scheduling.roster.rows import Stay

PAST, NOW, AHEAD = "past", "now", "ahead"

CURRENT: dict[str, frozenset[str]] = {
    Status.SEATED: frozenset({"Set-up", "Premed"}),
    Status.INFUSING: frozenset({"Infusion"}),
    Status.OBSERVING: frozenset({"Observe"}),
}
"""The phases that run while a patient has a status."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase with its time as it is written on the sheet. `state` is past, now or ahead."""

    name: str
    clock: str
    state: str


@dataclass(frozen=True, slots=True)
class Course:
    """How a stay runs."""

    phases: tuple[Phase, ...]
    begins: Mapping[str, datetime]
    """When each phase begins, by its name."""
    ends: datetime
    """When the last phase ends, as it runs now; then come discharge and cleaning."""


def course_of(*, stay: Stay, zone: ZoneInfo) -> Course:
    """The phases of a stay. What has begun counts from when it really began, and the rest follows from there."""
    spans = list(_spans(stay))
    return Course(tuple(_named(stay, spans, zone)), {name: start for name, start, _ in spans}, spans[-1][2])


def _spans(stay: Stay) -> Iterator[tuple[str, datetime, datetime]]:
    minutes, reached = stay.minutes, stay.reached if stay.status != Status.BOOKED else {}
    parts = (
        ("Set-up", minutes.setup, Status.SEATED),
        ("Premed", minutes.premedication, None),
        ("Infusion", minutes.infusion, Status.INFUSING),
        ("Observe", minutes.observation, Status.OBSERVING),
    )
    at = stay.start
    for name, length, begun_with in parts:
        if begun_with and begun_with in reached and _has_begun(stay, begun_with):
            at = reached[begun_with]
        if length:
            yield name, at, at + timedelta(minutes=length)
            at += timedelta(minutes=length)


def _has_begun(stay: Stay, status: str) -> bool:
    """Whether a status that was once reached still counts: a slip that was taken back does not."""
    order = list(Status)
    return order.index(Status(stay.status)) >= order.index(Status(status))


def _named(stay: Stay, spans: list[tuple[str, datetime, datetime]], zone: ZoneInfo) -> Iterator[Phase]:
    current = CURRENT.get(stay.status, frozenset())
    begun = bool(current) or stay.status == Status.DONE
    for name, start, end in spans:
        first, last = (f"{moment.astimezone(zone):%-I:%M}" for moment in (start, end))
        clock = {"Infusion": f"{first}–{last}", "Observe": f"until {last}"}.get(name, first)
        if name in current:
            begun = False
            yield Phase(name, clock, NOW)
        else:
            yield Phase(name, clock, PAST if begun else AHEAD)
    yield Phase("Leaves", f"{stay.end.astimezone(zone):%-I:%M}", PAST if stay.status == Status.DONE else AHEAD)
