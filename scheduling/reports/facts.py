"""Reading what is counted: one query for each kind of row, whatever the period and however much happened in it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from clinic.hours import open_periods
from clinic.models import Clinic
from clinic.quarters import day_bounds
from scheduling.reports import sql
from scheduling.reports.ground import Swept, sweep
from scheduling.reports.rows import Dose, Ground, Prepared, Stretch, Visit, Worked
from scheduling.reports.treatment import is_green
from scheduling.reports.weeks import Weeks
from therapies.catalog import facts_of
from therapies.models import DosePhase
from therapies.series import PhaseFacts


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that happened at some clinics in a period and in as many weeks before."""

    visits: list[Visit]
    days: list[Swept]
    shifts: list[Worked]
    doses: list[Dose]
    prepared: list[Prepared]


@dataclass(frozen=True, slots=True)
class _Span:
    """What every query asks for: clinics, the first day of the report, and from when to when things began."""

    clinics: Sequence[Clinic]
    weeks: Weeks
    now: datetime
    bounds: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        first, last = self.weeks.before.first_day, self.weeks.last_day
        object.__setattr__(
            self,
            "bounds",
            {
                "clinics": [clinic.pk for clinic in self.clinics],
                "first_day": self.weeks.first_day,
                "from_day": first,
                "to_day": last,
                "start": min(day_bounds(first, clinic.zone)[0] for clinic in self.clinics),
                "end": max(day_bounds(last, clinic.zone)[1] for clinic in self.clinics),
                "now": self.now,
            },
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query for these bounds."""
        with connection.cursor() as cursor:
            cursor.execute(query, self.bounds)
            return cursor.fetchall()


def read(*, clinics: Sequence[Clinic], weeks: Weeks, now: datetime) -> Facts:
    """What a report of some weeks and the weeks before it counts. Ten queries, whatever the period."""
    span = _Span(clinics, weeks, now)
    visits = [Visit._make(row) for row in span.rows(sql.VISITS)]
    return Facts(
        visits=visits,
        days=[sweep(day) for day in _grounds(span, visits).values()],
        shifts=_shifts(span),
        doses=_doses(span),
        prepared=[Prepared._make(row) for row in span.rows(sql.PREPARED)],
    )


def _grounds(span: _Span, visits: Sequence[Visit]) -> dict[tuple[int, int], Ground]:
    """Each clinic day that was open, or on which somebody was there."""
    chairs = dict(span.rows(sql.CHAIRS))
    days: dict[tuple[int, int], Ground] = {}

    def ground(clinic: int, day: int) -> Ground:
        if (clinic, day) not in days:
            days[clinic, day] = Ground(clinic, day, chairs=chairs.get(clinic, 0))
        return days[clinic, day]

    first, last = span.bounds["from_day"], span.bounds["to_day"]
    for (clinic, date_), periods in open_periods(clinics=span.clinics, first_day=first, last_day=last).items():
        day = (date_ - span.weeks.first_day).days
        ground(clinic, day).opened = tuple((int(a.timestamp()), int(b.timestamp())) for a, b in periods)
    for clinic, day, start, end in span.rows(sql.FLOOR):
        ground(clinic, day).floor.append((start, end))
    for visit in visits:
        if visit.is_due and visit.status not in ("no_show", "left"):
            ground(visit.clinic, visit.day).booked.append((visit.start, visit.leaves))
        if visit.seated is not None and visit.ended is not None and visit.is_due:
            ground(visit.clinic, visit.day).seated.append((visit.seated, visit.ended))
    _take_out(span, days)
    return days


def _take_out(span: _Span, days: Mapping[tuple[int, int], Ground]) -> None:
    """Put the chairs that were out of service on the days on which they were."""
    out: dict[int, list[Stretch]] = defaultdict(list)
    for clinic, start, end in span.rows(sql.OUTAGES):
        out[clinic].append((start, end))
    for clinic, stretches in out.items():
        of_clinic = [day for (place, _), day in days.items() if place == clinic and day.opened]
        for day in of_clinic:
            opens, closes = day.opened[0][0], day.opened[-1][1]
            day.out += [
                (max(start, opens), min(end, closes)) for start, end in stretches if start < closes and opens < end
            ]


def _shifts(span: _Span) -> list[Worked]:
    return [
        Worked(clinic, day, (start, end), tuple(zip(pauses[::2], pauses[1::2], strict=True)), over)
        for clinic, day, start, end, pauses, over in span.rows(sql.SHIFTS)
    ]


def _doses(span: _Span) -> list[Dose]:
    """The doses that were given, each held against the facts of the therapy that it was booked with."""
    phases: dict[int, list[PhaseFacts]] = defaultdict(list)
    for phase in DosePhase.objects.order_by("version", "first_dose", "variant"):
        phases[phase.version_id].append(facts_of(phase))

    @cache
    def green(
        version: int, number: int, start: int, earlier: tuple[int, ...], variant: str, interval: int | None
    ) -> bool | None:
        return is_green(
            phases=phases[version],
            dose_number=number,
            start=start,
            earlier=list(zip(earlier[::2], earlier[1::2], strict=True)),
            variant=variant,
            interval_days=interval,
        )

    return [
        Dose(clinic, therapy, day, green(version, number, start, tuple(earlier), variant, interval))
        for clinic, therapy, day, version, number, start, earlier, variant, interval in span.rows(sql.DOSES)
    ]
