"""Versions of therapies: loading the shipped ones, copying one, and finding the facts that hold on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.apps.registry import Apps
from django.db import models, transaction
from django.db.models import Max

from therapies.models import DosePhase, Prerequisite, Therapy, TherapyVersion, version_in_force
from therapies.series import NoPhase, PhaseFacts, phase_for
from therapies.shipped import Catalog, Row, ShippedTherapy

Outcome = Literal["new", "changed", "unchanged", "superseded"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading did with one therapy.

    `version` is the one that holds the file's facts: just made (new, changed), the newest (unchanged), or an earlier
    one that somebody has replaced here since (superseded).
    """

    name: str
    outcome: Outcome
    version: int
    effective_from: date


def load_catalog(*, catalog: Catalog, apps: Apps, today: date) -> list[Loaded]:
    """Bring shipped therapies into the database, once each; a therapy whose facts changed gets a new version.

    `apps` is the registry whose models are written: a migration's own, or the installed one. Versions already there
    are never rewritten, and the name and notes of a therapy already there are the clinic's own. A first version is in
    force from the file's day; a later one from that day or from `today`, whichever comes last.
    """
    with transaction.atomic():
        return [_load(shipped, apps=apps, today=today) for shipped in catalog.therapies]


def new_version_from(*, version: TherapyVersion, effective_from: date) -> TherapyVersion:
    """Copy a version, with its phases and prerequisites, as the therapy's newest, in force from a day on."""
    with transaction.atomic():
        therapy = Therapy.objects.select_for_update().get(pk=version.therapy_id)
        copy = TherapyVersion.objects.create(
            therapy=therapy,
            number=next_number(therapy),
            effective_from=effective_from,
            source=version.source,
        )
        for model in (DosePhase, Prerequisite):
            _write(model, copy, _rows(model, version))
    return copy


def next_number(therapy: Therapy) -> int:
    """The number of a therapy's next version."""
    return 1 + (therapy.versions.aggregate(newest=Max("number"))["newest"] or 0)


def is_frozen(*, version: TherapyVersion, today: date) -> bool:
    """Whether a version may no longer change: its day has come, or something was already booked with it."""
    if version.effective_from <= today:
        return True
    pointing_here = DosePhase._meta.related_objects  # noqa: SLF001
    return any(
        relation.related_model._base_manager.filter(**{f"{relation.field.name}__version": version}).exists()  # noqa: SLF001
        for relation in pointing_here
    )


def facts_of(phase: DosePhase) -> PhaseFacts:
    """The day arithmetic of a phase, as plain values."""
    return PhaseFacts(
        first_dose=phase.first_dose,
        last_dose=phase.last_dose,
        variant=phase.variant,
        target_days=phase.target_days,
        anchor_dose=phase.anchor_dose,
        min_gap_days=phase.min_gap_days,
        green_before=phase.green_before,
        green_after=phase.green_after,
        amber_before=phase.amber_before,
        amber_after=phase.amber_after,
        is_consecutive=phase.is_consecutive,
    )


def phases_of(version: TherapyVersion) -> list[PhaseFacts]:
    """The phases of a version, for `therapies.series`. Uses prefetched `phases` where there are any."""
    return [facts_of(phase) for phase in version.phases.all()]


IN_FORCE = """
    select phase.* from therapies_dosephase phase
    where version_id = (
        select version.id from therapies_therapyversion version
            join therapies_dosephase any_phase on any_phase.version_id = version.id
        where version.therapy_id = %s and version.effective_from <= %s
        order by version.number desc limit 1)
    order by first_dose, variant
"""


def rows_in_force(*, therapy: Therapy, on: date) -> list[DosePhase]:
    """The phases of the newest version whose day has come. Empty when there is none. One query."""
    return list(DosePhase.objects.raw(IN_FORCE, [therapy.pk, on]))


def current_phase(*, therapy: Therapy, dose_number: int, variant: str, on: date) -> DosePhase:
    """The phase that a dose booked now for day `on` is booked with.

    Raises `NoPhase`, in words for staff, when no version is in force by then or its course has no such dose.
    """
    try:
        version = version_in_force(therapy=therapy, on=on)
    except TherapyVersion.DoesNotExist:
        raise NoPhase(f"{therapy} has no version in force on {on}. Add one in the admin, or choose a later day.")
    rows = {facts_of(row): row for row in version.phases.all()}
    try:
        return rows[phase_for(rows, dose_number, variant)]
    except NoPhase:
        raise NoPhase(f"{therapy} has no dose {dose_number}. Its course ends before.")


def _load(shipped: ShippedTherapy, *, apps: Apps, today: date) -> Loaded:
    therapy, _ = apps.get_model("therapies", "Therapy").objects.get_or_create(
        slug=shipped.slug,
        defaults={
            "name": shipped.name,
            "substance": shipped.substance,
            "preparation": shipped.preparation,
            "aftercare": shipped.aftercare,
        },
    )
    phase_model = apps.get_model("therapies", "DosePhase")
    prerequisite_model = apps.get_model("therapies", "Prerequisite")
    facts = _fingerprint(shipped.phases), _fingerprint(shipped.prerequisites)
    versions = list(therapy.versions.order_by("-number"))
    for version in versions:
        if facts == (_fingerprint(_rows(phase_model, version)), _fingerprint(_rows(prerequisite_model, version))):
            outcome: Outcome = "unchanged" if version == versions[0] else "superseded"
            return Loaded(therapy.name, outcome, version.number, version.effective_from)
    version = apps.get_model("therapies", "TherapyVersion").objects.create(
        therapy=therapy,
        number=1 + (versions[0].number if versions else 0),
        effective_from=max(shipped.effective_from, today) if versions else shipped.effective_from,
        source=shipped.source,
    )
    _write(phase_model, version, shipped.phases)
    _write(prerequisite_model, version, shipped.prerequisites)
    return Loaded(therapy.name, "changed" if versions else "new", version.number, version.effective_from)


def _rows(model: type[models.Model], version: models.Model) -> list[Row]:
    """The rows of a version, without what ties them to it."""
    fields = model._meta.concrete_fields  # noqa: SLF001
    columns = [field.name for field in fields if field.name not in {"id", "version"}]
    return list(model._base_manager.filter(version=version).values(*columns))  # noqa: SLF001


def _write(model: type[models.Model], version: models.Model, rows: Sequence[Row]) -> None:
    model._base_manager.bulk_create([model(version=version, **row) for row in rows])  # noqa: SLF001


def _fingerprint(rows: Sequence[Row]) -> list[list[tuple[str, Any]]]:
    """Rows in one order, so that two sets of facts can be compared."""
    return sorted((sorted(row.items()) for row in rows), key=repr)
