"""What is on record of the patients' papers: labs, programs, payers' authorizations, and the checks of each visit.

Nearly everybody is ready. A few are not, for the reasons that clinics know: a program authorization that ran out, a lab
that is overdue, a payer whose doses are used up, a drug that did not come.
"""

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
LAPSED = 0.015
"""The share of what is renewed that nobody renewed in time."""

ENDS_SOON = 0.06
FEW_DOSES = 0.04
DRUG_MISSING = 0.08
DRUG_DAYS = 4
"""So many days ahead the drugs of the visits are put aside."""


class Papers:
    """The papers of everybody in the story."""

    def __init__(self, *, story: Story, courses: list[Course]) -> None:
        self._story = story
        self._courses = courses
        # Their own dice: what is told elsewhere stays as it is when papers change.
        self._rng = Random(f"papers {story.today}")  # noqa: S311  (no secret)
        self._asked: dict[int, list[Prerequisite]] = {}

    def put_in_order(self, *, moment: datetime) -> None:
        """Enter what came in over the last months. Who was due by `moment` today has nothing hard missing."""
        self._story.clock.set(self._story.at(self._story.today, time(7, 30)))
        today = self._story.visits.get(self._story.today, [])
        later = [visit.course.plan.pk for visit in today if visit.start.start > moment]
        seated = {visit.course.plan.pk for visit in today} - set(later)
        waiting = [course for course in self._courses if course.plan.pk in later and self._hard(course.plan)]
        for course in self._courses:
            lapsed = {
                asked.code
                for asked in self._of(course.plan)
                if asked.life == PrerequisiteLife.PERIODIC
                and self._rng.random() < LAPSED
                and not (asked.is_hard and course.plan.pk in seated)
            }
            if course in waiting[-1:]:
                lapsed |= self._hard(course.plan)
            self._record(course.plan, lapsed)
            if AUTHORIZATION in {asked.code for asked in self._of(course.plan)}:
                self._authorize(course, is_lapsed=AUTHORIZATION in lapsed)
        self._put_drugs_aside()
        self._learn_of_a_reaction()

    def check(self, visit: Visit) -> None:
        """The nurse makes the checks of a visit of today and marks them, before the patient sits down."""
        for asked in self._of(visit.course.plan):
            if asked.life == PrerequisiteLife.EACH_VISIT and asked.code != DRUG_ON_HAND:
                self._mark(visit, asked.code, self._story.today)

    def _of(self, plan: TreatmentPlan) -> list[Prerequisite]:
        """What the therapy of a plan asks for."""
        if plan.therapy_id not in self._asked:
            version = version_in_force(therapy=plan.therapy, on=self._story.today)
            self._asked[plan.therapy_id] = list(version.prerequisites.all())
        return self._asked[plan.therapy_id]

    def _hard(self, plan: TreatmentPlan) -> set[str]:
        return {asked.code for asked in self._of(plan) if asked.is_hard and asked.life == PrerequisiteLife.PERIODIC}

    def _record(self, plan: TreatmentPlan, lapsed: set[str]) -> None:
        def came_in(asked: Prerequisite) -> date:
            days = asked.valid_days or 400
            ago = days + self._rng.randint(1, 20) if asked.code in lapsed else self._rng.randint(0, days * 4 // 5)
            return self._story.today - timedelta(days=ago)

        clearances.record_papers(
            plan=plan, cleared_on=came_in, by=self._story.staff.front_desk, without={AUTHORIZATION}
        )

    def _authorize(self, course: Course, *, is_lapsed: bool) -> None:
        """A year from a payer, some of them ending soon, some for a number of doses that is nearly used up."""
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
        authorizations.add(
            plan=course.plan,
            terms=Terms(
                payer=rng.choice(PAYERS),
                number=f"{rng.choice('ABCR')}{rng.randint(100000, 999999)}",
                valid_from=since,
                valid_until=until,
                doses_allowed=used + rng.randint(0, 2) or 1 if few else rng.choice((None, max(13, used + 6))),
            ),
            by=self._story.staff.front_desk,
        )

    def _put_drugs_aside(self) -> None:
        """The drugs of the next days are in the house, all but a few."""
        today = self._story.today
        for offset in range(DRUG_DAYS):
            day = today + timedelta(days=offset)
            for visit in self._story.visits.get(day, []):
                asked = {one.code for one in self._of(visit.course.plan)}
                if DRUG_ON_HAND in asked and not (offset and self._rng.random() < DRUG_MISSING):
                    self._mark(visit, DRUG_ON_HAND, day)

    def _mark(self, visit: Visit, code: str, day: date) -> None:
        clearances.record(
            plan=visit.course.plan,
            code=code,
            cleared_on=self._story.today,
            for_day=day,
            by=self._story.staff.nurse,
        )

    def _learn_of_a_reaction(self) -> None:
        """Somebody who is booked for a fast infusion told of a reaction to the last one."""
        today = self._story.today
        for course in self._courses:
            is_ahead = max(course.dates.values(), default=today) > today + timedelta(days=2)
            if course.plan.variant == "fast" and is_ahead:
                order = plans.Order.of(course.plan)
                plans.change_plan(plan=course.plan, order=replace(order, had_reaction=True))
                return
