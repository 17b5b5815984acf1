"""Who receives what: a course for each patient, with the days of it that fall into the story."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from random import Random

from clinic.models import Clinic
from clinic.quarters import quarters_in
from patients import course as doses
from patients import plans
from patients.models import DoseSource, Patient, TreatmentPlan
from therapies.catalog import current_phase
from therapies.models import DosePhase, Therapy
from therapies.series import DueDose, NoPhase, PhaseFacts, due_dose

PRESCRIBERS = (
    "Dr. Anita Rao",
    "Dr. Paul Engstrom",
    "Dr. Leah Markowitz",
    "Dr. Thomas Nakamura",
    "Dr. Sarah Beauchamp",
    "Dr. Victor Salas",
)


@dataclass(frozen=True, slots=True)
class Regimen:
    """A way in which a therapy is ordered here, and how many of a hundred patients have it.

    `interval` is what the doses in question are apart. `doses` are the numbers that the dose nearest to today may have,
    `first` is the lowest that follows at that interval, and `pause` the days before it where they differ.
    `ahead` is how many doses are booked at a time.
    """

    slug: str
    share: float
    interval: int
    doses: tuple[int, int]
    variant: str = ""
    interval_days: int | None = None
    doses_ordered: int | None = None
    infusion_minutes: int | None = None
    first: int = 1
    pause: int | None = None
    ahead: int = 1


REGIMENS = (
    Regimen("tysabri", 20, 28, (13, 60)),
    Regimen("tysabri", 12, 28, (1, 12)),
    Regimen("tysabri", 4, 42, (16, 70), interval_days=42),
    Regimen("tyruko", 4, 28, (2, 9)),
    Regimen("ocrevus", 6, 168, (3, 12), variant="fast", first=3),
    Regimen("ocrevus", 11, 168, (3, 8), first=3),
    Regimen("ocrevus", 2, 14, (1, 2), ahead=2),
    Regimen("ocrevus-zunovo", 2, 182, (1, 3)),
    Regimen("briumvi", 2, 168, (3, 5), first=3),
    Regimen("briumvi", 0.5, 14, (1, 2), ahead=2),
    Regimen("infliximab", 9, 56, (4, 30), first=4),
    Regimen("vedolizumab", 2, 56, (4, 20), first=4),
    Regimen("ivig", 23, 21, (12, 40), infusion_minutes=195, first=7),
    Regimen("methylprednisolone", 1, 1, (1, 1), doses_ordered=3, ahead=3),
    Regimen("lemtrada", 0.5, 1, (6, 6), doses_ordered=8, first=6, pause=361, ahead=3),
    Regimen("ferric-carboxymaltose", 0.5, 7, (1, 2), doses_ordered=2, ahead=2),
    Regimen("iron-sucrose", 0.5, 3, (2, 4), doses_ordered=5, ahead=4),
)


@dataclass(slots=True)
class Course:
    """One plan of the story, with the days of its doses: given and booked."""

    plan: TreatmentPlan
    clinic: Clinic
    regimen: Regimen
    phases: Sequence[PhaseFacts]
    therapies: "Therapies"
    habit_clock: time
    usual_quarters: int
    comes_on: date
    first_visit: date
    dates: dict[int, date] = field(default_factory=dict)
    forgets_from: date | None = None
    """From this day on the next dose stays unbooked: the patient does not call back."""

    @property
    def habit_day(self) -> int:
        """The weekday on which the patient comes."""
        return self.comes_on.weekday()

    @property
    def patient(self) -> Patient:
        """Who it is for."""
        return self.plan.patient

    @property
    def next_number(self) -> int:
        """The first dose that is neither given nor booked."""
        return max(self.dates, default=0) + 1

    @property
    def kinds(self) -> frozenset[str]:
        """The chairs that suit the patient; empty for any."""
        return frozenset({self.patient.chair_kind}) if self.patient.chair_kind else frozenset()

    def quarters(self, number: int) -> int:
        """How long the stay for a dose is."""
        return quarters_in(self.therapies.minutes(self.plan, number))

    def due(self, number: int) -> DueDose | None:
        """When a dose is due, None where the course has no such dose."""
        if self.plan.doses_ordered and number > self.plan.doses_ordered:
            return None
        try:
            return due_dose(
                phases=self.phases,
                dose_number=number,
                dates=self.dates,
                start_on=self.plan.start_on,
                variant=self.plan.variant,
                interval_days=self.plan.interval_days,
            )
        except NoPhase:
            return None


def regimens_for(*, count: int, rng: Random) -> list[Regimen]:
    """A regimen for each of `count` patients, in the shares of the table, shuffled."""
    total = sum(regimen.share for regimen in REGIMENS)
    dealt: list[Regimen] = []
    upto = 0.0
    for regimen in REGIMENS:
        upto += regimen.share
        dealt += [regimen] * (round(count * upto / total) - len(dealt))
    rng.shuffle(dealt)
    return dealt


def begin(
    *,
    patient: Patient,
    clinic: Clinic,
    regimen: Regimen,
    anchor: date,
    joined: date,
    therapies: "Therapies",
    rng: Random,
) -> Course:
    """Draw up a patient's course so that a dose falls on `anchor`, with the visits since `joined` before it."""
    number = rng.randint(*regimen.doses)
    visits_before = number - regimen.first
    if regimen.ahead == 1:
        visits_before = max(min((anchor - joined).days // regimen.interval, visits_before), 0)
    first_number = number - visits_before
    first_visit = anchor - timedelta(days=visits_before * regimen.interval)
    therapy = therapies.by_slug[regimen.slug]
    plan = TreatmentPlan(
        patient=patient,
        therapy=therapy,
        start_on=first_visit - timedelta(days=(first_number - 1) * regimen.interval),
        variant=regimen.variant,
        interval_days=regimen.interval_days,
        infusion_minutes=regimen.infusion_minutes,
        doses_ordered=regimen.doses_ordered,
        prescriber=rng.choice(PRESCRIBERS),
    )
    quarters = quarters_in(therapies.minutes(plan, number))
    return Course(
        plan=plan,
        clinic=clinic,
        regimen=regimen,
        phases=therapies.phases[therapy.pk],
        therapies=therapies,
        habit_clock=_usual_hour(quarters, rng),
        usual_quarters=quarters,
        comes_on=anchor,
        first_visit=first_visit,
        dates=_earlier_doses(regimen, first_number, first_visit),
    )


def put_on_record(courses: Sequence[Course]) -> None:
    """Start the plans of courses that were drawn up, and record what was given elsewhere before."""
    drawn_up = [(course.patient, course.plan.therapy, plans.Order.of(course.plan)) for course in courses]
    for course, plan in zip(courses, plans.start_plans(courses=drawn_up), strict=True):
        course.plan = plan
    given = [(course.plan.pk, number, day) for course in courses for number, day in sorted(course.dates.items())]
    doses.record_doses(doses=given, source=DoseSource.IMPORTED, by=None)


class Therapies:
    """The shipped therapies with their phases, read once."""

    def __init__(self, *, on: date) -> None:
        self.on = on
        self.by_slug = {therapy.slug: therapy for therapy in Therapy.objects.all()}
        self.phases = doses.phases_in_force(therapy_ids=[one.pk for one in self.by_slug.values()], on=on)
        self._rows: dict[tuple[int, str, int], DosePhase] = {}

    def phase(self, plan: TreatmentPlan, number: int) -> DosePhase:
        """The phase of a dose of a plan."""
        key = (plan.therapy_id, plan.variant, number)
        if key not in self._rows:
            self._rows[key] = current_phase(therapy=plan.therapy, dose_number=number, variant=plan.variant, on=self.on)
        return self._rows[key]

    def minutes(self, plan: TreatmentPlan, number: int) -> int:
        """How long the patient of a plan stays for a dose."""
        return self.phase(plan, number).stay_minutes(
            infusion_minutes=plan.infusion_minutes, extra_minutes=plan.patient.extra_minutes
        )


def _earlier_doses(regimen: Regimen, first_number: int, first_visit: date) -> dict[int, date]:
    """What was given elsewhere before: the last dose, and dose 1 where the next one counts from it."""
    if first_number == 1:
        return {}
    before = first_visit - timedelta(days=regimen.pause or regimen.interval)
    if first_number == 3 and regimen.interval > 100:
        return {1: before, 2: before + timedelta(days=14)}
    return {first_number - 1: before}


def _usual_hour(quarters: int, rng: Random) -> time:
    """Long stays begin in the morning; short ones fill the day, half of them around the late morning."""
    earliest, latest = 7 * 60 + 30, max(17 * 60 + 15 - 15 * quarters, 8 * 60)
    late_morning = earliest + (latest - earliest) / 3
    minutes = int(
        rng.triangular(earliest, latest, late_morning) if rng.random() < 0.5 else rng.uniform(earliest, latest)
    )
    return time(minutes // 60, minutes % 60 // 15 * 15)
