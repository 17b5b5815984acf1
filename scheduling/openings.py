"""Openings: the starts that can really be booked, best first, with the reason why.

Complete and sound: a start is offered if and only if booking it would succeed, because booking checks with the same
engine day under the lock. Where no single chair is free for the whole stay but the chairs together are, others who have
not arrived get another chair for the same time, and the opening says so.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, cached_property, partial
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.models import Clinic
from clinic.quarters import ClinicDate, at_wall_clock, ceil_quarter, local_date
from patients.models import Patient, TreatmentPlan
from scheduling.engine import offers
from scheduling.engine.day import Day, each, span
from scheduling.engine.offers import Offer, Wish
from scheduling.load import Days, Span, load_days
from scheduling.models import HELD, Appointment
from scheduling.needs import Needs, needs_of
from scheduling.queries.load_by_quarter import Load, load_by_quarter
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asks for: a weekday, a start not before and a start before a wall-clock time. None: any."""

    weekday: int | None = None
    not_before: time | None = None
    before: time | None = None


ANY_TIME = Asked()

NOON = time(12)

APART = 4
"""Quarters between the few openings that stand for a whole day."""


@dataclass(frozen=True, slots=True)
class Habits:
    """When the patient usually comes: a weekday and a wall-clock time, where known."""

    weekday: int | None
    clock: time | None


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
    elsewhere: Sequence[Span] | None = None,
) -> list[Opening]:
    """As `find`, for needs that are known already; `habits` replaces the ones that the plan's appointments show.

    `days` are rows that were read before and hold the clinics and days asked for, with what was promised since;
    `elsewhere`, read before likewise, is when the patient sits in other chairs.
    """
    candidates = _candidates(
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
    candidates = _candidates(needs, clinics, first_day, last_day, near=near, moving=moving, asked=asked)
    best: dict[int, list[_Candidate]] = {clinic.pk: [] for clinic in clinics}
    for bound, candidate, look in _looks(candidates):
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


def _open_day(candidate: "_Candidate", needs: Needs, per_day: int, whole: Collection[tuple[int, date]]) -> OpenDay:
    key = candidate.clinic.pk, candidate.date
    offered = sorted((*candidate.offers, *candidate.reseated), key=_rank)
    shown = offered if key in whole else _apart(offered, per_day)
    loads = load_by_quarter(candidate.day)
    first, last = next(iter(each(candidate.day.open))), candidate.day.open.bit_length()
    openings = tuple(_opening(candidate, offer, needs) for offer in shown)
    return OpenDay(candidate.clinic, key[1], openings, len(offered), first, loads[first:last])


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, and where."""

    needs: Needs
    habits: Habits
    asked: Asked
    near: datetime | None
    moving: Appointment | None
    elsewhere: Sequence[Span]
    now: datetime
    days: Days


@dataclass(eq=False)
class _Candidate:
    """A clinic day that may have openings; `points` is the least that any of them can cost.

    The time that an appointment has now is no opening to move it to.
    """

    search: _Search
    clinic: Clinic
    date: date
    points: int
    why: str

    @cached_property
    def grid(self) -> ClinicDate:
        """The quarter hours of the day."""
        return ClinicDate(self.date, self.clinic.zone)

    @cached_property
    def wish(self) -> Wish:
        """What the visit should be like on this day."""
        return _wish(self.search, self)

    @cached_property
    def day(self) -> Day:
        """The day without the appointment that would be moved."""
        day = self.search.days.build((self.clinic.pk, self.date))
        return day if self.search.moving is None else day.without(self.search.moving.pk)

    @cached_property
    def offers(self) -> list[Offer]:
        """The starts that need nobody to change chairs."""
        return self._wanted(offers.offers(self.day, self.wish))

    @cached_property
    def reseated(self) -> list[Offer]:
        """The starts for which others change chairs."""
        return self._wanted(offers.offers_by_reseating(self.day, self.wish))

    @property
    def score(self) -> int:
        """The points of the best start, of those that have been looked at."""
        return min(offer.points for offer in self.offers or self.reseated)

    def _wanted(self, found: Iterable[Offer]) -> list[Offer]:
        moving, asked = self.search.moving, self.search.asked
        here = moving is not None and moving.clinic_id == self.clinic.pk
        now_at = self.grid.quarter_of(moving.start) if moving and here else None
        before = self.grid.quarter_at(asked.before) if asked.before else self.grid.length
        return [offer for offer in found if offer.start < before and offer.start != now_at]


def _candidates(
    needs: Needs,
    clinics: Sequence[Clinic],
    first_day: date,
    last_day: date,
    *,
    near: datetime | None,
    moving: Appointment | None,
    asked: Asked = ANY_TIME,
    habits: Habits | None = None,
    days: Days | None = None,
    elsewhere: Sequence[Span] | None = None,
) -> list[_Candidate]:
    """The days that come into question, those that can cost least first."""
    first_day = max(first_day, needs.earliest or first_day)
    last_day = min(last_day, needs.latest or last_day)
    if first_day > last_day or not clinics:
        return []
    search = _Search(
        needs=needs,
        habits=habits or habits_of(plan=needs.plan, without=moving),
        asked=asked,
        near=near,
        moving=moving,
        elsewhere=_periods_elsewhere(needs.plan.patient, moving) if elsewhere is None else elsewhere,
        now=ceil_quarter(timezone.now()),
        days=days or load_days(clinics=clinics, first_day=first_day, last_day=last_day),
    )
    by_id = {clinic.pk: clinic for clinic in clinics}
    todays = {clinic.pk: max(first_day, local_date(search.now, clinic.zone)) for clinic in clinics}
    rated = cache(partial(_day_points, needs, near))
    found = []
    for clinic_id, date_ in search.days.open_days():
        if clinic_id not in by_id or not todays[clinic_id] <= date_ <= last_day:
            continue
        if asked.weekday not in (None, date_.weekday()):
            continue
        clinic = by_id[clinic_id]
        points, why = rated(date_, clinic.timezone)
        found.append(_Candidate(search, clinic, date_, points + _more_points(search, clinic, date_), why))
    found.sort(key=lambda one: (one.points, one.date, one.clinic.pk))
    if days is None:
        search.days.expect([(one.clinic.pk, one.date) for one in found])
    return found


def _more_points(search: _Search, clinic: Clinic, day: date) -> int:
    """Points for another clinic than the patient's own, and for another weekday than usual."""
    points = 0 if clinic.pk == search.needs.plan.patient.home_clinic_id else offers.OTHER_CLINIC
    if search.near is None and search.habits.weekday not in (None, day.weekday()):
        points += offers.OTHER_WEEKDAY
    return points


def habits_of(*, plan: TreatmentPlan, without: Appointment | None = None) -> Habits:
    """The weekday and hour that the plan's appointments keep to: as ordered, else as the latest one was."""
    if plan.usual_weekday is not None or plan.usual_time is not None:
        return Habits(plan.usual_weekday, plan.usual_time)
    held = Appointment.objects.filter(plan=plan, status__in=HELD).select_related("clinic").order_by("-period")
    last = held.exclude(pk=without.pk).first() if without else held.first()
    if last is None:
        return Habits(None, None)
    local = last.start.astimezone(last.clinic.zone)
    return Habits(local.weekday(), local.time())


def quarters_elsewhere(*, patient: Patient, grid: ClinicDate, moving: Appointment | None = None) -> int:
    """The quarters of a day when a patient sits in a chair already, at any clinic."""
    return _blocked(_periods_elsewhere(patient, moving), grid)


def _looks(
    candidates: Sequence[_Candidate],
) -> Iterator[tuple[int, _Candidate, Callable[[], list[Offer]]]]:
    """Every look that can be taken at a day, with the least that what it finds can cost: the cheapest first.

    Changing chairs is only looked at where it could still be among the best.
    """
    plain = ((one.points, one, lambda one=one: one.offers) for one in candidates)
    reseated = ((one.points + offers.RESEAT, one, lambda one=one: one.reseated) for one in candidates)
    return heapq.merge(plain, reseated, key=lambda look: look[0])


def _best(candidates: Sequence[_Candidate], needs: Needs, limit: int, per_day: int | None) -> list[Opening]:
    """Look into the days in order of the least their openings can cost, until no later look can do better."""
    if limit < 1:
        return []
    found: list[tuple[int, datetime, int, _Candidate, Offer]] = []
    taken: Counter[_Candidate] = Counter()
    for bound, candidate, look in _looks(candidates):
        if len(found) >= limit and heapq.nsmallest(limit, found, key=lambda item: item[:3])[-1][0] < bound:
            break
        if per_day is not None and taken[candidate] >= per_day:
            continue
        of_day = look()
        if per_day is not None:
            of_day = heapq.nsmallest(per_day - taken[candidate], of_day, key=_rank)
        taken[candidate] += len(of_day)
        found += [
            (offer.points, candidate.grid.moment_of(offer.start), candidate.clinic.pk, candidate, offer)
            for offer in of_day
        ]
    best = heapq.nsmallest(limit, found, key=lambda item: item[:3])
    return [_opening(candidate, offer, needs) for _, _, _, candidate, offer in best]


def _apart(ranked: Iterable[Offer], count: int) -> list[Offer]:
    """The best few of a day that differ by `APART` or more: whoever cannot come at 9:00 can seldom come at 9:15."""
    chosen: list[Offer] = []
    for offer in ranked:
        if len(chosen) < count and all(abs(offer.start - other.start) >= APART for other in chosen):
            chosen.append(offer)
    return chosen


def _rank(offer: Offer) -> tuple[int, int]:
    return offer.points, offer.start


def _opening(candidate: _Candidate, offer: Offer, needs: Needs) -> Opening:
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


def _wish(search: _Search, candidate: _Candidate) -> Wish:
    needs, habits, near, grid = search.needs, search.habits, search.near, candidate.grid
    earliest, not_before = search.now, search.asked.not_before
    if not_before:
        earliest = max(earliest, at_wall_clock(grid.day, not_before, grid.zone))
    usual = near.astimezone(grid.zone).time() if near else habits.clock
    return Wish(
        length=needs.quarters,
        kinds=needs.kinds,
        earliest=grid.quarter_of(earliest),
        not_during=_blocked(search.elsewhere, grid),
        points=candidate.points,
        why=(candidate.why, *(("usual weekday",) if grid.day.weekday() == habits.weekday else ())),
        usual_quarter=grid.quarter_at(usual) if usual else None,
        noon=grid.quarter_at(NOON),
    )


def _day_points(needs: Needs, near: datetime | None, day: date, zone: str) -> tuple[int, str]:
    """Points and words for how far a day is from the one that is wanted."""
    if near is not None:
        away = (day - local_date(near, ZoneInfo(zone))).days
        words = "the same day" if not away else f"{_days(away)} {'later' if away > 0 else 'earlier'}"
        return offers.PER_DAY * abs(away), words
    away = (day - needs.due.target).days
    points = offers.distance_points(away, window=window_of(needs.due, day))
    return points, "on the due day" if not away else f"{_days(away)} {'after' if away > 0 else 'before'} due"


def _days(count: int) -> str:
    return "1 day" if abs(count) == 1 else f"{abs(count)} days"


def _periods_elsewhere(patient: Patient, moving: Appointment | None) -> list[tuple[datetime, datetime]]:
    held = Appointment.objects.filter(patient=patient, status__in=HELD, period__endswith__gt=timezone.now())
    if moving is not None:
        held = held.exclude(pk=moving.pk)
    return [(period.lower, period.upper) for period in held.values_list("period", flat=True)]


def _blocked(periods: Sequence[tuple[datetime, datetime]], grid: ClinicDate) -> int:
    blocked = 0
    for start, end in periods:
        if start < grid.end and grid.start < end:
            blocked |= span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
    return blocked
