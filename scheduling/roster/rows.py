"""What the roster reads: one clinic's day as plain values. Five queries, however many nurses and patients."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.hours import Period
from clinic.models import Clinic
from clinic.quarters import day_bounds
from clinic.sql import fetch
from scheduling.readying import Planned


@dataclass(frozen=True, slots=True)
class Care:
    """A nurse cares for a patient from one moment to another."""

    nurse_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Minutes:
    """How long the phases of a stay take."""

    setup: int
    premedication: int
    infusion: int
    observation: int


@dataclass(frozen=True, slots=True)
class Stay:
    """An appointment as a nurse needs it. Moments are UTC."""

    id: int
    chair: str
    start: datetime
    end: datetime
    status: str
    short_staffed: bool
    confirmed: bool
    name: str
    birth_date: date
    mrn: str
    alerts: str
    needs_interpreter: bool
    needs_driver: bool
    therapy: str
    dose_number: int
    dose: str
    acuity: int
    note: str
    minutes: Minutes
    care: tuple[Care, ...]
    planned: Planned
    reached: Mapping[str, datetime]
    """When the patient last took each status."""


@dataclass(slots=True)
class NurseRow:
    """A nurse rostered on the day."""

    id: int
    name: str
    shifts: list[Period] = field(default_factory=list)
    breaks: list[Period] = field(default_factory=list)
    absences: list[tuple[Period, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RosterRows:
    """Everything that was read of one clinic's day, in time order."""

    stays: tuple[Stay, ...]
    nurses: tuple[NurseRow, ...]


COLUMNS = {
    "id": "a.id",
    "chair": "c.name",
    "start": "lower(a.period)",
    "end": "upper(a.period)",
    "status": "a.status",
    "short_staffed": "a.short_staffed",
    "confirmed": "a.confirmed_at is not null",
    "name": "p.family_name || ', ' || p.given_name",
    "birth_date": "p.birth_date",
    "mrn": "p.mrn",
    "alerts": "p.alerts",
    "needs_interpreter": "p.needs_interpreter",
    "needs_driver": "p.needs_driver",
    "therapy": "t.name",
    "dose_number": "a.dose_number",
    "dose": "d.dose",
    "acuity": "d.acuity",
    "note": "a.note",
}
"""Where the facts of a `Stay` are."""

STAYS = f"""
    select d.setup_minutes, d.premedication_minutes, coalesce(nullif(plan.infusion_minutes, 0), d.infusion_minutes),
           d.observation_minutes, a.plan_id, d.needs_prior_tolerance, {", ".join(COLUMNS.values())}
    from scheduling_appointment a
        join clinic_chair c on c.id = a.chair_id
        join patients_patient p on p.id = a.patient_id
        join patients_treatmentplan plan on plan.id = a.plan_id
        join therapies_therapy t on t.id = plan.therapy_id
        join therapies_dosephase d on d.id = a.dose_phase_id
    where a.clinic_id = %(clinic)s and lower(a.period) >= %(start)s and lower(a.period) < %(end)s
    order by a.period, a.id
"""

CARE = """
    select n.appointment_id, n.nurse_id, lower(n.period), upper(n.period)
    from scheduling_appointment a
        join scheduling_nurseassignment n on n.appointment_id = a.id
    where a.clinic_id = %(clinic)s and lower(a.period) >= %(start)s and lower(a.period) < %(end)s
    order by n.period
"""

REACHED = """
    select s.appointment_id, s.status, s.at
    from scheduling_appointment a
        join scheduling_statuschange s on s.appointment_id = a.id
    where a.clinic_id = %(clinic)s and lower(a.period) >= %(start)s and lower(a.period) < %(end)s
    order by s.at, s.id
"""

SHIFTS = """
    select s.id, s.nurse_id, n.name, lower(s.period), upper(s.period), lower(b.period), upper(b.period)
    from clinic_shift s
        join clinic_nurse n on n.id = s.nurse_id
        left join clinic_shiftbreak b on b.shift_id = s.id
    where s.clinic_id = %(clinic)s and lower(s.period) >= %(start)s and lower(s.period) < %(end)s
    order by s.period, n.name, b.period
"""
"""Shifts, one row for each break, or one without."""

ABSENCES = """
    select nurse_id, lower(period), upper(period), reason from clinic_absence
    where nurse_id = any(%(nurses)s) and period && tstzrange(%(start)s, %(end)s)
    order by period
"""


def read_roster(*, clinic: Clinic, day: date) -> RosterRows:
    """Read one clinic's day."""
    start, end = day_bounds(day, clinic.zone)
    within = {"clinic": clinic.pk, "start": start, "end": end}
    return RosterRows(stays=_stays(within, day), nurses=_nurses(within))


def _stays(within: Mapping[str, object], day: date) -> tuple[Stay, ...]:
    care, reached = _care(within), _reached(within)
    stays = []
    for setup, premedication, infusion, observation, plan_id, needs_tolerance, *row in fetch(STAYS, within):
        facts = dict(zip(COLUMNS, row, strict=True))
        stays.append(
            Stay(
                **facts,
                minutes=Minutes(setup, premedication, infusion, observation),
                care=tuple(care[facts["id"]]),
                planned=Planned(plan_id, facts["dose_number"], day, needs_tolerance),
                reached=reached[facts["id"]],
            )
        )
    return tuple(stays)


def _care(within: Mapping[str, object]) -> defaultdict[int, list[Care]]:
    found: defaultdict[int, list[Care]] = defaultdict(list)
    for pk, nurse_id, start, end in fetch(CARE, within):
        found[pk].append(Care(nurse_id, start, end))
    return found


def _reached(within: Mapping[str, object]) -> defaultdict[int, dict[str, datetime]]:
    found: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for pk, status, at in fetch(REACHED, within):
        found[pk][status] = at
    return found


def _nurses(within: Mapping[str, object]) -> tuple[NurseRow, ...]:
    """Everyone rostered on the day, first shift first. A nurse cares only on the floor, so this names every carer."""
    nurses: dict[int, NurseRow] = {}
    seen: set[int] = set()
    for pk, nurse_id, name, start, end, break_start, break_end in fetch(SHIFTS, within):
        nurse = nurses.setdefault(nurse_id, NurseRow(nurse_id, name))
        if pk not in seen:
            seen.add(pk)
            nurse.shifts.append((start, end))
        if break_start:
            nurse.breaks.append((break_start, break_end))
    for nurse_id, start, end, reason in fetch(ABSENCES, {**within, "nurses": list(nurses)}):
        nurses[nurse_id].absences.append(((start, end), reason))
    return tuple(nurses.values())
