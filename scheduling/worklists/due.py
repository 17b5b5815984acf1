"""Due and not booked: active plans whose next dose is neither given nor booked, the most overdue first."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from django.urls import reverse

from clinic.models import Clinic
from clinic.sql import fetch
from patients.models import TreatmentPlan
from scheduling.models import HELD
from scheduling.queries.dose import next_of, standing_of
from scheduling.wording import day_words
from scheduling.worklists.glimpses import glimpse_of
from scheduling.worklists.lists import Button, Glimpse, Reading, Row, Worklist
from scheduling.worklists.missed import missed_visits
from therapies.series import DueDose

SHORT_AHEAD, LONG_AHEAD = 28, 60
"""How many days before its target a dose is listed, by the length of the interval."""

LONG_INTERVAL = 120
"""Days from which an interval counts as long."""

LISTED = """
    with in_force as (
        select distinct on (therapy_id) therapy_id, id
        from therapies_therapyversion where effective_from <= %(today)s order by therapy_id, number desc
    ), phase as materialized (
        select v.therapy_id, f.variant, first_dose, last_dose, anchor_dose, target_days,
               not is_consecutive and last_dose is distinct from first_dose as repeats,
               greatest(min_gap_days, 1) as gap, green_before, green_after, amber_before, amber_after
        from in_force v join therapies_dosephase f on f.version_id = v.id
    ), course as materialized (
        select plan.* from patients_patient pt cross join lateral (
            select p.id, p.therapy_id, p.variant, p.interval_days, p.start_on, coalesce(n.dose_number, 1) as next,
                   n.day, n.latest
            from patients_treatmentplan p left join scheduling_nextdose n on n.plan_id = p.id
            where p.patient_id = pt.id and p.status = 'active' and (%(only)s::bigint is null or p.id = %(only)s)
                and (p.doses_ordered is null or coalesce(n.dose_number, 1) <= p.doses_ordered)
                and (n.latest is null or n.latest < %(today)s + %(long_ahead)s)
            offset 0) plan
        where pt.home_clinic_id = any(%(clinics)s) and pt.is_active
    ), phased as (
        select distinct on (id) id, interval_days, start_on, next, day, latest, phase.*,
               anchor_dose is not null and next = first_dose and next > 1 as is_anchored
        from course join phase on phase.therapy_id = course.therapy_id
            and phase.variant in ('', course.variant) and first_dose <= next and next <= coalesce(last_dose, next)
        order by id, phase.variant = course.variant desc, first_dose
    ), anchored as materialized (
        select phased.*, case when is_anchored then coalesce(
            (select given_on from patients_dosegiven where plan_id = phased.id and dose_number = anchor_dose),
            (select (lower(a.period) at time zone c.timezone)::date
             from scheduling_appointment a join clinic_clinic c on c.id = a.clinic_id
             where a.plan_id = phased.id and a.dose_number = anchor_dose and a.status = any(%(held)s))) end as anchor
        from phased
    ), aimed as (
        select anchored.*, is_anchored and anchor is null as is_rough,
               case when next = 1 then start_on
                    when is_anchored then greatest(anchor + target_days, latest + gap)
                    when interval_days is not null and repeats then greatest(day + interval_days, latest + gap)
                    else greatest(day + target_days, latest + gap) end as target
        from anchored
    )
    select id, next, target, green_from, target + green_after, amber_from, target + amber_after, latest + gap,
           is_rough, ahead
    from aimed, lateral (
        select greatest(target - green_before, latest + gap) as green_from,
               greatest(target - amber_before, latest + gap) as amber_from,
               case when target_days >= %(long)s then %(long_ahead)s else %(short_ahead)s end as ahead) window_
    where target <= %(today)s + ahead
"""
"""The next doses that are due, as `patients.course` works them out: plan, the facts of a `DueDose`, and two marks.

A dose whose anchor is not on record `is_rough`: it is due on its target or later, and the exact day is
`patients.course`'s to say.
"""


class Listed(NamedTuple):
    """A dose of a plan that is due: the facts of a `DueDose` but its anchor."""

    plan_id: int
    dose_number: int
    target: date
    green_from: date
    green_until: date
    amber_from: date
    amber_until: date
    earliest: date | None

    @property
    def key(self) -> str:
        """Which row of the list it is."""
        return f"{self.plan_id}-{self.dose_number}"

    @property
    def due(self) -> DueDose:
        """When it is due."""
        return DueDose(*self[1:], anchor="")


def due_doses(*, clinics: Collection[Clinic], today: date) -> list[tuple[TreatmentPlan, DueDose]]:
    """The doses to book of patients at home in some clinics, the most overdue first. Five queries at most.

    A dose is listed 28 days before its target, one of a half-yearly course 60 days before.
    """
    return [(plan, listed.due) for plan, listed in _with_plans(_listed(clinics, today))]


def _listed(clinics: Collection[Clinic], today: date, *, only: int | None = None) -> list[Listed]:
    """The doses that are due, or that of one plan. One query; more where an anchor is not on record."""
    rows = fetch(
        LISTED,
        {
            "clinics": [clinic.pk for clinic in clinics],
            "only": only,
            "held": list(HELD),
            "today": today,
            "long": LONG_INTERVAL,
            "long_ahead": LONG_AHEAD,
            "short_ahead": SHORT_AHEAD,
        },
    )
    found = [Listed(*facts) for *facts, is_rough, _ in rows if not is_rough]
    rough = {plan_id: ahead for plan_id, *_, is_rough, ahead in rows if is_rough}
    return sorted([*found, *_exactly(rough, today)], key=attrgetter("target", "plan_id"))


def _exactly(ahead: Mapping[int, int], today: date) -> Iterable[Listed]:
    """Of some plans, those whose next dose is listed: so many days ahead of its target, by plan id."""
    if not ahead:
        return
    for plan_id, due in next_of(TreatmentPlan.objects.filter(pk__in=ahead), today=today).items():
        if due is not None and (due.target - today).days <= ahead[plan_id]:
            *facts, _ = astuple(due)
            yield Listed(plan_id, *facts)


def _with_plans(listed: Collection[Listed]) -> list[tuple[TreatmentPlan, Listed]]:
    plans = TreatmentPlan.objects.select_related("patient__home_clinic", "therapy").in_bulk(
        [one.plan_id for one in listed]
    )
    return [(plans[one.plan_id], one) for one in listed]


def _to_book(reading: Reading) -> list[Listed]:
    """The doses of the list: those that a missed visit is called for stand in that one."""
    plan_id, _, _ = reading.only.partition("-")
    only = int(plan_id) if plan_id.isdecimal() else None
    called_for = {(visit.plan_id, visit.dose_number) for visit in reading.once(missed_visits)}
    listed = _listed(reading.clinics, reading.today, only=only)
    return [one for one in listed if (one.plan_id, one.dose_number) not in called_for]


def read(reading: Reading) -> Iterable[Row]:
    """One row for each dose."""
    return _rows(_to_book(reading), reading)


def glimpse(reading: Reading, most: int) -> Glimpse:
    """The first rows, and how many there are."""
    listed = {one.key: one for one in _to_book(reading)}
    return glimpse_of(
        reading,
        worklist="due",
        keys={key: _presses(one, reading.today) for key, one in listed.items()},
        make=lambda keys: _rows([listed[key] for key in keys], reading),
        most=most,
    )


def _rows(listed: Collection[Listed], reading: Reading) -> list[Row]:
    return [_row(plan, one, reading.today) for plan, one in _with_plans(listed)]


def _presses(due: Listed, today: date) -> bool:
    return today > due.green_until


def _row(plan: TreatmentPlan, due: Listed, today: date) -> Row:
    return Row(
        key=due.key,
        patient=plan.patient,
        clinic=plan.patient.home_clinic.name,
        what=f"{plan.therapy} dose {due.dose_number}",
        when=f"due {day_words(due.target, year=due.target.year != today.year)}",
        states=(standing_of(due.due, today),),
        buttons=(Button("Book", url=f"{reverse('book', args=[plan.pk])}?dose={due.dose_number}"),),
        is_urgent=_presses(due, today),
    )


LIST = Worklist(
    name="due",
    title="Due and not booked",
    icon="calendar",
    nothing="Every dose that is due soon is booked.",
    position=10,
    read=read,
    glimpse=glimpse,
)
