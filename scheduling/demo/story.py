"""What everybody who tells the story shares: the clock, the diary, who books, and booking a dose as the desk would."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random

from clinic.models import Clinic
from clinic.quarters import at_wall_clock, local_date
from scheduling.demo.clock import Clock
from scheduling.demo.courses import Course, Therapies
from scheduling.demo.diary import FAR, Diary, Start
from scheduling.demo.staff import Staff
from scheduling.models import Appointment
from therapies.series import DueDose, window_of

LATEST = 24
"""Days after the target that are looked at for a start."""

OUTSIDE = {"green": 0, "amber": 3, "red": 9, "too_soon": 99}


@dataclass(slots=True)
class Visit:
    """A visit that is agreed. Its `appointment` is there once its day is taken over."""

    key: int
    course: Course
    number: int
    start: Start
    booked_at: datetime
    appointment: Appointment | None = None

    @property
    def booked(self) -> Appointment:
        """The appointment of a visit whose day is taken over."""
        if self.appointment is None:
            raise ValueError("a visit has no appointment until its day is taken over")
        return self.appointment


@dataclass(slots=True)
class Story:
    """The state of the story. `moment` is how far today has come."""

    today: date
    moment: datetime
    last_day: date
    clinics: Sequence[Clinic]
    staff: Staff
    therapies: Therapies
    diary: Diary
    clock: Clock
    rng: Random
    visits: dict[date, list[Visit]] = field(default_factory=lambda: defaultdict(list))
    """Those that are not told yet, by day."""
    lived: dict[date, list[Visit]] = field(default_factory=lambda: defaultdict(list))
    """Those of the days before today."""
    _keys: "count[int]" = field(default_factory=lambda: count(1))

    def book_next(self, course: Course, *, from_day: date, at: datetime) -> Visit | None:
        """Agree at a moment on a time for the next dose of a course, on `from_day` or later. None if none is due.

        It falls on the day when this patient is to be seen in the story, where that suits; else near the due day. It
        is kept in mind until its day is taken over.
        """
        number = course.next_number
        due = course.due(number)
        if due is None or max(due.target, from_day) > self.last_day - timedelta(days=LATEST):
            return None
        start = self._start_for(course, number, due, from_day, at)
        if start is None:
            return None
        visit = Visit(next(self._keys), course, number, start, at)
        self.diary.hold(visit.key, start)
        course.dates[number] = start.day
        self.visits[start.day].append(visit)
        return visit

    def forget(self, visit: Visit) -> None:
        """The dose of a visit is not held any more: it was cancelled, missed or left."""
        self.diary.release(visit.key, visit.start)
        del visit.course.dates[visit.number]

    def at(self, day: date, clock: time) -> datetime:
        """A moment of the story; all clinics share one wall clock."""
        return at_wall_clock(day, clock, self.clinics[0].zone)

    @property
    def dawn(self) -> datetime:
        """Before anybody comes today."""
        return self.at(self.today, time(5))

    def _start_for(self, course: Course, number: int, due: DueDose, from_day: date, at: datetime) -> Start | None:
        first = max(from_day, due.earliest or from_day, local_date(at, course.clinic.zone) + timedelta(days=1))
        wanted = max(due.target, first)
        days = [wanted + timedelta(days=offset) for offset in range(-3, LATEST)]
        days = [day for day in days if day >= first]
        days.sort(key=lambda day: (self._cost(course, due, day, wanted), day))
        fallback: Start | None = None
        for day in days:
            start = self.diary.start_near(
                clinic=course.clinic,
                day=day,
                clock=course.habit_clock,
                quarters=course.quarters(number),
                kinds=course.kinds,
            )
            if start and start.away <= FAR:
                return start
            if start and (fallback is None or start.away < fallback.away):
                fallback = start
        return fallback

    @staticmethod
    def _cost(course: Course, due: DueDose, day: date, wanted: date) -> int:
        window = window_of(due, day)
        if day == course.comes_on and window in {"green", "amber"}:
            return 0
        weekday = 2 if day.weekday() != course.habit_day else 0
        return 1 + abs((day - wanted).days) + weekday + OUTSIDE[window]
