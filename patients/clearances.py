"""Clearances: a lab came back, a programme enrolled, a check was made. The only writer of them.

What was wrong is withdrawn, never changed or deleted, so that it stays on record on what somebody was treated.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from clinic.models import User
from patients.errors import Refused
from patients.models import Clearance, Patient, TreatmentPlan
from patients.signals import readiness_changed
from therapies.models import Prerequisite, PrerequisiteLife, version_in_force
from therapies.readiness import DRUG_EARLIEST_DAYS, DRUG_ON_HAND, Requirement, may_be_cleared, shown

_BATCH = 500


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
            readiness_changed.send(TreatmentPlan, patients=[clearance.patient])
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
    return record_papers_of(plans=[plan], cleared_on=lambda _, asked: cleared_on(asked), by=by, without=without)


def record_papers_of(
    *,
    plans: Collection[TreatmentPlan],
    cleared_on: Callable[[TreatmentPlan, Prerequisite], date | None],
    by: User | None,
    without: Collection[str] = (),
) -> list[Clearance]:
    """`record_papers` for many plans at once; they come with their patients. Nothing is recorded where there is no day.

    The number of queries does not grow with the plans.
    """
    asked_for = _prerequisites(plans)
    made, now = [], timezone.now()
    for plan in plans:
        for asked in asked_for[plan.therapy_id]:
            if asked.life == PrerequisiteLife.EACH_VISIT or asked.code in without:
                continue
            day = cleared_on(plan, asked)
            if day is None:
                continue
            _check_days(asked, day, None, None, "")
            made.append(
                Clearance(
                    patient_id=plan.patient_id,
                    plan=plan,
                    code=asked.code,
                    cleared_on=day,
                    expires_on=day + timedelta(days=asked.valid_days) if asked.valid_days else None,
                    by=by,
                    recorded_at=now,
                )
            )
    _write(made, plans)
    return made


def put_drugs_aside(*, plans: Collection[TreatmentPlan], for_day: date, by: User | None) -> list[Clearance]:
    """Put on record that the drugs for the visits of a day are in the house since today, for many plans at once.

    Plans come with their patients; those whose therapy does not ask for it are left out, and so are those for which it
    is on record. Raises `Refused` as `record` does.
    """
    today = timezone.localdate()
    asked_for = _prerequisites(plans)
    there = Clearance.objects.filter(plan__in=plans, code=DRUG_ON_HAND, for_day=for_day, withdrawn_at=None)
    known = set(there.values_list("plan", flat=True))
    waiting = []
    for plan in plans:
        asked = next((asked for asked in asked_for[plan.therapy_id] if asked.code == DRUG_ON_HAND), None)
        if asked and plan.pk not in known:
            _check_days(asked, today, for_day, None, "")
            waiting.append(plan)
    made = [
        Clearance(
            patient_id=plan.patient_id,
            plan=plan,
            code=DRUG_ON_HAND,
            cleared_on=today,
            for_day=for_day,
            by=by,
            recorded_at=timezone.now(),
        )
        for plan in waiting
    ]
    _write(made, waiting)
    return made


def _write(made: Collection[Clearance], plans: Collection[TreatmentPlan]) -> None:
    """Write clearances of some plans under the locks of their patients."""
    with transaction.atomic():
        ids = {plan.patient_id for plan in plans}
        list(Patient.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
        Clearance.objects.bulk_create(made, _BATCH)
        readiness_changed.send(TreatmentPlan, patients=[plan.patient for plan in plans])


def requirement_of(asked: Prerequisite) -> Requirement:
    """A prerequisite as a plain value."""
    return Requirement(code=asked.code, name=asked.name, life=asked.life, is_hard=asked.is_hard)  # type: ignore[arg-type]


def _prerequisites(plans: Collection[TreatmentPlan]) -> Mapping[int, list[Prerequisite]]:
    """What the therapies of some plans ask for today, by therapy id. One query."""
    rows = Prerequisite.objects.filter(
        version__therapy__in={plan.therapy_id for plan in plans}, version__effective_from__lte=timezone.localdate()
    ).select_related("version")
    newest: dict[int, int] = {}
    found: dict[int, list[Prerequisite]] = defaultdict(list)
    for row in rows.order_by("-version__number", "life", "code"):
        if newest.setdefault(row.version.therapy_id, row.version_id) == row.version_id:
            found[row.version.therapy_id].append(row)
    return found


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
    readiness_changed.send(TreatmentPlan, patients=[plan.patient])
