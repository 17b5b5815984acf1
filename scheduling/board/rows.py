"""What the board reads: one clinic's day as plain values. Six queries, however many chairs and patients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from django.utils import timezone

from clinic.hours import weekly_hours
from clinic.models import Clinic
from clinic.quarters import ClinicDate
from clinic.sql import Row, fetch
from scheduling.models import HELD
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


COLUMNS = {
    "id": "a.id",
    "chair_id": "a.chair_id",
    "status": "a.status",
    "short_staffed": "a.short_staffed",
    "confirmed": "a.confirmed_at is not null",
    "family_name": "p.family_name",
    "given_name": "p.given_name",
    "therapy": "t.name",
    "dose_number": "a.dose_number",
    "dose": "d.dose",
    "acuity": "d.acuity",
}
"""Where the facts of a `Stay` are."""

STAYS = f"""
    select a.id, n.nurse_id, lower(n.period), upper(n.period), n.is_start, lower(a.period), upper(a.period),
           d.setup_minutes, d.premedication_minutes, coalesce(nullif(plan.infusion_minutes, 0), d.infusion_minutes),
           d.observation_minutes, a.plan_id, d.needs_prior_tolerance, {", ".join(COLUMNS.values())}
    from scheduling_appointment a
        join patients_patient p on p.id = a.patient_id
        join patients_treatmentplan plan on plan.id = a.plan_id
        join therapies_therapy t on t.id = plan.therapy_id
        join therapies_dosephase d on d.id = a.dose_phase_id
        left join scheduling_nurseassignment n on n.appointment_id = a.id
    where a.clinic_id = %(clinic)s and lower(a.period) >= %(start)s and lower(a.period) < %(end)s
    order by a.period, a.id, n.period
"""
"""One row for each nurse who cares; the rows of a stay follow each other."""

CLOSURES = """
    select lower(period), upper(period), reason from clinic_closure
    where clinic_id = %(clinic)s and period && tstzrange(%(start)s, %(end)s)
    order by period
"""

CHAIRS = """
    select c.id, c.name, c.kind, c.is_active, lower(o.period), upper(o.period), o.reason
    from clinic_chair c
        left join clinic_chairoutage o on o.chair_id = c.id and o.period && tstzrange(%(start)s, %(end)s)
    where c.clinic_id = %(clinic)s and (c.is_active or c.id = any(%(seated)s))
    order by c.position, c.id, o.period
"""

SHIFTS = """
    select s.nurse_id, n.name, lower(s.period), upper(s.period), lower(b.period), upper(b.period),
           lower(f.period), upper(f.period)
    from clinic_shift s
        join clinic_nurse n on n.id = s.nurse_id
        left join clinic_shiftbreak b on b.shift_id = s.id
        left join clinic_floorperiod f on f.shift_id = s.id
    where s.clinic_id = %(clinic)s and lower(s.period) >= %(start)s and lower(s.period) < %(end)s
    order by s.period, n.name, b.period, f.period
"""
"""Each break of a shift comes with each of its stretches on the floor."""


def read_day(*, clinic: Clinic, day: date) -> DayRows:
    """Read one clinic's day."""
    grid = ClinicDate(day, clinic.zone)
    asked = {"clinic": clinic.pk, "start": grid.start, "end": grid.end}
    hours = weekly_hours(clinics=[clinic])[clinic.pk]
    today = hours.on(day)
    stays = _stays(asked, grid)
    return DayRows(
        opens=grid.quarter_at(today[0]) if today else None,
        closes=grid.quarter_at(today[1]) if today else None,
        open_weekdays=hours.open_weekdays(day),
        closures=tuple(Stretch(*_quarters(grid, start, end), reason) for start, end, reason in fetch(CLOSURES, asked)),
        chairs=_chairs(asked, grid, seated={stay.chair_id for stay in stays if stay.holds_chair}),
        stays=stays,
        nurses=_nurses(asked, grid),
    )


def _quarters(grid: ClinicDate, start: datetime, end: datetime) -> tuple[int, int]:
    """A period as quarters of the day, cut at its midnights."""
    return max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length)


def _chairs(asked: Mapping[str, object], grid: ClinicDate, seated: set[int]) -> tuple[ChairRow, ...]:
    """The chairs in use, and retired ones that still hold a patient on this day."""
    chairs: dict[int, ChairRow] = {}
    for pk, name, kind, is_active, out_from, out_until, reason in fetch(CHAIRS, {**asked, "seated": list(seated)}):
        chair = chairs.setdefault(pk, ChairRow(pk, name, kind, is_active))
        if out_from:
            chair.outages.append(Stretch(*_quarters(grid, out_from, out_until), reason))
    # No stay crosses local midnight.
    today = {"period__startswith__gte": grid.start, "period__startswith__lt": grid.end}
    offers = open_offers().filter(chair__in=chairs, **today).values_list("chair_id", "period", "held_until")
    for chair_id, period, until in offers:
        word = f"Held until {clock_or_when_words(until, grid.zone, now=timezone.now())}"
        chairs[chair_id].held.append(Stretch(*_quarters(grid, period.lower, period.upper), word))
    return tuple(chairs.values())


def _stays(asked: Mapping[str, object], grid: ClinicDate) -> tuple[Stay, ...]:
    return tuple(_stay(grid, list(rows)) for _, rows in groupby(fetch(STAYS, asked), key=itemgetter(0)))


def _stay(grid: ClinicDate, rows: list[Row]) -> Stay:
    _, _, _, _, _, start, end, setup, premedication, infusion, observation, plan_id, needs_tolerance, *row = rows[0]
    facts = dict(zip(COLUMNS, row, strict=True))
    return Stay(
        **facts,
        start=grid.quarter_of(start),
        end=grid.quarter_of(end),
        minutes=(setup, premedication, infusion, observation),
        care=tuple(
            Care(nurse_id, grid.quarter_of(begins), grid.quarter_of(ends), is_start)
            for _, nurse_id, begins, ends, is_start, *_ in rows
            if nurse_id is not None
        ),
        planned=Planned(plan_id, facts["dose_number"], grid.day, needs_tolerance),
    )


def _nurses(asked: Mapping[str, object], grid: ClinicDate) -> tuple[NurseRow, ...]:
    """Everyone rostered on the day, first shift first. A nurse cares only on the floor, so this names every carer."""
    nurses: dict[int, NurseRow] = {}
    for nurse_id, name, *moments in fetch(SHIFTS, asked):
        nurse = nurses.setdefault(nurse_id, NurseRow(nurse_id, name))
        periods = zip(moments[::2], moments[1::2], strict=True)
        for known, (start, end) in zip((nurse.shifts, nurse.breaks, nurse.floor), periods, strict=True):
            if start and (stretch := _quarters(grid, start, end)) not in known:
                known.append(stretch)
    return tuple(nurses.values())
