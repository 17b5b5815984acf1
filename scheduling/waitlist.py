"""The waitlist: who waits for a time, and times offered to them, each holding its chair until it is answered.

How an offer holds a chair. It is a row of its own, and not an appointment in waiting:

- An appointment is a promise to treat. Patients are told of it, reports count it, and a dose has one (G9); who waits
  for an earlier time has that one already, and keeps it until they say yes.
- A hold takes counts, not names. The engine counts it as a stay (the chair, one patient present, one start), so
  whatever else is booked leaves room for it; and where the counts hold, nurses can be named when the patient accepts.
  It has no nurse rows, so a sick call deals the patients who are really booked past it: a promise never makes one of
  them short-staffed. Then accepting is refused, and the desk offers another time.
- It lapses by the clock. A day is loaded without the holds whose time is over, so nothing has to run for a chair to be
  free again; `write_down_lapsed` only keeps the record straight.

Offers take the lock of the clinic day as bookings do, an exclusion constraint lets a chair be offered once at a time,
and an offer is settled once (compare and swap on its row). Accepting books with the code that books everything else, so
every guarantee about appointments has the last word.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from clinic.models import Chair, Clinic, User
from clinic.quarters import QUARTER, local_date
from patients.errors import Refused
from patients.models import DoseGiven, Patient, PlanStatus, TreatmentPlan
from scheduling.locks import guarded, lock
from scheduling.models import HELD, Appointment, OfferOutcome, PartOfDay, Status, WaitlistEntry, WaitlistOffer
from scheduling.needs import needs_of
from scheduling.placing import find_seat, place, put_elsewhere
from scheduling.record import day_of, fresh
from scheduling.redealing import heal_day
from scheduling.refusals import NotAvailable

HOLD = timedelta(hours=2)
"""How long an offer holds its chair unless the desk says otherwise."""

LONGEST_HOLD = timedelta(hours=48)

BOOKED_FROM_HERE = "From the waitlist"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a patient waits for. Empty means any; both days are included. `note` is what the desk should know."""

    clinics: Collection[Clinic] = ()
    weekdays: Collection[int] = ()
    part: str = ""
    first_day: date | None = None
    last_day: date | None = None
    note: str = ""


def waiting() -> QuerySet[WaitlistEntry]:
    """The entries that wait: not closed, and their dose is still to be had."""
    held = Appointment.objects.filter(plan=OuterRef("plan"), dose_number=OuterRef("dose_number"), status__in=HELD)
    given = DoseGiven.objects.filter(plan=OuterRef("plan"), dose_number__gte=OuterRef("dose_number"))
    to_book = Q(appointment=None) & ~Exists(held) & ~Exists(given)
    to_bring_forward = Q(appointment__status=Status.BOOKED, appointment__period__startswith__gt=timezone.now())
    return WaitlistEntry.objects.filter(
        to_book | to_bring_forward,
        closed_at=None,
        plan__status=PlanStatus.ACTIVE,
        plan__patient__is_active=True,
    )


def open_offers() -> QuerySet[WaitlistOffer]:
    """The offers that hold a chair now."""
    return WaitlistOffer.objects.filter(outcome="", held_until__gt=timezone.now())


def add(
    *,
    plan: TreatmentPlan,
    dose_number: int,
    by: User | None,
    appointment: Appointment | None = None,
    wishes: Wishes = Wishes(),
) -> WaitlistEntry:
    """Put a dose on the waitlist, or an `appointment` that should come earlier. Asking again replaces the wishes.

    Raises `Refused` for wishes that cannot be, and for a dose that cannot wait.
    """
    _check_wishes(wishes)
    with transaction.atomic():
        Patient.objects.select_for_update(no_key=True).get(plans=plan)
        if appointment is not None:
            appointment = fresh(appointment)
        _check_dose(plan, dose_number, appointment)
        entry = WaitlistEntry.objects.filter(plan=plan, dose_number=dose_number, closed_at=None).first()
        entry = entry or WaitlistEntry(plan=plan, dose_number=dose_number, added_by=by, added_at=timezone.now())
        entry.appointment = appointment
        entry.weekdays, entry.part = sorted(set(wishes.weekdays)), wishes.part
        entry.first_day, entry.last_day = wishes.first_day, wishes.last_day
        entry.note = " ".join(wishes.note.split())
        entry.save()
        entry.clinics.set(wishes.clinics)
    return entry


def close(*, entry: WaitlistEntry, by: User | None) -> WaitlistEntry:
    """Take a patient off the waitlist; a time offered to them is free at once. Twice changes nothing."""
    with guarded():
        for offer in WaitlistOffer.objects.filter(entry=entry, outcome="").select_related("chair__clinic"):
            lock(days={_day(offer)})
            _settle(offer, OfferOutcome.LET_GO, by=by)
        WaitlistEntry.objects.filter(pk=entry.pk, closed_at=None).update(closed_at=timezone.now(), closed_by=by)
    entry.refresh_from_db()
    return entry


def offer(
    *,
    entry: WaitlistEntry,
    clinic: Clinic,
    start: datetime,
    by: User | None,
    chair: Chair | None = None,
    hold: timedelta = HOLD,
) -> WaitlistOffer:
    """Hold a chair for a patient who waits, from `start` on (aware, on a quarter hour), for the whole stay.

    The hold ends after `hold`, and when the stay would begin. Raises `NotAvailable` for a time that cannot be booked.
    """
    if not QUARTER <= hold <= LONGEST_HOLD:
        raise NotAvailable("A chair is held for 15 minutes at least, and for 48 hours at most.", code="hold")
    with guarded():
        lock(days={(clinic, local_date(start, clinic.zone))}, patient=entry.plan.patient)
        now = timezone.now()
        _write_down(Q(chair__clinic=clinic) | Q(entry=entry), now=now)
        entry = _still_waiting(entry)
        moving = entry.appointment
        if moving is not None and start >= moving.start:
            raise NotAvailable("That is no earlier than the appointment the patient has.", code="later")
        if WaitlistOffer.objects.filter(entry=entry, outcome="").exists():
            raise NotAvailable("This patient has an open offer already. Let that one go first.", code="offered")
        needs = needs_of(plan=entry.plan, dose_number=entry.dose_number, moving=moving)
        _, _, found = find_seat(needs, clinic, start, chair, "", moving=moving, may_reseat=False)
        return WaitlistOffer.objects.create(
            entry=entry,
            chair_id=found.chair,
            period=DateTimeTZRange(start, start + needs.quarters * QUARTER),
            held_until=min(now + hold, start),
            offered_by=by,
            offered_at=now,
        )


def accept(*, offer: WaitlistOffer, by: User | None) -> Appointment:
    """The patient says yes: the dose is booked there, or its appointment moves there.

    Raises `NotAvailable` when the offer has lapsed or was settled, and when the time is gone after all.
    """
    with guarded():
        lock(days=(), patient=_fresh(offer).entry.plan.patient)
        offer = _fresh(offer)
        entry, (clinic, day) = offer.entry, _day(offer)
        moving = fresh(entry.appointment) if entry.appointment else None
        before = day_of(moving) if moving else (clinic, day)
        lock(days={(clinic, day), before})
        if not _settle(offer, OfferOutcome.ACCEPTED, by=by):
            raise _settled(offer)
        if moving is None:
            appointment = place(
                plan=entry.plan,
                dose_number=entry.dose_number,
                clinic=clinic,
                start=offer.start,
                chair=offer.chair,
                by=by,
                note=BOOKED_FROM_HERE,
            )
        else:
            put_elsewhere(appointment=moving, clinic=clinic, start=offer.start, chair=offer.chair, by=by)
            heal_day(clinic=before[0], date=before[1])
            appointment = moving
        WaitlistEntry.objects.filter(pk=entry.pk).update(closed_at=timezone.now(), closed_by=by)
    return fresh(appointment)


def let_go(*, offer: WaitlistOffer, by: User | None) -> None:
    """The patient says no, or nobody waits for the answer any more: the chair is free at once.

    Raises `NotAvailable` when the offer was settled already.
    """
    with guarded():
        offer = _fresh(offer)
        lock(days={_day(offer)})
        if not _settle(offer, OfferOutcome.LET_GO, by=by):
            raise _settled(offer)


def write_down_lapsed() -> int:
    """Put on record which offers have lapsed, so that boards draw their chairs free. Returns how many."""
    count = 0
    over = WaitlistOffer.objects.filter(outcome="", held_until__lte=timezone.now())
    for one in over.select_related("chair__clinic"):
        with guarded():
            lock(days={_day(one)})
            count += _write_down(Q(pk=one.pk), now=timezone.now())
    return count


def _check_wishes(wishes: Wishes) -> None:
    if wishes.part not in {"", *PartOfDay.values}:
        raise Refused("Choose mornings, afternoons or any time.", field="part")
    if wishes.first_day and wishes.last_day and wishes.last_day < wishes.first_day:
        raise Refused("The last day lies before the first. Check both days.", field="last_day")
    if wishes.last_day and wishes.last_day < timezone.localdate():
        raise Refused("This day has passed.", field="last_day")
    if len(wishes.note) > 240:
        raise Refused("This is too long: 240 letters at most.", field="note")


def _check_dose(plan: TreatmentPlan, dose_number: int, appointment: Appointment | None) -> None:
    if appointment is not None:
        if (appointment.plan_id, appointment.dose_number) != (plan.pk, dose_number):
            raise Refused("That appointment is for another dose.")
        if appointment.status != Status.BOOKED:
            raise Refused(f"The patient is {appointment.get_status_display().lower()}; this can't come earlier.")
        return
    try:
        needs_of(plan=plan, dose_number=dose_number)
    except NotAvailable as refusal:
        raise Refused(refusal.reason)


def _still_waiting(entry: WaitlistEntry) -> WaitlistEntry:
    """The entry as it stands now, under the patient's lock."""
    found = (
        waiting()
        .select_related("plan__patient", "plan__therapy", "appointment__clinic", "appointment__patient")
        .filter(pk=entry.pk)
        .first()
    )
    if found is None:
        raise NotAvailable("This patient does not wait any more: the dose is booked, given or closed.", code="closed")
    return found


def _fresh(offer: WaitlistOffer) -> WaitlistOffer:
    return WaitlistOffer.objects.select_related(
        "chair__clinic", "entry__plan__patient", "entry__plan__therapy", "entry__appointment__patient"
    ).get(pk=offer.pk)


def _day(offer: WaitlistOffer) -> tuple[Clinic, date]:
    clinic = offer.chair.clinic
    return clinic, local_date(offer.start, clinic.zone)


def _settle(offer: WaitlistOffer, outcome: OfferOutcome, *, by: User | None) -> bool:
    """Settle an offer that is open and still holds its chair. Whoever comes second is told no."""
    now = timezone.now()
    open_ = WaitlistOffer.objects.filter(pk=offer.pk, outcome="", held_until__gt=now)
    return bool(open_.update(outcome=outcome, settled_by=by, settled_at=now))


def _write_down(which: Q, *, now: datetime) -> int:
    over = WaitlistOffer.objects.filter(which, outcome="", held_until__lte=now)
    return over.update(outcome=OfferOutcome.LAPSED, settled_at=now)


def _settled(offer: WaitlistOffer) -> NotAvailable:
    """Why an offer can't be settled any more."""
    now = _fresh(offer)
    if now.outcome == OfferOutcome.ACCEPTED:
        return NotAvailable("This offer was accepted already. Open the patient to see the appointment.", code="settled")
    if now.outcome == OfferOutcome.LET_GO:
        return NotAvailable("This offer was let go already. Offer the time again if it is still free.", code="settled")
    return NotAvailable("This offer has lapsed, and the chair is free. Offer the time again if it is.", code="lapsed")
