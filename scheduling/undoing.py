"""Taking back what was just done at the desk: a booking, a move, another chair, a cancellation.

What it takes to go back is signed and handed to the page, so nothing waits in the database for a second thought that
mostly never comes. It holds for a minute: messages that answer a change settle for longer than that before they leave,
so whoever undoes in time has told nobody. The rules that undo are those that do: same locks, same checks, and what was
taken by somebody else meanwhile stays theirs.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing

from clinic.models import Chair, Clinic, User
from clinic.quarters import local_date
from scheduling.booking import cancel
from scheduling.chairs import change_chair
from scheduling.locks import guarded
from scheduling.models import Appointment, Reason, Status
from scheduling.placing import put_elsewhere, take_up_again
from scheduling.record import day_of, fresh, hold
from scheduling.redealing import heal_day
from scheduling.refusals import NotAvailable
from scheduling.signals import appointment_changed

WITHIN = timedelta(seconds=60)
"""How long a change can be taken back. Pages offer it for ten seconds; slow hands and networks get the rest."""

BOOKED_BY_MISTAKE = "Booked by mistake and taken back at once"

_SALT = "scheduling.undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An appointment as it stood, and what tells whether anybody has touched it since."""

    appointment: int
    done: str
    """What was done: booked, moved, chair or cancelled."""
    by: int
    clinic: int
    chair: int
    start: float
    status: str
    note: str
    confirmed_at: float | None
    now_version: int
    now_chair: int
    now_status: str


def remember(*, done: str, before: Appointment, after: Appointment, by: User) -> str:
    """What a page needs to undo a change: signed, for this person, worth a minute. For a booking both are the same."""
    return signing.dumps(
        asdict(
            Before(
                appointment=after.pk,
                done=done,
                by=by.pk,
                clinic=before.clinic_id,
                chair=before.chair_id,
                start=before.start.timestamp(),
                status=before.status,
                note=before.note,
                confirmed_at=before.confirmed_at.timestamp() if before.confirmed_at else None,
                now_version=after.version,
                now_chair=after.chair_id,
                now_status=after.status,
            )
        ),
        salt=_SALT,
        compress=True,
    )


def read(*, token: str, by: User) -> Before:
    """What a page sent back. Raises `NotAvailable` when it is too late, or not this person's to undo."""
    try:
        held: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=WITHIN)
    except signing.SignatureExpired as error:
        raise NotAvailable("It is too late to undo this. Change the appointment itself.", code="late") from error
    except signing.BadSignature as error:
        raise NotAvailable("There is nothing to undo here.", code="undo") from error
    before = Before(**held)
    if before.by != by.pk:
        raise NotAvailable("Only the person who did this can undo it.", code="undo")
    return before


def undo(*, before: Before, by: User) -> Appointment:
    """Take a change back. Raises `NotAvailable` when somebody has changed the appointment since, or its place is gone.

    Messages follow in the same transaction: what the change planned is retired, what stood before stands again.
    """
    with guarded():
        known = Appointment.objects.select_related("patient").get(pk=before.appointment)
        place = Clinic.objects.get(pk=before.clinic), Chair.objects.get(pk=before.chair)
        start = datetime.fromtimestamp(before.start, place[0].zone)
        appointment = hold(known, and_days={(place[0], local_date(start, place[0].zone))})
        _refuse_changed(appointment, before)
        if before.done == "booked":
            cancel(appointment=appointment, reason=Reason.OTHER, note=BOOKED_BY_MISTAKE, by=by)
        elif before.done == "chair":
            change_chair(appointment=appointment, chair=place[1], by=by)
        elif before.done == "cancelled":
            take_up_again(appointment=appointment, status=Status(before.status), note=before.note, by=by)
        else:
            _move_back(appointment, before, *place, start, by)
    return fresh(known)


def _move_back(
    appointment: Appointment, before: Before, clinic: Clinic, chair: Chair, start: datetime, by: User
) -> None:
    left = day_of(appointment)
    appointment.note = before.note
    put_elsewhere(
        appointment=appointment,
        clinic=clinic,
        start=start,
        chair=chair,
        by=by,
        override_reason=appointment.override_reason,
        may_have_begun=True,
    )
    heal_day(clinic=left[0], date=left[1])
    if before.confirmed_at is not None:
        appointment.confirmed_at = datetime.fromtimestamp(before.confirmed_at, clinic.zone)
        appointment.save(update_fields=["confirmed_at"])
        appointment_changed.send(Appointment, appointment=appointment, change="confirmed", by=by)


def _refuse_changed(appointment: Appointment, before: Before) -> None:
    now = (appointment.version, appointment.chair_id, appointment.status)
    if now != (before.now_version, before.now_chair, before.now_status):
        raise NotAvailable("This appointment has changed again since. Look at it as it stands now.", code="changed")
