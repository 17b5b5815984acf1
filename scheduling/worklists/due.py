"""Due and not booked: active plans whose next dose is neither given nor booked, the most overdue first."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from django.db import connection
from django.urls import reverse

from clinic.models import Clinic
from patients.models import TreatmentPlan
from scheduling.models import HELD
from scheduling.queries.dose import next_of, standing_of
from scheduling.wording import day_words
from scheduling.worklists.glimpses import glimpse_of, sleeping_of
from scheduling.worklists.lists import Button, Glimpse, Reading, Row, Worklist
from scheduling.worklists.missed import to_call
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
    ), anchored as (
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


def due_doses(*, clinics: Collection[Clinic], today: date) -> list[tuple[TreatmentPlan, DueDose]]:
    """The doses to book of patients at home in some clinics, the most overdue first. Five queries at most.

    A dose is listed 28 days before its target, one of a half-yearly course 60 days before.
    """
    return _with_plans(_listed(clinics, today))


def _listed(clinics: Collection[Clinic], today: date, *, only: int | None = None) -> list[tuple[int, DueDose]]:
    """The doses that are due, or that of one plan, by plan id. One query; more where an anchor is not on record."""
    with connection.cursor() as cursor:
        cursor.execute(
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
        rows = cursor.fetchall()
    found = [(row[0], _due(*row[1:8])) for row in rows if not row[8]]
    found += _exactly({row[0]: row[9] for row in rows if row[8]}, today)
    return sorted(found, key=lambda one: (one[1].target, one[0]))


def _due(
    dose_number: int,
    target: date,
    green_from: date,
    green_until: date,
    amber_from: date,
    amber_until: date,
    earliest: date | None,
) -> DueDose:
    return DueDose(dose_number, target, green_from, green_until, amber_from, amber_until, earliest, anchor="")


def _exactly(ahead: Mapping[int, int], today: date) -> Iterable[tuple[int, DueDose]]:
    """Of some plans, those whose next dose is listed: so many days ahead of its target, by plan id."""
    if not ahead:
        return
    for plan_id, due in next_of(TreatmentPlan.objects.filter(pk__in=ahead), today=today).items():
        if due is not None and (due.target - today).days <= ahead[plan_id]:
            yield plan_id, due


def _with_plans(listed: Collection[tuple[int, DueDose]]) -> list[tuple[TreatmentPlan, DueDose]]:
    plans = TreatmentPlan.objects.select_related("patient__home_clinic", "therapy").in_bulk(
        [plan_id for plan_id, _ in listed]
    )
    return [(plans[plan_id], due) for plan_id, due in listed]


def _to_book(reading: Reading) -> list[tuple[int, DueDose]]:
    """The doses of the list: those that a missed visit is called for stand in that one."""
    plan_id, _, _ = reading.only.partition("-")
    only = int(plan_id) if plan_id.isdecimal() else None
    called_for = set(to_call(reading).order_by().values_list("plan", "dose_number"))
    listed = _listed(reading.clinics, reading.today, only=only)
    return [(plan_id, due) for plan_id, due in listed if (plan_id, due.dose_number) not in called_for]


def read(reading: Reading) -> Iterable[Row]:
    """One row for each dose."""
    return [_row(plan, due, reading.today) for plan, due in _with_plans(_to_book(reading))]


def glimpse(reading: Reading, most: int) -> Glimpse:
    """The first rows, and how many there are."""
    listed = {f"{plan_id}-{due.dose_number}": (plan_id, due) for plan_id, due in _to_book(reading)}
    return glimpse_of(
        sleeping=sleeping_of("due"),
        keys={key: _presses(due, reading.today) for key, (_, due) in listed.items()},
        make=lambda keys: [_row(plan, due, reading.today) for plan, due in _with_plans([listed[key] for key in keys])],
        most=most,
    )


def _presses(due: DueDose, today: date) -> bool:
    return today > due.green_until


def _row(plan: TreatmentPlan, due: DueDose, today: date) -> Row:
    return Row(
        key=f"{plan.pk}-{due.dose_number}",
        patient=plan.patient,
        clinic=plan.patient.home_clinic.name,
        what=f"{plan.therapy} dose {due.dose_number}",
        when=f"due {day_words(due.target, year=due.target.year != today.year)}",
        states=(standing_of(due, today),),
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
