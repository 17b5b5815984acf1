"""What the roster reads: one clinic's day as plain values. Five queries, however many nurses and patients."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.hours import Period
from clinic.models import Absence, Clinic, Shift
from clinic.quarters import day_bounds
from scheduling.models import Appointment, NurseAssignment, StatusChange
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


def read_roster(*, clinic: Clinic, day: date) -> RosterRows:
    """Read one clinic's day."""
    start, end = day_bounds(day, clinic.zone)
    within = {"clinic": clinic, "period__startswith__gte": start, "period__startswith__lt": end}
    return RosterRows(stays=_stays(within, day), nurses=_nurses(within, start, end))


_FIELDS = (
    "id", "chair__name", "period", "status", "short_staffed", "confirmed_at", "note",
    "patient__family_name", "patient__given_name", "patient__birth_date", "patient__mrn", "patient__alerts",
    "patient__needs_interpreter", "patient__needs_driver",
    "plan__therapy__name", "plan__infusion_minutes", "dose_number", "dose_phase__dose", "dose_phase__acuity",
    "dose_phase__setup_minutes", "dose_phase__premedication_minutes", "dose_phase__infusion_minutes",
    "dose_phase__observation_minutes", "plan_id", "dose_phase__needs_prior_tolerance",
)  # fmt: skip


def _stays(within: dict[str, object], day: date) -> tuple[Stay, ...]:
    care, reached = _care(within), _reached(within)
    rows = Appointment.objects.filter(**within).order_by("period", "id").values(*_FIELDS)
    return tuple(
        Stay(
            id=row["id"],
            chair=row["chair__name"],
            start=row["period"].lower,
            end=row["period"].upper,
            status=row["status"],
            short_staffed=row["short_staffed"],
            confirmed=row["confirmed_at"] is not None,
            name=f"{row['patient__family_name']}, {row['patient__given_name']}",
            birth_date=row["patient__birth_date"],
            mrn=row["patient__mrn"],
            alerts=row["patient__alerts"],
            needs_interpreter=row["patient__needs_interpreter"],
            needs_driver=row["patient__needs_driver"],
            therapy=row["plan__therapy__name"],
            dose_number=row["dose_number"],
            dose=row["dose_phase__dose"],
            acuity=row["dose_phase__acuity"],
            note=row["note"],
            minutes=Minutes(
                setup=row["dose_phase__setup_minutes"],
                premedication=row["dose_phase__premedication_minutes"],
                infusion=row["plan__infusion_minutes"] or row["dose_phase__infusion_minutes"],
                observation=row["dose_phase__observation_minutes"],
            ),
            care=tuple(care[row["id"]]),
            planned=Planned(row["plan_id"], row["dose_number"], day, row["dose_phase__needs_prior_tolerance"]),
            reached=reached[row["id"]],
        )
        for row in rows
    )


def _care(within: dict[str, object]) -> defaultdict[int, list[Care]]:
    rows = (
        NurseAssignment.objects.filter(**within).order_by("period").values_list("appointment_id", "nurse_id", "period")
    )
    found: defaultdict[int, list[Care]] = defaultdict(list)
    for pk, nurse_id, period in rows:
        found[pk].append(Care(nurse_id, period.lower, period.upper))
    return found


def _reached(within: dict[str, object]) -> defaultdict[int, dict[str, datetime]]:
    of_day = {f"appointment__{name}": value for name, value in within.items()}
    rows = StatusChange.objects.filter(**of_day).order_by("at", "id").values_list("appointment_id", "status", "at")
    found: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for pk, status, at in rows:
        found[pk][status] = at
    return found


def _nurses(within: dict[str, object], start: datetime, end: datetime) -> tuple[NurseRow, ...]:
    """Everyone rostered on the day, first shift first. A nurse cares only on the floor, so this names every carer."""
    shifts = (
        Shift.objects.filter(**within)
        .order_by("period", "nurse__name", "breaks__period")
        .values_list("id", "nurse_id", "nurse__name", "period", "breaks__period")
    )
    nurses: dict[int, NurseRow] = {}
    seen: set[int] = set()
    for pk, nurse_id, name, period, pause in shifts:
        nurse = nurses.setdefault(nurse_id, NurseRow(nurse_id, name))
        if pk not in seen:
            seen.add(pk)
            nurse.shifts.append((period.lower, period.upper))
        if pause:
            nurse.breaks.append((pause.lower, pause.upper))
    absences = Absence.objects.filter(nurse__shifts__in=Shift.objects.filter(**within), period__overlap=(start, end))
    for nurse_id, period, reason in absences.distinct().values_list("nurse_id", "period", "reason"):
        nurses[nurse_id].absences.append(((period.lower, period.upper), reason))
    return tuple(nurses.values())
