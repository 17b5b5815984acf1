"""Who of those waiting fits a time that is free: by the length of the stay, the dose's window and minimum gap, the
patient's wishes and other visits, and readiness. Asked of the engine, so a match can be offered, and an offer booked.

The number of queries is fixed, however many wait and however many days are looked at.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from clinic.models import Clinic
from clinic.quarters import QUARTER, ClinicDate, ceil_quarter, local_date
from scheduling.engine.day import Day, each, span
from scheduling.engine.offers import OTHER_CLINIC, OUTSIDE_AMBER, PER_DAY, distance_points
from scheduling.load import Days, load_days
from scheduling.models import HELD, Appointment, PartOfDay, WaitlistEntry
from scheduling.needs import Needs, needs_of_many
from scheduling.readying import dossiers
from scheduling.waitlist import open_offers, waiting
from scheduling.wording import days_words, length_words
from therapies.readiness import Dossier, State, readiness
from therapies.series import DueDose, window_of

DAYS_AHEAD = 28
"""How far ahead times are looked for."""

NOTICE = timedelta(minutes=30)
"""The least time from an offer to its start, besides the drive."""

APART = 8
"""Quarters between two times of a day that are shown."""

NOON = time(12)

READINESS_POINTS: Mapping[State, int] = {"ready": 0, "at_risk": 20, "not_ready": 100}
SOONER = {"green": 0, "amber": 2 * PER_DAY}
"""What the window costs somebody who asked to come earlier."""
PER_UNUSED_QUARTER = 2
MOST_DAYS_WAITED = 14

ASKED_BY_THE_DAY = {"window", "minimum-gap"}
"""Reasons of readiness that `window` says already."""


@dataclass(frozen=True, slots=True)
class Freed:
    """A chair that is free from a moment to another, because somebody does not come."""

    clinic: Clinic
    chair_id: int
    start: datetime
    end: datetime

    @classmethod
    def by(cls, appointment: Appointment) -> "Freed":
        """What an appointment that was given up leaves. It comes with its clinic."""
        return cls(appointment.clinic, appointment.chair_id, appointment.start, appointment.end)


@dataclass(frozen=True, slots=True)
class Match:
    """A time that a patient who waits can be offered now. Fewer points are better; `why` is a few words each.

    `window` says how the day suits the dose that is `due`, `missing` what it lacks to be ready.
    """

    entry: WaitlistEntry
    clinic: Clinic
    day: date
    chair_id: int
    start: datetime
    end: datetime
    due: DueDose
    window: str
    readiness: State
    missing: tuple[str, ...]
    points: int
    why: tuple[str, ...]


def seen_at(clinics: Collection[Clinic]) -> QuerySet[WaitlistEntry]:
    """Who waits, of the patients who are at home in some clinics or have the appointment there."""
    return (
        waiting()
        .filter(Q(plan__patient__home_clinic__in=clinics) | Q(appointment__clinic__in=clinics))
        .select_related("plan__patient__home_clinic", "plan__therapy", "appointment__clinic", "added_by")
        .prefetch_related("clinics")
    )


def matches(*, freed: Freed, clinics: Collection[Clinic]) -> list[Match]:
    """Who, of the patients seen at some clinics, fits a time that became free: best first."""
    if freed.end <= timezone.now():
        return []
    seekers = _seekers(clinics)
    day = local_date(freed.start, freed.clinic.zone)
    found = []
    if seekers:
        days = load_days(clinics=[freed.clinic], first_day=day, last_day=day)
        grid = days.grid((freed.clinic.pk, day))
        inside = span(max(grid.quarter_of(freed.start), 0), grid.quarter_of(freed.end))
        for seeker in seekers:
            starts = (
                seeker.starts(freed.clinic, grid, days.build((freed.clinic.pk, day)))
                if seeker.wants(freed.clinic, day)
                else {}
            )
            if at := starts.get(freed.chair_id, 0) & inside:
                found.append(seeker.match(freed.clinic, grid, freed.chair_id, next(iter(each(at))), freed))
    return sorted(found, key=lambda one: (one.points, one.entry.added_at))


def times_for_waiting(*, clinics: Sequence[Clinic]) -> list[Match]:
    """For each patient who waits and is seen at some clinics, the best free time there in the coming weeks, if any."""
    seekers = _seekers(clinics)
    if not seekers:
        return []
    today = timezone.localdate()
    days = _Opened(load_days(clinics=clinics, first_day=today, last_day=today + timedelta(days=DAYS_AHEAD)))
    by_id = {clinic.pk: clinic for clinic in clinics}
    found = (seeker.best(days, by_id) for seeker in seekers)
    return sorted(
        (one for one in found if one is not None), key=lambda one: (one.start, one.points, one.entry.added_at)
    )


def times_for(*, entry: WaitlistEntry, clinics: Sequence[Clinic], limit: int) -> list[Match]:
    """The best free times at some clinics for a patient who waits, at most two of a day, the best day first."""
    seekers = _seekers(clinics, only=entry)
    if not seekers or not clinics:
        return []
    today = timezone.localdate()
    days = _Opened(load_days(clinics=clinics, first_day=today, last_day=today + timedelta(days=DAYS_AHEAD)))
    return list(islice(seekers[0].times(days, {clinic.pk: clinic for clinic in clinics}), limit))


class _Opened:
    """The open days, each built once, the first time it is looked at."""

    def __init__(self, days: Days) -> None:
        self.grid = days.grid
        self.keys = days.open_days()
        self._days = days
        self._built: dict[tuple[int, date], Day] = {}

    def build(self, key: tuple[int, date]) -> Day:
        if key not in self._built:
            self._built[key] = self._days.build(key)
        return self._built[key]


@dataclass(frozen=True, slots=True)
class _Seeker:
    """A patient who waits, with all that decides whether a time fits."""

    entry: WaitlistEntry
    needs: Needs
    dossier: Dossier
    elsewhere: Sequence[tuple[datetime, datetime]]
    clinic_ids: frozenset[int]
    soonest: datetime
    today: date

    def wants(self, clinic: Clinic, day: date) -> bool:
        """Whether wishes and dose allow a clinic day. Nobody is offered a day before the window; a late one is."""
        entry, needs, moving = self.entry, self.needs, self.entry.appointment
        return (
            (not self.clinic_ids or clinic.pk in self.clinic_ids)
            and (not entry.weekdays or day.weekday() in entry.weekdays)
            and (entry.first_day is None or entry.first_day <= day)
            and (entry.last_day is None or day <= entry.last_day)
            and needs.due.amber_from <= day
            and (needs.latest is None or day <= needs.latest)
            and (moving is None or day <= local_date(moving.start, moving.clinic.zone))
        )

    def starts(self, clinic: Clinic, grid: ClinicDate, day: Day) -> dict[int, int]:
        """For each chair the quarters at which the stay can start."""
        moving = self.entry.appointment
        if moving is not None and moving.clinic_id == clinic.pk:
            day = day.without(moving.pk)
        not_during = 0
        for start, end in self.elsewhere:
            if start < grid.end and grid.start < end:
                not_during |= span(max(grid.quarter_of(start), 0), min(grid.quarter_of(end), grid.length))
        possible = day.starts(
            self.needs.quarters,
            kinds=self.needs.kinds,
            earliest=grid.quarter_of(self.soonest),
            not_during=not_during,
        )
        wanted = self._part(grid)
        if moving is not None and moving.start < grid.end:
            wanted &= span(0, max(grid.quarter_of(moving.start), 0))
        return {chair: starts & wanted for chair, starts in possible.items() if starts & wanted}

    def best(self, days: _Opened, clinics: Mapping[int, Clinic]) -> Match | None:
        """The best time there is: the best day that has one, then the earliest start."""
        return next(iter(self.times(days, clinics)), None)

    def times(self, days: _Opened, clinics: Mapping[int, Clinic]) -> Iterable[Match]:
        """The times there are, day by day, the best day first: the earliest start, and one well after it."""
        keys = [key for key in days.keys if self.wants(clinics[key[0]], key[1])]
        for clinic_id, date_ in sorted(keys, key=lambda key: (self._day_points(clinics[key[0]], key[1]), key[1])):
            clinic, grid = clinics[clinic_id], days.grid((clinic_id, date_))
            found = self.starts(clinic, grid, days.build((clinic_id, date_)))
            first = min((next(iter(each(bits))) for bits in found.values()), default=None)
            for earliest in () if first is None else (first, first + APART):
                later = {chair: bits >> earliest << earliest for chair, bits in found.items()}
                at, chair = min(
                    ((next(iter(each(bits))), chair) for chair, bits in later.items() if bits), default=(0, 0)
                )
                if chair:
                    yield self.match(clinic, grid, chair, at, None)

    def match(self, clinic: Clinic, grid: ClinicDate, chair: int, at: int, freed: Freed | None) -> Match:
        """A time for this patient, with what speaks for and against it."""
        ready = readiness(
            dossier=self.dossier,
            dose_number=self.needs.dose_number,
            day=grid.day,
            today=self.today,
            needs_tolerance=self.needs.phase.needs_prior_tolerance,
        )
        start, end = grid.moment_of(at), grid.moment_of(at + self.needs.quarters)
        unused = _unused(freed, start, end) if freed else 0
        waited = (self.today - timezone.localdate(self.entry.added_at)).days
        points = (
            self._day_points(clinic, grid.day)
            + READINESS_POINTS[ready.state]
            + PER_UNUSED_QUARTER * unused
            - min(waited, MOST_DAYS_WAITED)
        )
        return Match(
            entry=self.entry,
            clinic=clinic,
            day=grid.day,
            chair_id=chair,
            start=start,
            end=end,
            due=self.needs.due,
            window=window_of(self.needs.due, grid.day),
            readiness=ready.state,
            missing=tuple(check.words for check in ready.reasons if check.code not in ASKED_BY_THE_DAY),
            points=points,
            why=tuple(self._why(clinic, freed, unused, waited)),
        )

    def _part(self, grid: ClinicDate) -> int:
        noon = grid.quarter_at(NOON)
        halves = {PartOfDay.MORNING: span(0, noon), PartOfDay.AFTERNOON: span(noon, grid.length)}
        return halves.get(PartOfDay(self.entry.part), 0) if self.entry.part else span(0, grid.length)

    def _day_points(self, clinic: Clinic, day: date) -> int:
        """Who waits for a dose wants the day nearest to due; who wants earlier, the soonest tolerated."""
        due, window = self.needs.due, window_of(self.needs.due, day)
        if self.entry.appointment:
            points = PER_DAY * (day - self.today).days + SOONER.get(window, OUTSIDE_AMBER)
        else:
            points = distance_points((day - due.target).days, window=window)
        return points + (OTHER_CLINIC if clinic.pk != self.entry.plan.patient.home_clinic_id else 0)

    def _why(self, clinic: Clinic, freed: Freed | None, unused: int, waited: int) -> Iterable[str]:
        patient = self.entry.plan.patient
        if freed is not None:
            yield "fills the time" if not unused else f"leaves {length_words(15 * unused)} of it"
        if waited:
            yield f"waits {days_words(waited)}"
        if patient.drive_minutes:
            yield f"{length_words(patient.drive_minutes)} drive"
        if clinic.pk != patient.home_clinic_id:
            yield f"at home in {patient.home_clinic}"


def _unused(freed: Freed, start: datetime, end: datetime) -> int:
    """Quarters of a freed time that a stay leaves free."""
    left = max(start - freed.start, timedelta()) + max(freed.end - end, timedelta())
    return left // QUARTER


def _seekers(clinics: Collection[Clinic], *, only: WaitlistEntry | None = None) -> list[_Seeker]:
    """Who waits and has no offer open, with what decides it. Six queries."""
    unoffered = seen_at(clinics).filter(~Exists(open_offers().filter(entry=OuterRef("pk"))))
    entries = list(unoffered if only is None else unoffered.filter(pk=only.pk))
    needs = needs_of_many(doses={one.pk: (one.plan, one.dose_number, one.appointment) for one in entries})
    now, today = timezone.now(), timezone.localdate()
    found = dossiers(plan_ids={one.plan_id for one in entries}, today=today)
    elsewhere = _elsewhere(entries)
    return [
        _Seeker(
            entry=one,
            needs=needs[one.pk],
            dossier=found[one.plan_id],
            elsewhere=elsewhere[one.pk],
            clinic_ids=frozenset(clinic.pk for clinic in one.clinics.all()),
            soonest=ceil_quarter(now + NOTICE + timedelta(minutes=one.plan.patient.drive_minutes or 0)),
            today=today,
        )
        for one in entries
        if one.pk in needs
    ]


def _elsewhere(entries: Collection[WaitlistEntry]) -> dict[int, list[tuple[datetime, datetime]]]:
    """When the patients sit in a chair already, by entry; the visit that would come earlier does not count."""
    visits: dict[int, list[tuple[int, datetime, datetime]]] = defaultdict(list)
    held = Appointment.objects.filter(
        patient__in={one.plan.patient_id for one in entries}, status__in=HELD, period__endswith__gt=timezone.now()
    )
    for pk, patient_id, period in held.order_by().values_list("pk", "patient", "period"):
        visits[patient_id].append((pk, period.lower, period.upper))
    return {
        one.pk: [(start, end) for pk, start, end in visits[one.plan.patient_id] if pk != one.appointment_id]
        for one in entries
    }
