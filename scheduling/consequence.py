"""What a change of staff, hours or chairs does to the patients, in words: beforehand, and when it is done."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from clinic.models import Clinic, Shift, ShiftBreak
from clinic.quarters import ClinicDate, day_bounds, local_date
from clinic.rostering import Draft
from scheduling.breaks import Pause, lone_breaks
from scheduling.load import load_days
from scheduling.models import LIVE, Appointment
from scheduling.redealing import Redealt
from scheduling.restaffing import DayKey
from scheduling.rostering import Changed
from scheduling.wording import clock_words, day_words, span_words


@dataclass(frozen=True, slots=True)
class Touched:
    """An appointment that a change touches."""

    id: int
    patient: str
    chair: str
    clinic: str
    clinic_slug: str
    date: date
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
    added: tuple[str, ...] = ()
    """Shifts that are new, in words."""
    removed: tuple[str, ...] = ()
    """Shifts that go."""
    in_the_way: tuple[str, ...] = ()
    """Shifts that were left out or stay as they are, and why."""

    @property
    def names_clinics(self) -> bool:
        """Whether appointments of more than one clinic are touched, so that each has to say where it is."""
        return len({one.clinic for one in self._touched}) > 1

    @property
    def _touched(self) -> tuple[Touched, ...]:
        return (*self.handed_over, *self.uncovered, *self.healed, *self.displaced)

    @property
    def to_replan(self) -> tuple[Touched, ...]:
        """One appointment for each clinic day on which somebody has to go elsewhere, the first day first."""
        days = {(one.date, one.clinic_slug): one for one in (*self.uncovered, *self.displaced)}
        return tuple(days[key] for key in sorted(days))

    @property
    def is_quiet(self) -> bool:
        """Whether no patient is touched."""
        return not self._touched


def of_redealing(redealt: Redealt, *, clinic: Clinic, day: date) -> Consequence:
    """What a change of staff has done, and the breaks that nobody covers on the day it is about. Few queries more."""
    return of_roster(Changed(redealt, days=((clinic, day),)))


def of_roster(changed: Changed) -> Consequence:
    """What a change of the roster has done, and the breaks that nobody covers on the days it is about."""
    redealt = changed.redealt
    found = {one.id: one for one in _touched(redealt.moved | redealt.uncovered | redealt.healed)}
    only_moved = redealt.moved - redealt.uncovered - redealt.healed

    def those(ids: frozenset[int]) -> tuple[Touched, ...]:
        return tuple(one for pk, one in found.items() if pk in ids)

    return Consequence(
        handed_over=tuple(one for one in those(only_moved) if not one.bare),
        uncovered=those(redealt.uncovered),
        healed=those(redealt.healed),
        warnings=tuple(_warnings(changed.days)),
        added=tuple(_draft_words(draft) for draft in changed.rostered.added),
        removed=tuple(_shift_words(shift) for shift in changed.ended.removed),
        in_the_way=(
            *(f"{_draft_words(one.draft)}: {one.why}" for one in changed.rostered.in_the_way),
            *(f"{_shift_words(shift)}: hours changed by hand, stays" for shift in changed.ended.kept),
        ),
    )


def _draft_words(draft: Draft) -> str:
    return f"{draft.nurse}, {day_words(draft.day)}, {span_words(draft.start, draft.end, draft.clinic.zone)}"


def _shift_words(shift: Shift) -> str:
    start, zone = shift.period.lower, shift.clinic.zone
    return f"{shift.nurse}, {day_words(local_date(start, zone))}, {span_words(start, shift.period.upper, zone)}"


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
            clinic_slug=one.clinic.slug,
            date=local_date(one.start, zone),
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


def _warnings(changed: Sequence[DayKey]) -> Iterable[str]:
    """The breaks that nobody covers on some days. A fixed number of queries for each clinic."""
    for clinic in {clinic.pk: clinic for clinic, _ in changed}.values():
        days = sorted(day for other, day in changed if other.pk == clinic.pk)
        loaded = load_days(clinics=[clinic], first_day=days[0], last_day=days[-1])
        pauses = _pauses(clinic, days)
        for day in days:
            for lone in lone_breaks(
                day=loaded.build((clinic.pk, day)), grid=ClinicDate(day, clinic.zone), pauses=pauses[day]
            ):
                yield lone.words if len(changed) == 1 else f"{clinic}, {day_words(day)}: {lone.words}"


def _pauses(clinic: Clinic, days: Sequence[date]) -> defaultdict[date, list[Pause]]:
    """The breaks of some days, as the nurse's name and quarters."""
    found: defaultdict[date, list[Pause]] = defaultdict(list)
    breaks = ShiftBreak.objects.filter(
        shift__clinic=clinic,
        period__startswith__gte=day_bounds(days[0], clinic.zone)[0],
        period__startswith__lt=day_bounds(days[-1], clinic.zone)[1],
    ).select_related("shift__nurse")
    for pause in breaks:
        grid = ClinicDate(local_date(pause.period.lower, clinic.zone), clinic.zone)
        found[grid.day].append(
            (pause.shift.nurse.name, grid.quarter_of(pause.period.lower), grid.quarter_of(pause.period.upper))
        )
    return found
