"""Evening out the nurses of a day: proposed with who goes from whom to whom, written in one go, and taken back.

Chairs and times stay as they are, and patients are not told: they never were told a nurse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone

from clinic.models import Clinic
from clinic.quarters import ClinicDate
from scheduling.care import write_care
from scheduling.engine.day import Care, Day, Stay, span
from scheduling.engine.rebalance import Weight, rebalance
from scheduling.engine.seating import Floor
from scheduling.load import load_day
from scheduling.locks import guarded, lock
from scheduling.models import Appointment, ClinicDay
from scheduling.refusals import NotAvailable

CareByAppointment = Mapping[int, tuple[Care, ...]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A day as it stands at a version, and the care that would change, by appointment id."""

    version: int
    day: Day
    weights: Mapping[int, Weight]
    care: CareByAppointment

    @property
    def after(self) -> Day:
        """The day as it would be."""
        return _with_care(self.day, self.care)


@dataclass(frozen=True, slots=True)
class Evened:
    """What was changed, so that it can be taken back: the care before and after, by appointment id."""

    before: CareByAppointment
    after: CareByAppointment


def propose(*, clinic: Clinic, date: date) -> Proposal:
    """How the nurses of a day could be evened out from now on. Writes nothing. Nine queries."""
    version = ClinicDay.objects.filter(clinic=clinic, date=date).values_list("version", flat=True).first() or 0
    day = load_day(clinic=clinic, day=date)
    facts = Appointment.objects.filter(pk__in=[stay.id for stay in day.stays])
    weights = {
        pk: Weight(first_doses=int(number == 1), acuity=acuity)
        for pk, number, acuity in facts.order_by().values_list("pk", "dose_number", "dose_phase__acuity")
    }
    care = rebalance(day, weights=weights, earliest=ClinicDate(date, clinic.zone).quarter_of(timezone.now()) + 1)
    return Proposal(version, day, weights, care)


def even_out(*, clinic: Clinic, date: date, version: int) -> Evened:
    """Write what `propose` showed at a version of the day. Raises `NotAvailable` when the day has changed since."""
    with guarded():
        lock(days={(clinic, date)})
        proposal = propose(clinic=clinic, date=date)
        if proposal.version != version + 1:  # the lock itself counts one
            raise NotAvailable(
                "The day has changed since this was worked out. Here is how it could be evened out now.", code="changed"
            )
        before = {stay.id: stay.care for stay in proposal.day.stays if stay.id in proposal.care}
        write_care(clinic=clinic, grid=ClinicDate(date, clinic.zone), day=proposal.day, care=proposal.care)
    return Evened(before=before, after=proposal.care)


def take_back(*, clinic: Clinic, date: date, evened: Evened) -> None:
    """Give everybody the nurses from before again.

    Raises `NotAvailable` when one of them has arrived, has other nurses by now, or a nurse from before has no room.
    """
    with guarded():
        lock(days={(clinic, date)})
        day = load_day(clinic=clinic, day=date)
        stays = {stay.id: stay for stay in day.stays}
        for pk, care in evened.after.items():
            if pk not in stays or not stays[pk].is_expected or _pieces(stays[pk].care) != _pieces(care):
                raise NotAvailable(
                    "Since then a patient has arrived, or the nurses were changed again. Everybody keeps the nurse.",
                    code="changed",
                )
        _refuse_no_room(day, evened.before, stays)
        write_care(clinic=clinic, grid=ClinicDate(date, clinic.zone), day=day, care=evened.before)


def _refuse_no_room(day: Day, care: CareByAppointment, stays: Mapping[int, Stay]) -> None:
    floor = Floor.of(_with_care(day, dict.fromkeys(care, ())))
    for pk, pieces in care.items():
        for piece in pieces:
            free = piece.nurse in floor.floor and not span(piece.start, piece.end) & ~floor.free(piece.nurse)
            if not free or (piece.start == stays[pk].start and not floor.may_start(piece.nurse, piece.start)):
                raise NotAvailable(
                    "Since then a nurse got other patients or hours, so it can't be as it was. "
                    "Everybody keeps the nurse.",
                    code="changed",
                )
        floor.add(pieces, starting=stays[pk].start)


def _with_care(day: Day, care: CareByAppointment) -> Day:
    return replace(day, stays=tuple(replace(stay, care=care.get(stay.id, stay.care)) for stay in day.stays))


def _pieces(care: tuple[Care, ...]) -> list[tuple[int, int, int]]:
    """Care without its places, which mean nothing to people."""
    return [(piece.nurse, piece.start, piece.end) for piece in care]
