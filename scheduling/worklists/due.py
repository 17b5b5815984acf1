"""Due and not booked: active plans whose next dose is neither given nor booked, the most overdue first."""

from collections.abc import Collection, Iterable
from datetime import date

from django.db import connection
from django.urls import reverse

from clinic.models import Clinic
from patients.models import TreatmentPlan
from scheduling.models import LIVE
from scheduling.queries.dose import next_of, standing_of
from scheduling.wording import day_words
from scheduling.worklists.lists import Button, Reading, Row, Worklist
from scheduling.worklists.missed import to_call
from therapies.series import DueDose

SHORT_AHEAD, LONG_AHEAD = 28, 60
"""How many days before its target a dose is listed, by the length of the interval."""

LONG_INTERVAL = 120
"""Days from which an interval counts as long."""

CANDIDATES = """
    with given as (
        select plan_id, max(dose_number) as last, max(given_on) as day
        from patients_dosegiven group by plan_id
    ), booked as (
        select a.plan_id, max(a.dose_number) as last, max(lower(a.period))::date - 1 as day,
               count(*) filter (where a.dose_number > coalesce(g.last, 0)) as doses
        from scheduling_appointment a left join given g on g.plan_id = a.plan_id
        where a.status = any(%(live)s) group by a.plan_id
    ), course as (
        select p.id, p.therapy_id, p.variant, p.interval_days, p.start_on,
               greatest(coalesce(g.last, 0), coalesce(b.last, 0)) + 1 as next,
               case when coalesce(b.last, 0) > coalesce(g.last, 0) then b.day else g.day end as day,
               coalesce(b.last > coalesce(g.last, 0) + b.doses, false) as has_gap,
               p.doses_ordered
        from patients_treatmentplan p
            join patients_patient pt on pt.id = p.patient_id
            left join given g on g.plan_id = p.id
            left join booked b on b.plan_id = p.id
        where p.status = 'active' and pt.is_active and pt.home_clinic_id = any(%(clinics)s)
    ), in_force as (
        select distinct on (therapy_id) therapy_id, id
        from therapies_therapyversion where effective_from <= %(today)s order by therapy_id, number desc
    )
    select c.id, max(case when f.target_days >= %(long)s then %(long_ahead)s else %(short_ahead)s end)
    from course c
        join in_force v on v.therapy_id = c.therapy_id
        join therapies_dosephase f on f.version_id = v.id and f.variant in ('', c.variant)
            and (c.has_gap or (f.first_dose <= c.next and c.next <= coalesce(f.last_dose, c.next)))
    where (c.doses_ordered is null or c.has_gap or c.next <= c.doses_ordered)
        and (c.has_gap or %(today)s + case when f.target_days >= %(long)s then %(long_ahead)s else %(short_ahead)s end
            >= case when c.next = 1 then c.start_on
                    when c.next = f.first_dose and f.anchor_dose is not null then c.day + greatest(f.min_gap_days, 1)
                    when c.interval_days is not null and f.last_dose is distinct from f.first_dose
                        and not f.is_consecutive then c.day + greatest(c.interval_days, f.min_gap_days, 1)
                    else c.day + greatest(f.target_days, f.min_gap_days, 1) end)
    group by c.id
"""
"""Plans whose next dose may be due, with how many days ahead of its target it is listed.

Never leaves one out, seldom takes one too many: the exact day is `patients.course`'s to say. A dose counts from the one
before, else (it is anchored to an earlier one) comes after the minimum gap at the soonest; a booked day is taken one
day early because its date here is UTC's; a plan with a hole among its booked doses is always looked at.
"""


def due_doses(*, clinics: Collection[Clinic], today: date) -> list[tuple[TreatmentPlan, DueDose]]:
    """The doses to book of patients at home in some clinics, the most overdue first. Five queries.

    A dose is listed 28 days before its target, one of a half-yearly course 60 days before.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CANDIDATES,
            {
                "live": list(LIVE),
                "clinics": [clinic.pk for clinic in clinics],
                "today": today,
                "long": LONG_INTERVAL,
                "long_ahead": LONG_AHEAD,
                "short_ahead": SHORT_AHEAD,
            },
        )
        ahead: dict[int, int] = dict(cursor.fetchall())
    plans = TreatmentPlan.objects.filter(pk__in=ahead).select_related("patient__home_clinic", "therapy")
    found = next_of(plans, today=today)
    listed = [
        (plan, due)
        for plan in plans
        if (due := found[plan.pk]) is not None and (due.target - today).days <= ahead[plan.pk]
    ]
    return sorted(listed, key=lambda one: (one[1].target, one[0].pk))


def read(reading: Reading) -> Iterable[Row]:
    """One row for each dose; those that a missed visit is called for stand in that list."""
    called_for = set(to_call(reading).order_by().values_list("plan", "dose_number"))
    for plan, due in due_doses(clinics=reading.clinics, today=reading.today):
        if (plan.pk, due.dose_number) in called_for:
            continue
        standing = standing_of(due, reading.today)
        yield Row(
            key=f"{plan.pk}-{due.dose_number}",
            patient=plan.patient,
            clinic=plan.patient.home_clinic.name,
            what=f"{plan.therapy} dose {due.dose_number}",
            when=f"due {day_words(due.target, year=due.target.year != reading.today.year)}",
            states=(standing,),
            buttons=(Button("Book", url=f"{reverse('book', args=[plan.pk])}?dose={due.dose_number}"),),
            is_urgent=reading.today > due.green_until,
        )


LIST = Worklist(
    name="due",
    title="Due and not booked",
    icon="calendar",
    nothing="Every dose that is due soon is booked.",
    position=10,
    read=read,
)
