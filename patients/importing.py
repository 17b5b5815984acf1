"""Patients and their plans from a file: looked at first, then imported, all or nothing.

The same file twice changes nothing. `import_file` reads the file, `import_rows` its cells, `import_changes` compares
them with the record; here it is written.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Manager
from django.utils import timezone

from clinic.models import Clinic, User
from patients.course import phases_in_force
from patients.import_changes import Change, Known, PersonRows, compare
from patients.import_file import CannotImport, Line, read_file
from patients.import_rows import Reader, RowError
from patients.models import ContactPoint, DoseGiven, Patient, TreatmentPlan
from patients.plans import Order
from patients.registering import Person, points_to_change
from therapies.models import Therapy

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Result:
    """What an import did, or would do. With any error nothing is written.

    `counts` tells patients and plans by what becomes of them (`patients new`, `patients changed`,
    `patients unchanged`, `plans new` …) and `doses recorded`. `changes` says, by line and MRN, what differs.
    """

    counts: Counter[str]
    errors: list[RowError]
    changes: list[tuple[int, str, str]]
    ignored_columns: list[str]
    is_written: bool

    @property
    def is_all_on_record(self) -> bool:
        """Whether everything in the file is on record already."""
        return not self.errors and not any(n for name, n in self.counts.items() if not name.endswith("unchanged"))


def import_patients(*, content: bytes, clinics: Collection[Clinic], by: User | None, commit: bool) -> Result:
    """Import a file of patients of some clinics, or only say what importing it would do.

    One transaction: with any error nothing is written. Patients are recognized by MRN, plans by therapy; an empty
    cell leaves what is on record. A fixed number of queries to read; writes in batches. Raises `CannotImport`.
    """
    sheet = read_file(content)
    therapies = list(Therapy.objects.filter(is_active=True))
    people, errors = _read(sheet.lines, clinics, therapies)
    spoiled = {error.line for error in errors}
    changes: list[Change] = []
    try:
        with transaction.atomic():
            known = _known([one.mrn for one in people], therapies, clinics, lock=commit)
            for one in people:
                if spoiled.isdisjoint(row.line for row in one.rows):
                    change, found = compare(rows=one, known=known)
                    errors += found
                    changes += [change] if change else []
            if commit and not errors:
                _write(changes, by)
    except IntegrityError as error:
        raise CannotImport("Somebody changed these patients just now. Nothing was imported: try again.") from error
    return Result(
        counts=_count(changes),
        errors=sorted(errors, key=lambda error: error.line),
        changes=[(change.line, change.patient.mrn, text) for change in changes for text in change.differences],
        ignored_columns=sheet.ignored_columns,
        is_written=commit and not errors,
    )


def _read(
    lines: Iterable[Line], clinics: Collection[Clinic], therapies: Collection[Therapy]
) -> tuple[list[PersonRows], list[RowError]]:
    """The rows of each MRN together, and what is wrong with them by themselves."""
    reader = Reader(clinics=clinics, therapies=therapies, today=timezone.localdate())
    people: dict[str, PersonRows] = {}
    errors: list[RowError] = []
    for line in lines:
        row, found = reader.read(line)
        errors += found
        if row.mrn:
            errors += people.setdefault(row.mrn, PersonRows(row.mrn)).add(row)
    return list(people.values()), errors


def _known(mrns: Collection[str], therapies: Collection[Therapy], clinics: Collection[Clinic], *, lock: bool) -> Known:
    patients = Patient.objects.filter(mrn__in=mrns).select_related("home_clinic").order_by("pk")
    patients = patients.prefetch_related("contact_points", "plans__doses_given")
    if lock:
        patients = patients.select_for_update(of=("self",), no_key=True)
    return Known(
        patients={patient.mrn.upper(): patient for patient in patients},
        clinic_ids={clinic.pk for clinic in clinics},
        phases=phases_in_force(therapy_ids=[therapy.pk for therapy in therapies], on=timezone.localdate()),
    )


def _write(changes: Collection[Change], by: User | None) -> None:
    Patient.objects.bulk_create([change.patient for change in changes if change.is_new], _BATCH)
    _update(
        Patient.objects,
        [change.patient for change in changes if change.is_changed],
        [one.name for one in fields(Person)],
    )
    gone: list[int] = []
    new: list[ContactPoint] = []
    for change in changes:
        old, added = points_to_change(patient=change.patient, points=change.points, contacts=change.contacts)
        gone += (point.pk for point in old)
        new += added
    ContactPoint.objects.filter(pk__in=gone).delete()
    ContactPoint.objects.bulk_create(new, _BATCH)
    plans = [plan for change in changes for plan in change.plans]
    TreatmentPlan.objects.bulk_create([one.plan for one in plans if one.is_new], _BATCH)
    _update(TreatmentPlan.objects, [one.plan for one in plans if one.is_changed], [one.name for one in fields(Order)])
    doses = [dose for one in plans for dose in one.new_doses]
    moved = [dose for one in plans for dose in one.moved_doses]
    for dose in (*doses, *moved):
        dose.recorded_by = by
    DoseGiven.objects.bulk_create(doses, _BATCH)
    _update(DoseGiven.objects, moved, ["given_on", "recorded_by"])


def _update(table: Manager[Any], rows: Collection[Any], columns: list[str]) -> None:
    """Save columns of rows already there. As an upsert: Django's `bulk_update` takes ten times as long."""
    table.bulk_create(rows, _BATCH, update_conflicts=True, update_fields=columns, unique_fields=["id"])


def _count(changes: Iterable[Change]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for change in changes:
        counts[f"patients {_outcome(change.is_new, change.is_changed)}"] += 1
        for plan in change.plans:
            counts[f"plans {_outcome(plan.is_new, plan.is_changed)}"] += 1
            counts["doses recorded"] += len(plan.new_doses) + len(plan.moved_doses)
    return counts


def _outcome(is_new: bool, is_changed: bool) -> str:
    return "new" if is_new else "changed" if is_changed else "unchanged"
