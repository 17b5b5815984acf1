"""The whole board of one clinic and day, ready to be drawn."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.models import Clinic
from clinic.quarters import ClinicDate, ceil_quarter, local_date
from scheduling.board import staffing
from scheduling.board.chairs import Block, Moving, Scene, block_of, chair_row, names_of
from scheduling.board.columns import Columns, clock_label, columns_of
from scheduling.board.drawing import Row, row_of
from scheduling.board.fits import AddOn, add_ons
from scheduling.board.overruns import Overrun, by_appointment, collisions
from scheduling.board.rows import DayRows, Stay, Stretch, read_day
from scheduling.models import IN_CHAIR, LIVE, Status
from scheduling.queries.readiness import badges_for

UNCONFIRMED_MATTERS_DAYS = 3
"""From so many days before, a booking that is not confirmed is pointed out."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number above the board."""

    icon: str
    number: int
    word: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """An appointment that some of its time has no nurse."""

    block: Block
    chair: str
    without: str


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the page shows of a clinic's day."""

    columns: Columns
    counts: tuple[Count, ...]
    troubles: tuple[Trouble, ...]
    overruns: tuple[tuple[Block, Overrun], ...]
    """Who runs over into the next patient of the chair."""
    add_ons: tuple[AddOn, ...]
    """The first place that is left for visits of common lengths; empty for a day that is over or closed."""
    loads: tuple[staffing.Load, ...]
    nurses: tuple[staffing.NurseDay, ...]
    chairs: tuple[Row, ...]
    gone: tuple[Block, ...]
    """Appointments of the day that no longer hold a chair: cancelled, missed, left."""
    as_of: str
    closed: str
    """Why the clinic is closed all day; empty when it is open at some time."""
    open_weekdays: frozenset[int]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw: closed, and nobody booked."""
        return not self.columns.quarters


def board(
    *,
    clinic: Clinic,
    day: date,
    now: datetime,
    initials_only: bool,
    appointment_url: Callable[[int], str],
    booking_url: Callable[[int, str], str] | None,
    moving: Moving | None = None,
) -> Board:
    """Read and lay out one clinic's day; while `moving`, with the places that fit. Seven queries."""
    rows = read_day(clinic=clinic, day=day)
    grid = ClinicDate(day, clinic.zone)
    first, last = _stretch(rows)
    columns = columns_of(grid=grid, first=first, last=last, now=now)
    patients, room = staffing.present(rows.stays), staffing.places(rows.nurses)
    held_at = Counter(quarter for chair in rows.chairs for one in chair.held for quarter in range(one.start, one.end))
    initials = staffing.initials_of({nurse.id: nurse.name for nurse in rows.nurses})
    names = names_of(rows.stays, initials_only=initials_only)
    minute = (now - grid.start) // timedelta(minutes=1)
    overruns = tuple(_overruns(rows, grid, names, minute=minute, late_after=clinic.late_after_minutes))
    scene = Scene(
        grid=grid,
        columns=columns,
        late_after=clinic.late_after_minutes,
        minute=minute,
        nurse_initials=initials,
        appointment_url=appointment_url,
        booking_url=booking_url,
        full=frozenset(q for q in range(first, last) if patients[q] + held_at[q] >= room[q]),
        shut=tuple(_shut(rows, grid)),
        badges=badges_for({stay.id: stay.planned for stay in rows.stays if stay.status in LIVE}),
        unconfirmed_matters=0 <= (day - local_date(now, clinic.zone)).days <= UNCONFIRMED_MATTERS_DAYS,
        overruns=by_appointment(overruns),
        moving=moving,
    )
    blocks = {stay.id: block_of(stay=stay, name=names[stay.id], scene=scene) for stay in rows.stays}
    held: defaultdict[int, list[Stay]] = defaultdict(list)
    for stay in rows.stays:
        if stay.holds_chair:
            held[stay.chair_id].append(stay)
    return Board(
        columns=columns,
        counts=_counts(rows.stays),
        troubles=tuple(_troubles(rows, blocks, grid)),
        overruns=tuple((blocks[each.stay], each) for each in overruns),
        add_ons=_add_ons(rows, grid, now, booking_url),
        loads=staffing.loads(columns=columns, patients=patients, room=room, chairs=rows.chairs),
        nurses=staffing.nurse_days(grid=grid, columns=columns, nurses=rows.nurses, stays=rows.stays, initials=initials),
        chairs=tuple(
            row_of(chair_row(chair=chair, stays=held[chair.id], blocks=blocks, scene=scene), is_moving=bool(moving))
            for chair in rows.chairs
        ),
        gone=tuple(blocks[stay.id] for stay in rows.stays if not stay.holds_chair),
        as_of=clock_label(now.astimezone(clinic.zone)),
        closed=_closed(rows),
        open_weekdays=rows.open_weekdays,
    )


def _overruns(
    rows: DayRows, grid: ClinicDate, names: Mapping[int, str], *, minute: int, late_after: int
) -> Iterable[Overrun]:
    chairs = {chair.id: chair.name for chair in rows.chairs}
    for stay, following, until in collisions(rows.stays, minute=minute, length=15 * grid.length, late_after=late_after):
        ends = grid.moment_of(min(-(-until // 15), grid.length)).astimezone(grid.zone)
        yield Overrun(
            stay=stay.id,
            into=following.id,
            name=names[stay.id],
            into_name=names[following.id],
            into_time=clock_label(grid.moment_of(following.start).astimezone(grid.zone)),
            until=clock_label(ends),
            chair=chairs.get(stay.chair_id, ""),
        )


def _add_ons(
    rows: DayRows, grid: ClinicDate, now: datetime, booking_url: Callable[[int, str], str] | None
) -> tuple[AddOn, ...]:
    if now >= grid.end or _closed(rows):
        return ()
    return add_ons(rows=rows, grid=grid, earliest=grid.quarter_of(ceil_quarter(now)), booking_url=booking_url)


def _stretch(rows: DayRows) -> tuple[int, int]:
    """From opening to closing, further only for appointments outside. Empty on a closed day with nobody booked."""
    starts = [stay.start for stay in rows.stays if stay.holds_chair]
    ends = [stay.end for stay in rows.stays if stay.holds_chair]
    if rows.opens is not None and rows.closes is not None:
        starts.append(rows.opens)
        ends.append(rows.closes)
    return (min(starts), max(ends)) if starts else (0, 0)


def _shut(rows: DayRows, grid: ClinicDate) -> list[Stretch]:
    opens, closes = (rows.opens, rows.closes) if rows.opens is not None else (grid.length, grid.length)
    assert opens is not None
    assert closes is not None
    return [*rows.closures, Stretch(0, opens, "Not open"), Stretch(closes, grid.length, "Not open")]


def _closed(rows: DayRows) -> str:
    if rows.opens is None or rows.closes is None:
        return "The clinic does not open on this weekday."
    closure = next((c for c in rows.closures if c.start <= rows.opens and c.end >= rows.closes), None)
    return f"The clinic is closed: {closure.reason}." if closure else ""


def _counts(stays: tuple[Stay, ...]) -> tuple[Count, ...]:
    by = Counter(stay.status for stay in stays)
    return (
        Count("booked", by[Status.BOOKED], "to come"),
        Count("arrived", by[Status.ARRIVED], "arrived"),
        Count("infusing", sum(by[status] for status in IN_CHAIR), "in a chair"),
        Count("done", by[Status.DONE], "done"),
        Count("no_show", by[Status.NO_SHOW], "no-show"),
    )


def _troubles(rows: DayRows, blocks: dict[int, Block], grid: ClinicDate) -> list[Trouble]:
    chairs = {chair.id: chair.name for chair in rows.chairs}
    return [
        Trouble(blocks[stay.id], chairs.get(stay.chair_id, ""), _without_nurse(stay, grid))
        for stay in rows.stays
        if stay.short_staffed and stay.status in LIVE
    ]


def _without_nurse(stay: Stay, grid: ClinicDate) -> str:
    """The stretches of a stay that nobody cares for: 12:00–12:30."""
    covered = {quarter for care in stay.care for quarter in range(care.start, care.end)}
    bare = [quarter for quarter in range(stay.start, stay.end) if quarter not in covered]
    edges = [q for q in bare if q - 1 not in bare], [q + 1 for q in bare if q + 1 not in bare]
    return ", ".join(
        "–".join(f"{grid.moment_of(quarter).astimezone(grid.zone):%-I:%M}" for quarter in pair)
        for pair in zip(*edges, strict=True)
    )
