"""What a change of staff, hours or chairs does to the patients, in words: beforehand, and when it is done."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from clinic.models import Clinic, ShiftBreak
from clinic.quarters import ClinicDate, local_date
from scheduling.breaks import lone_breaks
from scheduling.load import load_day
from scheduling.models import LIVE, Appointment
from scheduling.redealing import Redealt
from scheduling.wording import clock_words, day_words, span_words


@dataclass(frozen=True, slots=True)
class Touched:
    """An appointment that a change touches."""

    id: int
    patient: str
    chair: str
    clinic: str
    day: str
    time: str
    care: str
    """Who cares now, in order: Anna until 12:00 PM, then Bea."""
    bare: str
    """When nobody cares; empty when somebody always does."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a change does. Each appointment stands in one list only."""

    handed_over: tuple[Touched, ...] = ()
    uncovered: tuple[Touched, ...] = ()
    healed: tuple[Touched, ...] = ()
    displaced: tuple[Touched, ...] = ()
    """Appointments in a chair or at a time that is closed now, which somebody has to move."""
    warnings: tuple[str, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether no patient is touched."""
        return not (self.handed_over or self.uncovered or self.healed or self.displaced)


def of_redealing(redealt: Redealt, *, clinic: Clinic, day: date) -> Consequence:
    """What a change of staff has done, and the breaks that nobody covers on the day it is about. Six queries more."""
    found = {one.id: one for one in _touched(redealt.moved | redealt.uncovered | redealt.healed)}
    changed = redealt.moved - redealt.uncovered - redealt.healed

    def those(ids: frozenset[int]) -> tuple[Touched, ...]:
        return tuple(one for pk, one in found.items() if pk in ids)

    return Consequence(
        handed_over=tuple(one for one in those(changed) if not one.bare),
        uncovered=those(redealt.uncovered),
        healed=those(redealt.healed),
        warnings=tuple(_warnings(clinic, day)),
    )


def of_closing(in_the_way: Sequence[Appointment]) -> Consequence:
    """What closing a clinic or a chair means for those who are booked."""
    return Consequence(displaced=tuple(_describe(in_the_way)))


def beforehand(change: Callable[[], Consequence]) -> Consequence:
    """What a change would do: it is made, looked at and taken back."""
    with transaction.atomic():
        seen = change()
        transaction.set_rollback(True)
    return seen


def _touched(ids: frozenset[int]) -> Iterable[Touched]:
    if not ids:
        return ()
    return _describe(
        Appointment.objects.filter(pk__in=ids, status__in=LIVE)
        .select_related("patient", "chair", "clinic")
        .prefetch_related("assignments__nurse")
        .order_by("period", "pk")
    )


def _describe(appointments: Iterable[Appointment]) -> Iterable[Touched]:
    for one in appointments:
        zone = one.clinic.zone
        yield Touched(
            id=one.pk,
            patient=str(one.patient),
            chair=str(one.chair),
            clinic=one.clinic.name,
            day=day_words(local_date(one.start, zone)),
            time=span_words(one.start, one.end, zone),
            care=_care_words(one),
            bare=", ".join(span_words(start, end, zone) for start, end in _holes(one)),
        )


def _care_words(one: Appointment) -> str:
    care = sorted(one.assignments.all(), key=lambda piece: piece.period.lower)
    return ", then ".join(
        piece.nurse.name
        if piece is care[-1]
        else f"{piece.nurse.name} until {clock_words(piece.period.upper, one.clinic.zone)}"
        for piece in care
    )


def _holes(one: Appointment) -> Iterable[tuple[datetime, datetime]]:
    at = one.start
    for piece in sorted(one.assignments.all(), key=lambda piece: piece.period.lower):
        if at < piece.period.lower:
            yield at, piece.period.lower
        at = piece.period.upper
    if at < one.end:
        yield at, one.end


def _warnings(clinic: Clinic, day: date) -> Iterable[str]:
    grid = ClinicDate(day, clinic.zone)
    breaks = ShiftBreak.objects.filter(
        shift__clinic=clinic, period__startswith__gte=grid.start, period__startswith__lt=grid.end
    ).select_related("shift__nurse")
    pauses = [
        (pause.shift.nurse.name, grid.quarter_of(pause.period.lower), grid.quarter_of(pause.period.upper))
        for pause in breaks
    ]
    return (lone.words for lone in lone_breaks(day=load_day(clinic=clinic, day=day), grid=grid, pauses=pauses))
