"""A proposed series as its page lays it out: one row per dose, the times to choose from, and what stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.urls import reverse

from clinic.quarters import at_wall_clock
from patients.models import TreatmentPlan
from scheduling.models import Appointment, Status
from scheduling.openings import Opening
from scheduling.queries.dose import Due, Fit, fit_of
from scheduling.queries.openings import Link, value_of
from scheduling.queries.readiness import Badge, badge_of_day
from scheduling.queries.reseating import count_words
from scheduling.readying import dossier_for
from scheduling.series import Step
from scheduling.wording import days_words, span_words, when_words
from therapies.readiness import Dossier

WEEKS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Time:
    """One opening for a dose, as a choice among a few."""

    value: str
    words: str
    why: str
    fit: Fit
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One dose of a series. `now` says where a booked dose stands; `clash` why it needs a second look.

    `worry` is what its day would leave missing: a lab or an authorization that runs out before.
    """

    dose_number: int
    field: str
    due: Due
    now: str
    times: tuple[Time, ...]
    clash: str
    worry: Badge | None


def series_rows(
    *,
    plan: TreatmentPlan,
    steps: Sequence[Step],
    today: date,
    chosen: Mapping[str, str] | None = None,
    clashing: int | None = None,
) -> list[SeriesRow]:
    """The rows of a proposal. `chosen` holds what was picked before, by field; `clashing` the dose just refused."""
    known = dossier_for(plan=plan)
    days = {step.dose_number: step.choices[0].day for step in steps if step.choices}
    known = replace(known, booked={**known.booked, **days})
    return [_row(step, known, today, (chosen or {}).get(field_of(step.dose_number), ""), clashing) for step in steps]


def field_of(dose_number: int) -> str:
    """The form field of a dose."""
    return f"dose-{dose_number}"


def shift_after(moved: Appointment, *, away: timedelta) -> Link | None:
    """Where to move the doses along that are booked after one that just moved to another day; None without any."""
    count = _booked_after(moved) if away else 0
    if not count:
        return None
    others = "the dose after it" if count == 1 else f"the {count} doses after it"
    side = "later" if away > timedelta() else "earlier"
    url = reverse("appointment_shift", args=[moved.pk]) + f"?days={away.days}"
    return Link(f"Move {others} {days_words(abs(away.days))} {side} too", url)


def shifts_together(one: Appointment) -> list[Link]:
    """Where to move an appointment by whole weeks together with the doses booked after it. Empty without any."""
    if not _booked_after(one):
        return []
    local = one.start.astimezone(one.clinic.zone)
    links = []
    for weeks in WEEKS:
        start = at_wall_clock(local.date() + timedelta(weeks=weeks), local.time(), one.clinic.zone)
        url = reverse("appointment_shift", args=[one.pk]) + f"?to={value_of(one.clinic, start)}"
        links.append(Link("1 week later" if weeks == 1 else f"{weeks} weeks later", url))
    return links


def _booked_after(one: Appointment) -> int:
    later = Appointment.objects.filter(plan=one.plan_id, status=Status.BOOKED, dose_number__gt=one.dose_number)
    return later.count()


def _row(step: Step, known: Dossier, today: date, chosen: str, clashing: int | None) -> SeriesRow:
    values = [value_of(one.clinic, one.start) for one in step.choices]
    picked = chosen if chosen in values else values[0] if values else ""
    return SeriesRow(
        dose_number=step.dose_number,
        field=field_of(step.dose_number),
        due=Due.of(step.due, today=today),
        now=_now(step.moves),
        times=tuple(_time(one, value, step, value == picked) for one, value in zip(step.choices, values, strict=True)),
        clash=_clash(step, clashing),
        worry=badge_of_day(known, dose_number=step.dose_number, day=step.choices[0].day) if step.choices else None,
    )


def _time(opening: Opening, value: str, step: Step, is_chosen: bool) -> Time:
    zone = opening.clinic.zone
    return Time(
        value=value,
        words=f"{when_words(opening.start, zone)}, {opening.clinic}",
        why=", ".join(filter(None, (span_words(opening.start, opening.end, zone), *opening.why, count_words(opening)))),
        fit=fit_of(step.due, opening.day),
        is_chosen=is_chosen,
    )


def _now(appointment: Appointment | None) -> str:
    if appointment is None:
        return ""
    return f"{when_words(appointment.start, appointment.clinic.zone)}, {appointment.clinic}"


def _clash(step: Step, clashing: int | None) -> str:
    if step.dose_number == clashing:
        return "The time you chose was just taken. Choose another."
    if not step.choices:
        return "No time in its window, nor in the four weeks after: full, or no staff is planned yet. It is left out."
    if not step.is_in_window:
        return "Nothing is free in its window. These are the next free times."
    return ""
