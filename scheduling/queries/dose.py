"""A dose to be booked, as pages say it: how long it stays, when it is due, and how a day suits it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Self
from zoneinfo import ZoneInfo

from clinic.quarters import local_date
from patients import course
from patients.models import TreatmentPlan
from scheduling.models import HELD, Appointment
from scheduling.needs import Needs
from scheduling.wording import day_words, days_words, length_words
from therapies.series import DueDose, window_of


@dataclass(frozen=True, slots=True)
class Fit:
    """How a day suits a dose. Said by shape and word; the colour (`css`) only repeats it."""

    css: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True)
class Due:
    """When a dose is due, in words."""

    target: str
    anchor: str
    green: str
    amber: str
    earliest: str
    standing: Fit

    @classmethod
    def of(cls, due: DueDose, *, today: date) -> Self:
        """The words for a dose that is due, seen from today."""
        return cls(
            target=day_words(due.target, year=True),
            anchor=due.anchor,
            green=_range(due.green_from, due.green_until),
            amber=_range(due.amber_from, due.amber_until),
            earliest=day_words(due.earliest, year=due.earliest.year != today.year) if due.earliest else "",
            standing=standing_of(due, today),
        )


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose of a plan that is about to be booked or moved."""

    number: int
    therapy: str
    dose: str
    minutes: int
    length: str
    due: Due
    caution: str

    @classmethod
    def of(cls, needs: Needs, *, today: date) -> Self:
        """What a dose needs, in words."""
        minutes = needs.quarters * 15
        return cls(
            number=needs.dose_number,
            therapy=str(needs.plan.therapy),
            dose=needs.phase.dose,
            minutes=minutes,
            length=length_words(minutes),
            due=Due.of(needs.due, today=today),
            caution=needs.caution,
        )


def fit_of(due: DueDose, day: date) -> Fit:
    """How a day suits a dose."""
    window, side = window_of(due, day), "early" if day < due.target else "late"
    if window == "green":
        return Fit("green", "done", "In window")
    if window == "amber":
        return Fit("amber", "short", f"A little {side}")
    return Fit("red", "cancelled", "Too soon" if window == "too_soon" else f"Outside window, {side}")


def standing_of(due: DueDose, today: date) -> Fit:
    """Where a dose that nobody has booked stands today."""
    if today < due.green_from:
        return Fit("quiet", "calendar", f"Due in {days_words((due.target - today).days)}")
    if today <= due.green_until:
        return Fit("green", "done", "Due now")
    late = days_words((today - due.target).days)
    if today <= due.amber_until:
        return Fit("amber", "short", f"Late by {late}")
    return Fit("red", "cancelled", f"Overdue by {late}")


def booked_of(plans: Collection[TreatmentPlan]) -> dict[int, dict[int, date]]:
    """The local dates of live and done appointments, by plan id and dose number. One query."""
    found: dict[int, dict[int, date]] = defaultdict(dict)
    held = Appointment.objects.filter(plan__in=[plan.pk for plan in plans], status__in=HELD).order_by()
    for plan_id, number, period, zone in held.values_list("plan", "dose_number", "period", "clinic__timezone"):
        found[plan_id][number] = local_date(period.lower, ZoneInfo(zone))
    return found


def next_of(plans: Collection[TreatmentPlan], *, today: date) -> dict[int, DueDose | None]:
    """The next dose to book of each plan, by plan id; None where there is none. Three queries, however many plans."""
    return course.next_doses(plans=plans, booked=booked_of(plans), on=today)


def _range(first: date, last: date) -> str:
    return f"{day_words(first)} – {day_words(last)}" if first != last else day_words(first)
