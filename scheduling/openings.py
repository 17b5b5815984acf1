"""Openings: the starts that can really be booked, best first, with the reason why.

Complete and sound: a start is offered if and only if booking it would succeed, because booking checks with the same
engine day under the lock. Where no single chair is free for the whole stay but the chairs together are, others who have
not arrived get another chair for the same time, and the opening says so.
"""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from clinic.hours import Period
from clinic.models import Clinic
from patients.models import TreatmentPlan
from scheduling.candidates import Candidate, candidates_for, looks
from scheduling.engine.offers import Offer
from scheduling.habits import Habits
from scheduling.load import Days
from scheduling.models import Appointment
from scheduling.needs import Needs, needs_of
from therapies.series import window_of


@dataclass(frozen=True, slots=True)
class Opening:
    """A start at a clinic where a chair and nurses are free for the whole stay.

    `window` says how the day suits the dose: "green", "amber" or "red". `score` is lower for better; `why` says in a
    few words what made it. `moves` are the appointments that get another chair for it, as (appointment, chair) ids:
    booking changes them too, and their times stay.
    """

    clinic: Clinic
    day: date
    start: datetime
    end: datetime
    chair_id: int
    hand_overs: int
    window: str
    score: int
    why: tuple[str, ...]
    moves: tuple[tuple[int, int], ...] = ()


def find(
    *,
    plan: TreatmentPlan,
    dose_number: int,
    clinics: Sequence[Clinic],
    first_day: date,
    last_day: date,
    limit: int,
    per_day: int | None = None,
    near: datetime | None = None,
    moving: Appointment | None = None,
) -> list[Opening]:
    """The best `limit` openings for a dose, from `first_day` to `last_day` at any of `clinics`, best first.

    `per_day` bounds how many of one clinic day are listed; `near` ranks by closeness to a moment instead of the due
    day; `moving` is the appointment that holds the dose now. The number of queries is bounded, whatever is asked for.
    Raises `NotAvailable` when the dose can't be booked on any day.
    """
    needs = needs_of(plan=plan, dose_number=dose_number, moving=moving)
    return find_for(
        needs=needs,
        clinics=clinics,
        first_day=first_day,
        last_day=last_day,
        limit=limit,
        per_day=per_day,
        near=near,
        moving=moving,
    )


def find_for(
    *,
    needs: Needs,
    clinics: Sequence[Clinic],
    first_day: date,
    last_day: date,
    limit: int,
    per_day: int | None = None,
    near: datetime | None = None,
    moving: Appointment | None = None,
    habits: Habits | None = None,
    days: Days | None = None,
    elsewhere: Sequence[Period] | None = None,
) -> list[Opening]:
    """As `find`, for needs that are known already; `habits` replaces the ones that the plan's appointments show.

    `days` are rows that were read before and hold the clinics and days asked for, with what was promised since;
    `elsewhere`, read before likewise, is when the patient sits in other chairs.
    """
    candidates = candidates_for(
        needs,
        clinics,
        first_day,
        last_day,
        near=near,
        moving=moving,
        habits=habits,
        days=days,
        elsewhere=elsewhere,
    )
    return _best(candidates, needs, limit, per_day)


def _best(candidates: Sequence[Candidate], needs: Needs, limit: int, per_day: int | None) -> list[Opening]:
    """Look into the days in order of the least their openings can cost, until no later look can do better."""
    if limit < 1:
        return []
    found: list[tuple[int, datetime, int, Candidate, Offer]] = []
    taken: Counter[Candidate] = Counter()
    for bound, candidate, look in looks(candidates):
        if len(found) >= limit and heapq.nsmallest(limit, found, key=lambda item: item[:3])[-1][0] < bound:
            break
        if per_day is not None and taken[candidate] >= per_day:
            continue
        of_day = look()
        if per_day is not None:
            of_day = heapq.nsmallest(per_day - taken[candidate], of_day, key=rank)
        taken[candidate] += len(of_day)
        found += [
            (offer.points, candidate.grid.moment_of(offer.start), candidate.clinic.pk, candidate, offer)
            for offer in of_day
        ]
    best = heapq.nsmallest(limit, found, key=lambda item: item[:3])
    return [opening_of(candidate, offer, needs) for _, _, _, candidate, offer in best]


def rank(offer: Offer) -> tuple[int, int]:
    return offer.points, offer.start


def opening_of(candidate: Candidate, offer: Offer, needs: Needs) -> Opening:
    grid = candidate.grid
    return Opening(
        clinic=candidate.clinic,
        day=grid.day,
        start=grid.moment_of(offer.start),
        end=grid.moment_of(offer.start + needs.quarters),
        chair_id=offer.chair,
        hand_overs=offer.hand_overs,
        window=window_of(needs.due, grid.day),
        score=offer.points,
        why=offer.why,
        moves=offer.moves,
    )
