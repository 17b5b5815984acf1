"""A careless script: rows written by hand, past all rules, with only the columns that DESIGN promises to outsiders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tests.world import at, make_clinic, make_plan, on_floor


class Script:
    """Two clinics of two chairs and two nurses each, whose first nurse has lunch from 12:00 to 12:30; and raw SQL.

    Clinics, chairs, nurses and plans go by the number 0 or 1 in their list.
    """

    def __init__(self) -> None:
        self.clinics = [make_clinic("madison", chairs=2), make_clinic("wausau", chairs=2)]
        self.here, self.there = self.clinics
        self.chairs = [[chair.pk for chair in clinic.chairs.order_by("position")] for clinic in self.clinics]
        self.shifts = [
            [on_floor(clinic, "8:00", "17:00", breaks=[("12:00", "12:30")]), on_floor(clinic, "9:00", "17:00")]
            for clinic in self.clinics
        ]
        self.plans = [make_plan(self.here) for _ in range(5)]

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Execute SQL; its rows, if it has any."""
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def settle(self) -> None:
        """Let the deferred constraints speak, as COMMIT does."""
        self.run("set constraints all immediate")
        self.run("set constraints all deferred")

    def span(self, start: str, end: str) -> str:
        """A half-open range from wall-clock times."""
        return f"[{at(self.here, start).isoformat()},{at(self.here, end).isoformat()})"

    def nurse(self, number: int, *, clinic: int = 0) -> int:
        """A nurse's id."""
        return self.shifts[clinic][number].nurse_id

    def appointment(
        self,
        start: str,
        end: str,
        *,
        plan: int = 0,
        dose: int = 1,
        clinic: int = 0,
        chair: int = 0,
        chair_of: int | None = None,
        patient_of: int | None = None,
        status: str = "booked",
        short_staffed: bool = False,
    ) -> int:
        """An appointment without any nurse. `chair_of`: the chair's clinic; `patient_of`: the patient's plan."""
        [(pk,)] = self.run(
            "insert into scheduling_appointment"
            " (plan_id, patient_id, dose_number, clinic_id, chair_id, period, status, short_staffed)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) returning id",
            self.plans[plan].pk,
            self.plans[plan if patient_of is None else patient_of].patient_id,
            dose,
            self.clinics[clinic].pk,
            self.chairs[clinic if chair_of is None else chair_of][chair],
            self.span(start, end),
            status,
            short_staffed,
        )
        return int(pk)

    def care(
        self,
        appointment: int,
        start: str,
        end: str,
        *,
        nurse: int = 0,
        place: int = 1,
        is_start: bool = True,
        clinic: int = 0,
        nurse_of: int | None = None,
    ) -> int:
        """A nurse assignment."""
        [(pk,)] = self.run(
            "insert into scheduling_nurseassignment (appointment_id, clinic_id, nurse_id, place, period, is_start)"
            " values (%s, %s, %s, %s, %s, %s) returning id",
            appointment,
            self.clinics[clinic].pk,
            self.nurse(nurse, clinic=clinic if nurse_of is None else nurse_of),
            place,
            self.span(start, end),
            is_start,
        )
        return int(pk)

    def visit(self, start: str, end: str, *, nurse: int = 0, place: int = 1, clinic: int = 0, **facts: Any) -> int:
        """An appointment with one nurse throughout."""
        pk = self.appointment(start, end, clinic=clinic, **facts)
        self.care(pk, start, end, nurse=nurse, place=place, clinic=clinic)
        return pk


@dataclass(frozen=True)
class Case:
    """One guarantee, and a script that keeps it or breaks it; the two differ in one thing.

    `name` and `code` are what the database says when it refuses; `guards` is the SQL that takes the guarantee out.
    """

    act: Callable[[Script, bool], None]
    name: str
    code: str
    guards: tuple[str, ...]

    @property
    def id(self) -> str:
        """What it is called in the list of tests."""
        return self.act.__name__
