"""The openings for one dose, clinic by clinic and day by day, as the book and move pages lay them out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self
from urllib.parse import urlencode

from django.utils import timezone

from clinic.models import Clinic, Weekday
from clinic.quarters import ClinicDate
from scheduling.candidates import NOON, Asked
from scheduling.models import Appointment
from scheduling.needs import Needs
from scheduling.open_days import OpenDay, days_at_each
from scheduling.openings import Opening
from scheduling.queries.choices import Choice, ChoiceDay, Column
from scheduling.queries.dose import fit_of
from scheduling.queries.load_strip import strip_of
from scheduling.queries.readiness import Badge, badge_of_day
from scheduling.queries.reseating import moves_words
from scheduling.readying import dossier_for
from scheduling.wording import clock_words, day_words, when_words
from therapies.readiness import Dossier

AROUND_DUE = timedelta(days=45)
"""How far from the due day the nearest openings are looked for, to either side."""

DAYS_SHOWN = 4
TIMES_SHOWN = 3
DIGITS = 9

PARTS = {"": "Any time", "morning": "Mornings", "afternoon": "Afternoons"}


@dataclass(frozen=True, slots=True)
class Look:
    """What the person wants to look at: which dose, a week or the days nearest to due, and what the caller asks for.

    `path` is the page's own: addresses are whole, so that they lead there from the panel beside another page too.
    """

    path: str = ""
    dose: int | None = None
    week: date | None = None
    part: str = ""
    weekday: int | None = None
    clinic: str = ""
    whole: str = ""

    @classmethod
    def of(cls, path: str, params: Mapping[str, str]) -> Self:
        """What an address asks for; what makes no sense is left out."""
        part, whole, weekday = params.get("part", ""), params.get("whole", ""), _number(params.get("weekday"))
        day = _day(params.get("week"))
        return cls(
            path=path,
            dose=_number(params.get("dose")),
            week=day - timedelta(days=day.weekday()) if day else None,
            part=part if part in PARTS else "",
            weekday=weekday if weekday in Weekday.values else None,
            clinic=params.get("clinic", ""),
            whole=whole if "/" in whole else "",
        )

    @property
    def query(self) -> str:
        """The part of an address that asks for the same."""
        facts = {
            "dose": self.dose,
            "week": self.week,
            "part": self.part,
            "weekday": self.weekday,
            "clinic": self.clinic,
            "whole": self.whole,
        }
        return "?" + urlencode({name: value for name, value in facts.items() if value not in (None, "")})

    def but(self, **changes: object) -> str:
        """The address of the same look with something changed; a day shown whole is folded again."""
        changed = replace(self, **{"whole": "", **changes})  # type: ignore[arg-type]
        return changed.path + changed.query

    @property
    def asked(self) -> Asked:
        """What the caller asks for."""
        return Asked(
            weekday=self.weekday,
            not_before=NOON if self.part == "afternoon" else None,
            before=NOON if self.part == "morning" else None,
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A choice among several, one of which is in force."""

    label: str
    url: str
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class OpeningsPage:
    """All that the openings part of a page shows."""

    title: str
    ready: Badge | None
    """What is missing for the due day, as known today; None when nothing is."""
    columns: tuple[Column, ...]
    has_any: bool
    asks_reason: bool
    parts: tuple[Link, ...]
    weekdays: tuple[Link, ...]
    clinics: tuple[Link, ...]
    earlier_url: str
    nearest_url: str
    later_url: str
    week: str
    is_filtered: bool
    plain_url: str


def openings_page(
    *,
    needs: Needs,
    clinics: Sequence[Clinic],
    look: Look,
    today: date,
    moving: Appointment | None = None,
    digits_taken: int = 0,
) -> OpeningsPage:
    """The openings for a dose at some clinics. A few queries more than `days_at_each`."""
    worries = _Worries.of(needs, today)
    near = moving.start if moving else None
    middle = max(near.astimezone(moving.clinic.zone).date() if near and moving else needs.due.target, today)
    first, last = (
        (look.week, look.week + timedelta(days=6)) if look.week else (middle - AROUND_DUE, middle + AROUND_DUE)
    )
    shown = [clinic for clinic in clinics if look.clinic in ("", clinic.slug)] or list(clinics)
    found = days_at_each(
        needs=needs,
        clinics=shown,
        first_day=max(first, today),
        last_day=last,
        days=7 if look.week else DAYS_SHOWN,
        per_day=TIMES_SHOWN,
        whole=_whole(look, shown),
        asked=look.asked,
        near=near,
        moving=moving,
    )
    days = [day for of_clinic in found.values() for day in of_clinic]
    listed = [one for day in days for one in day.openings]
    facts = _Facts(needs, look, _digits(listed, taken=digits_taken), worries, moves_words(listed))
    columns = _columns(found, shown, facts)
    monday = look.week or middle - timedelta(days=middle.weekday())
    floor = max(today, needs.earliest or today)
    return OpeningsPage(
        title=f"Week of {day_words(look.week)}" if look.week else ("Near the time now" if moving else "Nearest to due"),
        ready=worries.when_due,
        columns=columns,
        has_any=bool(days),
        asks_reason=any(choice.fit.css == "red" for column in columns for day in column.days for choice in day.choices),
        parts=tuple(Link(label, look.but(part=part), part == look.part) for part, label in PARTS.items()),
        weekdays=tuple(_weekdays(look)),
        clinics=tuple(_clinics(look, clinics)) if len(clinics) > 1 else (),
        earlier_url=look.but(week=monday - timedelta(days=7)) if monday > floor else "",
        nearest_url=look.but(week=None) if look.week else "",
        later_url=look.but(week=monday + timedelta(days=7)),
        week=monday.isoformat(),
        is_filtered=bool(look.part or look.clinic or look.weekday is not None),
        plain_url=look.but(part="", weekday=None, clinic=""),
    )


def choices_of(found: Iterable[Opening], needs: Needs) -> list[Choice]:
    """A few openings with day and clinic on each button: the alternatives to a time that can't be had."""
    found = list(found)
    moves = moves_words(found)
    return [
        replace(
            _choice(opening, needs, number, set(), moves.get(opening, "")),
            clock=f"{when_words(opening.start, opening.clinic.zone)}",
            words=opening.clinic.name,
        )
        for number, opening in enumerate(found, 1)
    ]


def value_of(clinic: Clinic, start: datetime, chair_id: int | None = None) -> str:
    """How a form names a time at a clinic, in a chair if one is meant. Read by `scheduling.forms.TimeField`."""
    return f"{clinic.slug}/{int(start.timestamp())}" + (f"/{chair_id}" if chair_id else "")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What every day and every button needs to know."""

    needs: Needs
    look: Look
    digits: Mapping[Opening, int]
    worries: "_Worries"
    moves: Mapping[Opening, str]


def _columns(found: Mapping[int, list[OpenDay]], clinics: Sequence[Clinic], facts: _Facts) -> tuple[Column, ...]:
    """The clinic with the best opening first. The days of a week in order, otherwise the best day first."""
    columns = []
    for clinic in sorted(clinics, key=lambda clinic: _best_score(found[clinic.pk])):
        days = sorted(found[clinic.pk], key=lambda day: day.day) if facts.look.week else found[clinic.pk]
        columns.append(
            Column(
                clinic=clinic,
                is_home=clinic.pk == facts.needs.plan.patient.home_clinic_id,
                days=tuple(_choice_day(day, facts) for day in days),
            )
        )
    return tuple(columns)


@dataclass(frozen=True, slots=True)
class _Worries:
    """What speaks against giving a dose, on the due day and on others."""

    dossier: Dossier
    dose_number: int
    when_due: Badge | None

    @classmethod
    def of(cls, needs: Needs, today: date) -> Self:
        dossier = dossier_for(plan=needs.plan)
        due = max(needs.due.target, today)
        return cls(dossier, needs.dose_number, badge_of_day(dossier, dose_number=needs.dose_number, day=due))

    def on(self, day: date) -> Badge | None:
        """What speaks against a day but not against the due day."""
        badge = badge_of_day(self.dossier, dose_number=self.dose_number, day=day)
        known = self.when_due.why if self.when_due else ()
        why = tuple(words for words in badge.why if words not in known) if badge else ()
        return replace(badge, why=why) if badge and why else None


def _choice_day(day: OpenDay, facts: _Facts) -> ChoiceDay:
    shared = set.intersection(*(set(opening.why) for opening in day.openings))
    more = day.count - len(day.openings)
    key = f"{day.clinic.slug}/{day.day}"
    return ChoiceDay(
        id=f"day-{day.clinic.slug}-{day.day}",
        label=day_words(day.day, year=day.day.year != timezone.localdate().year),
        words=", ".join(words for words in day.openings[0].why if words in shared),
        fit=fit_of(facts.needs.due, day.day),
        worry=facts.worries.on(day.day),
        load=strip_of(loads=day.loads, opens=day.opens, grid=ClinicDate(day.day, day.clinic.zone)),
        choices=tuple(
            _choice(opening, facts.needs, facts.digits.get(opening), shared, facts.moves.get(opening, ""))
            for opening in sorted(day.openings, key=lambda opening: opening.start)
        ),
        more=more,
        more_url=facts.look.but(whole=key) if more else "",
    )


def _choice(opening: Opening, needs: Needs, digit: int | None, shared: set[str], moves: str) -> Choice:
    zone = opening.clinic.zone
    return Choice(
        value=value_of(opening.clinic, opening.start),
        digit=digit,
        clock=clock_words(opening.start, zone),
        until=clock_words(opening.end, zone),
        words=", ".join(words for words in opening.why if words not in shared),
        moves=moves,
        spoken=f"Book {when_words(opening.start, zone)} at {opening.clinic}",
        fit=fit_of(needs.due, opening.day),
    )


def _digits(listed: Iterable[Opening], *, taken: int) -> dict[Opening, int]:
    """The keys of the best openings: the best of all is the first free digit."""
    ranked = sorted(listed, key=lambda one: (one.score, one.start, one.clinic.pk))
    return dict(zip(ranked, range(taken + 1, DIGITS + 1), strict=False))


def _best_score(days: Sequence[OpenDay]) -> tuple[bool, int]:
    return (not days, min((day.openings[0].score for day in days), default=0))


def _whole(look: Look, clinics: Iterable[Clinic]) -> set[tuple[int, date]]:
    slug, _, day = look.whole.partition("/")
    return {(clinic.pk, asked) for clinic in clinics if clinic.slug == slug and (asked := _day(day))}


def _weekdays(look: Look) -> Iterable[Link]:
    yield Link("Any day", look.but(weekday=None), look.weekday is None)
    for day in Weekday:
        if day <= Weekday.FRIDAY or day == look.weekday:
            yield Link(day.label[:3], look.but(weekday=day.value), look.weekday == day.value)


def _clinics(look: Look, clinics: Iterable[Clinic]) -> Iterable[Link]:
    yield Link("All clinics", look.but(clinic=""), not look.clinic)
    for clinic in clinics:
        yield Link(clinic.name, look.but(clinic=clinic.slug), look.clinic == clinic.slug)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
