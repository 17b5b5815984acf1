"""One appointment, as its page and the panel beside the board say it. Three queries for a given appointment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from clinic.models import Clinic, User
from clinic.quarters import local_date
from scheduling.models import IN_CHAIR, LIVE, Appointment, NurseAssignment, Status
from scheduling.queries.who import Who, facts_of
from scheduling.visit import next_statuses
from scheduling.wording import clock_words, day_words, length_words, span_words, when_words

LONGER = (15, 30, 45, 60)
"""By how many minutes a stay is let run on."""

STEPS = {
    Status.BOOKED: "Not here yet",
    Status.ARRIVED: "Arrived",
    Status.SEATED: "Seated",
    Status.INFUSING: "Start infusion",
    Status.OBSERVING: "Start observation",
    Status.DONE: "Done",
}
"""What the button to a status says. Missed and left need a reason, so they have forms of their own."""

ORDER = list(Status)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about the visit that wants a look."""

    icon: str
    word: str
    css: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the stay: its name, its times, and where it lies in the stay, in minutes."""

    css: str
    name: str
    span: str
    length: str
    at: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Care:
    """A nurse and when she cares for this patient."""

    nurse: str
    span: str
    words: str


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of the visit's history."""

    words: str
    when: str
    by: str


@dataclass(frozen=True, slots=True)
class Step:
    """A status that may follow, as a button. A step back corrects a slip."""

    status: str
    label: str
    is_back: bool


@dataclass(frozen=True, slots=True)
class Longer:
    """A later end that can be asked for."""

    minutes: int
    label: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Everything the page says of an appointment."""

    id: int
    plan_id: int
    who: Who
    facts: tuple[str, ...]
    clinic: Clinic
    day: date
    when: str
    clock: str
    length: str
    minutes: int
    chair: str
    therapy: str
    dose_number: int
    dose: str
    status: str
    status_word: str
    flags: tuple[Flag, ...]
    care: tuple[Care, ...]
    uncovered: tuple[str, ...]
    phases: tuple[Phase, ...]
    history: tuple[Happened, ...]
    why: str
    note: str
    override_reason: str
    is_confirmed: bool
    had_reaction: bool
    steps: tuple[Step, ...]
    back: tuple[Step, ...]
    longer: tuple[Longer, ...]

    @property
    def may_react(self) -> bool:
        """Whether the drug has been given, or is, so that a reaction may be put on record."""
        return not self.had_reaction and self.status in (*IN_CHAIR, Status.DONE)

    @property
    def may_be_missed(self) -> bool:
        """Whether the patient may turn out not to come."""
        return self.status == Status.BOOKED

    @property
    def may_leave(self) -> bool:
        """Whether the patient is here and may leave untreated."""
        return self.status in (Status.ARRIVED, *IN_CHAIR)


def visit_of(appointment: Appointment, *, now: datetime | None = None) -> Visit:
    """Everything to say of an appointment that was read with clinic, chair, patient, plan's therapy and dose phase."""
    now = now or timezone.now()
    clinic, zone = appointment.clinic, appointment.clinic.zone
    care = list(NurseAssignment.objects.filter(appointment=appointment).select_related("nurse").order_by("period"))
    day = local_date(appointment.start, zone)
    minutes = int((appointment.end - appointment.start).total_seconds() // 60)
    steps = list(_steps(appointment)) if day <= local_date(now, zone) else []
    return Visit(
        id=appointment.pk,
        plan_id=appointment.plan_id,
        who=Who.of(appointment.patient),
        facts=tuple(facts_of(appointment.patient)),
        clinic=clinic,
        day=day,
        when=day_words(day, year=day.year != local_date(now, zone).year),
        clock=span_words(appointment.start, appointment.end, zone),
        length=length_words(minutes),
        minutes=minutes,
        chair=str(appointment.chair),
        therapy=str(appointment.plan.therapy),
        dose_number=appointment.dose_number,
        dose=appointment.dose_phase.dose,
        status=appointment.status,
        status_word=appointment.get_status_display(),
        flags=tuple(_flags(appointment, now)),
        care=tuple(_care(care, appointment)),
        uncovered=tuple(_uncovered(care, appointment)) if appointment.short_staffed else (),
        phases=tuple(_phases(appointment, minutes)),
        history=tuple(_history(appointment)),
        why=appointment.get_reason_display() if appointment.reason else "",
        note=appointment.note,
        override_reason=appointment.override_reason,
        is_confirmed=appointment.confirmed_at is not None,
        had_reaction=appointment.plan.had_reaction,
        steps=tuple(step for step in steps if not step.is_back),
        back=tuple(step for step in steps if step.is_back),
        longer=tuple(_longer(appointment, now)),
    )


def _steps(appointment: Appointment) -> Iterable[Step]:
    here = ORDER.index(Status(appointment.status))
    for status in next_statuses(appointment):
        if label := STEPS.get(Status(status)):
            is_back = ORDER.index(Status(status)) < here
            yield Step(status, f"Back to {Status(status).label.lower()}" if is_back else label, is_back)


def _flags(appointment: Appointment, now: datetime) -> Iterable[Flag]:
    late = now - appointment.start
    if appointment.short_staffed:
        yield Flag("short", "No nurse for part of the stay", "short")
    if appointment.status == Status.BOOKED and late > timedelta(minutes=appointment.clinic.late_after_minutes):
        yield Flag("late", f"Late by {length_words(int(late.total_seconds() // 60))}", "late")
    if appointment.status in IN_CHAIR and now > appointment.end:
        yield Flag("late", f"Over by {length_words(int((now - appointment.end).total_seconds() // 60) or 1)}", "over")
    if appointment.status == Status.BOOKED and appointment.confirmed_at is None:
        yield Flag("unconfirmed", "Unconfirmed", "quiet")
    if appointment.dose_phase.acuity >= 3 and appointment.status in LIVE:
        yield Flag("watch", "Watch closely", "quiet")
    if appointment.plan.had_reaction:
        yield Flag("watch", "Reaction on record", "quiet")
    if appointment.override_reason:
        yield Flag("info", "Booked past a rule", "quiet")


def _care(assignments: Sequence[NurseAssignment], appointment: Appointment) -> Iterable[Care]:
    """One line per stretch: who starts, who covers while she is off the floor, who takes over for good."""
    zone = appointment.clinic.zone
    for index, one in enumerate(assignments):
        if index == 0:
            words = "starts and cares" if len(assignments) > 1 else "cares throughout"
        elif one.nurse_id in {before.nurse_id for before in assignments[:index]}:
            words = "is back"
        elif any(after.nurse_id == assignments[index - 1].nurse_id for after in assignments[index:]):
            words = "covers the break"
        else:
            words = "takes over"
        yield Care(one.nurse.name, span_words(one.period.lower, one.period.upper, zone), words)


def _uncovered(assignments: Sequence[NurseAssignment], appointment: Appointment) -> Iterable[str]:
    """The stretches of the stay that have no nurse."""
    edges = [appointment.start, *(moment for one in assignments for moment in (one.period.lower, one.period.upper))]
    edges.append(appointment.end)
    for index, (start, end) in enumerate(pairwise(edges)):
        if index % 2 == 0 and start < end:
            yield span_words(start, end, appointment.clinic.zone)


def _phases(appointment: Appointment, whole: int) -> Iterable[Phase]:
    """The phases as far as the stay holds them; what is left at its end is discharge and cleaning."""
    facts, at = appointment.dose_phase, 0
    planned_stay = appointment.planned_period.upper - appointment.planned_period.lower
    longer = whole - int(planned_stay.total_seconds() // 60)
    planned = (
        ("setup", "Set-up", facts.setup_minutes),
        ("premedication", "Premedication", facts.premedication_minutes),
        ("infusion", "Infusion", appointment.plan.infusion_minutes or facts.infusion_minutes),
        ("observation", "Observation", facts.observation_minutes),
        ("extra", "Extra time", appointment.patient.extra_minutes),
        ("longer", "Runs longer", longer),
        ("turnover", "Discharge and cleaning", whole),
    )
    for css, name, minutes in planned:
        minutes = min(minutes, whole - at)
        if minutes > 0:
            start = appointment.start + timedelta(minutes=at)
            span = span_words(start, start + timedelta(minutes=minutes), appointment.clinic.zone)
            yield Phase(css, name, span, length_words(minutes), at, minutes)
            at += minutes


def _history(appointment: Appointment) -> Iterable[Happened]:
    zone = appointment.clinic.zone
    lines = [
        (change.at, change.get_status_display(), _label(change.by))
        for change in appointment.status_changes.select_related("by").order_by("at", "pk")
    ]
    if appointment.confirmed_at:
        lines.append((appointment.confirmed_at, "Confirmed", ""))
    for at, words, by in sorted(lines, key=lambda line: line[0]):
        yield Happened(words, when_words(at, zone), by)


def _longer(appointment: Appointment, now: datetime) -> Iterable[Longer]:
    """Later ends that still lie ahead, from the day itself on: over by half an hour, 15 minutes more help nobody."""
    has_come = local_date(appointment.start, appointment.clinic.zone) <= local_date(now, appointment.clinic.zone)
    if appointment.status in LIVE and has_come:
        for minutes in LONGER:
            end = appointment.end + timedelta(minutes=minutes)
            if end > now:
                yield Longer(minutes, f"+{length_words(minutes)}, until {clock_words(end, appointment.clinic.zone)}")


def _label(user: User | None) -> str:
    return user.label if user else ""
