"""Readiness, as pages say it: a shape and a word, and beside them what is missing and what can be done about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.utils import timezone

from scheduling.models import LIVE, Appointment
from scheduling.queries.dose import Fit
from scheduling.readying import Planned, readiness_of
from therapies.readiness import AUTHORIZATION, Check, Dossier, Readiness, Requirement, may_be_cleared, readiness

READY = Fit("green", "done", "Ready")
AT_RISK = Fit("amber", "short", "At risk")
NOT_READY = Fit("red", "stop", "Not ready")
TO_CHECK = Fit("quiet", "checks", "Checks to do")

_OF_STATE = {"ready": READY, "at_risk": AT_RISK, "not_ready": NOT_READY}


@dataclass(frozen=True, slots=True)
class Badge:
    """How ready a visit is, with the reasons why not."""

    fit: Fit
    why: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Readiness) -> Self:
        """The badge of a readiness. Checks that are made when the patient is here are not held against the visit."""
        fit = TO_CHECK if found.waits_for_checks else _OF_STATE[found.state]
        return cls(fit, tuple(check.words for check in found.reasons))


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to have in order. `action`: "tap" marks it for today, "date" asks for the day, "payer" leads on."""

    code: str
    name: str
    why: str
    fit: Fit
    is_hard: bool
    action: str
    may_undo: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """The readiness of one visit: what is missing or to be done, and what is in order."""

    badge: Badge
    missing: tuple[Line, ...]
    to_do: tuple[Line, ...]
    done: tuple[Line, ...]


def panel_of(appointment: Appointment, *, today: date | None = None) -> Panel | None:
    """The readiness of an appointment that holds its chair; None for one that has ended. One query."""
    if appointment.status not in LIVE:
        return None
    today = today or timezone.localdate()
    planned = Planned.of(appointment)
    found = readiness_of(planned={0: planned}, today=today)[0]
    lines = [(check, _line(check, planned.day, today)) for check in found.checks]
    return Panel(
        badge=Badge.of(found),
        missing=tuple(line for check, line in lines if check.state != "ready"),
        to_do=tuple(line for check, line in lines if check.state == "ready" and not check.is_done),
        done=tuple(line for check, line in lines if check.state == "ready" and check.is_done),
    )


def badges_of(appointments: Iterable[Appointment]) -> dict[int, Badge]:
    """The badges of appointments that hold their chairs, by id; read with clinic and dose phase. One query."""
    return badges_for({one.pk: Planned.of(one) for one in appointments if one.status in LIVE})


def badges_for(planned: Mapping[int, Planned]) -> dict[int, Badge]:
    """The badges of planned doses, by their keys. One query."""
    return {key: Badge.of(found) for key, found in readiness_of(planned=planned).items()}


def badge_of_day(dossier: Dossier, *, dose_number: int, day: date, needs_tolerance: bool = False) -> Badge | None:
    """What a day would make of a dose that is not booked yet; None when nothing speaks against it.

    Gap and window are left out, since openings say them anyhow, and so is the drug, which can still come.
    """
    found = readiness(
        dossier=dossier, dose_number=dose_number, day=day, today=timezone.localdate(), needs_tolerance=needs_tolerance
    )
    reasons = [check for check in found.reasons if check.life in ("once", "periodic") or check.code == "tolerance"]
    if not reasons:
        return None
    worst = "not_ready" if any(check.state == "not_ready" for check in reasons) else "at_risk"
    return Badge(_OF_STATE[worst], tuple(check.words for check in reasons))


def _line(check: Check, day: date, today: date) -> Line:
    is_check = check.life == "each_visit"
    fit = READY if check.is_done else TO_CHECK if check.state == "ready" else _OF_STATE[check.state]
    return Line(
        code=check.code,
        name=check.name,
        why=check.why,
        fit=Fit(fit.css, fit.icon, "Done" if check.is_done else "To do" if check.state == "ready" else fit.word),
        is_hard=check.is_hard,
        action=_action(check, day, today),
        may_undo=is_check and check.is_done,
    )


def _action(check: Check, day: date, today: date) -> str:
    if check.is_done or not check.life:
        return ""
    if check.code == AUTHORIZATION:
        return "payer"
    if check.life != "each_visit":
        return "date"
    requirement = Requirement(check.code, check.name, check.life, check.is_hard)
    return "tap" if may_be_cleared(requirement, day=day, today=today) else ""
