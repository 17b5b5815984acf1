"""Planning messages: the outbox rows of an appointment, written in the transaction that changes it.

`plan_messages` compares what should be told with the rows that stand, retires what is not needed any more and adds
what is missing. Calling it twice changes nothing. It never speaks to a provider or to the broker.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.dispatch import receiver
from django.utils import timezone

from clinic.hours import open_periods
from clinic.models import User
from clinic.quarters import local_date
from reminders import timing
from reminders.courses import speaks_for_the_course, visits_of
from reminders.models import TOLD, WAITING, Channel, Message, MessageStatus
from reminders.reach import first_of_kind
from reminders.rules import rules_for
from reminders.timing import Planned, Rule, Visit
from reminders.voices import Voice, voice_of
from reminders.zones import patients_zone
from scheduling.models import Appointment, Status
from scheduling.signals import appointment_changed

LOOK_BACK = 14
"""Days before a visit among which the last open day is sought."""

_FIRST = ("booked", "moved")
"""Rules that tell a time first."""


@receiver(appointment_changed, dispatch_uid="plan_messages")
def on_change(sender: type[Appointment], appointment: Appointment, change: str, by: User | None, **_: Any) -> None:
    """Plan anew for an appointment that changed, and for the next of its course, which may speak for itself now."""
    plan_messages(appointment)
    following = (
        Appointment.objects.filter(
            plan=appointment.plan_id,
            dose_number=appointment.dose_number + 1,
            dose_phase__is_consecutive=True,
            status=Status.BOOKED,
        )
        .select_related("clinic", "dose_phase", "plan")
        .first()
    )
    if following is not None:
        plan_messages(following)


def plan_messages(appointment: Appointment) -> None:
    """Make the outbox say what the patient should be told about an appointment as it stands now.

    Call it inside the transaction that changed the appointment. Rows that were sent, or may have been, stay as they
    are, and nothing that was told of this time and place is told again.
    """
    now = timezone.now()
    rows = list(Message.objects.filter(appointment=appointment).select_for_update(no_key=True).order_by("id"))
    desired = {(each.code, each.channel): each for each in _desired(appointment, rows, now)}
    standing = {
        (row.rule, row.channel): row
        for row in rows
        if _same_visit(row, appointment) and row.status != MessageStatus.RETIRED
    }
    _retire(
        [
            row
            for row in rows
            if row.status in WAITING and not (_same_visit(row, appointment) and (row.rule, row.channel) in desired)
        ],
        why=_why(appointment),
    )
    _carry_over(standing, desired, appointment)
    _add([planned for key, planned in desired.items() if key not in standing], rows, appointment, now)


def retire(*, messages: Iterable[Message], why: str) -> None:
    """Take back messages that have not left."""
    _retire([message for message in messages if message.status in WAITING], why=why)


@dataclass(frozen=True, slots=True)
class Told:
    """Something the patient was told, or may have been: which time, where, how and when."""

    rule: str
    channel: str
    start: datetime
    clinic_id: int
    planned_at: datetime
    sent_at: datetime

    def is_of(self, appointment: Appointment) -> bool:
        """Whether it says what still holds."""
        return self.start == appointment.start and self.clinic_id == appointment.clinic_id


def _desired(appointment: Appointment, rows: list[Message], now: datetime) -> list[Planned]:
    """All that should be told of an appointment, told already or not."""
    rules = rules_for(clinic_id=appointment.clinic_id, therapy_id=appointment.plan.therapy_id)
    told = _told(appointment, rows)
    visit = Visit(start=appointment.start, zone=appointment.clinic.zone, told_at=now)
    if appointment.status == Status.CANCELLED:
        by = {each.channel for each in told}
        return timing.at_the_end(rules=rules, visit=visit, moment="cancelled", by=by)
    if appointment.status == Status.NO_SHOW:
        return timing.at_the_end(rules=rules, visit=visit, moment="no_show", by=())
    if appointment.status == Status.DONE:
        is_last = visits_of(appointment)[-1].pk == appointment.pk
        return timing.after_visit(rules=rules, visit=visit) if is_last else []
    if appointment.status == Status.BOOKED:
        return _desired_before(appointment, rows, told, rules, now)
    return []


def _desired_before(
    appointment: Appointment, rows: list[Message], told: list[Told], rules: list[Rule], now: datetime
) -> list[Planned]:
    announce, also_by = _announcement(appointment, told)
    course = visits_of(appointment)
    if not speaks_for_the_course(appointment, course):
        # The first visit's messages name this one too. Only what they said already without it is said by itself.
        rules = [rule for rule in rules if rule.moment in timing.ANSWERS]
        if Message.objects.filter(appointment=course[0], rule__in=timing.ANSWERS, status__in=WAITING).exists():
            return []
    clinic = appointment.clinic
    day = local_date(appointment.start, clinic.zone)
    visit = Visit(
        start=appointment.start,
        zone=clinic.zone,
        told_at=_told_at(appointment, rows, told, now),
        confirmed=appointment.confirmed_at is not None,
        interval_days=_interval(appointment),
        open_days=[
            each for _, each in open_periods(clinics=[clinic], first_day=day - timedelta(LOOK_BACK), last_day=day)
        ],
    )
    voice = voice_of(clinic)
    planned = [
        _in_hours(each, voice, patients_zone(appointment))
        for each in timing.before_visit(rules=rules, visit=visit, announce=announce, also_by=also_by)
    ]
    return [each for each in planned if each.due_at < each.cut_off_at]


def _interval(appointment: Appointment) -> int:
    """Days between this dose and the one before, as ordered."""
    ordered = appointment.plan.interval_days
    return ordered if ordered and appointment.dose_number > 1 else appointment.dose_phase.target_days


def _told(appointment: Appointment, rows: list[Message]) -> list[Told]:
    """All that the patient was told of this visit, by its own messages or by those of its course; the last one last."""
    told = [
        Told(row.rule, row.channel, row.visit_start, row.clinic_id, row.created_at, row.sending_at or row.created_at)
        for row in rows
        if row.status in TOLD and row.channel != Channel.CALL
    ]
    key = str(appointment.pk)
    for row in Message.objects.filter(
        appointment__plan=appointment.plan_id, also_told__has_key=key, status__in=TOLD, sending_at__isnull=False
    ):
        start = datetime.fromisoformat(row.also_told[key])
        told.append(Told(row.rule, row.channel, start, row.clinic_id, row.created_at, row.sending_at or row.created_at))
    return sorted(told, key=lambda each: each.sent_at)


def _announcement(appointment: Appointment, told: list[Told]) -> tuple[str, set[str]]:
    """Whether and by what the patient must be told of this time: "booked", "moved" or not at all.

    What was announced stays announced, so that planning again finds it in place.
    """
    if not told:
        return "booked", set()
    if told[-1].is_of(appointment):
        return next(
            (each.rule for each in reversed(told) if each.is_of(appointment) and each.rule in _FIRST), ""
        ), set()
    return "moved", {each.channel for each in told}


def _told_at(appointment: Appointment, rows: list[Message], told: list[Told], now: datetime) -> datetime:
    """When the patient was first told of this time, or will be: what came before it came too late to be due."""
    otherwise = max((each.sent_at for each in told if not each.is_of(appointment)), default=None)
    since = [
        row.created_at
        for row in rows
        if row.rule in _FIRST
        and row.status != MessageStatus.RETIRED
        and _same_visit(row, appointment)
        and (otherwise is None or row.created_at > otherwise)
    ]
    if told and told[-1].is_of(appointment):
        since += [each.planned_at for each in told if each.is_of(appointment)]
    return min(since, default=now)


def _in_hours(planned: Planned, voice: Voice, zone: ZoneInfo) -> Planned:
    """The same message, due when its channel may be used where the patient is, so that what is shown as due is true."""
    hours = voice.hours(planned.channel)
    if hours is None or (planned.channel == Channel.EMAIL and planned.code in timing.ANSWERS):
        return planned
    return planned.not_before(hours.next_open(planned.due_at, zone))


def _same_visit(row: Message, appointment: Appointment) -> bool:
    return row.visit_start == appointment.start and row.clinic_id == appointment.clinic_id


def _why(appointment: Appointment) -> str:
    if appointment.status == Status.BOOKED:
        return "Confirmed" if appointment.confirmed_at else "The visit has moved, or another message speaks for it"
    return f"The visit is {appointment.get_status_display().lower()}"


def _retire(rows: list[Message], *, why: str) -> None:
    if rows:
        Message.objects.filter(pk__in=[row.pk for row in rows], status__in=WAITING).update(
            status=MessageStatus.RETIRED, claim=None, claimed_at=None, error=why
        )


def _carry_over(
    standing: dict[tuple[str, str], Message], desired: dict[tuple[str, str], Planned], appointment: Appointment
) -> None:
    """What waits and still holds belongs to the new version: only the chair has changed."""
    older = [
        row.pk
        for key, row in standing.items()
        if key in desired and row.status in WAITING and row.appointment_version != appointment.version
    ]
    if older:
        Message.objects.filter(pk__in=older).update(appointment_version=appointment.version)


def _add(planned: list[Planned], rows: list[Message], appointment: Appointment, now: datetime) -> None:
    """Write what is missing. A row of this version that was retired is taken up again, if its time has not passed."""
    retired = {
        (row.rule, row.channel): row
        for row in rows
        if row.appointment_version == appointment.version and row.status == MessageStatus.RETIRED
    }
    new: list[Message] = []
    again: list[Message] = []
    points = list(appointment.patient.contact_points.all()) if planned else []
    for each in planned:
        before = retired.get((each.code, each.channel))
        row = before or Message(
            appointment=appointment, appointment_version=appointment.version, rule=each.code, channel=each.channel
        )
        if before and before.due_at < now and each.due_at < now:
            continue
        _fill(row, each, appointment)
        row.contact_point = first_of_kind(points, each.channel)
        (again if before else new).append(row)
    Message.objects.bulk_create(new)
    if again:
        Message.objects.bulk_update(again, _FILLED)


_FILLED = [
    "clinic",
    "visit_start",
    "contact_point",
    "language",
    "only_unconfirmed",
    "keeps_place",
    "status",
    "due_at",
    "cut_off_at",
    "try_after",
    "error",
]


def _fill(row: Message, planned: Planned, appointment: Appointment) -> None:
    row.clinic = appointment.clinic
    row.visit_start = appointment.start
    row.language = appointment.patient.language
    row.only_unconfirmed = planned.only_unconfirmed
    row.keeps_place = planned.keeps_place
    row.status = MessageStatus.PENDING
    row.due_at, row.cut_off_at = planned.due_at, planned.cut_off_at
    row.try_after, row.error = None, ""
