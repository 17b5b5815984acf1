"""Patients whose visit a new plan of the day moved: each is called, and ticked off with who and when."""

from collections.abc import Iterable, Mapping

from clinic.models import User
from scheduling.models import CallToMake, Status
from scheduling.queries.dose import Fit
from scheduling.replanning import record_called
from scheduling.wording import when_words
from scheduling.worklists.lists import Button, Reading, Row, Worklist
from scheduling.worklists.visits import visit_row


def read(reading: Reading) -> Iterable[Row]:
    """Visits to come first come first. One query."""
    waiting = CallToMake.objects.filter(
        old_clinic__in=reading.clinics,
        called_at=None,
        appointment__status=Status.BOOKED,
        appointment__period__endswith__gt=reading.now,
    ).select_related(
        "appointment__plan__therapy", "appointment__patient", "appointment__clinic", "old_clinic", "asked_by"
    )
    for call in sorted(waiting, key=lambda call: (min(call.old_period.lower, call.appointment.start), call.pk)):
        was = when_words(call.old_period.lower, call.old_clinic.zone)
        moved = call.appointment.clinic_id != call.old_clinic_id
        by = f"{call.asked_by.label}, " if call.asked_by else ""
        yield visit_row(
            call.appointment,
            key=str(call.pk),
            states=(Fit("amber", "late", "Was moved"),),
            notes=(
                f"Was {was}{f', {call.old_clinic}' if moved else ''}",
                *((call.why,) if call.why else ()),
                f"{by}{when_words(call.asked_at, call.old_clinic.zone)}",
            ),
            buttons=(Button("Called", do="called"),),
            is_urgent=_is_soon(call, reading),
            subject=call,
        )


def _is_soon(call: CallToMake, reading: Reading) -> bool:
    """Whether the old or the new time is today: the patient may be on the way."""
    zone = call.old_clinic.zone
    days = {moment.astimezone(zone).date() for moment in (call.old_period.lower, call.appointment.start)}
    return reading.today in days


def _called(row: Row, by: User, form: Mapping[str, str]) -> str:
    record_called(call=row.subject, by=by)
    return f"{row.patient} knows of {row.when}."


LIST = Worklist(
    name="calls",
    title="Moved, to call",
    icon="late",
    nothing="Everybody whose visit was moved by a new plan was called.",
    position=8,
    read=read,
    do={"called": _called},
    sign="select from scheduling_calltomake where old_clinic_id = any(%(clinics)s) and called_at is null",
)
