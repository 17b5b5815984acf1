"""The rows of chairs: appointments, free quarters to book, and hatched stretches. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinic.models import ChairKind
from clinic.quarters import ClinicDate
from scheduling.board.columns import Columns, clock_label, clock_short
from scheduling.board.overruns import Overrun
from scheduling.board.rows import ChairRow, Stay, Stretch
from scheduling.models import IN_CHAIR, Status
from scheduling.queries.readiness import AT_RISK, NOT_READY, READY, TO_CHECK, Badge


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about an appointment that wants a look: an icon, a word, a style."""

    icon: str
    word: str
    css: str


@dataclass(frozen=True, slots=True)
class Part:
    """A phase of the stay, in minutes from its start, as it is drawn under the text."""

    css: str
    at: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Block:
    """An appointment as it is drawn."""

    id: int
    url: str
    name: str
    drug: str
    dose_number: int
    dose: str
    time: str
    nurses: str
    status: str
    status_word: str
    ready_word: str
    """That it is ready, or what is to be done first; empty when a flag says more."""
    flags: tuple[Flag, ...]
    spoken: str
    parts: tuple[Part, ...]
    minutes: int
    may_move: bool
    """Whether it can be given another place: only who has not sat down."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a chair's row. `kind` is stay, free, held, full, past, out or shut.

    While an appointment is being moved, fit is a place for it and here is where it is now.
    """

    kind: str
    span: int
    css: str = ""
    word: str = ""
    url: str = ""
    key: str = ""
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Chair:
    """A chair's row."""

    id: int
    name: str
    kind: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Moving:
    """An appointment on its way to another place of this day. `starts` are the quarters it could go to, by chair."""

    id: int
    starts: Mapping[int, int]
    quarters: int
    place_url: Callable[[int, str], str]


@dataclass(frozen=True, slots=True)
class Scene:
    """What every cell of a board needs to know."""

    grid: ClinicDate
    columns: Columns
    late_after: int
    """Minutes after the start when somebody who has not arrived is late."""
    minute: int
    """The minute it is, counted from local midnight; negative before the day, large after it."""
    nurse_initials: dict[int, str]
    appointment_url: Callable[[int], str]
    booking_url: Callable[[int, str], str] | None
    """Where a free quarter of a chair leads; None for those who may not book."""
    full: frozenset[int]
    """Quarters at which every nurse on the floor has her three patients."""
    shut: tuple[Stretch, ...]
    """When the clinic is not open."""
    badges: Mapping[int, Badge]
    """How ready each appointment is that holds its chair."""
    unconfirmed_matters: bool
    """Whether the day is near enough to ask who has not confirmed."""
    overruns: Mapping[int, Overrun]
    """Who will not be out of the chair in time, by the appointment that runs over and by the one it runs into."""
    moving: Moving | None = None
    """The appointment that is being moved, if any: then only places for it can be chosen."""


def names_of(stays: Sequence[Stay], *, initials_only: bool) -> dict[int, str]:
    """What to call each patient: Olson, K. Two of one short name on a day get their whole given name."""
    if initials_only:
        return {stay.id: f"{stay.given_name[:1]}{stay.family_name[:1]}" for stay in stays}
    short = {stay.id: f"{stay.family_name}, {stay.given_name[:1]}." for stay in stays}
    people = {(stay.family_name, stay.given_name) for stay in stays}
    taken = Counter(f"{family}, {given[:1]}." for family, given in people)
    return {
        stay.id: short[stay.id] if taken[short[stay.id]] == 1 else f"{stay.family_name}, {stay.given_name}"
        for stay in stays
    }


def block_of(*, stay: Stay, name: str, scene: Scene) -> Block:
    """Draw an appointment."""
    start, end = (scene.grid.moment_of(quarter).astimezone(scene.grid.zone) for quarter in (stay.start, stay.end))
    status = Status(stay.status)
    nurses = list(dict.fromkeys(scene.nurse_initials.get(care.nurse_id, "?") for care in stay.care))
    flags = tuple(_flags(stay, scene))
    ready_word = _ready_word(stay.status, scene.badges.get(stay.id))
    spoken = [
        name, f"{stay.therapy} dose {stay.dose_number}", f"{clock_label(start)} to {clock_label(end)}",
        f"nurse {' then '.join(nurses)}" if nurses else "no nurse", status.label, ready_word,
        *(flag.word for flag in flags),
    ]  # fmt: skip
    return Block(
        id=stay.id,
        url=scene.appointment_url(stay.id),
        name=name,
        drug=stay.therapy,
        dose_number=stay.dose_number,
        dose=stay.dose,
        time=f"{clock_short(start)}–{clock_short(end)}",
        nurses="›".join(nurses),
        status=stay.status,
        status_word=status.label,
        ready_word=ready_word,
        flags=flags,
        spoken=", ".join(filter(None, spoken)),
        parts=_parts(stay),
        minutes=15 * (stay.end - stay.start),
        may_move=scene.booking_url is not None and stay.status in (Status.BOOKED, Status.ARRIVED),
    )


def _ready_word(status: str, badge: Badge | None) -> str:
    """Whether somebody who has not sat down yet may: all is ready, or who is here waits for the checks of the day."""
    if badge and badge.fit == READY and status in (Status.BOOKED, Status.ARRIVED):
        return "ready"
    return "checks to do" if badge and badge.fit == TO_CHECK and status == Status.ARRIVED else ""


def _flags(stay: Stay, scene: Scene) -> Iterable[Flag]:
    if stay.short_staffed:
        yield Flag("short", "No nurse", "short")
    badge = scene.badges.get(stay.id)
    if badge and badge.fit == NOT_READY:
        yield Flag(NOT_READY.icon, NOT_READY.word, "unready")
    if badge and badge.fit == AT_RISK:
        yield Flag(AT_RISK.icon, AT_RISK.word, "risk")
    late = scene.minute - 15 * stay.start
    if stay.status == Status.BOOKED and scene.late_after <= late < 15 * scene.grid.length:
        yield Flag("late", f"Late {_minutes(late)}", "late")
    over = scene.minute - 15 * stay.end
    if stay.status in IN_CHAIR and 0 < over < 15 * scene.grid.length:
        yield Flag("late", f"Over {_minutes(over)}", "over")
    if overrun := scene.overruns.get(stay.id):
        yield Flag("collision", overrun.word(stay.id), "collision")
    if stay.status == Status.BOOKED and not stay.confirmed and scene.unconfirmed_matters:
        yield Flag("unconfirmed", "Unconfirmed", "quiet")
    if stay.acuity >= 3:
        yield Flag("watch", "Watch closely", "quiet")


def _minutes(count: int) -> str:
    return f"{count} min" if count < 60 else f"{count // 60} h {count % 60:02d}"


def _parts(stay: Stay) -> tuple[Part, ...]:
    """The phases that fit the stay as it stands; what is left at the end is turnover."""
    parts, at, whole = [], 0, 15 * (stay.end - stay.start)
    for css, minutes in zip(("setup", "premedication", "infusion", "observation"), stay.minutes, strict=True):
        minutes = min(minutes, whole - at)
        if minutes > 0:
            parts.append(Part(css, at, minutes))
            at += minutes
    return tuple(parts)


def chair_row(*, chair: ChairRow, stays: Sequence[Stay], blocks: dict[int, Block], scene: Scene) -> Chair:
    """A chair's row: what it holds from the first column to the last, without a hole."""
    moving = scene.moving.id if scene.moving else None
    starts = {stay.start: stay for stay in stays if stay.id != moving}
    here = frozenset(q for stay in stays if stay.id == moving for q in range(stay.start, stay.end))
    cells: list[Cell] = []
    quarter = scene.columns.first
    while quarter < scene.columns.last:
        if stay := starts.get(quarter):
            cells.append(Cell("stay", stay.end - stay.start, f"s-{stay.status}", block=blocks[stay.id]))
        else:
            cells.append(_empty_cell(chair, starts, here, quarter, scene))
        quarter += cells[-1].span
    kind = "" if chair.kind == ChairKind.RECLINER else ChairKind(chair.kind).label
    return Chair(chair.id, chair.name, kind if chair.is_active else "retired", tuple(cells))


def _empty_cell(chair: ChairRow, starts: dict[int, Stay], here: frozenset[int], quarter: int, scene: Scene) -> Cell:
    """The stretch without a patient that begins at a quarter. What can be chosen stands alone, quarter by quarter."""
    what = _why_empty(chair, here, quarter, scene)
    column = scene.columns.quarters[quarter - scene.columns.first]
    if what[0] == "fit":
        assert scene.moving
        css = f"{column.css} here" if quarter in here else column.css
        url = scene.moving.place_url(chair.id, column.clock)
        return Cell("fit", 1, css, f"Move to {chair.name} at {column.label}", url, f"fit-{chair.id}-{quarter}")
    if what[0] == "free":
        url = scene.booking_url(chair.id, column.clock) if scene.booking_url and not scene.moving else ""
        return Cell("free", 1, column.css, f"Book {chair.name} at {column.label}", url, f"free-{chair.id}-{quarter}")
    end = quarter + 1
    while end < scene.columns.last and end not in starts and _why_empty(chair, here, end, scene) == what:
        end += 1
    return Cell(what[0], end - quarter, word=what[1])


def _why_empty(chair: ChairRow, here: frozenset[int], quarter: int, scene: Scene) -> tuple[str, str]:
    if scene.moving and scene.moving.starts.get(chair.id, 0) >> quarter & 1:
        return "fit", ""
    if quarter in here:
        return "here", "Here now"
    for kind, stretches in (("held", chair.held), ("out", chair.outages), ("shut", scene.shut)):
        for stretch in stretches:
            if stretch.start <= quarter < stretch.end:
                return kind, stretch.reason
    if quarter < scene.columns.past_until:
        return "past", ""
    return ("full", "Nurses full") if quarter in scene.full else ("free", "")
