"""The weekly shifts of a clinic, by nurse and weekday. Two queries, however many there are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from clinic.models import Clinic, Nurse, ShiftPattern, Weekday
from scheduling.wording import day_words


@dataclass(frozen=True, slots=True)
class WeeklyShift:
    """One weekly shift in its cell. At another clinic it only says where."""

    id: int
    time: str
    lunch: str
    when: str
    """From or until which day; empty when it goes on as it is."""
    elsewhere: str


@dataclass(frozen=True, slots=True)
class WeekdayCell:
    """One nurse on one weekday."""

    weekday: int
    label: str
    shifts: tuple[WeeklyShift, ...]


@dataclass(frozen=True, slots=True)
class NursePatterns:
    """A nurse with her weekly shifts."""

    id: int
    name: str
    home: str
    """The home clinic of a nurse who comes from elsewhere."""
    hours: str
    cells: tuple[WeekdayCell, ...]


def weekly_shifts(*, clinic: Clinic, today: date) -> list[NursePatterns]:
    """Weekly shifts in force or to come: the clinic's own nurses first, then those who come from elsewhere."""
    rows = (
        ShiftPattern.objects.filter(Q(valid_until=None) | Q(valid_until__gte=today))
        .filter(Q(clinic=clinic) | Q(nurse__home_clinic=clinic), nurse__is_active=True)
        .select_related("nurse__home_clinic", "clinic")
        .order_by("starts", "valid_from", "pk")
    )
    by_cell: defaultdict[tuple[int, int], list[ShiftPattern]] = defaultdict(list)
    people = {nurse.pk: nurse for nurse in _nurses_of(clinic)}
    for pattern in rows:
        people.setdefault(pattern.nurse_id, pattern.nurse)
        by_cell[pattern.nurse_id, pattern.weekday].append(pattern)
    return [
        NursePatterns(
            id=nurse.pk,
            name=nurse.name,
            home=nurse.home_clinic.name if nurse.home_clinic and nurse.home_clinic_id != clinic.pk else "",
            hours=_hours([one for day in Weekday for one in by_cell[nurse.pk, day]], today),
            cells=tuple(
                WeekdayCell(
                    day.value, day.label, tuple(_shift(one, clinic, today) for one in by_cell[nurse.pk, day.value])
                )
                for day in Weekday
            ),
        )
        for nurse in sorted(people.values(), key=lambda nurse: (nurse.home_clinic_id != clinic.pk, nurse.name))
    ]


def _nurses_of(clinic: Clinic) -> QuerySet[Nurse]:
    return Nurse.objects.filter(home_clinic=clinic, is_active=True).select_related("home_clinic")


def _shift(pattern: ShiftPattern, clinic: Clinic, today: date) -> WeeklyShift:
    when = []
    if pattern.valid_from > today:
        when.append(f"from {day_words(pattern.valid_from)}")
    if pattern.valid_until:
        when.append(f"until {day_words(pattern.valid_until)}")
    return WeeklyShift(
        id=pattern.pk,
        time=f"{pattern.starts:%-I:%M}–{pattern.ends:%-I:%M}",
        lunch=f"{pattern.break_starts:%-I:%M}, {pattern.break_minutes} min" if pattern.break_starts else "",
        when=" ".join(when),
        elsewhere=pattern.clinic.name if pattern.clinic_id != clinic.pk else "",
    )


def _hours(patterns: list[ShiftPattern], today: date) -> str:
    """Hours a week without breaks, of what is in force today: 37.5 h."""
    minutes = 0
    for one in patterns:
        if one.valid_from <= today:
            minutes += (one.ends.hour - one.starts.hour) * 60 + one.ends.minute - one.starts.minute
            minutes -= one.break_minutes if one.break_starts else 0
    return f"{minutes / 60:g} h"
