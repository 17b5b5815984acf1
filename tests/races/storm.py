"""A storm: eight processes that do whatever staff may do, at random, to the same few days."""

import time
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import time_machine

from clinic.models import Absence, Clinic, Nurse
from patients.models import TreatmentPlan
from scheduling import booking, restaffing
from scheduling.models import Appointment, Reason, Status
from scheduling.refusals import NotAvailable
from scheduling.visit import next_statuses
from tests.races import process
from tests.races.contest import pgcode_of
from tests.races.grounds import day_number
from tests.world import at

DAYS = 2
ACTS = ("book", "book", "book", "move", "move", "cancel", "status", "status", "extend", "confirm", "off", "off", "back")


@dataclass(frozen=True)
class Deed:
    """What a racer did. `said` is a refusal's code, `surprise` an error that is never right."""

    what: str
    seconds: float
    said: str = ""
    pgcode: str = ""
    surprise: str = ""


def rage(seed: int, plans: list[int], steps: int) -> list[Deed]:
    """What one racer does, in its own process, on the first day at ten o'clock."""
    random = Random(seed)
    clinics = list(Clinic.objects.all())
    with ExitStack() as done:
        done.callback(process.leave)
        done.enter_context(time_machine.travel(at(clinics[0], "10:00"), tick=True))
        process.line_up()
        return [act(random, random.choice(ACTS), clinics, plans) for _ in range(steps)]


def act(random: Random, what: str, clinics: list[Clinic], plans: list[int]) -> Deed:
    """Do one thing to whatever chance picks."""
    begun = time.perf_counter()
    try:
        if what in {"off", "back"}:
            restaff(random, what, clinics)
        elif what == "book":
            clinic = random.choice(clinics)
            plan = TreatmentPlan.objects.select_related("patient", "therapy").get(pk=random.choice(plans))
            dose = 1 + Appointment.objects.filter(plan=plan).count() % 2
            booking.book(plan=plan, dose_number=dose, clinic=clinic, start=some_start(random, clinic), by=None)
        else:
            change(random, what, clinics)
    except NotAvailable as refusal:
        return Deed(what, time.perf_counter() - begun, said=refusal.code, pgcode=pgcode_of(refusal))
    except Exception as error:  # noqa: BLE001
        return Deed(
            what,
            time.perf_counter() - begun,
            surprise="".join(traceback.format_exception(error)[-6:]),
            pgcode=pgcode_of(error),
        )
    return Deed(what, time.perf_counter() - begun)


def restaff(random: Random, what: str, clinics: list[Clinic]) -> None:
    """Take somebody off the floor for two hours, or put somebody back."""
    if what == "off":
        nurse = random.choice(list(Nurse.objects.all()))
        start = some_start(random, clinics[0])
        restaffing.take_off(nurse=nurse, start=start, end=start + timedelta(hours=2), reason="Sick", by=None)
    elif absences := list(Absence.objects.select_related("nurse")):
        restaffing.put_back(absence=random.choice(absences))


def change(random: Random, what: str, clinics: list[Clinic]) -> None:
    """Change some appointment."""
    every = list(Appointment.objects.select_related("patient", "clinic").exclude(status=Status.CANCELLED))
    if not every:
        return
    appointment = random.choice(every)
    if what == "move":
        clinic = random.choice(clinics)
        booking.move(appointment=appointment, clinic=clinic, start=some_start(random, clinic), by=None)
    elif what == "cancel":
        booking.cancel(appointment=appointment, reason=Reason.OTHER, by=None)
    elif what == "extend":
        booking.extend(appointment=appointment, end=appointment.end + timedelta(minutes=15), by=None)
    elif what == "confirm":
        booking.confirm(appointment=appointment, by=None)
    elif following := next_statuses(appointment):
        status = random.choice(following)
        booking.set_status(appointment=appointment, status=status, by=None, reason=Reason.OTHER)


def some_start(random: Random, clinic: Clinic) -> datetime:
    """A quarter hour of the days that everybody wants."""
    clock = f"{random.randrange(8, 15)}:{random.choice(('00', '15', '30', '45'))}"
    return at(clinic, clock, day_number(random.randrange(DAYS)))
