"""The best days at each clinic with a few of their openings: what people who choose a time are shown."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clinic.models import Clinic
from scheduling.candidates import ANY_TIME, Asked, Candidate, candidates_for, looks
from scheduling.engine.day import each
from scheduling.engine.offers import Offer
from scheduling.models import Appointment
from scheduling.needs import Needs
from scheduling.openings import Opening, opening_of, rank
from scheduling.queries.load_by_quarter import Load, load_by_quarter

APART = 4
"""Quarters between the few openings that stand for a whole day."""


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A clinic day with openings: the best of them, best first, and how many there are in all.

    `loads` is the load of every quarter hour while the clinic is open, from the quarter `opens` on.
    """

    clinic: Clinic
    day: date
    openings: tuple[Opening, ...]
    count: int
    opens: int
    loads: tuple[Load, ...]


def days_at_each(
    *,
    needs: Needs,
    clinics: Sequence[Clinic],
    first_day: date,
    last_day: date,
    days: int,
    per_day: int,
    whole: Collection[tuple[int, date]] = (),
    asked: Asked = ANY_TIME,
    near: datetime | None = None,
    moving: Appointment | None = None,
) -> dict[int, list[OpenDay]]:
    """For each clinic, by id, the best `days` days, best first, with `per_day` openings that lie well apart.

    `whole` names clinic days of which every opening is listed. The rest is as in `find`, and so is the rank.
    """
    candidates = candidates_for(
        needs,
        clinics,
        first_day,
        last_day,
        near=near,
        moving=moving,
        asked=asked,
        at_once=days * len(clinics) * 3 // 2,
    )
    best: dict[int, list[Candidate]] = {clinic.pk: [] for clinic in clinics}
    for bound, candidate, look in looks(candidates):
        so_far = best[candidate.clinic.pk]
        if len(so_far) >= days and so_far[days - 1].score < bound:
            continue
        if candidate not in so_far and look():
            so_far.append(candidate)
            so_far.sort(key=lambda one: (one.score, one.date))
    return {
        clinic_id: [_open_day(one, needs, per_day, whole) for one in of_clinic[:days]]
        for clinic_id, of_clinic in best.items()
    }


def _open_day(candidate: "Candidate", needs: Needs, per_day: int, whole: Collection[tuple[int, date]]) -> OpenDay:
    key = candidate.clinic.pk, candidate.date
    offered = sorted((*candidate.offers, *candidate.reseated), key=rank)
    shown = offered if key in whole else _apart(offered, per_day)
    loads = load_by_quarter(candidate.day)
    first, last = next(iter(each(candidate.day.open))), candidate.day.open.bit_length()
    openings = tuple(opening_of(candidate, offer, needs) for offer in shown)
    return OpenDay(candidate.clinic, key[1], openings, len(offered), first, loads[first:last])


def _apart(ranked: Iterable[Offer], count: int) -> list[Offer]:
    """The best few of a day that differ by `APART` or more: whoever cannot come at 9:00 can seldom come at 9:15."""
    chosen: list[Offer] = []
    for offer in ranked:
        if len(chosen) < count and all(abs(offer.start - other.start) >= APART for other in chosen):
            chosen.append(offer)
    return chosen
