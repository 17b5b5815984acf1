"""Half a year of visits, day by day: most are given, some are cancelled, a few missed; the next dose is booked."""

from datetime import date, datetime, time, timedelta

from clinic.hours import days_between
from scheduling.booking import cancel, set_status
from scheduling.demo.courses import Course
from scheduling.demo.story import Story, Visit
from scheduling.models import Appointment, Reason, Status
from scheduling.recording import Step, record_visit
from therapies.models import DosePhase

NO_SHOWS = 0.05
CANCELLED = 0.07
LEFT = 0.008
ENDED_EARLY = 0.2

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


def tell(*, story: Story, courses: list[Course], first_day: date) -> None:
    """Book everybody's first visit here, then live through each day until yesterday."""
    for course in sorted(courses, key=lambda one: one.first_visit):
        _first_booking(story, course)
    for day in days_between(first_day, story.today - timedelta(days=1)):
        for visit in sorted(story.visits.pop(day, []), key=lambda one: (one.appointment.start, one.appointment.pk)):
            _live_through(story, visit, day)


def book_ahead(story: Story, course: Course, *, from_day: date) -> None:
    """Book as many doses as are booked at a time for this course."""
    if course.is_lost:
        return
    for _ in range(course.regimen.ahead):
        if story.book_next(course, from_day=from_day) is None:
            return


def reason_from(story: Story, reasons: tuple[tuple[Reason, int], ...]) -> Reason:
    """One of some reasons, as often as it occurs."""
    return story.rng.choices([reason for reason, _ in reasons], weights=[share for _, share in reasons])[0]


def steps_of(appointment: Appointment, phase: DosePhase, *, story: Story) -> list[Step]:
    """When the patient of a visit arrives, sits down, is infused, observed and done, around the times as booked."""
    rng = story.rng
    start, end = appointment.start, appointment.end
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


def _first_booking(story: Story, course: Course) -> None:
    """The first visit here was booked some weeks before it."""
    weeks_before = course.first_visit - timedelta(days=story.rng.randint(10, 40))
    latest = story.today - timedelta(days=story.rng.randint(1, 6))
    story.now_is(story.at(min(weeks_before, latest), _office_hour(story)))
    book_ahead(story, course, from_day=course.first_visit)


def _live_through(story: Story, visit: Visit, day: date) -> None:
    # Several doses booked together (a relapse, a first course) hang on one another; those patients come.
    fate = story.rng.random() if visit.course.regimen.ahead == 1 else 1.0
    if fate < CANCELLED:
        _cancel(story, visit, day)
    elif fate < CANCELLED + NO_SHOWS:
        _miss(story, visit, day)
    elif fate < CANCELLED + NO_SHOWS + LEFT:
        _leave(story, visit, day)
    else:
        _treat(story, visit)


def _treat(story: Story, visit: Visit) -> None:
    appointment, course = visit.appointment, visit.course
    steps = steps_of(appointment, story.therapies.phase(course.plan, appointment.dose_number), story=story)
    story.now_is(steps[-1][1])
    record_visit(appointment=appointment, steps=steps, by=story.staff.nurse)
    if course.next_number == appointment.dose_number + 1:
        _book_on_leaving(story, course)


def _book_on_leaving(story: Story, course: Course) -> None:
    """The next dose is booked as the patient leaves, unless this is one who does not call back."""
    following = course.due(course.next_number)
    if following is None:
        return
    if course.forgets_from is not None and following.target >= course.forgets_from:
        course.is_lost = True
    book_ahead(story, course, from_day=following.target)


def _cancel(story: Story, visit: Visit, day: date) -> None:
    appointment = visit.appointment
    story.now_is(_between(story, appointment.booked_at, appointment.start))
    cancel(appointment=appointment, reason=reason_from(story, CANCEL_REASONS), by=story.staff.front_desk)
    _rebook(story, visit, day + timedelta(days=story.rng.randint(1, 7)))


def _miss(story: Story, visit: Visit, day: date) -> None:
    appointment = visit.appointment
    story.now_is(appointment.start + timedelta(minutes=story.rng.randint(35, 75)))
    reason = reason_from(story, MISSED_REASONS)
    set_status(appointment=appointment, status=Status.NO_SHOW, reason=reason, by=story.staff.front_desk)
    _rebook(story, visit, day + timedelta(days=story.rng.randint(2, 8)))


def _leave(story: Story, visit: Visit, day: date) -> None:
    appointment = visit.appointment
    story.now_is(appointment.start)
    set_status(appointment=appointment, status=Status.ARRIVED, by=story.staff.front_desk)
    story.now_is(appointment.start + timedelta(minutes=20))
    set_status(
        appointment=appointment,
        status=Status.LEFT,
        reason=Reason.NOT_WELL_TODAY,
        note="Fever at check-in",
        by=story.staff.nurse,
    )
    _rebook(story, visit, day + timedelta(days=story.rng.randint(6, 12)))


def _rebook(story: Story, visit: Visit, from_day: date) -> None:
    """Find the patient another day, unless later doses stand already or this is one who does not call back."""
    story.forget(visit)
    course = visit.course
    if course.next_number == visit.appointment.dose_number and not course.is_lost:
        story.book_next(course, from_day=from_day)


def _between(story: Story, booked_at: datetime, start: datetime) -> datetime:
    """When a visit was called off: a day or some before it, after it had been booked."""
    called = start - timedelta(hours=story.rng.choice((3, 20, 26, 30, 50, 75, 120)))
    return max(called, booked_at + timedelta(hours=1)) if booked_at + timedelta(hours=1) < start else start


def _office_hour(story: Story) -> time:
    return time(story.rng.randint(8, 16), story.rng.randint(0, 59))
