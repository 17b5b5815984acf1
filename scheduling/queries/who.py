"""Who a patient is, as every page says it: two identifiers, and what one must know before anything else."""

from dataclasses import dataclass
from typing import Self

from django.utils import timezone

from patients.models import Patient


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
