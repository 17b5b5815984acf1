"""Clearances: a lab came back, a programme enrolled, a check was made. The only writer of them.

What was wrong is withdrawn, never changed or deleted, so that it stays on record on what somebody was treated.
"""

from collections.abc import Callable, Collection
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from clinic.models import User
from patients.errors import Refused
from patients.models import Clearance, Patient, TreatmentPlan
from patients.signals import readiness_changed
from therapies.models import Prerequisite, PrerequisiteLife, version_in_force
from therapies.readiness import DRUG_EARLIEST_DAYS, DRUG_ON_HAND, Requirement, may_be_cleared, shown


def record(
    *,
    plan: TreatmentPlan,
    code: str,
    cleared_on: date,
    by: User | None,
    for_day: date | None = None,
    expires_on: date | None = None,
    for_good: bool = False,
    for_every_plan: bool = False,
    note: str = "",
) -> Clearance:
    """Put on record that a prerequisite of a plan was found in order on a local date. Twice the same changes nothing.

    A check of one visit needs the visit's day, `for_day`, and is made on that day (the drug may be put aside before).
    A periodic one holds for the days that the therapy says, or until `expires_on`, or `for_good` when it is not to be
    asked again. `for_every_plan`: it holds for every course of the patient. Raises `Refused`.
    """
    asked = _prerequisite(plan, code)
    note = " ".join(note.split())
    _check_days(asked, cleared_on, for_day, expires_on, note)
    is_check = asked.life == PrerequisiteLife.EACH_VISIT
    if asked.life == PrerequisiteLife.PERIODIC and not for_good:
        expires_on = expires_on or cleared_on + timedelta(days=asked.valid_days or 0)
    else:
        expires_on = None
    facts = {
        "patient_id": plan.patient_id,
        "plan": None if for_every_plan and not is_check else plan,
        "code": code,
        "cleared_on": cleared_on,
        "expires_on": expires_on,
        "for_day": for_day if is_check else None,
    }
    with transaction.atomic():
        _lock(plan)
        same = Clearance.objects.filter(**facts, withdrawn_at=None)
        if is_check:
            same = Clearance.objects.filter(plan=plan, code=code, for_day=for_day, withdrawn_at=None)
        if before := same.first():
            return before
        made = Clearance.objects.create(**facts, note=note, by=by, recorded_at=timezone.now())
        _tell(plan)
    return made


def withdraw(*, clearance: Clearance, by: User | None) -> Clearance:
    """Take back what was recorded by mistake; it stays on record as withdrawn. Twice changes nothing."""
    with transaction.atomic():
        clearance = Clearance.objects.select_for_update(no_key=True).select_related("patient").get(pk=clearance.pk)
        if clearance.withdrawn_at is None:
            clearance.withdrawn_at, clearance.withdrawn_by = timezone.now(), by
            clearance.save(update_fields=["withdrawn_at", "withdrawn_by"])
            readiness_changed.send(TreatmentPlan, patient=clearance.patient)
    return clearance


def checks_of(*, plan: TreatmentPlan, code: str, day: date) -> list[Clearance]:
    """The check of one visit that stands on record: one, or none. One query."""
    return list(Clearance.objects.filter(plan=plan, code=code, for_day=day, withdrawn_at=None))


def record_papers(
    *,
    plan: TreatmentPlan,
    cleared_on: Callable[[Prerequisite], date],
    by: User | None,
    without: Collection[str] = (),
) -> list[Clearance]:
    """Put on record at once what a plan asks for once or periodically, except the codes `without`.

    For a patient who comes with the papers in order. `cleared_on` says of each on which local date; raises `Refused`
    as `record` does.
    """
    version = version_in_force(therapy=plan.therapy, on=timezone.localdate())
    made = []
    for asked in version.prerequisites.exclude(life=PrerequisiteLife.EACH_VISIT).exclude(code__in=without):
        day = cleared_on(asked)
        _check_days(asked, day, None, None, "")
        made.append(
            Clearance(
                patient_id=plan.patient_id,
                plan=plan,
                code=asked.code,
                cleared_on=day,
                expires_on=day + timedelta(days=asked.valid_days) if asked.valid_days else None,
                by=by,
                recorded_at=timezone.now(),
            )
        )
    with transaction.atomic():
        _lock(plan)
        Clearance.objects.bulk_create(made)
        _tell(plan)
    return made


def requirement_of(asked: Prerequisite) -> Requirement:
    """A prerequisite as a plain value."""
    return Requirement(code=asked.code, name=asked.name, life=asked.life, is_hard=asked.is_hard)  # type: ignore[arg-type]


def _prerequisite(plan: TreatmentPlan, code: str) -> Prerequisite:
    version = version_in_force(therapy=plan.therapy, on=timezone.localdate())
    if asked := version.prerequisites.filter(code=code).first():
        return asked
    raise Refused(f"{plan.therapy} does not ask for this. Choose one from the list.", field="code")


def _check_days(
    asked: Prerequisite, cleared_on: date, for_day: date | None, expires_on: date | None, note: str
) -> None:
    """Raise `Refused` for the first thing that cannot be."""
    today = timezone.localdate()
    if cleared_on > today:
        raise Refused("This day has not come yet. Enter it once it is done.", field="cleared_on")
    if cleared_on.year < today.year - 20:
        raise Refused("This is long ago. Check the year.", field="cleared_on")
    if expires_on and expires_on < cleared_on:
        raise Refused("It cannot run out before it was done. Check both days.", field="expires_on")
    if len(note) > 240:
        raise Refused("This is too long: 240 letters at most.", field="note")
    if asked.life != PrerequisiteLife.EACH_VISIT:
        return
    if for_day is None:
        raise Refused("This is checked at each visit. Open the visit to mark it.", field="code")
    if not may_be_cleared(requirement_of(asked), day=for_day, today=cleared_on):
        raise Refused(_too_early(asked, for_day), field="cleared_on")


def _too_early(asked: Prerequisite, for_day: date) -> str:
    if asked.code == DRUG_ON_HAND:
        first = for_day - timedelta(days=DRUG_EARLIEST_DAYS)
        return f"The drug for this visit is put aside from {shown(first)} on."
    return f"This is checked on the day of the visit, {shown(for_day)}."


def _lock(plan: TreatmentPlan) -> None:
    Patient.objects.select_for_update(no_key=True).get(pk=plan.patient_id)


def _tell(plan: TreatmentPlan) -> None:
    readiness_changed.send(TreatmentPlan, patient=plan.patient)
