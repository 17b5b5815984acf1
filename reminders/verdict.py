"""What becomes of a message at the moment it is to leave: sent, taken back, put off, withheld, missed or listed.

Called with the appointment held still. Everything is read anew; nothing that was planned is trusted.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clinic.quarters import at_wall_clock, local_date
from patients import consent
from patients.models import ContactPoint
from reminders import channels, limits
from reminders.letters import CannotBeWritten, Letter, write
from reminders.models import WAITING, Channel, Message, MessageStatus
from reminders.reach import usable, why_not
from reminders.timing import ANSWERS
from reminders.voices import Voice, voice_of
from reminders.zones import patients_zone
from scheduling.models import Status

STANDS_WHEN = {"cancelled": Status.CANCELLED, "aftercare": Status.DONE, "no_show": Status.NO_SHOW}
"""What an appointment must be for a message to hold; all others are for booked ones."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write on a row, and the letter when it is to be sent. `fall_back`: tell it by the other channel."""

    values: dict[str, Any] = field(default_factory=dict)
    letter: Letter | None = None
    fall_back: bool = False

    @property
    def status(self) -> str:
        """The row's new status."""
        return str(self.values.get("status", MessageStatus.SENDING))


def judge(message: Message, *, now: datetime) -> Verdict:
    """What becomes of a claimed message now. Call it inside the transaction that holds its appointment."""
    if why := not_needed(message):
        return _end(MessageStatus.RETIRED, why)
    if now >= message.cut_off_at:
        return _end(MessageStatus.MISSED, message.error)
    if message.channel == Channel.CALL:
        return _end(MessageStatus.LISTED, "")
    voice = voice_of(message.appointment.clinic)
    allowed = _when_allowed(message, voice, now)
    if allowed > now:
        return _put_off(message, allowed, "Outside the hours for messages")
    if not channels.is_open(message.channel):
        return _end(MessageStatus.WITHHELD, "No provider is set up for this channel", fall_back=True)
    return _to_somebody(message, voice, now)


def not_needed(message: Message) -> str:
    """Why a message does not hold any more, in a few words. Empty when it does."""
    appointment = message.appointment
    if appointment.status != STANDS_WHEN.get(message.rule, Status.BOOKED):
        return f"The visit is {appointment.get_status_display().lower()}"
    if appointment.start != message.visit_start or appointment.clinic_id != message.clinic_id:
        return "The visit has moved"
    if message.only_unconfirmed and appointment.confirmed_at is not None:
        return "Confirmed"
    return ""


def _to_somebody(message: Message, voice: Voice, now: datetime) -> Verdict:
    points = list(message.appointment.patient.contact_points.all())
    standings = consent.standings(values=[point.value for point in points])
    point = usable(points, message.channel, standings)
    if point is None:
        return _end(MessageStatus.WITHHELD, why_not(points, message.channel, standings), fall_back=True)
    # From here on nobody opts out, and no other text goes to this number, before this row is marked.
    consent.lock(point.value)
    if not consent.standing_of(value=point.value, channel=message.channel).is_usable:
        return _end(MessageStatus.WITHHELD, "Opted out just now", fall_back=True)
    if message.channel == Channel.SMS and (verdict := _over_the_limit(message, point, voice, now)):
        return verdict
    try:
        letter, course = write(message, recipient=point.value)
    except CannotBeWritten as error:
        return _end(MessageStatus.FAILED, str(error), fall_back=True)
    also = {str(each.pk): each.start.isoformat() for each in course if each.pk != message.appointment_id}
    return Verdict(
        {
            "contact_point": point,
            "recipient": letter.recipient,
            "subject": letter.subject[:200],
            "body": letter.body,
            "also_told": also,
        },
        letter,
    )


def _when_allowed(message: Message, voice: Voice, now: datetime) -> datetime:
    """The first moment from now on when the channel may be used, by the patient's clock."""
    hours = voice.hours(message.channel)
    if hours is None or (message.channel == Channel.EMAIL and message.rule in ANSWERS):
        return now
    return hours.next_open(now, patients_zone(message.appointment))


def _over_the_limit(message: Message, point: ContactPoint, voice: Voice, now: datetime) -> Verdict | None:
    """Put off or withhold a text when its number has had enough of them; None when it may go."""
    zone = patients_zone(message.appointment)
    today = local_date(now, zone)
    taken = [
        local_date(moment, zone) for moment in _sent_to(point.value, now) + _promised_to(point.value, message, now)
    ]
    day = limits.next_fit(today, taken, last=local_date(message.cut_off_at, zone))
    if day == today:
        return None
    if day is not None:
        later = at_wall_clock(day, voice.text_hours.opens, zone)
        if later < message.cut_off_at:
            return _put_off(message, later, "The number has had its texts for today or this week")
    return _end(MessageStatus.WITHHELD, "The number has had its texts for today or this week", fall_back=True)


def _sent_to(number: str, now: datetime) -> list[datetime]:
    """When texts left, or may have left, for a number in the last week."""
    found = Message.objects.filter(
        recipient=number, channel=Channel.SMS, sending_at__gt=now - timedelta(days=limits.WEEK + 1)
    ).values_list("sending_at", flat=True)
    return [moment for moment in found if moment is not None]


def _promised_to(number: str, message: Message, now: datetime) -> list[datetime]:
    """When texts that this one must give way to are due for a number in the next week."""
    rows = Message.objects.filter(
        contact_point__value=number,
        channel=Channel.SMS,
        status__in=WAITING,
        keeps_place=True,
        due_at__lt=now + timedelta(days=limits.WEEK),
        cut_off_at__gt=now,
    ).exclude(pk=message.pk)
    return [
        max(row.due_at, now)
        for row in rows
        if not message.keeps_place or (row.visit_start, row.pk) < (message.visit_start, message.pk)
    ]


def _put_off(message: Message, until: datetime, why: str) -> Verdict:
    if until >= message.cut_off_at:
        return _end(MessageStatus.MISSED, why)
    return Verdict(
        {"status": MessageStatus.PENDING, "claim": None, "claimed_at": None, "try_after": until, "error": why}
    )


def _end(status: MessageStatus, why: str, *, fall_back: bool = False) -> Verdict:
    return Verdict({"status": status, "error": why[:300]}, None, fall_back)
