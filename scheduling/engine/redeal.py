"""Dealing a whole day's patients to the nurses again, after somebody left the floor or came back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scheduling.engine.day import PATIENTS_PER_NURSE, Care, Day, Stay, span
from scheduling.engine.seating import Floor, deal, join


@dataclass(frozen=True, slots=True)
class Redeal:
    """Everybody's care, and the stays that nobody can care for at every minute."""

    care: dict[int, tuple[Care, ...]]
    uncovered: frozenset[int]


def redeal(day: Day) -> Redeal:
    """Deal a day again so that as few patients as possible are uncovered and nurses keep the patients they have.

    Care by a nurse who is still on the floor stays. Where the counts do not hold, the patients who are given up are
    those not yet in a chair and staying longest; each loses only the quarters that nobody can cover.
    """
    uncovered = _beyond_the_counts(day)
    floors = {nurse.id: nurse.floor for nurse in day.nurses}
    care = {stay.id: () if stay.id in uncovered else _still_valid(stay, floors) for stay in day.stays}
    floor = Floor(day)
    for stay in day.stays:
        floor.add(care[stay.id], starting=stay.start)
    covered = [stay for stay in day.stays if stay.id not in uncovered]
    for stay in sorted(covered, key=lambda stay: (not _lacks_start(stay, care), stay.start, stay.id)):
        _complete(floor, covered, stay, care)
    for stay in day.stays:
        if stay.id in uncovered:
            care[stay.id] = _whatever_is_left(floor, stay)
    return Redeal(care=care, uncovered=uncovered)


def _still_valid(stay: Stay, floors: dict[int, int]) -> tuple[Care, ...]:
    """The parts of a stay's care when its nurses are on the floor."""
    kept: list[Care] = []
    for piece in stay.care:
        for start, end in _stretches(span(piece.start, piece.end) & floors.get(piece.nurse, 0)):
            kept.append(Care(piece.nurse, start, end, piece.place))
    return tuple(kept)


def _lacks_start(stay: Stay, care: dict[int, tuple[Care, ...]]) -> bool:
    return not any(piece.start == stay.start for piece in care[stay.id])


def _complete(floor: Floor, stays: list[Stay], stay: Stay, care: dict[int, tuple[Care, ...]]) -> None:
    """Fill the holes in a stay's care. Starting it may hand another patient over."""
    for start, end in _stretches(stay.quarters & ~_covered(care[stay.id])):
        now = [Stay(other.id, other.chair, other.start, other.end, care[other.id]) for other in stays]
        changed: dict[int, tuple[Care, ...]] = {}
        dealt = deal(floor, now, start, end, starts=start == stay.start, changed=changed)
        care.update(changed)
        care[stay.id] = join((*care[stay.id], *dealt))


def _whatever_is_left(floor: Floor, stay: Stay) -> tuple[Care, ...]:
    """As much care as the floor has left for a patient who cannot be covered throughout."""
    care: list[Care] = []
    for quarter in range(stay.start, stay.end):
        before = care[-1].nurse if care and care[-1].end == quarter else None
        able = [
            nurse
            for nurse in floor.floor
            if floor.free(nurse) >> quarter & 1 and (quarter > stay.start or floor.may_start(nurse, quarter))
        ]
        if able:
            nurse = before if before in able else min(able, key=lambda nurse: floor.load(nurse, quarter, stay.end))
            piece = Care(nurse, quarter, quarter + 1)
            floor.add([piece], starting=stay.start)
            care.append(piece)
    return join(care)


def _beyond_the_counts(day: Day) -> frozenset[int]:
    """The fewest stays without which, at every quarter, presence and starts are within what the nurses can take.

    From left to right, wherever too many are present the one that stays longest is given up; where too many start,
    likewise of those who start. Patients already in a chair are given up last.
    """
    given_up: set[int] = set()

    def give_up(quarter: int, allowed: int, concerned: Callable[[Stay], bool]) -> None:
        here = [stay for stay in day.stays if concerned(stay) and stay.id not in given_up]
        here.sort(key=lambda stay: (stay.in_chair, -stay.end, stay.id))
        given_up.update(stay.id for stay in here[: max(0, len(here) - allowed)])

    for quarter, nurses in enumerate(day.on_floor):
        give_up(quarter, nurses, lambda stay, at=quarter: stay.start == at)  # type: ignore[misc]
        give_up(
            quarter,
            PATIENTS_PER_NURSE * nurses,
            lambda stay, at=quarter: stay.start <= at < stay.end,  # type: ignore[misc]
        )
    return frozenset(given_up)


def _covered(care: Iterable[Care]) -> int:
    quarters = 0
    for piece in care:
        quarters |= span(piece.start, piece.end)
    return quarters


def _stretches(quarters: int) -> list[tuple[int, int]]:
    """The runs of quarters in a set, as (start, end)."""
    found: list[tuple[int, int]] = []
    start = 0
    while quarters:
        skip = (quarters & -quarters).bit_length() - 1
        quarters >>= skip
        length = (~quarters & (quarters + 1)).bit_length() - 1
        found.append((start + skip, start + skip + length))
        start += skip + length
        quarters >>= length
    return found
