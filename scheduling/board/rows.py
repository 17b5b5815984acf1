"""What the board reads: one clinic's day as plain values. Six queries, however many chairs and patients."""

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import FilteredRelation, Q
from django.utils import timezone

from clinic.hours import weekly_hours
from clinic.models import Chair, Clinic, Closure, Shift
from clinic.quarters import ClinicDate
from scheduling.models import HELD, Appointment
from scheduling.readying import Planned
from scheduling.waitlist import open_offers
from scheduling.wording import clock_or_when_words


@dataclass(frozen=True, slots=True)
class Care:
    """A nurse cares for an appointment from one quarter to another."""

    nurse_id: int
    start: int
    end: int
    is_start: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """An appointment as the board needs it. Quarters count from local midnight; minutes are the dose phase's own."""

    id: int
    chair_id: int
    start: int
    end: int
    status: str
    short_staffed: bool
    confirmed: bool
    family_name: str
    given_name: str
    therapy: str
    dose_number: int
    dose: str
    acuity: int
    minutes: tuple[int, int, int, int]
    care: tuple[Care, ...]
    planned: Planned

    @property
    def holds_chair(self) -> bool:
        """Whether it takes up the chair, now, later or in the record."""
        return self.status in HELD


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some quarters with a word why."""

    start: int
    end: int
    reason: str


@dataclass(slots=True)
class ChairRow:
    """A chair and when it is out of service."""

    id: int
    name: str
    kind: str
    is_active: bool
    outages: list[Stretch] = field(default_factory=list)
    held: list[Stretch] = field(default_factory=list)
    """When an open offer holds it, with the word until when."""


@dataclass(slots=True)
class NurseRow:
    """A nurse's day at the clinic: rostered, on break, on the floor."""

    id: int
    name: str
    shifts: list[tuple[int, int]] = field(default_factory=list)
    breaks: list[tuple[int, int]] = field(default_factory=list)
    floor: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DayRows:
    """Everything that was read of one clinic's day."""

    opens: int | None
    closes: int | None
    open_weekdays: frozenset[int]
    closures: tuple[Stretch, ...]
    chairs: tuple[ChairRow, ...]
    stays: tuple[Stay, ...]
    nurses: tuple[NurseRow, ...]


def read_day(*, clinic: Clinic, day: date) -> DayRows:
    """Read one clinic's day."""
    grid = ClinicDate(day, clinic.zone)
    hours = weekly_hours(clinics=[clinic])[clinic.pk]
    today = hours.on(day)
    stays = _stays(clinic, grid)
    return DayRows(
        opens=grid.quarter_at(today[0]) if today else None,
        closes=grid.quarter_at(today[1]) if today else None,
        open_weekdays=hours.open_weekdays(day),
        closures=_closures(clinic, grid),
        chairs=_chairs(clinic, grid, seated={stay.chair_id for stay in stays if stay.holds_chair}),
        stays=stays,
        nurses=_nurses(clinic, grid),
    )


def _quarters(grid: ClinicDate, start: datetime, end: datetime) -> tuple[int, int]:
    """A period as quarters of the day, cut at its midnights."""
    return max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length)


def _starts_within(grid: ClinicDate) -> dict[str, datetime]:
    """Filter for what starts on the day: no stay and no shift crosses local midnight."""
    return {"period__startswith__gte": grid.start, "period__startswith__lt": grid.end}


def _closures(clinic: Clinic, grid: ClinicDate) -> tuple[Stretch, ...]:
    rows = Closure.objects.filter(clinic=clinic, period__overlap=(grid.start, grid.end)).values_list("period", "reason")
    return tuple(Stretch(*_quarters(grid, period.lower, period.upper), reason) for period, reason in rows)


def _chairs(clinic: Clinic, grid: ClinicDate, seated: set[int]) -> tuple[ChairRow, ...]:
    """The chairs in use, and retired ones that still hold a patient on this day."""
    out = FilteredRelation("outages", condition=Q(outages__period__overlap=(grid.start, grid.end)))
    rows = (
        Chair.objects.filter(Q(is_active=True) | Q(pk__in=seated), clinic=clinic)
        .alias(out=out)
        .order_by("position", "id", "out__period")
        .values_list("id", "name", "kind", "is_active", "out__period", "out__reason")
    )
    chairs: dict[int, ChairRow] = {}
    for pk, name, kind, is_active, period, reason in rows:
        chair = chairs.setdefault(pk, ChairRow(pk, name, kind, is_active))
        if period:
            chair.outages.append(Stretch(*_quarters(grid, period.lower, period.upper), reason))
    offers = (
        open_offers().filter(chair__in=chairs, **_starts_within(grid)).values_list("chair_id", "period", "held_until")
    )
    for chair_id, period, until in offers:
        word = f"Held until {clock_or_when_words(until, grid.zone, now=timezone.now())}"
        chairs[chair_id].held.append(Stretch(*_quarters(grid, period.lower, period.upper), word))
    return tuple(chairs.values())


_STAY_FIELDS = (
    "id", "chair_id", "period", "status", "short_staffed", "confirmed_at",
    "patient__family_name", "patient__given_name",
    "plan__therapy__name", "plan__infusion_minutes", "dose_number", "dose_phase__dose", "dose_phase__acuity",
    "dose_phase__setup_minutes", "dose_phase__premedication_minutes", "dose_phase__infusion_minutes",
    "dose_phase__observation_minutes", "plan_id", "dose_phase__needs_prior_tolerance",
)  # fmt: skip


def _stays(clinic: Clinic, grid: ClinicDate) -> tuple[Stay, ...]:
    """The appointments of the day, from one row for each nurse who cares; the rows of a stay follow each other."""
    rows = (
        Appointment.objects.filter(clinic=clinic, **_starts_within(grid))
        .order_by("period", "id", "assignments__period")
        .values_list(*_STAY_FIELDS, "assignments__nurse_id", "assignments__period", "assignments__is_start")
    )
    return tuple(_stay(grid, list(group)) for _, group in groupby(rows, key=itemgetter(0)))


def _stay(grid: ClinicDate, rows: list[tuple[Any, ...]]) -> Stay:
    (
        pk, chair_id, period, status, short_staffed, confirmed_at, family_name, given_name,
        therapy, ordered, dose_number, dose, acuity, setup, premedication, infusion, observation,
        plan_id, needs_tolerance, *_,
    ) = rows[0]  # fmt: skip
    return Stay(
        id=pk,
        chair_id=chair_id,
        start=grid.quarter_of(period.lower),
        end=grid.quarter_of(period.upper),
        status=status,
        short_staffed=short_staffed,
        confirmed=confirmed_at is not None,
        family_name=family_name,
        given_name=given_name,
        therapy=therapy,
        dose_number=dose_number,
        dose=dose,
        acuity=acuity,
        minutes=(setup, premedication, ordered or infusion, observation),
        care=tuple(
            Care(nurse_id, grid.quarter_of(cares.lower), grid.quarter_of(cares.upper), is_start)
            for *_, nurse_id, cares, is_start in rows
            if nurse_id is not None
        ),
        planned=Planned(plan_id, dose_number, grid.day, needs_tolerance),
    )


def _nurses(clinic: Clinic, grid: ClinicDate) -> tuple[NurseRow, ...]:
    """Everyone rostered on the day, first shift first. A nurse cares only on the floor, so this names every carer."""
    shifts = (
        Shift.objects.filter(clinic=clinic, **_starts_within(grid))
        .order_by("period", "nurse__name", "breaks__period", "floor_periods__period")
        .values_list("nurse_id", "nurse__name", "period", "breaks__period", "floor_periods__period")
    )
    nurses: dict[int, NurseRow] = {}
    for nurse_id, name, *periods in shifts:
        nurse = nurses.setdefault(nurse_id, NurseRow(nurse_id, name))
        # Each break of a shift comes with each of its stretches on the floor.
        for known, period in zip((nurse.shifts, nurse.breaks, nurse.floor), periods, strict=True):
            if period and (stretch := _quarters(grid, period.lower, period.upper)) not in known:
                known.append(stretch)
    return tuple(nurses.values())
