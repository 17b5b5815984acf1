"""Half a year of visits, day by day: most are given, some are cancelled, a few missed; the next dose is booked."""

from datetime import date, datetime, time, timedelta

from clinic.hours import days_between
from scheduling.demo.courses import Course
from scheduling.demo.hitches import Hitches
from scheduling.demo.story import Story, Visit
from scheduling.models import Reason, Status
from scheduling.taking_over import KnownVisit, Step, take_over_day
from therapies.models import DosePhase

NO_SHOWS = 0.05
CANCELLED = 0.07
LEFT = 0.008
ENDED_EARLY = 0.2
CONFIRMED = 0.8

CANCEL_REASONS = (
    (Reason.PATIENT_ILL, 30),
    (Reason.PATIENT_WORK, 24),
    (Reason.TRANSPORT, 10),
    (Reason.NOT_READY, 16),
    (Reason.WEATHER, 6),
    (Reason.ADMITTED, 5),
    (Reason.CLINIC, 3),
    (Reason.OTHER, 6),
)
MISSED_REASONS = ((Reason.UNREACHED, 55), (Reason.TRANSPORT, 20), (Reason.PATIENT_ILL, 15), (Reason.PATIENT_WORK, 10))

CALLED_OFF = (3, 20, 26, 30, 50, 75, 120)
"""Hours before a visit when patients call it off."""


def tell(*, story: Story, courses: list[Course], first_day: date) -> None:
    """Agree on everybody's first visit here, then live through each day until yesterday."""
    for course in sorted(courses, key=lambda one: one.first_visit):
        _first_booking(story, course)
    hitches = Hitches(today=story.today)
    for day in days_between(first_day, story.today - timedelta(days=1)):
        of_day = sorted(story.visits.pop(day, []), key=lambda visit: (visit.start.start, visit.key))
        story.lived[day] = of_day
        lived = hitches.befall([(visit, _live_through(story, visit)) for visit in of_day])
        story.clock.set(story.at(day, time(23, 45)))
        for clinic in story.clinics:
            visits = [told for visit, told in lived if visit.start.clinic == clinic]
            if visits:
                take_over_day(clinic=clinic, day=day, visits=visits, by=story.staff.front_desk)
        for visit, told in lived:
            _what_follows(story, visit, told)


def reason_from(story: Story, reasons: tuple[tuple[Reason, int], ...]) -> Reason:
    """One of some reasons, as often as it occurs."""
    return story.rng.choices([reason for reason, _ in reasons], weights=[share for _, share in reasons])[0]


def steps_of(story: Story, start: datetime, end: datetime, phase: DosePhase) -> list[Step]:
    """When the patient of a visit arrives, sits down, is infused, observed and done, around the times as booked."""
    rng = story.rng
    arrived = start + timedelta(minutes=rng.randint(-14, 2))
    seated = max(start + timedelta(minutes=rng.randint(0, 7)), arrived + timedelta(minutes=1))
    infusing = seated + timedelta(minutes=phase.setup_minutes + phase.premedication_minutes + rng.randint(-3, 4))
    early = 15 if rng.random() < ENDED_EARLY and end - start > timedelta(hours=1) else 0
    done = end - timedelta(minutes=early + rng.randint(1, 9))
    steps: list[Step] = [(Status.ARRIVED, arrived), (Status.SEATED, seated), (Status.INFUSING, infusing)]
    if phase.observation_minutes:
        observing = done - timedelta(minutes=phase.observation_minutes + 3)
        steps.append((Status.OBSERVING, max(observing, infusing + timedelta(minutes=5))))
    return [*steps, (Status.DONE, done)]


def past(story: Story, visit: Visit, steps: list[Step], *, reason: str = "", note: str = "") -> KnownVisit:
    """A visit that is over, as the record of its day tells it."""
    confirmed = visit.start.start - timedelta(days=story.rng.randint(1, 5), hours=story.rng.randint(0, 6))
    is_confirmed = story.rng.random() < CONFIRMED and visit.booked_at < confirmed <= steps[0][1]
    return KnownVisit(
        plan=visit.course.plan,
        dose_number=visit.number,
        chair_id=visit.start.chair_id,
        start=visit.start.start,
        end=visit.start.end,
        booked_at=visit.booked_at,
        steps=steps,
        confirmed_at=confirmed if is_confirmed else None,
        reason=reason,
        note=note,
    )


def _first_booking(story: Story, course: Course) -> None:
    """The first visit here was agreed some weeks before it."""
    weeks_before = course.first_visit - timedelta(days=story.rng.randint(10, 40))
    latest = story.today - timedelta(days=story.rng.randint(1, 6))
    at = story.at(min(weeks_before, latest), time(story.rng.randint(8, 16), story.rng.randint(0, 59)))
    _book_at_once(story, course, from_day=course.first_visit, at=at)


def _book_at_once(story: Story, course: Course, *, from_day: date, at: datetime) -> None:
    """Agree on as many doses as are booked at a time for this course."""
    for _ in range(course.regimen.ahead):
        if story.book_next(course, from_day=from_day, at=at) is None:
            return


def _live_through(story: Story, visit: Visit) -> KnownVisit:
    """What became of a visit. Several doses booked together hang on one another: those patients come."""
    fate = story.rng.random() if visit.course.regimen.ahead == 1 else 1.0
    start, reason, note = visit.start.start, "", ""
    if fate < CANCELLED:
        called = max(start - timedelta(hours=story.rng.choice(CALLED_OFF)), visit.booked_at + timedelta(hours=1))
        steps, reason = [(Status.CANCELLED, min(called, start))], reason_from(story, CANCEL_REASONS)
    elif fate < CANCELLED + NO_SHOWS:
        given_up = start + timedelta(minutes=story.rng.randint(35, 75))
        steps, reason = [(Status.NO_SHOW, given_up)], reason_from(story, MISSED_REASONS)
    elif fate < CANCELLED + NO_SHOWS + LEFT:
        steps = [(Status.ARRIVED, start - timedelta(minutes=4)), (Status.LEFT, start + timedelta(minutes=20))]
        reason, note = Reason.NOT_WELL_TODAY, "Fever at check-in"
    else:
        phase = story.therapies.phase(visit.course.plan, visit.number)
        steps = steps_of(story, start, visit.start.end, phase)
    return past(story, visit, steps, reason=reason, note=note)


def _what_follows(story: Story, visit: Visit, told: KnownVisit) -> None:
    """The next dose is agreed on as the patient leaves; who did not come finds another day."""
    course, day = visit.course, visit.start.day
    if told.outcome != Status.DONE:
        story.forget(visit)
    if course.next_number != visit.number + (told.outcome == Status.DONE):
        return  # later doses stand already
    following = course.due(course.next_number)
    if following is None:
        return
    if course.forgets_from is not None and max(following.target, day) >= course.forgets_from:
        return
    if told.outcome == Status.DONE:
        _book_at_once(story, course, from_day=following.amber_from, at=told.last_moment)
    else:
        later = day + timedelta(days=story.rng.randint(1, 8))
        story.book_next(course, from_day=later, at=told.last_moment)
