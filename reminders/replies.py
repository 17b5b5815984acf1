"""What comes back by text: taken once, understood, acted on, and answered at most once.

A text is put on record before anything else happens, on the list for people. What the program can do it does, and only
then takes the text off that list; so a text that breaks something is read by somebody. The provider may deliver a text
again: the second time nothing happens.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from clinic.models import Clinic, User
from patients import consent
from patients.models import ContactSource, Patient
from reminders.courses import visits_of
from reminders.gsm import plain
from reminders.letters import text_values
from reminders.models import TOLD, Channel, Meaning, Message, Reply, Via
from reminders.understanding import Sense, Understood, understand
from reminders.voices import voice_of
from reminders.wording import fill
from reminders.words import DEFAULT, language
from scheduling import booking
from scheduling.models import Appointment, Status
from scheduling.refusals import NotAvailable
from scheduling.signals import appointment_changed
from scheduling.wording import when_words

MOST_AN_HOUR = 30
"""More texts of one number come from a machine. Beyond them only a refusal of texts is heard."""

ANSWER_AGAIN_AFTER = timedelta(hours=12)
"""Somebody who writes several texts gets one answer that somebody will read or call, not one to each."""


class TooMany(Exception):
    """A number sends more texts than a person does."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a text: in a few words for the front desk, which answer to give, whether people have to act."""

    outcome: str = ""
    answer: str = ""
    for_people: bool = True


def receive(*, provider_id: str, number: str, words: str, answered_already: bool = False) -> Reply:
    """Take a text, act on it, and say in `answer` what to text back, if anything.

    `answered_already`: the provider itself has confirmed an opt-out, a return or a call for help. A text that was
    taken before comes back with an empty answer. Raises `TooMany`.
    """
    understood = understand(words)
    if understood.sense != Sense.STOP and _is_flood(number):
        raise TooMany
    meant = visit_meant(number=number)
    reply, is_new = Reply.objects.get_or_create(
        provider_id=provider_id,
        defaults={
            "via": Via.SMS,
            "number": number,
            "words": words[:1600],
            "meaning": Meaning(understood.sense),
            "received_at": timezone.now(),
            **_whose(number, meant),
        },
    )
    if not is_new:
        reply.answer = ""
        return reply
    may_answer = consent.standing_of(value=number, channel=Channel.SMS).is_allowed
    consent.mark_alive(value=number, channel=Channel.SMS, source=ContactSource.REPLY, words="Texted us")
    done = _act(reply, understood)
    asks_for_answer = understood.sense in {Sense.START, Sense.HELP}
    if done.answer and (may_answer or asks_for_answer) and not answered_already:
        reply.answer = _answer(done.answer, reply)
    reply.outcome, reply.for_people = done.outcome[:200], done.for_people
    reply.save(update_fields=["answer", "outcome", "for_people"])
    return reply


def handle(*, reply: Reply, by: User) -> None:
    """Somebody has read a reply and done what it asked for. Doing it twice keeps who was first."""
    Reply.objects.filter(pk=reply.pk, handled_at=None).update(handled_at=timezone.now(), handled_by=by)


def visit_meant(*, number: str) -> Appointment | None:
    """The visit that a text from a number speaks of: of those it was asked about last, the first that is unconfirmed.

    A number that was asked about none means the next visit of its patient, if it belongs to one patient only.
    """
    told = (
        Message.objects.filter(
            recipient=number,
            channel=Channel.SMS,
            status__in=TOLD,
            appointment__status=Status.BOOKED,
            visit_start__gt=timezone.now(),
        )
        .select_related(
            "appointment__patient__home_clinic",
            "appointment__clinic",
            "appointment__dose_phase",
            "appointment__plan__therapy",
        )
        .order_by("-sending_at")[:20]
    )
    visits = [each.appointment for each in told if each.visit_start == each.appointment.start]
    if visits:
        return next((visit for visit in visits if visit.confirmed_at is None), visits[0])
    coming = list(
        Appointment.objects.filter(
            patient__contact_points__value=number, status=Status.BOOKED, period__startswith__gt=timezone.now()
        )
        .select_related("patient__home_clinic", "clinic", "dose_phase", "plan__therapy")
        .order_by("period")
    )
    if not coming or len({visit.patient_id for visit in coming}) > 1:
        return None
    return next((visit for visit in coming if visit.confirmed_at is None), coming[0])


@receiver(appointment_changed, dispatch_uid="requests_that_were_met")
def on_change(sender: type[Appointment], appointment: Appointment, change: str, by: User | None, **_: Any) -> None:
    """Who wanted another time and got one, or gave the visit up, waits for nobody's call any more."""
    if change in {"moved", "cancelled"}:
        Reply.objects.filter(
            appointment=appointment, meaning=Meaning.ANOTHER_TIME, for_people=True, handled_at=None
        ).update(handled_at=timezone.now(), handled_by=by)


def _is_flood(number: str) -> bool:
    hour = timezone.now() - timedelta(hours=1)
    return Reply.objects.filter(number=number, received_at__gt=hour).count() >= MOST_AN_HOUR


def _whose(number: str, meant: Appointment | None) -> dict[str, Any]:
    """Patient, visit and clinic of a text; the clinic decides who reads it."""
    if meant is not None:
        return {"patient": meant.patient, "appointment": meant, "clinic": meant.clinic}
    patients = list(
        Patient.objects.filter(contact_points__value=number).select_related("home_clinic").distinct().order_by("id")
    )
    return {
        "patient": patients[0] if len(patients) == 1 else None,
        "clinic": patients[0].home_clinic if patients else None,
    }


def _act(reply: Reply, understood: Understood) -> Done:
    if understood.sense == Sense.STOP:
        return _stop(reply, understood)
    if understood.sense == Sense.START:
        return _start(reply)
    if understood.sense == Sense.HELP:
        return Done("Told who we are", "help", for_people=False)
    if understood.sense == Sense.CONFIRM:
        return _confirm(reply)
    if understood.sense == Sense.ANOTHER_TIME:
        answer = "another" if reply.appointment else "call_you"
        return Done("To be called", "" if _was_answered(reply) else answer)
    return Done("", "" if _was_answered(reply) else "read")


def _confirm(reply: Reply) -> Done:
    """A yes holds for all visits of the course that the text spoke of."""
    if reply.appointment is None:
        return Done("A yes, but we do not know to which visit", "call_you")
    try:
        confirm_all(reply.appointment)
    except NotAvailable as refusal:
        return Done(f"A yes, but: {refusal.reason}", "call_you")
    visit = reply.appointment
    return Done(f"Confirmed {when_words(visit.start, visit.clinic.zone)}", "confirmed", for_people=False)


def confirm_all(appointment: Appointment) -> None:
    """Confirm a visit and those that belong to its course. Raises `NotAvailable`."""
    with transaction.atomic():
        for visit in visits_of(appointment):
            if visit.status == Status.BOOKED or visit.pk == appointment.pk:
                booking.confirm(appointment=visit, by=None)


def _stop(reply: Reply, understood: Understood) -> Done:
    """An opt-out holds from now on and is confirmed once. Who may have meant the visit is called."""
    is_new = consent.withdraw(
        value=reply.number,
        channel=Channel.SMS,
        source=ContactSource.REPLY,
        words=reply.words,
        patient=reply.patient,
    )
    outcome = "Texts stopped" if is_new else "Texts were stopped already"
    if understood.for_people:
        outcome += ". Read it: they may mean their visit, or something else too"
    return Done(outcome, "stop" if is_new else "", for_people=understood.for_people)


def _start(reply: Reply) -> Done:
    if consent.standing_of(value=reply.number, channel=Channel.SMS).is_allowed:
        return Done("Texts were on already", "start", for_people=False)
    consent.give(
        value=reply.number, channel=Channel.SMS, source=ContactSource.REPLY, words=reply.words, patient=reply.patient
    )
    return Done("Texts resumed", "start", for_people=False)


def _was_answered(reply: Reply) -> bool:
    """Whether this number was told not long ago that somebody reads its texts."""
    return (
        Reply.objects.filter(
            number=reply.number,
            meaning__in=[Meaning.ANOTHER_TIME, Meaning.OTHER],
            received_at__gt=reply.received_at - ANSWER_AGAIN_AFTER,
        )
        .exclude(answer="")
        .exclude(pk=reply.pk)
        .exists()
    )


def _answer(key: str, reply: Reply) -> str:
    """What to text back, in the patient's language; empty when no clinic could be named."""
    clinic = reply.clinic or Clinic.objects.order_by("pk").first()
    if clinic is None:
        return ""
    voice = voice_of(clinic)
    spoken = language(reply.patient.language if reply.patient else DEFAULT)
    if not voice.phone:
        return ""
    values = {"sender": voice.sender, "place": voice.place, "phone": voice.phone}
    if reply.appointment:
        values = text_values(reply.appointment, visits_of(reply.appointment), voice, spoken)
    return plain(fill(spoken.answers[key], values))
