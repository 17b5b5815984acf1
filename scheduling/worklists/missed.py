"""Patients who missed a visit or left untreated: to be called, with a coded outcome of each call."""

from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from clinic.models import User
from patients.errors import Refused
from patients.models import PlanStatus
from scheduling.models import HELD, MISSED, Appointment, CallOutcome, FollowUpCall
from scheduling.queries.dose import Fit
from scheduling.wording import when_words
from scheduling.worklists.gathering import CALLED_FOR, visits
from scheduling.worklists.lists import Button, Question, Reading, Row, Worklist
from scheduling.worklists.visits import visit_row

STILL_OPEN = (CallOutcome.LEFT_MESSAGE, CallOutcome.NO_ANSWER)
"""Outcomes after which the patient is called again."""


def record_call(*, appointment: Appointment, outcome: str, by: User | None, note: str = "") -> FollowUpCall:
    """Keep what came of calling a patient who missed a visit. Raises `Refused` without a coded outcome."""
    if outcome not in CallOutcome.values:
        raise Refused("Choose what came of the call.", field="value")
    if len(note) > 240:
        raise Refused("This is too long: 240 letters at most.", field="note")
    return FollowUpCall.objects.create(
        appointment=appointment, outcome=outcome, note=" ".join(note.split()), by=by, at=timezone.now()
    )


def to_call(reading: Reading) -> QuerySet[Appointment]:
    """Missed visits of the last 14 days whose dose was not booked again since and whose calls have not ended it."""
    same_dose = Appointment.objects.filter(plan=OuterRef("plan"), dose_number=OuterRef("dose_number"))
    again = same_dose.filter(Q(status__in=HELD) | Q(booked_at__gt=OuterRef("booked_at")))
    ended = FollowUpCall.objects.filter(appointment=OuterRef("pk")).exclude(outcome__in=STILL_OPEN)
    missed = Appointment.objects.filter(
        clinic__in=reading.clinics,
        status__in=MISSED,
        period__startswith__gte=reading.now - CALLED_FOR,
        plan__status=PlanStatus.ACTIVE,
    ).order_by("period", "pk")
    return missed.filter(~Exists(again), ~Exists(ended))


def missed_visits(reading: Reading) -> list[Appointment]:
    """Those visits, as rows need them. No query when nobody missed one of late."""
    if not any(visit.status in MISSED for visit in reading.once(visits)):
        return []
    whole = to_call(reading).select_related("plan__therapy", "patient", "clinic", "chair")
    return list(whole.prefetch_related("follow_up_calls__by"))


def read(reading: Reading) -> Iterable[Row]:
    """Who was not called yet comes first, then whoever was called longest ago."""
    order = sorted(
        reading.once(missed_visits),
        key=lambda visit: max((call.at for call in visit.follow_up_calls.all()), default=visit.start),
    )
    for visit in order:
        calls = list(visit.follow_up_calls.all())
        yield visit_row(
            visit,
            states=(Fit("amber", visit.status, visit.get_status_display()),),
            notes=tuple(_notes(visit, calls)),
            buttons=(Button("Book again", url=f"{reverse('book', args=[visit.plan_id])}?dose={visit.dose_number}"),),
            question=Question("Called…", do="called", choices=CallOutcome.choices),
            is_urgent=not calls,
        )


def _notes(visit: Appointment, calls: list[FollowUpCall]) -> Iterable[str]:
    if visit.reason:
        yield visit.get_reason_display()
    if calls:
        last = calls[-1]
        who = f", {last.by.label}" if last.by else ""
        yield (
            f"{len(calls)} call{'s' if len(calls) > 1 else ''}, last {when_words(last.at, visit.clinic.zone)}{who}:"
            f" {last.get_outcome_display().lower()}{f' ({last.note})' if last.note else ''}"
        )


def _called(row: Row, by: User, form: Mapping[str, str]) -> str:
    call = record_call(appointment=row.subject, outcome=form.get("value", ""), by=by, note=form.get("note", ""))
    return f"{row.patient}: {call.get_outcome_display().lower()}."


LIST = Worklist(
    name="missed",
    title="Missed, to call",
    icon="no_show",
    nothing="Everybody who missed a visit in the last two weeks was reached.",
    position=40,
    read=read,
    do={"called": _called},
)
