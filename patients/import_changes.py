"""What the rows of an import file change, compared with what is on record. Writes nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

from patients.course import check_order, shown
from patients.errors import Refused
from patients.folding import fold
from patients.import_rows import CONTACT_COLUMNS, ORDER_COLUMNS, PERSON_COLUMNS, Row, RowError
from patients.models import ContactPoint, DoseGiven, DoseSource, Patient, PlanStatus, TreatmentPlan
from patients.plans import Order
from patients.plans import checked as checked_order
from patients.registering import Contacts, Person, checked, checked_contacts
from therapies.models import Therapy
from therapies.series import PhaseFacts

_COLUMN_OF = {
    "home_clinic": "clinic",
    "landline": "mobile",
    "given_on": "last_dose_on",
    "dose_number": "last_dose_number",
}


@dataclass(slots=True)
class PersonRows:
    """The rows of one MRN, and what they say together of the person."""

    mrn: str
    rows: list[Row] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """The first line of this MRN."""
        return self.rows[0].line

    def add(self, row: Row) -> Iterator[RowError]:
        """Take in one more row; what it contradicts is returned."""
        for column, value in row.only(PERSON_COLUMNS + CONTACT_COLUMNS).items():
            if self.facts.setdefault(column, value) != value:
                yield row.error(
                    column, f"Line {self.line} says something else for the same MRN. Make both rows say the same."
                )
        therapy = row.facts.get("therapy")
        for other in self.rows:
            if therapy and other.facts.get("therapy") == therapy:
                yield row.error("therapy", f"Line {other.line} has this therapy for the same MRN. Keep one of the two.")
        self.rows.append(row)


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record: patients by MRN with all their plans and doses, and the phases of each therapy."""

    patients: Mapping[str, Patient]
    clinic_ids: Collection[int]
    phases: Mapping[int, Sequence[PhaseFacts]]


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What becomes of a plan: `plan` and `doses` as they should be, and which of that differs from the record."""

    plan: TreatmentPlan
    is_new: bool
    is_changed: bool
    new_doses: list[DoseGiven]
    moved_doses: list[DoseGiven]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a patient: `patient` as it should be, and which of that differs from the record."""

    line: int
    patient: Patient
    is_new: bool
    is_changed: bool
    points: Collection[ContactPoint]
    contacts: Contacts
    plans: list[PlanChange]
    differences: list[str]


def compare(*, rows: PersonRows, known: Known) -> tuple[Change | None, list[RowError]]:
    """What the rows of one MRN change, or what is wrong with them."""
    patient = known.patients.get(rows.mrn)
    errors = list(_refusals(rows, patient, known))
    if errors:
        return None, errors
    points = list(patient.contact_points.all()) if patient else []
    reached = Contacts.among(points)
    said = {kind: rows.facts[kind] for kind in CONTACT_COLUMNS if kind in rows.facts}
    try:
        before, person = _person(rows, patient)
        contacts = checked_contacts(contacts=replace(reached, **said))
    except Refused as refused:
        return None, [_error(rows.rows[0], refused)]
    differences = [*_differences(before, person), *_differences(reached, contacts)] if before else []
    is_new = patient is None
    patient = patient or Patient()
    for name in (one.name for one in fields(Person)):
        setattr(patient, name, getattr(person, name))
    plans = []
    for row in rows.rows:
        if "therapy" in row.facts:
            try:
                plans.append(_plan(row, patient, known, differences))
            except Refused as refused:
                errors.append(_error(row, refused))
    change = Change(
        line=rows.line,
        patient=patient,
        is_new=is_new,
        is_changed=before is not None and (before != person or reached != contacts),
        points=points,
        contacts=contacts,
        plans=plans,
        differences=differences,
    )
    return change, errors


def _refusals(rows: PersonRows, patient: Patient | None, known: Known) -> Iterator[RowError]:
    first = rows.rows[0]
    if patient is None:
        for column in ("family_name", "given_name", "birth_date", "clinic"):
            if column not in rows.facts:
                yield first.error(column, "This MRN is new, so this may not be empty.")
    elif patient.home_clinic_id not in known.clinic_ids:
        yield first.error("mrn", "This MRN is of a patient of a clinic you do not manage. Ask that clinic's manager.")
    elif rows.facts.get("birth_date", patient.birth_date) != patient.birth_date and fold(
        rows.facts.get("family_name", patient.family_name)
    ) != fold(patient.family_name):
        yield first.error(
            "mrn",
            f"This MRN is on record for {patient}, born {shown(patient.birth_date)}: another name and date of birth."
            " Check the MRN. If it is the same person, correct the name by hand first.",
        )


def _person(rows: PersonRows, patient: Patient | None) -> tuple[Person | None, Person]:
    """The person on record, if any, and as the rows want it. Raises `Refused`."""
    said = {name: rows.facts[name] for name in PERSON_COLUMNS if name in rows.facts}
    if "clinic" in said:
        said["home_clinic"] = said.pop("clinic")
    if patient is None:
        return None, checked(person=Person(mrn=rows.mrn, **said))
    before = Person.of(patient)
    return before, checked(person=replace(before, **said))


def _plan(row: Row, patient: Patient, known: Known, differences: list[str]) -> PlanChange:
    """What a row makes of a plan. Raises `Refused`."""
    therapy: Therapy = row.facts["therapy"]
    given = _given(row)
    start_on = row.facts.get("start_on") or min(given.values(), default=None)
    plan = _plan_on_record(patient, therapy, start_on)
    if plan and plan.status == PlanStatus.ENDED:
        return PlanChange(plan=plan, is_new=False, is_changed=False, new_doses=[], moved_doses=[])
    said = row.only(ORDER_COLUMNS)
    before: Order | None = None
    if plan:
        before = Order.of(plan)
        order = replace(before, **said)
    elif start_on is None:
        raise Refused("Say on which day dose 1 is ordered, or which dose was given last and when.", field="start_on")
    else:
        order = Order(**{"start_on": start_on, **said})
    order = checked_order(order=order, phases=known.phases[therapy.pk], therapy=therapy)
    if before:
        differences += (f"{therapy}: {text}" for text in _differences(before, order))
    is_new, plan = plan is None, plan or TreatmentPlan(patient=patient, therapy=therapy)
    for name in (one.name for one in fields(Order)):
        setattr(plan, name, getattr(order, name))
    on_record = [] if is_new else list(plan.doses_given.all())
    new_doses, moved_doses = _doses(plan, on_record, given)
    if not is_new:
        differences += (f"{therapy}: dose {dose.dose_number} given {shown(dose.given_on)}" for dose in new_doses)
    differences += (f"{therapy}: dose {dose.dose_number} moves to {shown(dose.given_on)}" for dose in moved_doses)
    return PlanChange(
        plan=plan,
        is_new=is_new,
        is_changed=before is not None and before != order,
        new_doses=new_doses,
        moved_doses=moved_doses,
    )


def _given(row: Row) -> dict[int, date]:
    given = {}
    if "first_dose_on" in row.facts:
        given[1] = row.facts["first_dose_on"]
    if "last_dose_on" in row.facts:
        given[row.facts["last_dose_number"]] = row.facts["last_dose_on"]
    return given


def _plan_on_record(patient: Patient, therapy: Therapy, start_on: date | None) -> TreatmentPlan | None:
    """The plan a row means: the one that runs, else an ended one unless the row speaks of a later start."""
    # A new patient has no key to look plans up by.
    plans = [plan for plan in patient.plans.all() if plan.therapy_id == therapy.pk] if patient.pk else []
    for plan in plans:
        if plan.status != PlanStatus.ENDED:
            return plan
    for plan in reversed(plans):
        last_day = max([plan.start_on, *(dose.given_on for dose in plan.doses_given.all())])
        if start_on is None or start_on <= last_day:
            return plan
    return None


def _doses(
    plan: TreatmentPlan, on_record: list[DoseGiven], given: Mapping[int, date]
) -> tuple[list[DoseGiven], list[DoseGiven]]:
    """The doses to add and those whose day changes. Raises `Refused`."""
    doses = {dose.dose_number: dose for dose in on_record}
    dates = {**{number: dose.given_on for number, dose in doses.items()}, **given}
    new, moved = [], []
    for number, day in given.items():
        check_order(
            dates={other: on for other, on in dates.items() if other != number}, dose_number=number, given_on=day
        )
        if not (dose := doses.get(number)):
            new.append(DoseGiven(plan=plan, dose_number=number, given_on=day, source=DoseSource.IMPORTED))
        elif dose.given_on != day and dose.source != DoseSource.IMPORTED:
            raise Refused(
                f"Dose {number} is on record as given on {shown(dose.given_on)}, and not by an import."
                " Correct the file, or the record by hand.",
                field="given_on",
            )
        elif dose.given_on != day:
            dose.given_on = day
            moved.append(dose)
    return new, moved


def _differences(before: Any, after: Any) -> Iterator[str]:
    for one in fields(before):
        old, new = getattr(before, one.name), getattr(after, one.name)
        if old != new:
            yield f"{one.name.replace('_', ' ')}: {_said(old)} → {_said(new)}"


def _said(value: object) -> str:
    return "empty" if value in (None, "") else str(value)


def _error(row: Row, refused: Refused) -> RowError:
    return row.error(_COLUMN_OF.get(refused.field, refused.field), refused.message)
