"""`booking.book` in process with 1, 2, 4 and 8 writers, beside the same rows written by bare SQL in one round trip.

Both write under the same constraints and commit each booking: appointment, nurse assignment, status stamp, the day's
version, and the messages that tell the patient.
"""

import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from django.db import connection, connections

from bench.clock import each_of
from bench.table import Result
from bench.world import (
    LANES,
    NURSES,
    NURSES_OF_FIRST,
    WAVES,
    EmptyDays,
    Slot,
    clinics_of,
    make_newcomers,
    phase_of,
    slots,
)
from clinic.models import Clinic
from clinic.quarters import local_date
from patients.models import TreatmentPlan
from reminders.models import Message
from scheduling.booking import book
from scheduling.models import Appointment

THERAPY = "vedolizumab"
"""Dose 1 stays an hour: as long as bare SQL writes."""

MINUTES = 60

WARMING = 20
"""Bookings of each process before the clock runs: a web process books all day."""

LEAST_SHARE = 0.15
MOST_GROWTH = 1.5


@dataclass(frozen=True)
class Pair:
    """One dose to book, and where."""

    plan: TreatmentPlan
    slot: Slot


class Supply:
    """Doses and empty times that nobody has used yet, spread over the clinics."""

    def __init__(self, clinics: Sequence[Clinic], count: int, *, days: EmptyDays, prefix: str) -> None:
        plans = make_newcomers(clinics, count, therapy=THERAPY, prefix=prefix)
        mine = days.take(-(-count // (len(WAVES) * LANES * len(clinics))))
        spread = itertools.chain.from_iterable(zip(*(slots(clinic, mine) for clinic in clinics), strict=True))
        self._pairs: Iterator[Pair] = (Pair(plan, slot) for plan, slot in zip(plans, spread, strict=False))

    def take(self, count: int) -> list[Pair]:
        """The next so many."""
        pairs = list(itertools.islice(self._pairs, count))
        assert len(pairs) == count, "The supply is used up."
        return pairs


def run(*, days: EmptyDays, is_small: bool) -> list[Result]:
    """Book and write by 1, 2, 4 and 8 writers, each on days of their own: bare SQL chooses no chair, nurse or place."""
    count = 24 if is_small else 240
    writers = (1, 2) if is_small else (1, 2, 4, 8)
    clinics = clinics_of(3)
    warming = WARMING * sum(writers)
    ours_supply, bare_supply = (
        Supply(clinics, count * len(writers) + warming + 1, days=days, prefix=prefix) for prefix in ("W", "X")
    )
    bare = bare_writer(ours_supply.take(1)[0])
    results = []
    for number in writers:
        many = count + WARMING * number
        ours, problems = _rate(book_pair, ours_supply.take(many), number)
        limit, conflicts = _rate(bare, bare_supply.take(many), number)
        assert not conflicts, conflicts[0]
        share = ours / limit
        results.append(
            Result(
                f"book, {number} writer{'s' * (number > 1)}",
                1000 / ours,
                limit=1000 / limit,
                mark="≥ 15 % of bare SQL" if number == 1 else "no error" if number == 8 else "",
                is_met=share >= LEAST_SHARE if number == 1 else not problems if number == 8 else None,
                facts={"per_second": ours, "bare_per_second": limit, "share": share, "errors": problems},
            )
        )
    return results


def cost_of_one(*, days: EmptyDays, clinics: Sequence[Clinic], count: int, prefix: str) -> float:
    """The median booking of one writer over some clinics, in milliseconds."""
    pairs = Supply(clinics, count + 5, days=days, prefix=prefix).take(count + 5)
    return median(each_of(partial(book_pair, pair) for pair in pairs)[5:])


def growth(before: float, after: float, where: str) -> Result:
    """What a booking costs in the large world beside the one of three clinics."""
    return Result(
        f"book among {Appointment.objects.count():,} appointments, in {where}, beside 3 clinics alone",
        after,
        limit=before,
        mark="≤ 1.5×",
        is_met=after <= MOST_GROWTH * before,
    )


def book_pair(pair: Pair) -> None:
    """Book a dose where it is meant to be."""
    book(plan=pair.plan, dose_number=1, clinic=pair.slot.clinic, start=pair.slot.start, by=None)


def bare_writer(example: Pair) -> Callable[[Pair], None]:
    """What writes the rows of a booking like an example, which is booked first, in one statement."""
    book_pair(example)
    made = Appointment.objects.get(plan=example.plan)
    names = [
        str(field.column)
        for field in Message._meta.local_fields
        if field.column not in {"id", "appointment_id", "contact_point_id"}
    ]
    columns = ", ".join(names)
    statement = f"""
        with day as (
            insert into scheduling_clinicday (clinic_id, date, version) values (%(clinic)s, %(date)s, 1)
            on conflict (clinic_id, date) do update set version = scheduling_clinicday.version + 1
        ), appointment as (
            insert into scheduling_appointment
                (plan_id, patient_id, dose_number, dose_phase_id, clinic_id, chair_id,
                 period, planned_period, booked_at)
            select %(plan)s, %(patient)s, 1, %(phase)s, %(clinic)s, %(chair)s, period, period, now()
            from (select tstzrange(%(start)s, %(start)s + interval '{MINUTES} minutes') as period) as p
            returning id, period
        ), stamp as (
            insert into scheduling_statuschange (appointment_id, status, at) select id, 'booked', now() from appointment
        ), care as (
            insert into scheduling_nurseassignment (appointment_id, clinic_id, nurse_id, place, period, is_start)
            select id, %(clinic)s, %(nurse)s, %(place)s, period, true from appointment
        )
        insert into reminders_message (appointment_id, contact_point_id, {columns})
        select appointment.id, contact_point_id, {columns} from appointment, reminders_message
        where appointment_id = {made.pk}
    """
    phase = phase_of(example.plan.therapy, 1).pk

    def write(pair: Pair) -> None:
        clinic, lane = pair.slot.clinic, pair.slot.lane
        nurses = NURSES_OF_FIRST if clinic.pk == 1 else NURSES
        with connection.cursor() as cursor:
            cursor.execute(
                statement,
                {
                    "plan": pair.plan.pk,
                    "patient": pair.plan.patient_id,
                    "phase": phase,
                    "clinic": clinic.pk,
                    "date": local_date(pair.slot.start, clinic.zone),
                    "chair": clinic.pk * 100 + lane,
                    "nurse": clinic.pk * 100 + lane % nurses,
                    "place": lane // nurses + 1,
                    "start": pair.slot.start,
                },
            )

    return write


def _rate(work: Callable[[Pair], None], pairs: Sequence[Pair], writers: int) -> tuple[float, list[str]]:
    """How many a second so many processes get done together, and what went wrong."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    ready, problems = fork.Barrier(writers + 1), fork.SimpleQueue()

    def attempt(pair: Pair, found: list[str]) -> None:
        try:
            work(pair)
        except Exception as error:  # noqa: BLE001 — counted, and shown
            found.append(repr(error))

    def write(mine: Sequence[Pair]) -> None:
        found: list[str] = []
        for pair in mine[:WARMING]:
            attempt(pair, found)
        ready.wait()
        for pair in mine[WARMING:]:
            attempt(pair, found)
        problems.put(found)

    hands = [fork.Process(target=write, args=(pairs[number::writers],)) for number in range(writers)]
    for hand in hands:
        hand.start()
    ready.wait()
    began = time.perf_counter()
    found = list(itertools.chain.from_iterable(problems.get() for _ in hands))
    seconds = time.perf_counter() - began
    for hand in hands:
        hand.join()
    return (len(pairs) - WARMING * writers) / seconds, found
