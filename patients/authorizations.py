"""What payers agreed to pay for: entered, corrected, withdrawn; how much is used, and what is running out.

The only writer of authorizations. What was wrong is withdrawn, never changed or deleted.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from django.db import transaction
from django.utils import timezone

from clinic.models import Clinic, User
from patients.errors import Refused
from patients.models import Authorization, DoseGiven, Patient, PlanStatus, TreatmentPlan
from patients.signals import readiness_changed
from therapies.readiness import Grant, shown, uses_of

LISTED_DAYS = 60
"""So many days before its end an authorization is listed."""

URGENT_DAYS = 30

LISTED_DOSES = 2
"""With so few doses left an authorization is listed; with one or none it is urgent."""

_BATCH = 500

_NOTHING: Mapping[int, Mapping[int, date]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a payer agreed to. The fields mean what they mean on `Authorization`."""

    payer: str
    number: str
    valid_from: date
    valid_until: date
    doses_allowed: int | None = None
    note: str = ""

    @classmethod
    def of(cls, authorization: Authorization) -> Self:
        """What is on record."""
        return cls(
            payer=authorization.payer,
            number=authorization.number,
            valid_from=authorization.valid_from,
            valid_until=authorization.valid_until,
            doses_allowed=authorization.doses_allowed,
            note=authorization.note,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """An authorization and the doses it pays for, given and booked."""

    authorization: Authorization
    doses: tuple[int, ...]

    @property
    def left(self) -> int | None:
        """How many doses are left; None when their number is not limited."""
        allowed = self.authorization.doses_allowed
        return None if allowed is None else allowed - len(self.doses)


@dataclass(frozen=True, slots=True)
class RunningOut:
    """A plan whose last authorization ends soon, or has ended, or has few doses left."""

    plan: TreatmentPlan
    authorization: Authorization
    days_left: int
    doses_left: int | None

    @property
    def is_urgent(self) -> bool:
        """Whether it ends within 30 days, or one dose or none is left."""
        return self.days_left <= URGENT_DAYS or (self.doses_left is not None and self.doses_left <= 1)

    @property
    def words(self) -> str:
        """Why it is listed: ends Mar 3, 2026, in 12 days; 1 dose left."""
        day = shown(self.authorization.valid_until)
        days = f"{abs(self.days_left)} day{'' if abs(self.days_left) == 1 else 's'}"
        parts = [f"ended {day}, {days} ago" if self.days_left < 0 else f"ends {day}, in {days}"]
        if self.doses_left is not None and self.doses_left <= LISTED_DOSES:
            parts.append(("no dose left", "1 dose left", "2 doses left")[self.doses_left])
        return "; ".join(parts)


def add(*, plan: TreatmentPlan, terms: Terms, by: User | None) -> Authorization:
    """Put an authorization on record. Raises `Refused` for terms that cannot be, and for a number that is there."""
    [made] = add_all(granted=[(plan, terms)], by=by)
    return made


def add_all(*, granted: Collection[tuple[TreatmentPlan, Terms]], by: User | None) -> list[Authorization]:
    """Put authorizations on record for many plans, which come with their patients. Raises `Refused` as `add` does."""
    made = [
        Authorization(
            plan=plan,
            payer=terms.payer,
            number=terms.number,
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
            doses_allowed=terms.doses_allowed,
            note=terms.note,
            by=by,
            recorded_at=timezone.now(),
        )
        for plan, terms in ((plan, checked(terms=terms)) for plan, terms in granted)
    ]
    with transaction.atomic():
        ids = {plan.patient_id for plan, _ in granted}
        list(Patient.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
        _refuse_doubles(made)
        Authorization.objects.bulk_create(made, _BATCH)
        readiness_changed.send(TreatmentPlan, patients=[plan.patient for plan, _ in granted])
    return made


def correct(*, authorization: Authorization, terms: Terms, by: User | None) -> Authorization:
    """Withdraw an authorization and put it on record anew as it should be. Raises `Refused` as `add` does."""
    if Terms.of(authorization) == checked(terms=terms) and authorization.withdrawn_at is None:
        return authorization
    with transaction.atomic():
        plan = withdraw(authorization=authorization, by=by).plan
        return add(plan=plan, terms=terms, by=by)


def withdraw(*, authorization: Authorization, by: User | None) -> Authorization:
    """Take back what was entered by mistake, or what the payer took back. Twice changes nothing."""
    with transaction.atomic():
        Patient.objects.select_for_update(no_key=True).get(plans=authorization.plan_id)
        authorization = Authorization.objects.select_related("plan__patient").get(pk=authorization.pk)
        if authorization.withdrawn_at is None:
            authorization.withdrawn_at, authorization.withdrawn_by = timezone.now(), by
            authorization.save(update_fields=["withdrawn_at", "withdrawn_by"])
            readiness_changed.send(TreatmentPlan, patients=[authorization.plan.patient])
    return authorization


def checked(*, terms: Terms) -> Terms:
    """Terms as they are kept. Raises `Refused` for the first thing that cannot be."""
    terms = replace(
        terms, payer=" ".join(terms.payer.split()), number=terms.number.strip(), note=" ".join(terms.note.split())
    )
    for name, most in (("payer", 80), ("number", 40), ("note", 240)):
        if len(getattr(terms, name)) > most:
            raise Refused(f"This is too long: {most} letters at most.", field=name)
    for name in ("payer", "number"):
        if not getattr(terms, name):
            raise Refused("This may not be empty.", field=name)
    if terms.valid_until < terms.valid_from:
        raise Refused("It cannot end before it begins. Check both days.", field="valid_until")
    if terms.doses_allowed is not None and not 1 <= terms.doses_allowed <= 999:
        raise Refused("One dose at least, or leave this empty for any number.", field="doses_allowed")
    return terms


def standings(
    *, plans: Collection[TreatmentPlan], booked: Mapping[int, Mapping[int, date]] = _NOTHING
) -> dict[int, list[Standing]]:
    """The authorizations of plans with the doses they pay for, by plan id, the one that ends last first. Two queries.

    `booked` maps plan ids to the days of booked doses.
    """
    ids = [plan.pk for plan in plans]
    found: dict[int, list[Authorization]] = defaultdict(list)
    for one in Authorization.objects.filter(plan__in=ids, withdrawn_at=None).order_by("-valid_until", "-id"):
        found[one.plan_id].append(one)
    doses: dict[int, dict[int, date]] = defaultdict(dict)
    for plan_id, days in booked.items():
        doses[plan_id].update(days)
    for plan_id, number, day in (
        DoseGiven.objects.filter(plan__in=ids).order_by().values_list("plan", "dose_number", "given_on")
    ):
        doses[plan_id][number] = day
    return {plan_id: _standings(found[plan_id], doses[plan_id]) for plan_id in ids}


def running_out(
    *, clinics: Collection[Clinic], on: date, booked: Mapping[int, Mapping[int, date]] = _NOTHING
) -> list[RunningOut]:
    """Active plans of patients at home in some clinics whose authorization is running out `on` a day. Three queries.

    Listed 60 days before the last one ends, and when two doses are left; what ends first stands first. `booked` maps
    plan ids to the days of booked doses, which count as used. Plans that never had one are not listed.
    """
    plans = list(
        TreatmentPlan.objects.filter(
            status=PlanStatus.ACTIVE,
            patient__is_active=True,
            patient__home_clinic__in=clinics,
            authorizations__withdrawn_at=None,
            authorizations__isnull=False,
        )
        .select_related("patient__home_clinic", "therapy")
        .distinct()
    )
    found = []
    by_plan = standings(plans=plans, booked=booked)
    for plan in plans:
        of_plan = by_plan[plan.pk]
        if not of_plan:
            continue
        last = of_plan[0].authorization
        usable = [one.left for one in of_plan if one.authorization.valid_until >= on]
        left = None if None in usable else sum(one for one in usable if one is not None)
        days = (last.valid_until - on).days
        if days <= LISTED_DAYS or (left is not None and left <= LISTED_DOSES):
            found.append(RunningOut(plan, last, days, left if usable else None))
    return sorted(found, key=lambda one: (not one.is_urgent, one.days_left, one.plan.pk))


def grant_of(authorization: Authorization) -> Grant:
    """An authorization as a plain value."""
    return Grant(authorization.pk, authorization.valid_from, authorization.valid_until, authorization.doses_allowed)


def _standings(found: Sequence[Authorization], doses: Mapping[int, date]) -> list[Standing]:
    uses = uses_of(grants=[grant_of(one) for one in found], doses=doses)
    return [Standing(one, tuple(uses[one.pk])) for one in found]


def _refuse_doubles(made: Sequence[Authorization]) -> None:
    standing = Authorization.objects.filter(plan__in={one.plan_id for one in made}, withdrawn_at=None)
    known = set(standing.order_by().values_list("plan", "number"))
    for one in made:
        if (one.plan_id, one.number) in known:
            raise Refused("This number is on record for this plan already. Correct that one.", field="number")
        known.add((one.plan_id, one.number))
