"""What patients do on their page: prove who they are, confirm, ask for or choose another time, stop messages.

The link alone shows nothing. Scanners and forwarded mails hold it too, so the date of birth stands between, with few
tries; and nothing here is called for a GET.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clinic.quarters import local_date
from patients import consent
from patients.models import ContactSource, Patient
from reminders.courses import visits_of
from reminders.models import Channel, Meaning, PatientLink, Reply, Via
from reminders.reach import KIND
from reminders.replies import confirm_all
from scheduling import booking
from scheduling.models import Appointment, Status
from scheduling.needs import Needs, needs_of
from scheduling.open_days import days_at_each
from scheduling.openings import Opening
from scheduling.refusals import NotAvailable
from scheduling.wording import when_words

MOST_TRIES = 5
"""Wrong dates of birth in a row, then the page is locked until the patient has called."""

NOTICE = timedelta(hours=24)
"""Later than so long before the visit, and for a visit earlier than that, people decide together on the phone."""

DAYS_SHOWN, TIMES_A_DAY = 6, 4
WHOLE_DAY = 12
"""Openings an hour apart or more that cover every clinic day."""


class Locked(Exception):
    """Too many wrong dates of birth."""


class CannotChoose(Exception):
    """The patient cannot change this visit on the page. `why` is a key of the page's words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Range:
    """What a patient may choose from: days that suit the treatment, from `earliest` on."""

    needs: Needs
    earliest: datetime
    first_day: date
    last_day: date


def prove(*, link: PatientLink, birth_date: date) -> bool:
    """Whether the date of birth is the patient's. Counts the wrong tries; raises `Locked` when there were too many."""
    with transaction.atomic():
        held = PatientLink.objects.select_for_update().get(pk=link.pk)
        if held.wrong_tries >= MOST_TRIES:
            raise Locked
        if birth_date == link.appointment.patient.birth_date:
            PatientLink.objects.filter(pk=link.pk).update(wrong_tries=0)
            return True
        PatientLink.objects.filter(pk=link.pk).update(wrong_tries=F("wrong_tries") + 1)
        link.wrong_tries = held.wrong_tries + 1
    if link.wrong_tries >= MOST_TRIES:
        raise Locked
    return False


def unlock(*, appointment: Appointment) -> None:
    """Let the patient try again, after somebody has made sure on the phone who they are."""
    PatientLink.objects.filter(appointment=appointment, revoked_at=None).update(wrong_tries=0)


def confirm(*, appointment: Appointment) -> None:
    """The patient will come, to every day of the course. Raises `NotAvailable`."""
    was_confirmed = appointment.confirmed_at is not None
    with transaction.atomic():
        confirm_all(appointment)
        if not was_confirmed:
            _note(appointment, Meaning.CONFIRM, outcome=f"Confirmed {_when(appointment)}")


def ask_for_another_time(*, appointment: Appointment, words: str) -> None:
    """Put the patient on the list of those to be called. Asking again adds only what is new."""
    if words or not is_waiting(appointment=appointment):
        _note(appointment, Meaning.ANOTHER_TIME, words=words, outcome="To be called", for_people=True)


def is_waiting(*, appointment: Appointment) -> bool:
    """Whether a request for another time is still on the list."""
    return Reply.objects.filter(
        appointment=appointment, meaning=Meaning.ANOTHER_TIME, for_people=True, handled_at=None
    ).exists()


def range_for(*, appointment: Appointment, now: datetime) -> Range:
    """The days among which a patient may choose another time. Raises `CannotChoose`."""
    if appointment.status != Status.BOOKED:
        raise CannotChoose("cannot")
    if appointment.start - now < NOTICE:
        raise CannotChoose("soon")
    if len(visits_of(appointment)) > 1:
        raise CannotChoose("together")
    try:
        needs = needs_of(plan=appointment.plan, dose_number=appointment.dose_number, moving=appointment)
    except NotAvailable:
        raise CannotChoose("cannot")
    zone = appointment.clinic.zone
    last_day = max(needs.due.amber_until, local_date(appointment.start, zone))
    first_day = max(needs.due.amber_from, local_date(now + NOTICE, zone))
    return Range(needs, now + NOTICE, min(first_day, last_day), last_day)


def times(*, appointment: Appointment, within: Range) -> list[list[Opening]]:
    """Live openings at the visit's clinic on the days that suit best, by day: a few on each, from early to late."""
    found = days_at_each(
        needs=within.needs,
        clinics=[appointment.clinic],
        first_day=within.first_day,
        last_day=within.last_day,
        days=DAYS_SHOWN,
        per_day=WHOLE_DAY,
        moving=appointment,
    )[appointment.clinic_id]
    return [_spread(each.openings, within.earliest) for each in sorted(found, key=lambda each: each.day)]


def _spread(openings: Sequence[Opening], earliest: datetime) -> list[Opening]:
    """The first, the last and some between: who cannot come in the morning wants to see the afternoon."""
    ordered = sorted((each for each in openings if each.start >= earliest), key=lambda each: each.start)
    if len(ordered) <= TIMES_A_DAY:
        return ordered
    step = (len(ordered) - 1) / (TIMES_A_DAY - 1)
    return [ordered[round(step * each)] for each in range(TIMES_A_DAY)]


def choose(*, appointment: Appointment, start: datetime, now: datetime) -> Appointment:
    """Move the visit to a time that the patient chose, which confirms it. Raises `CannotChoose` or `NotAvailable`."""
    within = range_for(appointment=appointment, now=now)
    day = local_date(start, appointment.clinic.zone)
    if start < within.earliest or not within.first_day <= day <= within.last_day:
        raise CannotChoose("not_chosen")
    before = _when(appointment)
    with transaction.atomic():
        moved = booking.move(appointment=appointment, clinic=appointment.clinic, start=start, by=None)
        confirm_all(moved)
        _note(moved, Meaning.MOVED, outcome=f"From {before} to {_when(moved)}")
    return moved


def stop(*, patient: Patient, channel: str) -> None:
    """No more messages of a channel to any of the patient's numbers or addresses, from now on."""
    for value in _values(patient, channel):
        consent.withdraw(value=value, channel=channel, source=ContactSource.PAGE, patient=patient)


def resume(*, patient: Patient, channel: str) -> None:
    """Messages of a channel again."""
    for value in _values(patient, channel):
        if not consent.standing_of(value=value, channel=channel).is_allowed:
            consent.give(value=value, channel=channel, source=ContactSource.PAGE, patient=patient)


def _values(patient: Patient, channel: str) -> list[str]:
    return list(patient.contact_points.filter(kind=KIND[Channel(channel)]).values_list("value", flat=True))


def _when(appointment: Appointment) -> str:
    return when_words(appointment.start, appointment.clinic.zone)


def _note(
    appointment: Appointment,
    meaning: Meaning,
    *,
    words: str = "",
    outcome: str,
    for_people: bool = False,
) -> None:
    Reply.objects.create(
        via=Via.PAGE,
        words=words,
        meaning=meaning,
        patient=appointment.patient,
        appointment=appointment,
        clinic=appointment.clinic,
        outcome=outcome,
        received_at=timezone.now(),
        for_people=for_people,
    )
