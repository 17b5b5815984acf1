"""The strip above the chairs: patients against nurses per quarter hour, and each nurse's day. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from clinic.quarters import ClinicDate
from scheduling.board.columns import Columns
from scheduling.board.rows import ChairRow, NurseRow, Stay
from scheduling.engine.day import PATIENTS_PER_NURSE

LUNCH_HOURS = range(11, 14)


@dataclass(frozen=True, slots=True)
class Load:
    """Patients present against places, over quarters of which the same holds."""

    span: int
    text: str
    spoken: str
    css: str


@dataclass(frozen=True, slots=True)
class Run:
    """Quarters of a nurse's day that look the same: off, floor, break or away. `spoken` follows the text, unseen."""

    kind: str
    span: int
    css: str
    text: str
    spoken: str


@dataclass(frozen=True, slots=True)
class NurseDay:
    """A nurse's row."""

    name: str
    initials: str
    runs: tuple[Run, ...]


def initials_of(names: dict[int, str]) -> dict[int, str]:
    """Initials that tell the nurses of a day apart: KO, or KOl and KOr for Olson and Orr."""
    plain = {pk: _initials(name, 1) for pk, name in names.items()}
    taken = Counter(plain.values())
    return {pk: plain[pk] if taken[plain[pk]] == 1 else _initials(name, 2) for pk, name in names.items()}


def _initials(name: str, of_last: int) -> str:
    words = [word for word in name.replace("-", " ").split() if word[:1].isalpha()]
    if len(words) < 2:
        return name[:2].upper()
    return f"{words[0][0]}{words[-1][:of_last]}" if of_last > 1 else f"{words[0][0]}{words[-1][0]}".upper()


def places(nurses: Sequence[NurseRow]) -> Counter[int]:
    """How many patients can be cared for at each quarter."""
    found: Counter[int] = Counter()
    for nurse in nurses:
        for start, end in nurse.floor:
            found.update(dict.fromkeys(range(start, end), PATIENTS_PER_NURSE))
    return found


def present(stays: Iterable[Stay]) -> Counter[int]:
    """How many patients hold a chair at each quarter."""
    return Counter(quarter for stay in stays if stay.holds_chair for quarter in range(stay.start, stay.end))


def loads(
    *, columns: Columns, patients: Counter[int], room: Counter[int], chairs: Sequence[ChairRow]
) -> tuple[Load, ...]:
    """7/9, with a bar as high as the share taken of what nurses and chairs can take."""
    in_service = [[(out.start, out.end) for out in chair.outages] for chair in chairs if chair.is_active]

    def at(quarter: int) -> tuple[int, int, bool]:
        limit = min(room[quarter], sum(not _within(quarter, out) for out in in_service))
        return patients[quarter], limit, room[quarter] > 0

    runs = [(what, len(list(group))) for what, group in groupby(at(column.quarter) for column in columns.quarters)]
    return tuple(_load(span, *what) for what, span in runs)


def _load(span: int, count: int, limit: int, has_nurse: bool) -> Load:
    if not limit and not count:
        return Load(span, "", "no chair in service" if has_nurse else "no nurse on the floor", "")
    level = "over" if count > limit else "full" if count == limit else f"l{10 * count // limit}"
    return Load(span, f"{count}/{limit}", f"{count} of {limit} places taken", level)


def _within(quarter: int, stretches: Iterable[tuple[int, int]]) -> bool:
    return any(start <= quarter < end for start, end in stretches)


def nurse_days(
    *, grid: ClinicDate, columns: Columns, nurses: Sequence[NurseRow], stays: Sequence[Stay], initials: dict[int, str]
) -> tuple[NurseDay, ...]:
    """A row for each nurse rostered on the day."""
    carried: dict[int, Counter[int]] = {nurse.id: Counter() for nurse in nurses}
    for stay in stays:
        for care in stay.care:
            carried.setdefault(care.nurse_id, Counter()).update(range(care.start, care.end))
    return tuple(
        NurseDay(
            nurse.name,
            initials[nurse.id],
            tuple(_runs(grid, columns, nurse, carried[nurse.id], _covers(nurse, stays, initials))),
        )
        for nurse in nurses
    )


def _covers(nurse: NurseRow, stays: Sequence[Stay], initials: dict[int, str]) -> dict[int, list[str]]:
    """Who takes over the nurse's patients, by the quarter when her care stops for a while."""
    found: dict[int, dict[str, None]] = {}
    for stay in stays:
        mine = {care.end for care in stay.care if care.nurse_id == nurse.id}
        for care in stay.care:
            if care.nurse_id != nurse.id and care.start in mine:
                found.setdefault(care.start, {})[initials.get(care.nurse_id, "?")] = None
    return {quarter: list(names) for quarter, names in found.items()}


def _runs(
    grid: ClinicDate, columns: Columns, nurse: NurseRow, carried: Counter[int], covers: dict[int, list[str]]
) -> Iterable[Run]:
    day = [(quarter, *_state(nurse, quarter, carried)) for quarter in range(columns.first, columns.last)]
    for (kind, count), group in groupby(day, key=lambda item: item[1:]):
        run = list(group)
        start = run[0][0]
        if kind == "floor":
            yield Run(kind, len(run), f"n{min(count, PATIENTS_PER_NURSE + 1)}", str(count), "patients")
        elif kind == "break":
            word = "Lunch" if grid.moment_of(start).astimezone(grid.zone).hour in LUNCH_HOURS else "Break"
            cover = covers.get(start, [])
            yield Run(kind, len(run), "", *_break_words(word, cover, len(run)))
        else:
            yield Run(kind, len(run), "", "Away" if kind == "away" else "", "")


def _break_words(word: str, cover: list[str], quarters: int) -> tuple[str, str]:
    """What a break says, and what it adds for those who listen. A short one has room for few letters."""
    if not cover:
        return word, ""
    names = " ".join(cover)
    if len(cover) > 1 and quarters <= 2:
        return f"› {names}", f"cover the {word.lower()}"
    return f"{word} › {names}", "covers" if len(cover) == 1 else "cover"


def _state(nurse: NurseRow, quarter: int, carried: Counter[int]) -> tuple[str, int]:
    for kind, stretches in (("floor", nurse.floor), ("break", nurse.breaks), ("away", nurse.shifts)):
        if _within(quarter, stretches):
            return kind, carried[quarter] if kind == "floor" else 0
    return "off", 0
