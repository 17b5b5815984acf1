"""What one dose of a plan needs: how long, in which kinds of chair, and between which days."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.quarters import local_date, quarters_in
from clinic.sql import fetch
from patients import course
from patients.models import DoseGiven, PlanStatus, TreatmentPlan
from scheduling.models import HELD, Appointment
from scheduling.refusals import NotAvailable
from therapies import catalog
from therapies.models import DosePhase
from therapies.series import DueDose, NoPhase, PhaseFacts, due_dose, phase_for

Key = TypeVar("Key", bound=Hashable)

NOTHING: Mapping[int, date] = {}

DOSES = """
    select dose_number, given_on, null::timestamptz, null from patients_dosegiven where plan_id = %(plan)s
    union all
    select a.dose_number, null, lower(a.period), c.timezone
    from scheduling_appointment a join clinic_clinic c on c.id = a.clinic_id
    where a.plan_id = %(plan)s and a.status = any(%(held)s) and a.id is distinct from %(without)s
"""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a dose needs.

    `quarters` is the length of the stay. `earliest` and `latest` are the days between which the minimum gap to the
    doses before and after allows it, None where nothing does; `due` says when it should be. `caution` says why the
    phase is not the ordered one.
    """

    plan: TreatmentPlan
    dose_number: int
    phase: DosePhase
    quarters: int
    kinds: frozenset[str]
    due: DueDose
    earliest: date | None
    latest: date | None
    caution: str = ""

    def refuse_day(self, day: date) -> None:
        """Raise `NotAvailable` for a day that is too close to another dose of the plan (guarantee G10)."""
        if self.earliest and day < self.earliest:
            raise NotAvailable(
                f"Too soon after the dose before: {self.plan.therapy} dose {self.dose_number} may be given "
                f"from {_said(self.earliest)} on.",
                code="minimum_gap",
            )
        if self.latest and day > self.latest:
            raise NotAvailable(
                f"Too close to the next dose, which is booked already: dose {self.dose_number} may be given "
                f"until {_said(self.latest)}. Move the next dose first.",
                code="minimum_gap",
            )


def needs_of(
    *,
    plan: TreatmentPlan,
    dose_number: int,
    moving: Appointment | None = None,
    assuming: Mapping[int, date] = NOTHING,
    ignoring: Collection[int] = (),
) -> Needs:
    """What a dose of a plan needs, from what was given and what is booked. Two queries.

    `plan` comes with its patient and therapy. `moving` is the appointment that holds the dose now, if it is to be
    moved. `assuming` gives days to other doses that are about to be booked or moved; those in `ignoring` have no day
    yet because they are about to be moved. Raises `NotAvailable` when the dose can't be booked at all: the plan is not
    active, the course has no such dose, it or a later one was given, or it is booked already; and when an earlier
    reaction forbids the only phase there is.
    """
    known = _known(plan, without=moving)
    booked = {number: day for number, day in {**known.booked, **assuming}.items() if number not in ignoring}
    return _needs(plan, dose_number, replace(known, booked=booked), is_moving=moving is not None)


def needs_of_next(*, plan: TreatmentPlan) -> Needs | None:
    """`needs_of` the first dose after those given that is not booked; None when the course is over. Two queries."""
    known = _known(plan)
    due = course.next_of(plan=plan, phases=list(known.rows), given=known.given, booked=known.booked)
    return _needs(plan, due.dose_number, known, is_moving=False) if due else None


def needs_of_many(*, doses: Mapping[Key, tuple[TreatmentPlan, int, Appointment | None]]) -> dict[Key, Needs]:
    """`needs_of` for many doses, each a plan, a dose number and the appointment that would be moved. Three queries.

    What cannot be booked at all is left out.
    """
    plans = {plan.pk: plan for plan, _, _ in doses.values()}
    moving = {one.pk for _, _, one in doses.values() if one is not None}
    rows = _rows_in_force({plan.therapy_id for plan in plans.values()})
    given: dict[int, dict[int, date]] = defaultdict(dict)
    for plan_id, number, day in (
        DoseGiven.objects.filter(plan__in=plans).order_by().values_list("plan", "dose_number", "given_on")
    ):
        given[plan_id][number] = day
    booked: dict[int, dict[int, date]] = defaultdict(dict)
    held = Appointment.objects.filter(plan__in=plans, status__in=HELD).exclude(pk__in=moving).order_by()
    for plan_id, number, period, zone in held.values_list("plan", "dose_number", "period", "clinic__timezone"):
        booked[plan_id][number] = local_date(period.lower, ZoneInfo(zone))
    found: dict[Key, Needs] = {}
    for key, (plan, dose_number, appointment) in doses.items():
        known = _Known(given[plan.pk], booked[plan.pk], rows[plan.therapy_id])
        with suppress(NotAvailable):
            found[key] = _needs(plan, dose_number, known, is_moving=appointment is not None)
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on record of a plan: doses given and booked by number, and its therapy's phases in force."""

    given: Mapping[int, date]
    booked: Mapping[int, date]
    rows: Mapping[PhaseFacts, DosePhase]


def _known(plan: TreatmentPlan, *, without: Appointment | None = None) -> _Known:
    given, booked = given_and_booked(plan=plan, without=without)
    return _Known(given, booked, _by_facts(catalog.rows_in_force(therapy=plan.therapy, on=timezone.localdate())))


def _needs(plan: TreatmentPlan, dose_number: int, known: _Known, *, is_moving: bool) -> Needs:
    if plan.status != PlanStatus.ACTIVE and not is_moving:
        raise NotAvailable(f"This plan is {plan.get_status_display().lower()}. Make it active first.", code="plan")
    given, booked, rows = known.given, known.booked, known.rows
    if dose_number in given:
        raise NotAvailable(f"Dose {dose_number} was given already, on {_said(given[dose_number])}.", code="given")
    if (last := max(given, default=0)) > dose_number:
        raise NotAvailable(
            f"Dose {last} was given already, on {_said(given[last])}, so dose {dose_number} can't follow."
            f" Book dose {last + 1}.",
            code="given",
        )
    if dose_number in booked:
        raise NotAvailable(
            f"Dose {dose_number} is booked already, on {_said(booked[dose_number])}. Move that appointment.",
            code="booked",
        )
    try:
        phase, caution = _phase(plan, rows, dose_number)
        due = _due(plan, list(rows), dose_number, {**booked, **given})
    except NoPhase as error:
        raise NotAvailable(f"{plan.therapy}: {error}", code="plan") from error
    patient = plan.patient
    minutes = phase.stay_minutes(infusion_minutes=plan.infusion_minutes, extra_minutes=patient.extra_minutes)
    return Needs(
        plan=plan,
        dose_number=dose_number,
        phase=phase,
        quarters=quarters_in(minutes),
        kinds=_kinds(set(phase.chair_kinds), patient.chair_kind),
        due=due,
        earliest=due.earliest,
        latest=_latest(plan, list(rows), dose_number, booked),
        caution=caution,
    )


def _rows_in_force(therapy_ids: Collection[int]) -> dict[int, Mapping[PhaseFacts, DosePhase]]:
    """The phases of the newest version in force of each therapy. One query."""
    rows = DosePhase.objects.filter(version__therapy__in=therapy_ids, version__effective_from__lte=timezone.localdate())
    by_therapy: dict[int, list[DosePhase]] = defaultdict(list)
    for row in rows.select_related("version").order_by("-version__number", "first_dose", "variant"):
        of_therapy = by_therapy[row.version.therapy_id]
        if not of_therapy or of_therapy[0].version_id == row.version_id:
            of_therapy.append(row)
    return {therapy_id: _by_facts(by_therapy[therapy_id]) for therapy_id in therapy_ids}


def _by_facts(rows: Collection[DosePhase]) -> Mapping[PhaseFacts, DosePhase]:
    return {catalog.facts_of(row): row for row in rows}


def given_and_booked(
    *, plan: TreatmentPlan, without: Appointment | None = None
) -> tuple[dict[int, date], dict[int, date]]:
    """The local dates of a plan's doses by number: those given, and those of live and done appointments. One query."""
    given: dict[int, date] = {}
    booked: dict[int, date] = {}
    for number, given_on, start, zone in fetch(
        DOSES, {"plan": plan.pk, "held": list(HELD), "without": without.pk if without else None}
    ):
        if given_on:
            given[number] = given_on
        else:
            booked[number] = local_date(start, ZoneInfo(zone))
    return given, booked


def _due(plan: TreatmentPlan, phases: list[PhaseFacts], dose_number: int, dates: Mapping[int, date]) -> DueDose:
    return due_dose(
        phases=phases,
        dose_number=dose_number,
        dates=dates,
        start_on=plan.start_on,
        variant=plan.variant,
        interval_days=plan.interval_days,
    )


def _phase(plan: TreatmentPlan, rows: Mapping[PhaseFacts, DosePhase], dose_number: int) -> tuple[DosePhase, str]:
    """The phase a dose is booked with, and why it is not the ordered one: an earlier reaction forbids short stays."""
    ordered = rows[phase_for(rows, dose_number, plan.variant)]
    if not (plan.had_reaction and ordered.needs_prior_tolerance):
        return ordered, ""
    covering = [row for facts, row in rows.items() if facts.covers(dose_number) and not row.needs_prior_tolerance]
    if not covering:
        raise NotAvailable(
            f"A reaction to {plan.therapy} is on record, and dose {dose_number} is only given to patients who had none."
            " Ask the prescriber how to go on.",
            code="reaction",
        )
    careful = min(covering, key=lambda row: (row.variant != "", row.variant))
    return careful, (
        f"A reaction is on record, so this dose is booked as {_course_words(careful)}, not as {_course_words(ordered)}."
    )


def _course_words(phase: DosePhase) -> str:
    return f"“{phase.variant}”" if phase.variant else "the standard course"


def _kinds(allowed: set[str], wanted: str) -> frozenset[str]:
    """The chair kinds that suit therapy and patient; empty for any. What the patient needs wins."""
    return frozenset({wanted}) if wanted else frozenset(allowed)


def _latest(plan: TreatmentPlan, phases: list[PhaseFacts], dose_number: int, booked: Mapping[int, date]) -> date | None:
    """The last day that leaves the minimum gap before the next booked dose."""
    following = min((number for number in booked if number > dose_number), default=None)
    if following is None:
        return None
    # One day never holds two doses, as in `therapies.series`.
    return booked[following] - timedelta(days=max(phase_for(phases, following, plan.variant).min_gap_days, 1))


def _said(day: date) -> str:
    return f"{day:%a %b %-d, %Y}"
