"""What is on record of the patients' papers: labs, programs, payers' authorizations, and the checks of each visit.

Nearly everybody is ready, and was at every visit. A few are not, for the reasons that clinics know: a program
authorization that ran out, a lab that is overdue, a payer whose doses are used up, a drug that did not come.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from patients import authorizations, clearances, plans
from patients.authorizations import Terms
from patients.models import TreatmentPlan
from scheduling.demo.courses import Course
from scheduling.demo.story import Story, Visit
from therapies.models import Prerequisite, PrerequisiteLife, version_in_force
from therapies.readiness import AUTHORIZATION, DRUG_ON_HAND

PAYERS = ("Badger State Health", "Lakeland Health Plan", "Northwoods Mutual", "Prairie Care", "Union Trades Fund")
EVERY = timedelta(days=28)
"""So often somebody goes through the papers and renews what would run out before the next time."""

LAPSED = 0.015
"""The share of what is renewed that nobody renewed in time."""

FORGOTTEN = 0.03
"""The share of what is renewed that waited for the next time."""

ENDS_SOON = 0.06
FEW_DOSES = 0.04
DRUG_MISSING, DRUG_CAME_LATE = 0.08, 0.04
DRUG_DAYS, DRUG_ASIDE = 4, timedelta(days=3)
"""So many days ahead the drugs of the visits are put aside; so long before, as a rule."""

Lapsed = Mapping[int, set[str]]
"""What was not renewed of each plan, by plan id."""


class Papers:
    """The papers of everybody in the story."""

    def __init__(self, *, story: Story, courses: list[Course]) -> None:
        self._story = story
        self._courses = courses
        # Their own dice: what is told elsewhere stays as it is when papers change.
        self._rng = Random(f"papers {story.today}")  # noqa: S311  (no secret)
        self._asked: dict[int, list[Prerequisite]] = {}
        self._good_until: dict[tuple[int, str], date] = {}

    def put_in_order(self, *, moment: datetime) -> None:
        """Enter what came in over the months. Who was due by `moment` today has nothing hard missing."""
        lapsed = self._lapsed(moment)
        granted = self._granted(lapsed)
        for day in self._rounds():
            self._story.clock.set(self._story.at(day, time(7, 30)))
            self._renew(day, lapsed)
            until = day + EVERY if day < self._story.today else date.max
            due = [(plan, terms) for plan, terms in granted if terms.valid_from < until]
            authorizations.add_all(granted=due, by=self._story.staff.front_desk)
            granted = [one for one in granted if one not in due]
        self._put_drugs_aside()
        self._learn_of_a_reaction()

    def check(self, visit: Visit) -> None:
        """The nurse makes the checks of a visit of today and marks them, before the patient sits down."""
        for asked in self._of(visit.course.plan):
            if asked.life == PrerequisiteLife.EACH_VISIT and asked.code != DRUG_ON_HAND:
                clearances.record(
                    plan=visit.course.plan,
                    code=asked.code,
                    cleared_on=self._story.today,
                    for_day=self._story.today,
                    by=self._story.staff.nurse,
                )

    def _of(self, plan: TreatmentPlan) -> list[Prerequisite]:
        """What the therapy of a plan asks for."""
        if plan.therapy_id not in self._asked:
            version = version_in_force(therapy=plan.therapy, on=self._story.today)
            self._asked[plan.therapy_id] = list(version.prerequisites.all())
        return self._asked[plan.therapy_id]

    def _hard(self, plan: TreatmentPlan) -> set[str]:
        return {asked.code for asked in self._of(plan) if asked.is_hard and asked.life == PrerequisiteLife.PERIODIC}

    def _lapsed(self, moment: datetime) -> Lapsed:
        """What is out of date today. Somebody who is still to come today lacks something hard."""
        of_today = self._story.visits.get(self._story.today, [])
        later = {visit.course.plan.pk for visit in of_today if visit.start.start > moment}
        seated = {visit.course.plan.pk for visit in of_today} - later
        lapsed = {
            course.plan.pk: {
                asked.code
                for asked in self._of(course.plan)
                if asked.life == PrerequisiteLife.PERIODIC
                and self._rng.random() < LAPSED
                and not (asked.is_hard and course.plan.pk in seated)
            }
            for course in self._courses
        }
        waiting = [course.plan for course in self._courses if course.plan.pk in later and self._hard(course.plan)]
        for plan in waiting[-1:]:
            lapsed[plan.pk] |= self._hard(plan)
        return lapsed

    def _rounds(self) -> list[date]:
        """The days on which somebody goes through the papers, until today."""
        first = min(self._story.lived, default=self._story.today) - timedelta(days=10)
        number = (self._story.today - first) // EVERY
        return [self._story.today - EVERY * back for back in range(number + 1, -1, -1)]

    def _renew(self, day: date, lapsed: Lapsed) -> None:
        def came_in(plan: TreatmentPlan, asked: Prerequisite) -> date | None:
            return self._came_in(plan, asked, day, asked.code in lapsed[plan.pk])

        clearances.record_papers_of(
            plans=[course.plan for course in self._courses],
            cleared_on=came_in,
            by=self._story.staff.front_desk,
            without={AUTHORIZATION},
        )

    def _came_in(self, plan: TreatmentPlan, asked: Prerequisite, day: date, is_lapsed: bool) -> date | None:
        """The day of a paper that is entered on a day; None where the one before is good for a while yet."""
        key = plan.pk, asked.code
        before = self._good_until.get(key)
        if asked.valid_days is None:
            self._good_until[key] = date.max
            return day - timedelta(days=self._rng.randint(0, 300)) if before is None else None
        if before and (before > day + EVERY or (not asked.is_hard and self._rng.random() < FORGOTTEN)):
            return None
        valid = timedelta(days=asked.valid_days)
        some_time = max(asked.valid_days - 31, 0) * 4 // 5
        came = day - timedelta(days=self._rng.randint(0, some_time if before is None else min(some_time, 5)))
        if is_lapsed:
            came = min(came, self._story.today - valid - timedelta(days=self._rng.randint(1, 20)))
        if before and came + valid <= before:
            return None
        self._good_until[key] = came + valid
        return came

    def _granted(self, lapsed: Lapsed) -> list[tuple[TreatmentPlan, Terms]]:
        """What payers agreed to: a year at a time."""
        return [
            (course.plan, terms)
            for course in self._courses
            if AUTHORIZATION in {asked.code for asked in self._of(course.plan)}
            for terms in self._years(course, is_lapsed=AUTHORIZATION in lapsed[course.plan.pk])
        ]

    def _years(self, course: Course, *, is_lapsed: bool) -> list[Terms]:
        """The year that runs and the one before; some end soon, some are for doses that are nearly used up."""
        rng, today = self._rng, self._story.today
        left = rng.randint(95, 330)
        if is_lapsed:
            left = -rng.randint(1, 15)
        elif rng.random() < ENDS_SOON:
            left = rng.randint(5, 58)
        until = today + timedelta(days=left)
        since = until - timedelta(days=365)
        used = sum(since <= day <= today for day in course.dates.values())
        few = rng.random() < FEW_DOSES
        payer = rng.choice(PAYERS)

        def terms(first: date, last: date, doses: int | None) -> Terms:
            number = f"{rng.choice('ABCR')}{rng.randint(100000, 999999)}"
            return Terms(payer=payer, number=number, valid_from=first, valid_until=last, doses_allowed=doses)

        return [
            terms(since - timedelta(days=365), since - timedelta(days=1), None),
            terms(since, until, used + rng.randint(0, 2) or 1 if few else rng.choice((None, max(13, used + 6)))),
        ]

    def _put_drugs_aside(self) -> None:
        """The drugs of the visits were in the house some days before, all but a few."""
        story = self._story
        for day, visits in story.lived.items():
            self._put_aside(day, story.at(day - DRUG_ASIDE, time(15)), visits, missing=DRUG_CAME_LATE)
        for offset in range(DRUG_DAYS):
            day = story.today + timedelta(days=offset)
            missing = DRUG_MISSING if offset else 0.0
            self._put_aside(day, story.at(story.today, time(7, 30)), story.visits.get(day, []), missing=missing)

    def _put_aside(self, day: date, moment: datetime, visits: list[Visit], *, missing: float) -> None:
        self._story.clock.set(moment)
        there = [visit for visit in visits if visit.booked_at <= moment and self._rng.random() >= missing]
        if there:
            plans_ = [visit.course.plan for visit in there]
            clearances.put_drugs_aside(plans=plans_, for_day=day, by=self._story.staff.nurse)

    def _learn_of_a_reaction(self) -> None:
        """Somebody who is booked for a fast infusion told of a reaction to the last one."""
        today = self._story.today
        self._story.clock.set(self._story.at(today, time(7, 30)))
        for course in self._courses:
            is_ahead = max(course.dates.values(), default=today) > today + timedelta(days=2)
            if course.plan.variant == "fast" and is_ahead:
                order = plans.Order.of(course.plan)
                plans.change_plan(plan=course.plan, order=replace(order, had_reaction=True))
                return
