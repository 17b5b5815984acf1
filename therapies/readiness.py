"""Whether a dose can be given on a day: what must be in order before it, and what is missing. Pure: no Django.

A prerequisite is asked once (before the first dose), periodically (valid on the day), or at each visit (on the day
itself). Hard ones keep the patient from being seated; the others put the visit at risk. The minimum gap and the window
of the dose, and an earlier reaction, are reasons like the rest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from therapies.series import NoPhase, PhaseFacts, due_dose, window_of

State = Literal["ready", "at_risk", "not_ready"]
Life = Literal["once", "periodic", "each_visit"]

AUTHORIZATION = "authorization"
"""The prerequisite that a payer's authorization fulfils."""

DRUG_ON_HAND = "drug-on-hand"
"""The one check of a visit that is due before its day."""

DRUG_DUE_DAYS = 2
"""So many days before the visit the drug should be in the house."""

DRUG_EARLIEST_DAYS = 14
"""So many days before the visit a drug may be put aside for it."""

SOON_DAYS = 14
"""What runs out within so many days after the visit is said with its day."""

_WORST_FIRST: dict[State, int] = {"not_ready": 0, "at_risk": 1, "ready": 2}
_LIVES: dict[str, int] = {"": 0, "once": 1, "periodic": 2, "each_visit": 3}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A prerequisite of a therapy; the fields mean what they mean on `therapies.models.Prerequisite`."""

    code: str
    name: str
    life: Life
    is_hard: bool = False


@dataclass(frozen=True, slots=True)
class Cleared:
    """Something was found in order: on a day, until a day (None: for good), `for_day` if it is a check of one visit.

    Those of one code stand in the order in which they were recorded; the latest one of the latest day counts.
    """

    code: str
    on: date
    until: date | None = None
    for_day: date | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A payer's authorization: both days included; `doses_allowed` is None when only the days count."""

    id: int
    valid_from: date
    valid_until: date
    doses_allowed: int | None = None

    def covers(self, day: date, used: int) -> bool:
        """Whether a dose on a day is paid for when `used` doses were already."""
        return self.valid_from <= day <= self.valid_until and (self.doses_allowed is None or used < self.doses_allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything that decides whether the doses of one plan can be given.

    `given` and `booked` map dose numbers to days. `had_reaction`: an earlier reaction forbids phases that need
    prior tolerance.
    """

    requirements: Sequence[Requirement]
    cleared: Sequence[Cleared] = ()
    grants: Sequence[Grant] = ()
    phases: Sequence[PhaseFacts] = ()
    given: Mapping[int, date] = field(default_factory=dict)
    booked: Mapping[int, date] = field(default_factory=dict)
    start_on: date = date.min
    variant: str = ""
    interval_days: int | None = None
    had_reaction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How one thing stands for a visit.

    `state` is what it makes of the visit by itself; `why` says in a few words how it stands. `is_done` is False for
    what is missing, and for what is only to be done on the day of the visit. `until` is the last day that it holds.
    `life` is empty for gap, window and reaction, which nobody can clear.
    """

    code: str
    name: str
    state: State
    why: str
    is_hard: bool = False
    is_done: bool = False
    life: Life | Literal[""] = ""
    until: date | None = None

    @property
    def words(self) -> str:
        """Name and standing: TOUCH program authorization: expired Mar 3, 2026."""
        return f"{self.name}: {self.why}"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a dose can be given on a day. `checks` are all that was looked at, the worst first."""

    state: State
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> tuple[Check, ...]:
        """What keeps it from being ready."""
        return tuple(check for check in self.checks if check.state != "ready")

    @property
    def forbids(self) -> tuple[Check, ...]:
        """What the patient may not be seated with."""
        return tuple(check for check in self.checks if check.state == "not_ready")

    @property
    def waits_for_checks(self) -> bool:
        """Whether nothing is missing but the checks that are made when the patient is here."""
        return bool(self.reasons) and all(
            check.life == "each_visit" and check.code != DRUG_ON_HAND for check in self.reasons
        )


def readiness(
    *, dossier: Dossier, dose_number: int, day: date, today: date, needs_tolerance: bool = False
) -> Readiness:
    """Whether a dose can be given on `day`, as known `today`.

    `needs_tolerance`: it is booked with a phase for patients who had no reaction.
    """
    checks = [_check(dossier, requirement, dose_number, day, today) for requirement in dossier.requirements]
    checks += _timing(dossier, dose_number, day)
    if needs_tolerance and dossier.had_reaction:
        why = "a reaction is on record, so this stay is too short"
        checks.append(Check(code="tolerance", name="Earlier reaction", state="not_ready", is_hard=True, why=why))
    checks.sort(key=lambda check: (_WORST_FIRST[check.state], not check.is_hard, _LIVES[check.life], check.name))
    return Readiness(checks[0].state if checks else "ready", tuple(checks))


def uses_of(*, grants: Collection[Grant], doses: Mapping[int, date]) -> dict[int, list[int]]:
    """The dose numbers that each authorization pays for, by its id.

    Doses are paid for in the order of their days, each by the authorization that ends first among those with room.
    """
    in_order = sorted(grants, key=lambda grant: (grant.valid_until, grant.valid_from, grant.id))
    uses: dict[int, list[int]] = {grant.id: [] for grant in in_order}
    for number, day in sorted(doses.items(), key=lambda item: (item[1], item[0])):
        payer = next((grant for grant in in_order if grant.covers(day, len(uses[grant.id]))), None)
        if payer:
            uses[payer.id].append(number)
    return uses


def may_be_cleared(requirement: Requirement, *, day: date, today: date) -> bool:
    """Whether a check can be made today for a visit on a day: those of a visit only on its day, the drug before."""
    if requirement.life != "each_visit":
        return True
    ahead = timedelta(days=DRUG_EARLIEST_DAYS if requirement.code == DRUG_ON_HAND else 0)
    return day - ahead <= today


def shown(day: date) -> str:
    """A day as staff read it: Mar 14, 2026."""
    return f"{day:%b} {day.day}, {day.year}"


def _check(dossier: Dossier, requirement: Requirement, dose_number: int, day: date, today: date) -> Check:
    """How one prerequisite stands."""
    if requirement.life == "each_visit":
        return _each_visit(dossier, requirement, day, today)
    records = [one for one in dossier.cleared if one.code == requirement.code and one.for_day is None]
    if requirement.code == AUTHORIZATION and dossier.grants:
        paid = _authorization(dossier, requirement, dose_number, day, today)
        # A clearance of this code says that the payer asks for none.
        if paid.is_done or not records:
            return paid
    latest = max(enumerate(records), key=lambda item: (item[1].on, item[0]), default=(0, None))[1]
    if requirement.life == "once":
        if latest:
            return _done(requirement, f"done {shown(latest.on)}")
        if dossier.given:
            return _done(requirement, "before the first dose")
        return _missing(requirement, "not on record")
    if latest is None:
        return _missing(requirement, "not on record")
    if latest.until is None:
        return _done(requirement, f"done {shown(latest.on)}, not asked again")
    if latest.until < day:
        ended = latest.until < today
        why = f"expired {shown(latest.until)}" if ended else f"runs out {shown(latest.until)}, before this visit"
        return _missing(requirement, why)
    return _done(requirement, _until_words(latest.until, day), until=latest.until)


def _each_visit(dossier: Dossier, requirement: Requirement, day: date, today: date) -> Check:
    if any(one.code == requirement.code and one.for_day == day for one in dossier.cleared):
        return _done(requirement, "done")
    if requirement.code == DRUG_ON_HAND:
        if (day - today).days <= DRUG_DUE_DAYS:
            return _missing(requirement, "not put aside yet")
        why = f"due {shown(day - timedelta(days=DRUG_DUE_DAYS))}"
    elif today < day:
        why = "on the day"
    else:
        return _missing(requirement, "not checked yet")
    return Check(
        code=requirement.code,
        name=requirement.name,
        state="ready",
        why=why,
        is_hard=requirement.is_hard,
        life=requirement.life,
    )


def _authorization(dossier: Dossier, requirement: Requirement, dose_number: int, day: date, today: date) -> Check:
    """How the payers' authorizations stand, of which there is one at least."""
    doses = {**dossier.booked, **dossier.given, dose_number: day}
    uses = uses_of(grants=dossier.grants, doses=doses)
    payer = next((grant for grant in dossier.grants if dose_number in uses[grant.id]), None)
    if payer:
        return _done(requirement, _until_words(payer.valid_until, day), until=payer.valid_until)
    on_the_day = [grant for grant in dossier.grants if grant.valid_from <= day <= grant.valid_until]
    if on_the_day:
        return _missing(requirement, f"all {sum(g.doses_allowed or 0 for g in on_the_day)} authorized doses are used")
    last = max((grant.valid_until for grant in dossier.grants if grant.valid_until < day), default=None)
    if last:
        return _missing(
            requirement, f"ended {shown(last)}" if last < today else f"ends {shown(last)}, before this visit"
        )
    return _missing(requirement, f"begins {shown(min(grant.valid_from for grant in dossier.grants))}, after this visit")


def _timing(dossier: Dossier, dose_number: int, day: date) -> list[Check]:
    """The minimum gap, which is hard, and the window, which is not. Nothing for a dose that the course has not."""
    others = {number: other for number, other in {**dossier.booked, **dossier.given}.items() if number != dose_number}
    try:
        due = due_dose(
            phases=dossier.phases,
            dose_number=dose_number,
            dates=others,
            start_on=dossier.start_on,
            variant=dossier.variant,
            interval_days=dossier.interval_days,
        )
    except NoPhase:
        return []
    window = window_of(due, day)
    if window == "too_soon" and due.earliest:
        why = f"this dose may be given from {shown(due.earliest)} on"
        return [Check(code="minimum-gap", name="Too soon", state="not_ready", is_hard=True, why=why)]
    if window == "red":
        side = "early" if day < due.target else "late"
        why = f"{side}; due {shown(due.target)}, at the latest {shown(due.amber_until)}"
        return [Check(code="window", name="Outside the window", state="at_risk", why=why)]
    return []


def _until_words(until: date, day: date) -> str:
    soon = until - day <= timedelta(days=SOON_DAYS)
    return f"runs out soon after, {shown(until)}" if soon else f"until {shown(until)}"


def _done(requirement: Requirement, why: str, *, until: date | None = None) -> Check:
    return Check(
        code=requirement.code,
        name=requirement.name,
        state="ready",
        why=why,
        is_hard=requirement.is_hard,
        is_done=True,
        life=requirement.life,
        until=until,
    )


def _missing(requirement: Requirement, why: str) -> Check:
    return Check(
        code=requirement.code,
        name=requirement.name,
        state="not_ready" if requirement.is_hard else "at_risk",
        why=why,
        is_hard=requirement.is_hard,
        life=requirement.life,
    )
