"""The waitlist as pages say it: who waits, for what, and since when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.utils import timezone

from clinic.models import Chair, Clinic, Weekday
from clinic.quarters import QUARTER
from scheduling.matching import Freed, Match, matches, seen_at, times_for
from scheduling.models import Appointment, PartOfDay, WaitlistEntry, WaitlistOffer
from scheduling.queries.dose import Fit, fit_of
from scheduling.queries.openings import value_of
from scheduling.queries.who import Who
from scheduling.waitlist import open_offers
from scheduling.wording import clock_or_when_words, clock_words, day_words, when_words

TIMES = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """A patient who waits."""

    id: int
    who: Who
    dose: str
    booked: str
    wish: str
    since: str
    note: str

    @classmethod
    def of(cls, entry: WaitlistEntry) -> Self:
        """The words for an entry, read with `scheduling.matching.seen_at`."""
        today = timezone.localdate()
        added = timezone.localdate(entry.added_at)
        by = f", {entry.added_by.label}" if entry.added_by else ""
        return cls(
            id=entry.pk,
            who=Who.of(entry.plan.patient),
            dose=f"{entry.plan.therapy} dose {entry.dose_number}",
            booked=_booked(entry),
            wish=wish_words(entry),
            since=f"since {day_words(added, year=added.year != today.year)}{by}",
            note=entry.note,
        )


@dataclass(frozen=True, slots=True)
class Time:
    """A free time that fits, as a button."""

    value: str
    when: str
    where: str
    until: str
    fit: Fit
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fitting:
    """A patient who waits and fits a time that became free."""

    waiting: Waiting
    when: str
    fit: Fit
    notes: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Held:
    """A time that is offered and held."""

    id: int
    words: str
    until: str


def nothing_fits(*, clinics: Sequence[Clinic], but: set[int]) -> list[Waiting]:
    """Who waits, the longest first, without the entries in `but`. Two queries."""
    return [Waiting.of(entry) for entry in seen_at(clinics) if entry.pk not in but]


def who_fits(*, appointment: Appointment, clinics: Sequence[Clinic]) -> list[Fitting]:
    """Who could be offered the time that an appointment left, best first."""
    return [
        _fitting(match, (*match.why, *match.missing)) for match in matches(freed=Freed.by(appointment), clinics=clinics)
    ]


def who_fits_from(*, clinic: Clinic, chair: Chair, start: datetime, clinics: Sequence[Clinic]) -> list[Fitting]:
    """Who could be offered a chair from a quarter hour on, best first."""
    freed = Freed(clinic, chair.pk, start, start + QUARTER)
    return [_fitting(match, match.missing) for match in matches(freed=freed, clinics=clinics)]


def times_of(*, entry: WaitlistEntry, clinics: Sequence[Clinic]) -> list[Time]:
    """The best free times for an entry."""
    return [_time(match) for match in times_for(entry=entry, clinics=clinics, limit=TIMES)]


def held_for(entry: WaitlistEntry) -> Held | None:
    """The offer that holds a chair for an entry now. One query."""
    one: WaitlistOffer | None = open_offers().filter(entry=entry).select_related("chair__clinic").first()
    if one is None:
        return None
    clinic = one.chair.clinic
    words = f"{when_words(one.start, clinic.zone)}, {clinic}, {one.chair}"
    return Held(one.pk, words, clock_or_when_words(one.held_until, clinic.zone, now=timezone.now()))


def wish_words(entry: WaitlistEntry) -> str:
    """What a patient waits for: Madison or Wausau, Tuesdays or Thursdays, mornings, until Dec 18."""
    return ", ".join(_wishes(entry)) or "any time"


def _wishes(entry: WaitlistEntry) -> Iterable[str]:
    if clinics := [clinic.name for clinic in entry.clinics.all()]:
        yield " or ".join(clinics)
    if entry.weekdays:
        yield " or ".join(f"{Weekday(day).label}s" for day in entry.weekdays)
    if entry.part:
        yield PartOfDay(entry.part).label.lower()
    if entry.first_day:
        yield f"from {day_words(entry.first_day)}"
    if entry.last_day:
        yield f"until {day_words(entry.last_day)}"


def _booked(entry: WaitlistEntry) -> str:
    one = entry.appointment
    return f"earlier than {when_words(one.start, one.clinic.zone)}, {one.clinic}" if one else ""


def _time(match: Match) -> Time:
    zone = match.clinic.zone
    return Time(
        value=value_of(match.clinic, match.start, match.chair_id),
        when=when_words(match.start, zone),
        where=match.clinic.name,
        until=clock_words(match.end, zone),
        fit=fit_of(match.due, match.day),
        notes=match.missing,
    )


def _fitting(match: Match, notes: tuple[str, ...]) -> Fitting:
    return Fitting(
        waiting=Waiting.of(match.entry),
        when=when_words(match.start, match.clinic.zone),
        fit=fit_of(match.due, match.day),
        notes=notes,
        value=value_of(match.clinic, match.start, match.chair_id),
    )
