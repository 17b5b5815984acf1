"""Accepting a new plan of a day, whole or one patient at a time, through the booking engine; and the calls it asks for.

All of it is one transaction under the locks of every day it touches. Patients who go where another one was are lifted
off together and seated again one by one, each with the checks that booking makes. Whatever no longer holds refuses the
whole, and nothing is written.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.models import Chair, Clinic, User
from clinic.quarters import local_date
from patients.models import Patient
from scheduling.chairs import NOT_YET_SEATED, chairs_beside
from scheduling.load import load_day
from scheduling.locks import guarded, lock
from scheduling.models import Appointment, CallToMake, NurseAssignment, Status
from scheduling.placing import put_elsewhere
from scheduling.record import day_of
from scheduling.redealing import heal_day
from scheduling.refusals import NotAvailable
from scheduling.replan_day import Move, fingerprint
from scheduling.reseating import chairs_judged_together, change_chairs

CHANGED = "The day has changed meanwhile. Nothing was moved."


def accept(
    *, clinic: Clinic, date: date, moves: Sequence[Move], seen: str, why: Mapping[int, str], by: User | None
) -> list[Appointment]:
    """Make the moves of a plan, all of them or none. `seen` is the fingerprint of the day that the plan was made of.

    `why` says for each appointment, by id, what the patient is told on the phone. Raises `NotAvailable`, with the code
    "changed" when the day is not what it was.
    """
    clinics = {one.pk: one for one in Clinic.objects.filter(pk__in={move.clinic for move in moves})}
    with guarded():
        found = _hold(clinic, date, moves, clinics)
        if fingerprint(load_day(clinic=clinic, day=date)) != seen:
            raise NotAvailable(CHANGED, code="changed")
        _check(clinic, date, moves, found)
        before = {pk: (one.period, one.clinic) for pk, one in found.items()}
        _make(clinic, date, moves, found, clinics, by)
        heal_day(clinic=clinic, date=date)
        for move in moves:
            if move.is_time:
                _ask_to_call(found[move.appointment], before[move.appointment], why.get(move.appointment, ""), by)
    return list(found.values())


def record_called(*, call: CallToMake, by: User | None) -> None:
    """Note that the patient was called. Raises `NotAvailable` when somebody else has done so."""
    waiting = CallToMake.objects.filter(pk=call.pk, called_at=None)
    if not waiting.update(called_at=timezone.now(), called_by=by):
        raise NotAvailable("Somebody else has just called this patient.", code="called")


def _hold(clinic: Clinic, date: date, moves: Sequence[Move], clinics: Mapping[int, Clinic]) -> dict[int, Appointment]:
    """Lock the patients, then every day that is touched, and read the appointments as they stand then."""
    ids = [move.appointment for move in moves]
    for patient in Patient.objects.filter(appointments__in=ids).distinct().order_by("pk"):
        lock(days=(), patient=patient)
    days = {(clinics[move.clinic], local_date(move.start, clinics[move.clinic].zone)) for move in moves}
    lock(days={(clinic, date), *days})
    rows = Appointment.objects.filter(pk__in=ids).select_related(
        "plan__patient", "plan__therapy", "patient", "clinic", "chair"
    )
    return {one.pk: one for one in rows.order_by("pk")}


def _check(clinic: Clinic, date: date, moves: Sequence[Move], found: Mapping[int, Appointment]) -> None:
    """Refuse what is not as the plan saw it."""
    for move in moves:
        one = found.get(move.appointment)
        may_be = {Status.BOOKED} if move.is_time else set(NOT_YET_SEATED)
        if one is None or one.version != move.version or day_of(one) != (clinic, date) or one.status not in may_be:
            raise NotAvailable(CHANGED, code="changed")


def _make(
    clinic: Clinic,
    date: date,
    moves: Sequence[Move],
    found: Mapping[int, Appointment],
    clinics: Mapping[int, Clinic],
    by: User | None,
) -> None:
    to_move = sorted((move for move in moves if move.is_time), key=lambda move: move.appointment)
    seats = {move.appointment: move.chair for move in moves if not move.is_time and move.chair is not None}
    if len(moves) == 1 and seats:
        [(pk, chair)] = seats.items()
        if chair not in chairs_beside(load_day(clinic=clinic, day=date), pk):
            raise NotAvailable("The chair is not free yet. Accept the others first, or all at once.", code="waits")
    planned = {one.pk: one for one in Chair.objects.filter(pk__in=[move.chair for move in to_move if move.chair])}
    lifted = {move.appointment for move in to_move}
    NurseAssignment.objects.filter(appointment__in=lifted).delete()
    with chairs_judged_together():
        change_chairs(seats)
        for move in to_move:
            lifted.discard(move.appointment)
            one = found[move.appointment]
            try:
                put_elsewhere(
                    appointment=one,
                    clinic=clinics[move.clinic],
                    start=move.start,
                    by=by,
                    # Alone, the planned chair may still be somebody's who moves later: any that suits will do.
                    chair=planned.get(move.chair or 0) if len(moves) > 1 else None,
                    lifted=frozenset(lifted),
                )
            except NotAvailable as refusal:
                raise NotAvailable(f"{one.patient}: {refusal.reason} Nothing was moved.", code="changed") from refusal


def _ask_to_call(one: Appointment, before: tuple[DateTimeTZRange, Clinic], why: str, by: User | None) -> None:
    """Put a call on the list. Where one is to be made already, the patient still knows the time before that."""
    waiting = CallToMake.objects.filter(appointment=one, called_at=None)
    if not waiting.update(why=why, asked_by=by, asked_at=timezone.now()):
        CallToMake.objects.create(
            appointment=one, old_period=before[0], old_clinic=before[1], why=why, asked_by=by, asked_at=timezone.now()
        )
