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
from clinic.sql import insert
from patients.models import ContactPoint
from reminders import timing
from reminders.courses import Visits, course_of, other_visits
from reminders.models import TOLD, WAITING, Channel, Message, MessageStatus
from reminders.reach import first_of_kind, points_of
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

ROWS = """
    with own as (select * from reminders_message where appointment_id = %(appointment)s order by id for no key update)
    select * from own
    union all
    select message.* from reminders_message message
        join scheduling_appointment visit on visit.id = message.appointment_id
    where visit.plan_id = %(plan)s and visit.id <> %(appointment)s and message.also_told ? %(key)s
        and message.status = any(%(told)s) and message.sending_at is not null
"""
"""The messages of an appointment, locked, and those of its course that told of it."""


@receiver(appointment_changed, dispatch_uid="plan_messages")
def on_change(sender: type[Appointment], appointment: Appointment, change: str, by: User | None, **_: Any) -> None:
    """Plan anew for an appointment that changed, and for the next of its course, which may speak for itself now."""
    others = other_visits(appointment)
    plan_messages(appointment, others, is_new=change == "booked")
    following = others.get(appointment.dose_number + 1)
    if following and following.is_consecutive and following.status == Status.BOOKED:
        plan_messages(Appointment.objects.select_related("clinic", "dose_phase", "plan").get(pk=following.id))


def plan_messages(appointment: Appointment, others: Visits | None = None, *, is_new: bool = False) -> None:
    """Make the outbox say what the patient should be told about an appointment as it stands now.

    Call it inside the transaction that changed the appointment. Rows that were sent, or may have been, stay as they
    are, and nothing that was told of this time and place is told again. `others` are the plan's other visits, read
    here if they are not known. Of an appointment that `is_new` nothing can be on record.
    """
    now = timezone.now()
    others = other_visits(appointment) if others is None else others
    record = _Record([], [], others) if is_new else _record(appointment, others)
    rows = record.rows
    desired = {(each.code, each.channel): each for each in _desired(appointment, record, now)}
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


@dataclass(frozen=True, slots=True)
class _Record:
    """What is on record: an appointment's rows, all that the patient was told of it, the plan's other visits."""

    rows: list[Message]
    told: list[Told]
    others: Visits


def _desired(appointment: Appointment, record: _Record, now: datetime) -> list[Planned]:
    """All that should be told of an appointment, told already or not."""
    rules = rules_for(clinic_id=appointment.clinic_id, therapy_id=appointment.plan.therapy_id)
    visit = Visit(start=appointment.start, zone=appointment.clinic.zone, told_at=now)
    if appointment.status == Status.CANCELLED:
        by = {each.channel for each in record.told}
        return timing.at_the_end(rules=rules, visit=visit, moment="cancelled", by=by)
    if appointment.status == Status.NO_SHOW:
        return timing.at_the_end(rules=rules, visit=visit, moment="no_show", by=())
    if appointment.status == Status.DONE:
        is_last = course_of(appointment, record.others)[-1] == appointment.pk
        return timing.after_visit(rules=rules, visit=visit) if is_last else []
    if appointment.status == Status.BOOKED:
        return _desired_before(appointment, record, rules, now)
    return []


def _desired_before(appointment: Appointment, record: _Record, rules: list[Rule], now: datetime) -> list[Planned]:
    announce, also_by = _announcement(appointment, record.told)
    first = course_of(appointment, record.others)[0]
    if first != appointment.pk:
        # The first visit's messages name this one too. Only what they said already without it is said by itself.
        rules = [rule for rule in rules if rule.moment in timing.ANSWERS]
        if Message.objects.filter(appointment=first, rule__in=timing.ANSWERS, status__in=WAITING).exists():
            return []
    clinic = appointment.clinic
    day = local_date(appointment.start, clinic.zone)
    visit = Visit(
        start=appointment.start,
        zone=clinic.zone,
        told_at=_told_at(appointment, record, now),
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


def _record(appointment: Appointment, others: Visits) -> _Record:
    """Read the rows of an appointment, locked, with what was told of it by its course. One query."""
    key = str(appointment.pk)
    read = list(
        Message.objects.raw(
            ROWS, {"appointment": appointment.pk, "plan": appointment.plan_id, "key": key, "told": list(TOLD)}
        )
    )
    rows = sorted((row for row in read if row.appointment_id == appointment.pk), key=lambda row: row.pk)
    told = [
        Told(row.rule, row.channel, start, row.clinic_id, row.created_at, row.sending_at or row.created_at)
        for row in read
        if row.status in TOLD and row.channel != Channel.CALL
        for start in [row.visit_start if row.appointment_id == appointment.pk else _start_told(row, key)]
    ]
    return _Record(rows, sorted(told, key=lambda each: each.sent_at), others)


def _start_told(row: Message, key: str) -> datetime:
    """When another visit's message says that this one begins."""
    return datetime.fromisoformat(row.also_told[key])


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


def _told_at(appointment: Appointment, record: _Record, now: datetime) -> datetime:
    """When the patient was first told of this time, or will be: what came before it came too late to be due."""
    told = record.told
    otherwise = max((each.sent_at for each in told if not each.is_of(appointment)), default=None)
    since = [
        row.created_at
        for row in record.rows
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
    new: list[dict[str, Any]] = []
    points = points_of(appointment.patient) if planned else []
    for each in planned:
        facts = _facts(each, points, appointment)
        before = retired.get((each.code, each.channel))
        if before is None:
            new.append({**facts, "created_at": now, "also_told": "{}"})
        elif before.due_at >= now or each.due_at >= now:
            Message.objects.filter(pk=before.pk).update(**facts, try_after=None, error="")
    insert("reminders_message", new)


def _facts(planned: Planned, points: list[ContactPoint], appointment: Appointment) -> dict[str, Any]:
    """A planned message as columns of its row."""
    point = first_of_kind(points, planned.channel)
    return {
        "appointment_id": appointment.pk,
        "appointment_version": appointment.version,
        "rule": planned.code,
        "channel": planned.channel,
        "clinic_id": appointment.clinic_id,
        "visit_start": appointment.start,
        "contact_point_id": point.pk if point else None,
        "language": appointment.patient.language,
        "only_unconfirmed": planned.only_unconfirmed,
        "keeps_place": planned.keeps_place,
        "status": MessageStatus.PENDING,
        "due_at": planned.due_at,
        "cut_off_at": planned.cut_off_at,
    }
