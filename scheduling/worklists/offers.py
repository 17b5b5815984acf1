"""The waitlist, as far as something can be done: offers that wait for an answer, and times that fit who waits."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from clinic.models import Chair, User
from scheduling.matching import Match, seen_at, times_for_waiting
from scheduling.models import WaitlistEntry, WaitlistOffer
from scheduling.queries.dose import Fit, fit_of
from scheduling.queries.openings import value_of
from scheduling.refusals import NotAvailable
from scheduling.waitlist import accept, let_go, offer, open_offers
from scheduling.wording import clock_or_when_words, clock_words, when_words
from scheduling.worklists.lists import Button, Reading, Row, Worklist

READINESS = {"at_risk": Fit("amber", "short", "At risk"), "not_ready": Fit("red", "cancelled", "Not ready")}
ANSWER_SOON = timedelta(minutes=30)


def read(reading: Reading) -> Iterable[Row]:
    """Open offers first, the one that lapses first on top; then one row for each who waits and whom a time fits."""
    offers = open_offers().filter(entry__in=seen_at(reading.clinics).order_by().values("pk"))
    for one in offers.select_related(
        "chair__clinic", "offered_by", "entry__appointment__clinic", "entry__plan__therapy", "entry__plan__patient"
    ):
        yield _offered(one, reading)
    found = times_for_waiting(clinics=reading.clinics)
    chairs = Chair.objects.in_bulk([match.chair_id for match in found])
    for match in found:
        yield _fitting(match, chairs[match.chair_id])


def entry_id_of(row: Row) -> int:
    """The waitlist entry that a row is about."""
    return row.subject.entry_id if isinstance(row.subject, WaitlistOffer) else row.subject[0].entry.pk


def _offered(one: WaitlistOffer, reading: Reading) -> Row:
    clinic = one.chair.clinic
    until = clock_or_when_words(one.held_until, clinic.zone, now=reading.now)
    notes = [
        f"offered {clock_words(one.offered_at, clinic.zone)}{f' by {one.offered_by.label}' if one.offered_by else ''}"
    ]
    return Row(
        key=f"offer-{one.pk}",
        patient=one.entry.plan.patient,
        clinic=clinic.name,
        what=_dose(one.entry),
        when=f"offered {when_words(one.start, clinic.zone)}, {one.chair}",
        url=reverse("waitlist_entry", args=[one.entry_id]),
        states=(Fit("amber", "late", f"Held until {until}"),),
        notes=(*notes, *_wish(one.entry)),
        buttons=(Button("Accepted", do="accept"), Button("Let go", do="let-go")),
        is_urgent=one.held_until - reading.now <= ANSWER_SOON,
        subject=one,
    )


def _fitting(match: Match, chair: Chair) -> Row:
    entry = match.entry
    states = [fit_of(match.due, match.day)]
    if match.readiness in READINESS and match.missing:
        states.append(READINESS[match.readiness])
    return Row(
        key=f"entry-{entry.pk}",
        patient=entry.plan.patient,
        clinic=match.clinic.name,
        what=_dose(entry),
        when=f"{when_words(match.start, match.clinic.zone)}, {chair}",
        url=reverse("waitlist_entry", args=[entry.pk]),
        states=tuple(states),
        notes=(*_wish(entry), *match.why, *match.missing),
        buttons=(Button("Hold and offer", do="offer", value=_value(match)),),
        subject=(match, chair),
    )


def _value(match: Match) -> str:
    """The time that the page showed."""
    return value_of(match.clinic, match.start, match.chair_id)


def _dose(entry: WaitlistEntry) -> str:
    return f"{entry.plan.therapy} dose {entry.dose_number}"


def _wish(entry: WaitlistEntry) -> Iterable[str]:
    if entry.appointment:
        yield f"instead of {when_words(entry.appointment.start, entry.appointment.clinic.zone)}"
    if entry.note:
        yield entry.note


def _accept(row: Row, by: User, form: Mapping[str, str]) -> str:
    appointment = accept(offer=row.subject, by=by)
    return f"Booked: {row.patient}, {when_words(appointment.start, appointment.clinic.zone)}, {appointment.chair}."


def _let_go(row: Row, by: User, form: Mapping[str, str]) -> str:
    let_go(offer=row.subject, by=by)
    return "Let go. The chair is free, and the patient waits on."


def _offer(row: Row, by: User, form: Mapping[str, str]) -> str:
    match, chair = row.subject
    if form.get("value") != _value(match):
        raise NotAvailable("That time is gone. Here is the next that fits.", code="taken")
    made = offer(entry=match.entry, clinic=match.clinic, start=match.start, chair=chair, by=by)
    until = clock_or_when_words(made.held_until, match.clinic.zone, now=timezone.now())
    return f"{chair} is held for {row.patient} until {until}. Call now."


LIST = Worklist(
    name="waitlist",
    title="Waitlist: a time fits",
    icon="chair",
    nothing="No free time fits anybody who waits.",
    position=50,
    read=read,
    do={"accept": _accept, "let-go": _let_go, "offer": _offer},
    sign="""
        select from scheduling_waitlistentry entry
            join patients_treatmentplan plan on plan.id = entry.plan_id
            join patients_patient patient on patient.id = plan.patient_id
        where entry.closed_at is null
            and (patient.home_clinic_id = any(%(clinics)s) or entry.appointment_id is not null)
    """,
)
