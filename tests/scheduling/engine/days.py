"""Small random clinic days, and what it means that a day keeps the guarantees, said as naively as possible."""

from dataclasses import replace

from hypothesis import strategies as st

from scheduling.engine.day import Care, ChairDay, Day, NurseDay, Stay, each, span
from scheduling.engine.seating import Seat, colour_places, seat

LENGTH = 14


@st.composite
def empty_days(draw: st.DrawFn) -> Day:
    """A clinic day with broken chairs, staggered shifts, breaks and a closure, and nobody booked."""
    chairs = tuple(
        ChairDay(
            id=10 + n,
            kind=draw(st.sampled_from(["recliner", "bed"])),
            usable=span(0, LENGTH) & ~draw(st.sampled_from([0, 0, span(3, 6), span(0, 5)])),
        )
        for n in range(draw(st.integers(1, 4)))
    )
    nurses = []
    for n in range(draw(st.integers(0, 3))):
        start, end = draw(st.integers(0, 6)), draw(st.integers(7, LENGTH))
        pause = draw(st.integers(start, end))
        nurses.append(NurseDay(id=100 + n, floor=span(start, end) & ~span(pause, min(pause + 2, end))))
    opens = span(1, LENGTH - 1) & ~draw(st.sampled_from([0, 0, span(5, 6)]))
    return Day(LENGTH, opens, chairs, tuple(nurses))


@st.composite
def booked_days(draw: st.DrawFn) -> Day:
    """A clinic day on which patients were booked one after the other, each at a start that was offered."""
    day = draw(empty_days())
    for number in range(draw(st.integers(0, 9))):
        length = draw(st.integers(1, 6))
        possible = day.starts(length)
        choices = [(chair, start) for chair, starts in possible.items() for start in each(starts)]
        if not choices:
            break
        chair, start = draw(st.sampled_from(choices))
        day = seated(day, number + 1, start, length, seat(day, start=start, length=length, chairs=[chair]))
    return day


def seated(day: Day, number: int, start: int, length: int, found: Seat) -> Day:
    """The day after a new patient was seated, and others handed over for it."""
    stays = tuple(
        Stay(one.id, one.chair, one.start, one.end, found.changed.get(one.id, one.care), one.in_chair)
        for one in day.stays
    )
    newcomer = Stay(number, found.chair, start, start + length, found.care)
    return replace(day, stays=(*stays, newcomer))


def broken_rules(day: Day, *, uncovered: frozenset[int] = frozenset()) -> list[str]:
    """Every guarantee that a dealt day breaks, in words. Empty for a good day."""
    return [
        *_chairs_shared(day),
        *_nurse_rules(day),
        *(f"stay {stay.id} is not tiled" for stay in day.stays if stay.id not in uncovered and not _tiled(stay)),
        *_places(day),
    ]


def _tiled(stay: Stay) -> bool:
    quarters = sorted(quarter for piece in stay.care for quarter in range(piece.start, piece.end))
    return quarters == list(range(stay.start, stay.end))


def _chairs_shared(day: Day) -> list[str]:
    return [
        f"chair {one.chair} holds {one.id} and {other.id}"
        for one in day.stays
        for other in day.stays
        if one.id < other.id and one.chair == other.chair and one.quarters & other.quarters
    ]


def _nurse_rules(day: Day) -> list[str]:
    broken = []
    for nurse in day.nurses:
        care = [(stay, piece) for stay in day.stays for piece in stay.care if piece.nurse == nurse.id]
        for quarter in range(day.length):
            here = [stay for stay, piece in care if piece.start <= quarter < piece.end]
            if here and not nurse.floor >> quarter & 1:
                broken.append(f"nurse {nurse.id} cares at {quarter} while off the floor")
            if len(here) > 3:
                broken.append(f"nurse {nurse.id} has {len(here)} patients at {quarter}")
            if sum(stay.start == quarter for stay in here) > 1:
                broken.append(f"nurse {nurse.id} starts two patients at {quarter}")
    return broken


def _places(day: Day) -> list[str]:
    broken = []
    for nurse in day.nurses:
        care = [(stay.id, piece) for stay in day.stays for piece in stay.care if piece.nurse == nurse.id]
        places = colour_places(care)
        taken: set[tuple[int, int]] = set()
        for pk, piece in care:
            place = places[pk, piece.start]
            if place not in {1, 2, 3}:
                broken.append(f"place {place}")
            for quarter in range(piece.start, piece.end):
                if (place, quarter) in taken:
                    broken.append(f"place {place} of nurse {nurse.id} is taken twice at {quarter}")
                taken.add((place, quarter))
    return broken


def care_of(*pieces: tuple[int, int, int]) -> tuple[Care, ...]:
    """Care from (nurse, start, end)."""
    return tuple(Care(*piece) for piece in pieces)
