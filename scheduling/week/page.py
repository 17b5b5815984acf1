"""The week as the page shows it. Fourteen queries, however much is on it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from clinic.hours import Period, days_between
from clinic.models import Absence, ChairOutage, Clinic, Closure, Nurse, Shift
from clinic.quarters import ClinicDate, day_bounds, local_date
from scheduling.breaks import LoneBreak, lone_breaks
from scheduling.engine.day import Day, span
from scheduling.load import load_days
from scheduling.models import LIVE, Appointment
from scheduling.queries.load_by_quarter import load_by_quarter
from scheduling.week.scene import Scene, runs
from scheduling.week.strips import Strip, load_strip, over_words, peak_words, shift_strip


@dataclass(frozen=True, slots=True)
class Notice:
    """A closure or a chair out of service, which can be taken back."""

    id: int
    words: str


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A column of the week."""

    day: date
    weekday: str
    number: str
    is_today: bool
    is_past: bool
    hours: str
    """When it is open; empty on a closed day."""
    closures: tuple[Notice, ...]
    outages: tuple[Notice, ...]
    strip: Strip | None
    has_shifts: bool
    peak: str
    over: tuple[str, ...]
    """When more are booked than nurses or chairs can take, with how many."""
    full: str
    """When every place is taken."""
    short: int
    """How many patients nobody cares for at some time."""
    lone: tuple[LoneBreak, ...]


@dataclass(frozen=True, slots=True)
class Away:
    """An absence during a shift."""

    id: int
    words: str


@dataclass(frozen=True, slots=True)
class ShiftBlock:
    """A shift in its cell. At another clinic it only says where."""

    id: int
    time: str
    breaks: tuple[str, ...]
    away: tuple[Away, ...]
    is_all_away: bool
    elsewhere: str
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One nurse on one day."""

    day: date
    is_today: bool
    is_closed: bool
    shifts: tuple[ShiftBlock, ...]


@dataclass(frozen=True, slots=True)
class NurseWeek:
    """A row of the week."""

    id: int
    name: str
    home: str
    """The home clinic of a nurse who is lent here."""
    hours: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Everything the page shows."""

    first: date
    last: date
    title: str
    days: tuple[WeekDay, ...]
    nurses: tuple[NurseWeek, ...]


def monday_of(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())


def week(*, clinic: Clinic, day: date, now: datetime) -> Week:
    """Read and lay out the week that holds a day."""
    first = monday_of(day)
    last = first + timedelta(days=6)
    start, end = day_bounds(first, clinic.zone)[0], day_bounds(last, clinic.zone)[1]
    days = load_days(clinics=[clinic], first_day=first, last_day=last)
    shifts = _shifts(clinic, start, end)
    scene = Scene(clinic, {each: days.build((clinic.pk, each)) for each in days_between(first, last)}, shifts, now)
    columns = _columns(clinic, scene, start, end)
    return Week(
        first=first,
        last=last,
        title=_title(first, last),
        days=tuple(columns),
        nurses=tuple(_nurses(clinic, scene, _absences(clinic, shifts, start, end))),
    )


def _title(first: date, last: date) -> str:
    if first.month == last.month:
        return f"{first:%B} {first.day}–{last.day}, {last.year}"
    year = f", {first.year}" if first.year != last.year else ""
    return f"{first:%b} {first.day}{year} – {last:%b} {last.day}, {last.year}"


# --- Columns ---


def _columns(clinic: Clinic, scene: Scene, start: datetime, end: datetime) -> Iterable[WeekDay]:
    closures = list(Closure.objects.filter(clinic=clinic, period__overlap=(start, end)))
    outages = list(
        ChairOutage.objects.filter(chair__clinic=clinic, period__overlap=(start, end)).select_related("chair")
    )
    short = _short(clinic, scene, start, end)
    pauses = _pauses(clinic, scene)
    for day, of_day in scene.days.items():
        grid = scene.grids[day]
        yield WeekDay(
            day=day,
            weekday=f"{day:%a}",
            number=f"{day:%b} {day.day}",
            is_today=day == scene.today,
            is_past=day < scene.today,
            hours=_hours(of_day, grid, scene),
            closures=tuple(
                Notice(one.pk, f"Closed{_part(one.period, grid, of_day, scene)}: {one.reason}")
                for one in closures
                if one.period.lower < grid.end and grid.start < one.period.upper
            ),
            outages=tuple(
                Notice(one.pk, f"{one.chair} out{_part(one.period, grid, of_day, scene)}: {one.reason}")
                for one in outages
                if one.period.lower < grid.end and grid.start < one.period.upper
            ),
            strip=load_strip(of_day, grid, scene),
            has_shifts=bool(of_day.nurses),
            peak=peak_words(of_day, grid, scene),
            over=over_words(of_day, grid, scene),
            full=_full(of_day, grid, scene),
            short=short[day],
            lone=tuple(lone_breaks(day=of_day, grid=grid, pauses=pauses[day])),
        )


def _short(clinic: Clinic, scene: Scene, start: datetime, end: datetime) -> defaultdict[date, int]:
    found: defaultdict[date, int] = defaultdict(int)
    rows = Appointment.objects.filter(
        clinic=clinic, short_staffed=True, status__in=LIVE, period__startswith__gte=start, period__startswith__lt=end
    )
    for period in rows.values_list("period", flat=True):
        found[local_date(period.lower, scene.zone)] += 1
    return found


def _pauses(clinic: Clinic, scene: Scene) -> defaultdict[date, list[tuple[str, int, int]]]:
    found: defaultdict[date, list[tuple[str, int, int]]] = defaultdict(list)
    for shift in scene.shifts:
        if shift.clinic_id != clinic.pk:
            continue
        day = local_date(shift.period.lower, scene.zone)
        for pause in shift.breaks.all():
            first, last = (scene.grids[day].quarter_of(moment) for moment in (pause.period.lower, pause.period.upper))
            found[day].append((shift.nurse.name, first, last))
    return found


def _hours(day: Day, grid: ClinicDate, scene: Scene) -> str:
    return ", ".join(
        scene.span(grid.moment_of(first), grid.moment_of(last)) for first, last, _ in runs(day.open, 0, day.length) if _
    )


def _part(period: object, grid: ClinicDate, day: Day, scene: Scene) -> str:
    """When a closure or outage leaves some of the day: the hours it takes."""
    start, end = max(period.lower, grid.start), min(period.upper, grid.end)  # type: ignore[attr-defined]
    taken = span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
    return f" {scene.span(start, end)}" if day.open & ~taken else ""


def _full(day: Day, grid: ClinicDate, scene: Scene) -> str:
    """When every place is taken."""
    loads = load_by_quarter(day)
    full = sum(1 << at for at, load in enumerate(loads) if load.is_full and not load.is_over)
    return ", ".join(
        scene.span(grid.moment_of(first), grid.moment_of(last)) for first, last, on in runs(full, 0, day.length) if on
    )


# --- Rows ---


def _shifts(clinic: Clinic, start: datetime, end: datetime) -> list[Shift]:
    """The week's shifts here, and those elsewhere of nurses who belong here."""
    return list(
        Shift.objects.filter(
            Q(clinic=clinic) | Q(nurse__home_clinic=clinic), period__startswith__gte=start, period__startswith__lt=end
        )
        .select_related("nurse__home_clinic", "clinic")
        .prefetch_related("breaks")
        .order_by("period")
    )


def _absences(clinic: Clinic, shifts: Sequence[Shift], start: datetime, end: datetime) -> dict[int, list[Absence]]:
    found: dict[int, list[Absence]] = {}
    rows = Absence.objects.filter(period__overlap=(start, end)).filter(
        Q(nurse__home_clinic=clinic) | Q(nurse__in={shift.nurse_id for shift in shifts})
    )
    for absence in rows.distinct():
        found.setdefault(absence.nurse_id, []).append(absence)
    return found


def _nurses(clinic: Clinic, scene: Scene, absences: Mapping[int, list[Absence]]) -> Iterable[NurseWeek]:
    """Nurses who belong here, then those who are lent here this week."""
    people = {nurse.pk: nurse for nurse in Nurse.objects.filter(home_clinic=clinic, is_active=True)}
    people |= {shift.nurse_id: shift.nurse for shift in scene.shifts}
    by_cell: defaultdict[tuple[int, date], list[Shift]] = defaultdict(list)
    for shift in scene.shifts:
        by_cell[shift.nurse_id, local_date(shift.period.lower, scene.zone)].append(shift)
    for nurse in sorted(people.values(), key=lambda nurse: (nurse.home_clinic_id != clinic.pk, nurse.name)):
        mine = [shift for shift in scene.shifts if shift.nurse_id == nurse.pk and shift.clinic_id == clinic.pk]
        yield NurseWeek(
            id=nurse.pk,
            name=nurse.name,
            home=nurse.home_clinic.name if nurse.home_clinic and nurse.home_clinic_id != clinic.pk else "",
            hours=_worked(mine),
            cells=tuple(
                Cell(
                    day=day,
                    is_today=day == scene.today,
                    is_closed=not of_day.open,
                    shifts=tuple(
                        _block(shift, absences.get(nurse.pk, []), clinic, scene) for shift in by_cell[nurse.pk, day]
                    ),
                )
                for day, of_day in scene.days.items()
            ),
        )


def _worked(shifts: Iterable[Shift]) -> str:
    """Rostered hours without breaks: 37.5 h."""
    total = timedelta()
    for shift in shifts:
        total += shift.period.upper - shift.period.lower
        total -= sum((pause.period.upper - pause.period.lower for pause in shift.breaks.all()), timedelta())
    return f"{total / timedelta(hours=1):g} h"


def _block(shift: Shift, absences: Sequence[Absence], clinic: Clinic, scene: Scene) -> ShiftBlock:
    start, end = shift.period.lower, shift.period.upper
    away = [one for one in absences if one.period.lower < end and start < one.period.upper]
    is_all_away = any(one.period.lower <= start and one.period.upper >= end for one in away)
    pauses: list[Period] = [(pause.period.lower, pause.period.upper) for pause in shift.breaks.all()]
    return ShiftBlock(
        id=shift.pk,
        time=scene.span(start, end),
        breaks=tuple(scene.span(*pause) for pause in pauses),
        away=tuple(
            Away(
                one.pk,
                f"Off: {one.reason}"
                if is_all_away
                else f"Off {scene.span(max(start, one.period.lower), min(end, one.period.upper))}: {one.reason}",
            )
            for one in away
        ),
        is_all_away=is_all_away,
        elsewhere=shift.clinic.name if shift.clinic_id != clinic.pk else "",
        strip=shift_strip(shift, pauses, away, scene) if shift.clinic_id == clinic.pk else None,
    )
