"""Whether visits can take place: the readiness of appointments, for pages and at the chair. One query, however many."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from django.dispatch import receiver
from django.utils import timezone

from clinic.models import User
from clinic.quarters import local_date
from patients import clearances, plans
from patients import readiness as readiness_facts
from patients.models import Patient, TreatmentPlan
from patients.signals import readiness_changed
from scheduling.locks import guarded, lock
from scheduling.models import HELD, LIVE, Appointment
from scheduling.record import day_of, fresh
from scheduling.refusals import NotAvailable
from therapies.readiness import Check, Dossier, Readiness, readiness

AT_FIRST = 60
"""So many doses are worked out first where there may be many: mostly enough for who wants some that are not ready."""

Key = TypeVar("Key", bound=Hashable)

BOOKED = """
    select json_object_agg(a.dose_number, (lower(a.period) at time zone c.timezone)::date)
    from scheduling_appointment a join clinic_clinic c on c.id = a.clinic_id
    where a.plan_id = plan.id and a.status = any(%(held)s)
"""
"""The local days of a plan's live and done appointments by dose number."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A dose that is planned for a local day. `needs_tolerance` as on the dose phase it is booked with."""

    plan_id: int
    dose_number: int
    day: date
    needs_tolerance: bool = False

    @classmethod
    def of(cls, appointment: Appointment) -> "Planned":
        """What an appointment plans. It comes with its clinic and dose phase."""
        return cls(
            appointment.plan_id,
            appointment.dose_number,
            local_date(appointment.start, appointment.clinic.zone),
            appointment.dose_phase.needs_prior_tolerance,
        )


def readiness_of(*, planned: Mapping[Key, Planned], today: date | None = None) -> dict[Key, Readiness]:
    """The readiness of planned doses, as known today, by their keys. One query."""
    today = today or timezone.localdate()
    found = dossiers(plan_ids={one.plan_id for one in planned.values()}, today=today)
    return {
        key: readiness(
            dossier=found[one.plan_id],
            dose_number=one.dose_number,
            day=one.day,
            today=today,
            needs_tolerance=one.needs_tolerance,
        )
        for key, one in planned.items()
    }


def readiness_at_chair(appointment: Appointment) -> Readiness:
    """The readiness of a visit as it has to be when the patient sits down: every check of the day is made."""
    planned = Planned.of(appointment)
    today = max(planned.day, timezone.localdate())
    return readiness_of(planned={0: planned}, today=today)[0]


def refuse_unready(appointment: Appointment) -> None:
    """Raise `NotAvailable` when something is missing that a patient may not be seated without. Hard means hard."""
    forbids = readiness_at_chair(appointment).forbids
    if forbids:
        missing = "; ".join(check.words for check in forbids)
        raise NotAvailable(f"Not ready. {missing}. {what_next(forbids)}", code="not_ready")


def mark_done(*, appointment: Appointment, code: str, cleared_on: date, by: User | None, note: str = "") -> Appointment:
    """Put on record that something which a visit asks for is in order. Raises `NotAvailable` and `Refused`."""
    with guarded():
        clearances.record(
            plan=appointment.plan,
            code=code,
            cleared_on=cleared_on,
            for_day=Planned.of(appointment).day,
            by=by,
            note=note,
        )
    return appointment


def take_back(*, appointment: Appointment, code: str, by: User | None) -> Appointment:
    """Take back a check of this visit that was marked by mistake. Nothing happens when there is none."""
    with guarded():
        for clearance in clearances.checks_of(plan=appointment.plan, code=code, day=Planned.of(appointment).day):
            clearances.withdraw(clearance=clearance, by=by)
    return appointment


def note_reaction(*, appointment: Appointment) -> Appointment:
    """Put on record that the patient reacts to the drug. Visits booked with a short stay are not ready from now on."""
    with guarded():
        # All days of the patient's visits are locked together, in order, by whoever hears of the change.
        lock(days=(), patient=appointment.patient)
        appointment = fresh(appointment)
        plans.note_reaction(plan=appointment.plan)
        readiness_changed.send(TreatmentPlan, patients=[appointment.patient])
    return appointment


def what_next(forbids: Collection[Check]) -> str:
    """What to do about what is missing."""
    codes = {check.code for check in forbids}
    if "minimum-gap" in codes:
        return "Move the visit to a later day."
    if "tolerance" in codes:
        return "Move the visit: the same time with the longer stay, or another."
    if all(check.life == "each_visit" for check in forbids):
        return "Make the checks and mark them done, then seat the patient."
    return "Do not start. Enter what has come in, or call the prescriber and move the visit."


def dossier_for(*, plan: TreatmentPlan) -> Dossier:
    """What is on record of a plan, with its booked doses: to ask for many days. One query."""
    return dossiers(plan_ids={plan.pk}, today=timezone.localdate())[plan.pk]


def dossiers(*, plan_ids: Collection[int], today: date) -> dict[int, Dossier]:
    """What is on record of plans, by id. One query, however many."""
    return readiness_facts.dossiers(plan_ids=plan_ids, on=today, booked=BOOKED, params={"held": list(HELD)})


def unready(*, planned: Iterable[tuple[Key, Planned]]) -> Iterator[tuple[Key, Readiness]]:
    """Those of planned doses, each with its key, that are at risk or not ready, in their order.

    They are read as they are asked for, `AT_FIRST` and then the rest: two queries at most.
    """
    doses = iter(planned)
    for most in (AT_FIRST, None):
        some = dict(islice(doses, most))
        found = readiness_of(planned=some) if some else {}
        yield from ((key, ready) for key, ready in found.items() if ready.state != "ready")


@receiver(readiness_changed)
def _bump_days(*, patients: Collection[Patient], **_: Any) -> None:
    """Boards that show a visit of the patients are out of date."""
    visits = Appointment.objects.filter(patient__in=patients, status__in=LIVE).select_related("clinic")
    lock(days={day_of(visit) for visit in visits})
