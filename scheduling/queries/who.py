"""Who a patient is, as every page says it: two identifiers, and what one must know before anything else."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.utils import timezone

from patients.models import Patient
from scheduling.wording import length_words


@dataclass(frozen=True, slots=True)
class Who:
    """Name and date of birth, record number, alerts."""

    id: int
    name: str
    born: str
    age: int
    mrn: str
    alerts: str

    @classmethod
    def of(cls, patient: Patient) -> Self:
        """What to say of a patient today."""
        return cls(
            id=patient.pk,
            name=str(patient),
            born=f"{patient.birth_date:%-m/%-d/%Y}",
            age=patient.age(on=timezone.localdate()),
            mrn=patient.mrn,
            alerts=patient.alerts,
        )


def facts_of(patient: Patient) -> Iterable[str]:
    """What to mind when booking, in the order it matters on the phone."""
    if patient.needs_interpreter:
        yield f"Needs an interpreter ({patient.language})"
    elif patient.language != "en":
        yield f"Language: {patient.language}"
    if patient.needs_driver:
        yield "Needs a driver"
    if patient.drive_minutes:
        yield f"{length_words(patient.drive_minutes)} drive"
    if patient.extra_minutes:
        yield f"{length_words(patient.extra_minutes)} extra for every stay"
    if patient.chair_kind:
        yield f"Needs a {patient.get_chair_kind_display().lower()}"
