"""When the doses of a course are due: targets, windows and the earliest day allowed. Pure: no Django, no database.

A course follows what really happened. Each dose counts from the day of the dose it is anchored to, so a late dose
moves the ones after it; the minimum gap counts from the dose given last, whatever the target counts from.
Days are the clinic's calendar dates.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal

Window = Literal["green", "amber", "red", "too_soon"]

# Any day will do: only the distance between two projected days is used.
_SOME_DAY = date(2000, 1, 1)


class NoPhase(LookupError):
    """The therapy says nothing about this dose: the course has ended, or the number is wrong."""


@dataclass(frozen=True, slots=True)
class PhaseFacts:
    """The day arithmetic of one dose phase; the fields mean what they mean on `DosePhase`.

    The first dose of the phase counts from dose `anchor_dose` (from the dose before when that is None), each further
    dose from the dose before. Windows are days around the target, amber holding green.
    """

    first_dose: int
    target_days: int
    last_dose: int | None = None
    variant: str = ""
    anchor_dose: int | None = None
    min_gap_days: int = 0
    green_before: int = 0
    green_after: int = 0
    amber_before: int = 0
    amber_after: int = 0
    is_consecutive: bool = False

    def covers(self, dose_number: int) -> bool:
        """Whether a dose belongs to this phase."""
        return self.first_dose <= dose_number and (self.last_dose is None or dose_number <= self.last_dose)

    @property
    def repeats(self) -> bool:
        """Whether doses follow each other at one interval, which an order may lengthen or shorten."""
        return not self.is_consecutive and self.last_dose != self.first_dose


@dataclass(frozen=True, slots=True)
class DueDose:
    """When one dose is due.

    Green and amber run from and until, both days included; amber holds green and green holds the target.
    `earliest` is the first day that the minimum gap allows, never to be broken; None when no dose came before.
    `anchor` says in a few words what the target counts from.
    """

    dose_number: int
    target: date
    green_from: date
    green_until: date
    amber_from: date
    amber_until: date
    earliest: date | None
    anchor: str


def phase_for(phases: Iterable[PhaseFacts], dose_number: int, variant: str = "") -> PhaseFacts:
    """The phase a dose belongs to: the ordered variant's where it has one, otherwise the standard one.

    Raises `NoPhase` when there is none.
    """
    covering = [phase for phase in phases if phase.covers(dose_number)]
    for wanted in (variant, ""):
        for phase in covering:
            if phase.variant == wanted:
                return phase
    raise NoPhase(f"The course has no dose {dose_number}.")


def due_dose(
    *,
    phases: Sequence[PhaseFacts],
    dose_number: int,
    dates: Mapping[int, date],
    start_on: date,
    variant: str = "",
    interval_days: int | None = None,
) -> DueDose:
    """When a dose is due, given the days of the doses already given or booked.

    `dates` maps dose numbers to days; only doses before this one count. Doses missing at its end are projected on
    their target days. Dose 1 is due on `start_on`. `interval_days` is an ordered interval in place of the therapy's
    own: it holds for phases that repeat and moves their windows along. A target that the minimum gap forbids moves to
    the earliest day allowed, and the windows with it. Raises `NoPhase`.
    """
    earlier = {number: day for number, day in dates.items() if number < dose_number}
    course = _Course(phases=phases, start_on=start_on, variant=variant, interval_days=interval_days)
    known = course.fill(earlier, until=dose_number)
    return course.due(dose_number, known=known, given=earlier)


def series(
    *,
    phases: Sequence[PhaseFacts],
    dose_number: int,
    dates: Mapping[int, date],
    start_on: date,
    count: int,
    variant: str = "",
    interval_days: int | None = None,
) -> list[DueDose]:
    """The next `count` doses from `dose_number` on, each as if those before it happen on their days.

    A dose that `dates` already holds counts with that day for the ones after it; the others with their targets.
    Fewer than `count` when the course ends before.
    """
    known = dict(dates)
    found: list[DueDose] = []
    for number in range(dose_number, dose_number + count):
        try:
            due = due_dose(
                phases=phases,
                dose_number=number,
                dates=known,
                start_on=start_on,
                variant=variant,
                interval_days=interval_days,
            )
        except NoPhase:
            break
        found.append(due)
        known.setdefault(number, due.target)
    return found


def window_of(due: DueDose, day: date) -> Window:
    """How a day suits a dose: green as planned, amber with a reason, red for the prescriber, too_soon never."""
    if due.earliest is not None and day < due.earliest:
        return "too_soon"
    if due.green_from <= day <= due.green_until:
        return "green"
    if due.amber_from <= day <= due.amber_until:
        return "amber"
    return "red"


def faults_of(phases: Sequence[PhaseFacts]) -> list[str]:
    """What is wrong with a set of phases, in words for the person who enters them. Empty when it is a course."""
    faults = []
    for variant in sorted({phase.variant for phase in phases}):
        own = sorted((phase for phase in phases if phase.variant == variant), key=lambda phase: phase.first_dose)
        name = f"The {variant} variant" if variant else "The standard course"
        if not variant and own[0].first_dose != 1:
            faults.append(f"{name} says nothing about dose 1.")
        for before, after in pairwise(own):
            if before.last_dose is None or before.last_dose >= after.first_dose:
                faults.append(f"{name} covers dose {after.first_dose} twice.")
            elif not variant and before.last_dose + 1 < after.first_dose:
                faults.append(f"{name} says nothing about dose {before.last_dose + 1}.")
    if not any(phase.variant == "" for phase in phases):
        faults.append("There is no standard course: leave the variant of its phases empty.")
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """What stays the same while the doses of one course are worked out."""

    phases: Sequence[PhaseFacts]
    start_on: date
    variant: str
    interval_days: int | None

    def fill(self, dates: Mapping[int, date], *, until: int) -> dict[int, date]:
        """Days of the doses before `until`: those known, and after the last of them each on its target."""
        if not dates:
            later = self.start_on - _SOME_DAY
            plain = _plain_course(tuple(self.phases), self.variant, self.interval_days, until)
            return {number: day + later for number, day in plain.items()}
        return self.follow(dates, until=until)

    def follow(self, dates: Mapping[int, date], *, until: int) -> dict[int, date]:
        """As `fill`, dose by dose."""
        known = dict(dates)
        for number in range(max(known, default=0) + 1, until):
            known[number] = self.due(number, known=known, given=known).target
        return known

    def due(self, dose_number: int, *, known: Mapping[int, date], given: Mapping[int, date]) -> DueDose:
        """When a dose is due; targets follow the `known` days, the hard minimum gap only those `given`."""
        phase = phase_for(self.phases, dose_number, self.variant)
        target, anchor = self._target(phase, dose_number, known, given)
        # One day never holds two doses, so a therapy without a minimum gap still has one of a day.
        gap = timedelta(days=max(phase.min_gap_days, 1))
        if known and max(known.values()) + gap > target:
            target = max(known.values()) + gap
            anchor = f"{_days(gap.days)} after dose {max(known, key=lambda number: known[number])}, the minimum gap"
        earliest = max(given.values()) + gap if given else None
        floor = earliest or date.min
        return DueDose(
            dose_number=dose_number,
            target=target,
            green_from=max(target - timedelta(days=phase.green_before), floor),
            green_until=target + timedelta(days=phase.green_after),
            amber_from=max(target - timedelta(days=phase.amber_before), floor),
            amber_until=target + timedelta(days=phase.amber_after),
            earliest=earliest,
            anchor=anchor,
        )

    def _target(
        self, phase: PhaseFacts, dose_number: int, known: Mapping[int, date], given: Mapping[int, date]
    ) -> tuple[date, str]:
        """The day a dose is aimed at, before the minimum gap is looked at, and what it counts from."""
        if dose_number == 1:
            return self.start_on, "the ordered start"
        is_anchored = phase.anchor_dose is not None and dose_number == phase.first_dose
        counts_from = phase.anchor_dose if is_anchored and phase.anchor_dose else dose_number - 1
        if counts_from not in known:
            return self._target_from_last(dose_number, known)
        days, ordered = phase.target_days, ""
        if self.interval_days and phase.repeats and not is_anchored:
            days, ordered = self.interval_days, ", as ordered"
        expected = "" if counts_from in given else " (expected)"
        return known[counts_from] + timedelta(days=days), f"{_days(days)} after dose {counts_from}{ordered}{expected}"

    def _target_from_last(self, dose_number: int, known: Mapping[int, date]) -> tuple[date, str]:
        """The target when the anchor's day is not on record: as far from the last known dose as the schedule says."""
        last = max(known)
        schedule = _plain_course(tuple(self.phases), self.variant, self.interval_days, dose_number + 1)
        distance = schedule[dose_number] - schedule[last]
        return known[last] + distance, f"{_days(distance.days)} after dose {last}"


@lru_cache(maxsize=512)
def _plain_course(
    phases: tuple[PhaseFacts, ...], variant: str, interval_days: int | None, until: int
) -> Mapping[int, date]:
    """The days of the doses before `until` where each is given on its target, from `_SOME_DAY` on.

    Kept: boards and lists ask it for everybody whose earlier doses are not on record, and it is the same for all.
    """
    course = _Course(phases=phases, start_on=_SOME_DAY, variant=variant, interval_days=interval_days)
    return course.follow({}, until=until)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
