"""The clinic days that come into question for a dose, and in which order they are worth a look.

Each is rated before its rows are read, by the least that any start on it can cost; whoever looks takes the cheapest
first and stops when no later one can do better.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, cached_property, partial
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.hours import Period
from clinic.models import Clinic
from clinic.quarters import ClinicDate, at_wall_clock, ceil_quarter, local_date
from scheduling.elsewhere import quarters_of
from scheduling.engine import offers
from scheduling.engine.day import Day
from scheduling.engine.offers import Offer, Wish
from scheduling.habits import Habits, habits_and_stays
from scheduling.load import Days, load_days
from scheduling.models import Appointment
from scheduling.needs import Needs
from therapies.series import window_of

NOON = time(12)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asks for: a weekday, a start not before and a start before a wall-clock time. None: any."""

    weekday: int | None = None
    not_before: time | None = None
    before: time | None = None


ANY_TIME = Asked()


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and where."""

    needs: Needs
    habits: Habits
    asked: Asked
    near: datetime | None
    moving: Appointment | None
    elsewhere: Sequence[Period]
    now: datetime
    days: Days


@dataclass(eq=False)
class Candidate:
    """A clinic day that may have openings; `points` is the least that any of them can cost.

    The time that an appointment has now is no opening to move it to.
    """

    search: Search
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


def candidates_for(
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
    elsewhere: Sequence[Period] | None = None,
    at_once: int = 6,
) -> list[Candidate]:
    """The days that come into question, those that can cost least first; `at_once` are read together at first."""
    first_day = max(first_day, needs.earliest or first_day)
    last_day = min(last_day, needs.latest or last_day)
    if first_day > last_day or not clinics:
        return []
    if habits is None or elsewhere is None:
        usual, stays = habits_and_stays(plan=needs.plan, without=moving)
        habits, elsewhere = habits or usual, stays if elsewhere is None else elsewhere
    search = Search(
        needs=needs,
        habits=habits,
        asked=asked,
        near=near,
        moving=moving,
        elsewhere=elsewhere,
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
        found.append(Candidate(search, clinic, date_, points + _more_points(search, clinic, date_), why))
    found.sort(key=lambda one: (one.points, one.date, one.clinic.pk))
    if days is None:
        search.days.expect([(one.clinic.pk, one.date) for one in found], at_once=at_once)
    return found


def _more_points(search: Search, clinic: Clinic, day: date) -> int:
    """Points for another clinic than the patient's own, and for another weekday than usual."""
    points = 0 if clinic.pk == search.needs.plan.patient.home_clinic_id else offers.OTHER_CLINIC
    if search.near is None and search.habits.weekday not in (None, day.weekday()):
        points += offers.OTHER_WEEKDAY
    return points


def looks(
    candidates: Sequence[Candidate],
) -> Iterator[tuple[int, Candidate, Callable[[], list[Offer]]]]:
    """Every look that can be taken at a day, with the least that what it finds can cost: the cheapest first.

    Changing chairs is only looked at where it could still be among the best.
    """
    plain = ((one.points, one, lambda one=one: one.offers) for one in candidates)
    reseated = ((one.points + offers.RESEAT, one, lambda one=one: one.reseated) for one in candidates)
    return heapq.merge(plain, reseated, key=lambda look: look[0])


def _wish(search: Search, candidate: Candidate) -> Wish:
    needs, habits, near, grid = search.needs, search.habits, search.near, candidate.grid
    earliest, not_before = search.now, search.asked.not_before
    if not_before:
        earliest = max(earliest, at_wall_clock(grid.day, not_before, grid.zone))
    usual = near.astimezone(grid.zone).time() if near else habits.clock
    return Wish(
        length=needs.quarters,
        kinds=needs.kinds,
        earliest=grid.quarter_of(earliest),
        not_during=quarters_of(search.elsewhere, grid),
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
