"""The roster of one clinic's day: a sheet for each nurse, ready to be drawn."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Clinic
from clinic.quarters import local_date
from scheduling.models import LIVE, Status
from scheduling.queries.readiness import badges_for
from scheduling.roster.cards import Card, Scene, card_of
from scheduling.roster.rows import NurseRow, RosterRows, Stay, read_roster
from scheduling.wording import clock_words, span_words

SOON = timedelta(hours=1)
"""What starts within this time is next."""

UNCONFIRMED_MATTERS_DAYS = 3
"""From so many days before, a booking that is not confirmed is pointed out."""

LUNCH_HOURS = range(11, 14)

NOW, NEXT, LATER, DONE, ALL = "Now", "Next hour", "Later", "Done or handed over", "Patients"


@dataclass(frozen=True, slots=True)
class Group:
    """Patients of a sheet who belong together in time."""

    key: str
    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """A nurse's break, and who has which of her patients meanwhile."""

    words: str
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One nurse's day."""

    id: int
    name: str
    short_name: str
    is_mine: bool
    hours: str
    breaks: tuple[Break, ...]
    away: tuple[str, ...]
    now: int
    total: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything the page shows of a clinic's day."""

    sheets: tuple[Sheet, ...]
    """The signed-in nurse's own first, then by the beginning of the shift."""
    short: tuple[Card, ...]
    gone: tuple[Card, ...]
    as_of: str
    has_mine: bool


def roster(*, clinic: Clinic, day: date, now: datetime, nurse_id: int | None, may_step: bool) -> Roster:
    """Read and lay out one clinic's day, for the nurse who looks at it if it is one. Six queries."""
    rows = read_roster(clinic=clinic, day=day)
    away = (day - local_date(now, clinic.zone)).days
    scene = Scene(
        zone=clinic.zone,
        now=now,
        late_after=timedelta(minutes=clinic.late_after_minutes),
        names=_short_names(rows.nurses),
        may_step=may_step and away <= 0,
        badges=badges_for({stay.id: stay.planned for stay in rows.stays if stay.status in LIVE}),
        unconfirmed_matters=0 <= away <= UNCONFIRMED_MATTERS_DAYS,
    )
    sheets = [_sheet(nurse, rows, scene, is_mine=nurse.id == nurse_id, is_today=away == 0) for nurse in rows.nurses]
    return Roster(
        sheets=tuple(sorted(sheets, key=lambda sheet: not sheet.is_mine)),
        short=tuple(
            card_of(stay=stay, nurse_id=None, scene=scene)
            for stay in rows.stays
            if stay.short_staffed and stay.status in LIVE
        ),
        gone=tuple(
            card_of(stay=stay, nurse_id=None, scene=scene)
            for stay in rows.stays
            if stay.status in (Status.NO_SHOW, Status.LEFT, Status.CANCELLED)
        ),
        as_of=clock_words(now, clinic.zone),
        has_mine=any(sheet.is_mine for sheet in sheets),
    )


def _short_names(nurses: Sequence[NurseRow]) -> dict[int, str]:
    """First names; the whole name where two share one."""
    first = {nurse.id: nurse.name.split(" ")[0] for nurse in nurses}
    taken = Counter(first.values())
    return {nurse.id: first[nurse.id] if taken[first[nurse.id]] == 1 else nurse.name for nurse in nurses}


def _sheet(nurse: NurseRow, rows: RosterRows, scene: Scene, *, is_mine: bool, is_today: bool) -> Sheet:
    mine = [stay for stay in rows.stays if any(care.nurse_id == nurse.id for care in stay.care)]
    grouped: defaultdict[str, list[tuple[datetime, Card]]] = defaultdict(list)
    handed_over = replace(scene, may_step=False)  # the next step is the colleague's
    for stay in mine:
        title, at = _when(stay, nurse.id, scene.now) if is_today else (ALL, stay.start)
        grouped[title].append(
            (at, card_of(stay=stay, nurse_id=nurse.id, scene=handed_over if title == DONE else scene))
        )
    groups = tuple(
        Group(title.split(" ")[0].lower(), title, tuple(card for _, card in sorted(cards, key=lambda pair: pair[0])))
        for title in (NOW, NEXT, LATER, DONE, ALL)
        if (cards := grouped.get(title))
    )
    return Sheet(
        id=nurse.id,
        name=nurse.name,
        short_name=scene.names[nurse.id],
        is_mine=is_mine,
        hours=", ".join(span_words(start, end, scene.zone) for start, end in nurse.shifts),
        breaks=tuple(_breaks(nurse, mine, scene)),
        away=tuple(_away(nurse, scene.zone)),
        now=len(grouped.get(NOW, ())),
        total=len(mine),
        groups=groups,
    )


def _when(stay: Stay, nurse_id: int, now: datetime) -> tuple[str, datetime]:
    """In which group a patient stands on a nurse's sheet, and since or from when she cares."""
    mine = [care for care in stay.care if care.nurse_id == nurse_id]
    coming = next((care for care in mine if care.end > now), None)
    ends_with_me = stay.care[-1].nurse_id == nurse_id
    if stay.status not in LIVE or (coming is None and not ends_with_me):
        return DONE, mine[0].start
    if coming is None:
        return NOW, mine[-1].start
    waits_for_me = stay.status == Status.ARRIVED and stay.care[0].nurse_id == nurse_id
    if coming.start <= now or waits_for_me:
        return NOW, coming.start
    return (NEXT if coming.start <= now + SOON else LATER), coming.start


def _breaks(nurse: NurseRow, mine: Sequence[Stay], scene: Scene) -> Iterable[Break]:
    for start, end in nurse.breaks:
        word = "Lunch" if start.astimezone(scene.zone).hour in LUNCH_HOURS else "Break"
        covers: dict[int, list[str]] = {}
        for stay in mine:
            for care in stay.care:
                if (
                    care.nurse_id != nurse.id
                    and care.start < end
                    and start < care.end
                    and _hands_over(stay, nurse, start)
                ):
                    covers.setdefault(care.nurse_id, []).append(stay.chair)
        yield Break(
            f"{word} {span_words(start, end, scene.zone)}",
            tuple(f"{scene.names.get(pk, '?')} has {', '.join(chairs)}" for pk, chairs in covers.items()),
        )


def _hands_over(stay: Stay, nurse: NurseRow, at: datetime) -> bool:
    return any(care.nurse_id == nurse.id and care.end == at for care in stay.care)


def _away(nurse: NurseRow, zone: ZoneInfo) -> Iterable[str]:
    first, last = min(start for start, _ in nurse.shifts), max(end for _, end in nurse.shifts)
    for (start, end), reason in nurse.absences:
        if start <= first and end >= last:
            yield f"Off today: {reason}"
        elif start < last and first < end:
            yield f"Off {span_words(max(start, first), min(end, last), zone)}: {reason}"
