"""What the week reads beside its engine days, as plain values. Three queries, however many nurses there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clinic.hours import Period
from clinic.models import Clinic
from clinic.sql import fetch
from scheduling.models import LIVE

CLOSURE, OUTAGE, SHORT = "closure", "outage", "short"

NOTES = """
    select 'closure', id, lower(period), upper(period), '', reason from clinic_closure
    where clinic_id = %(clinic)s and period && tstzrange(%(start)s, %(end)s)
    union all
    select 'outage', o.id, lower(o.period), upper(o.period), c.name, o.reason
    from clinic_chair c
        join clinic_chairoutage o on o.chair_id = c.id
    where c.clinic_id = %(clinic)s and o.period && tstzrange(%(start)s, %(end)s)
    union all
    select 'short', id, lower(period), upper(period), '', '' from scheduling_appointment
    where clinic_id = %(clinic)s and lower(period) >= %(start)s and lower(period) < %(end)s
        and short_staffed and status = any(%(live)s)
    order by 3
"""

PEOPLE = """
    with here as (
        select id from clinic_nurse where home_clinic_id = %(clinic)s
        union
        select nurse_id from clinic_shift
        where clinic_id = %(clinic)s and lower(period) >= %(start)s and lower(period) < %(end)s
    )
    select n.id, n.name, n.home_clinic_id, home.name, s.id, s.clinic_id, c.name, lower(s.period), upper(s.period),
           lower(b.period), upper(b.period)
    from here
        join clinic_nurse n on n.id = here.id
        left join clinic_clinic home on home.id = n.home_clinic_id
        left join clinic_shift s on s.nurse_id = n.id and s.period && tstzrange(%(start)s, %(end)s)
            and lower(s.period) >= %(start)s and lower(s.period) < %(end)s
            and (s.clinic_id = %(clinic)s or n.home_clinic_id = %(clinic)s)
        left join clinic_clinic c on c.id = s.clinic_id
        left join clinic_shiftbreak b on b.shift_id = s.id
    where n.is_active or s.id is not null
    order by s.period, b.period
"""
"""Who belongs here or works here: one row for each break of each shift, or one without. The shifts here, and those
elsewhere of nurses who belong here."""

ABSENCES = """
    select nurse_id, id, lower(period), upper(period), reason from clinic_absence
    where nurse_id = any(%(nurses)s) and period && tstzrange(%(start)s, %(end)s)
    order by period
"""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be said of some days: a closure, a chair out of service, or a patient whom nobody cares for."""

    kind: str
    id: int
    start: datetime
    end: datetime
    chair: str
    reason: str


@dataclass(frozen=True, slots=True)
class Absence:
    """A stretch of time when a nurse is away."""

    id: int
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A nurse's hours at a clinic on a day, with the breaks in them."""

    id: int
    clinic_id: int
    clinic: str
    start: datetime
    end: datetime
    breaks: list[Period] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Nurse:
    """A nurse with the week's shifts, in order, and absences."""

    id: int
    name: str
    home_id: int | None
    home: str
    shifts: list[Shift] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)


def notes_of(*, clinic: Clinic, start: datetime, end: datetime) -> list[Note]:
    """What is to be said of the days from one moment to another, in the order of time."""
    asked = {"clinic": clinic.pk, "start": start, "end": end, "live": list(LIVE)}
    return [Note(*row) for row in fetch(NOTES, asked)]


def nurses_of(*, clinic: Clinic, start: datetime, end: datetime) -> list[Nurse]:
    """Nurses who belong here, then those who are lent here, by name."""
    asked = {"clinic": clinic.pk, "start": start, "end": end}
    nurses = _with_shifts(asked)
    for nurse_id, *absence in fetch(ABSENCES, {**asked, "nurses": list(nurses)}):
        nurses[nurse_id].absences.append(Absence(*absence))
    return sorted(nurses.values(), key=lambda nurse: (nurse.home_id != clinic.pk, nurse.name))


def _with_shifts(asked: Mapping[str, object]) -> dict[int, Nurse]:
    nurses: dict[int, Nurse] = {}
    shifts: dict[int, Shift] = {}
    for pk, name, home_id, home, shift_id, clinic_id, clinic, start, end, break_start, break_end in fetch(
        PEOPLE, asked
    ):
        nurse = nurses.setdefault(pk, Nurse(pk, name, home_id, home or ""))
        if shift_id and shift_id not in shifts:
            shifts[shift_id] = Shift(shift_id, clinic_id, clinic, start, end)
            nurse.shifts.append(shifts[shift_id])
        if break_start:
            shifts[shift_id].breaks.append((break_start, break_end))
    return nurses
