"""The week as the page shows it. Six queries, however much is on it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.hours import days_between
from clinic.models import Clinic
from clinic.quarters import ClinicDate, day_bounds, local_date
from scheduling.breaks import LoneBreak, Pause, lone_breaks
from scheduling.engine.day import Day, span
from scheduling.load import load_days
from scheduling.week.rows import CLOSURE, OUTAGE, SHORT, Absence, Note, Nurse, Shift, notes_of, nurses_of
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
    scene = Scene(clinic, {each: days.build((clinic.pk, each)) for each in days_between(first, last)}, now)
    nurses = nurses_of(clinic=clinic, start=start, end=end)
    columns = _columns(scene, notes_of(clinic=clinic, start=start, end=end), _pauses(nurses, scene))
    return Week(
        first=first,
        last=last,
        title=_title(first, last),
        days=tuple(columns),
        nurses=tuple(_nurse(nurse, scene) for nurse in nurses),
    )


def _title(first: date, last: date) -> str:
    if first.month == last.month:
        return f"{first:%B} {first.day}–{last.day}, {last.year}"
    year = f", {first.year}" if first.year != last.year else ""
    return f"{first:%b} {first.day}{year} – {last:%b} {last.day}, {last.year}"


# --- Columns ---


def _columns(scene: Scene, notes: Sequence[Note], pauses: Mapping[date, Sequence[Pause]]) -> Iterable[WeekDay]:
    short = Counter(local_date(note.start, scene.zone) for note in notes if note.kind == SHORT)
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
                Notice(note.id, f"Closed{_part(note, grid, of_day, scene)}: {note.reason}")
                for note in notes
                if note.kind == CLOSURE and note.start < grid.end and grid.start < note.end
            ),
            outages=tuple(
                Notice(note.id, f"{note.chair} out{_part(note, grid, of_day, scene)}: {note.reason}")
                for note in notes
                if note.kind == OUTAGE and note.start < grid.end and grid.start < note.end
            ),
            strip=load_strip(of_day, grid, scene),
            has_shifts=bool(of_day.nurses),
            peak=peak_words(of_day, grid, scene),
            over=over_words(grid, scene),
            full=_full(of_day, grid, scene),
            short=short[day],
            lone=tuple(lone_breaks(day=of_day, grid=grid, pauses=pauses.get(day, ()))),
        )


def _pauses(nurses: Iterable[Nurse], scene: Scene) -> dict[date, list[Pause]]:
    """The breaks of the shifts here, by day, in the order of the shifts."""
    here = [(shift, nurse) for nurse in nurses for shift in nurse.shifts if shift.clinic_id == scene.clinic.pk]
    found: defaultdict[date, list[Pause]] = defaultdict(list)
    for shift, nurse in sorted(here, key=lambda pair: (pair[0].start, pair[0].end)):
        day = local_date(shift.start, scene.zone)
        for pause in shift.breaks:
            first, last = (scene.grids[day].quarter_of(moment) for moment in pause)
            found[day].append((nurse.name, first, last))
    return found


def _hours(day: Day, grid: ClinicDate, scene: Scene) -> str:
    return ", ".join(
        scene.span(grid.moment_of(first), grid.moment_of(last)) for first, last, _ in runs(day.open, 0, day.length) if _
    )


def _part(note: Note, grid: ClinicDate, day: Day, scene: Scene) -> str:
    """When a closure or outage leaves some of the day: the hours it takes."""
    start, end = max(note.start, grid.start), min(note.end, grid.end)
    taken = span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
    return f" {scene.span(start, end)}" if day.open & ~taken else ""


def _full(day: Day, grid: ClinicDate, scene: Scene) -> str:
    """When every place is taken."""
    full = sum(1 << at for at, load in enumerate(scene.loads[grid.day]) if load.is_full and not load.is_over)
    return ", ".join(
        scene.span(grid.moment_of(first), grid.moment_of(last)) for first, last, on in runs(full, 0, day.length) if on
    )


# --- Rows ---


def _nurse(nurse: Nurse, scene: Scene) -> NurseWeek:
    by_day: defaultdict[date, list[Shift]] = defaultdict(list)
    for shift in nurse.shifts:
        by_day[local_date(shift.start, scene.zone)].append(shift)
    return NurseWeek(
        id=nurse.id,
        name=nurse.name,
        home=nurse.home if nurse.home_id != scene.clinic.pk else "",
        hours=_worked(shift for shift in nurse.shifts if shift.clinic_id == scene.clinic.pk),
        cells=tuple(
            Cell(
                day=day,
                is_today=day == scene.today,
                is_closed=not of_day.open,
                shifts=tuple(_block(shift, nurse.absences, scene) for shift in by_day[day]),
            )
            for day, of_day in scene.days.items()
        ),
    )


def _worked(shifts: Iterable[Shift]) -> str:
    """Rostered hours without breaks: 37.5 h."""
    total = timedelta()
    for shift in shifts:
        total += shift.end - shift.start
        total -= sum((end - start for start, end in shift.breaks), timedelta())
    return f"{total / timedelta(hours=1):g} h"


def _block(shift: Shift, absences: Sequence[Absence], scene: Scene) -> ShiftBlock:
    start, end = shift.start, shift.end
    away = [one for one in absences if one.start < end and start < one.end]
    is_all_away = any(one.start <= start and one.end >= end for one in away)
    is_here = shift.clinic_id == scene.clinic.pk
    return ShiftBlock(
        id=shift.id,
        time=scene.span(start, end),
        breaks=tuple(scene.span(*pause) for pause in shift.breaks),
        away=tuple(
            Away(
                one.id,
                f"Off: {one.reason}"
                if is_all_away
                else f"Off {scene.span(max(start, one.start), min(end, one.end))}: {one.reason}",
            )
            for one in away
        ),
        is_all_away=is_all_away,
        elsewhere="" if is_here else shift.clinic,
        strip=shift_strip(shift, away, scene) if is_here else None,
    )
