"""G1 to G10 and G12, asked of the whole database in plain SQL: see `clinic.guarantees` for when, DESIGN for what."""

from clinic.guarantees import Guarantee, overlapping
from scheduling.models import HELD

_HELD = f"status in {tuple(status.value for status in HELD)}"

_APPOINTMENT, _CARE = "scheduling_appointment", "scheduling_nurseassignment"

FOUR_AT_ONCE = f"""
    with moments as (
        select id, nurse_id, lower(period) as at, 1 as step from {_CARE}
        union all
        select id, nurse_id, upper(period), -1 from {_CARE}
    ), present as (
        select id, step,
               sum(step) over (partition by nurse_id order by at, step, id rows unbounded preceding) as patients
        from moments
    )
    select id from present where patients > 3 and step = 1"""
"""Who was the fourth: counted moment by moment, whatever the places say."""

_MORE_THAN_THREE = f"""
    {FOUR_AT_ONCE}
    union
    select id from {_CARE} where place not between 1 and 3
    union
    {overlapping(_CARE, same="nurse_id, place")}"""

_OFF_THE_FLOOR = f"""
    with floor as (
        select nurse_id, clinic_id, unnest(range_agg(period)) as period from clinic_floorperiod group by 1, 2
    ), both_ as (
        select null::bigint as id, nurse_id, clinic_id, period from floor
        union all
        select id, nurse_id, clinic_id, period from {_CARE}
    ), measured as (
        select id, upper(period) as ends, max(upper(period)) filter (where id is null) over (
            partition by nurse_id, clinic_id order by lower(period), id nulls first rows unbounded preceding
        ) as floor_ends
        from both_
    )
    select id from measured where id is not null and ends <= floor_ends is not true"""
"""Floor time that touches is one stretch; a care is compared with the last stretch that began before it."""

_WITHOUT_A_NURSE = f"""
    select stay.id from {_APPOINTMENT} stay left join {_CARE} care on care.appointment_id = stay.id
    group by stay.id having case when stay.{_HELD} then
        coalesce(sum(upper(care.period) - lower(care.period)), '0')
            <> (select coalesce(sum(upper(piece) - lower(piece)), '0') from unnest(range_agg(care.period)) as piece)
        or not coalesce(range_agg(care.period), '{{}}') <@ stay.period::tstzmultirange
        or not (stay.short_staffed or coalesce(range_agg(care.period), '{{}}') = stay.period::tstzmultirange)
        or not coalesce(bool_and(care.is_start = (lower(care.period) = lower(stay.period))), true)
    else count(care.id) > 0 or stay.short_staffed end"""

_DISAGREEING = f"""
    select stay.id from {_APPOINTMENT} stay
        left join clinic_chair chair on chair.id = stay.chair_id
        left join patients_treatmentplan plan on plan.id = stay.plan_id
    where chair.clinic_id is distinct from stay.clinic_id or plan.patient_id is distinct from stay.patient_id
    union
    select care.appointment_id from {_CARE} care left join {_APPOINTMENT} stay on stay.id = care.appointment_id
    where stay.clinic_id is distinct from care.clinic_id"""

_TOO_SOON = f"""
    select id from (
        select id, day, least, lag(day) over (partition by plan_id order by dose_number) as day_before
        from (
            select stay.id, plan_id, dose_number, min_gap_days as least,
                   (lower(period) at time zone timezone)::date as day
            from {_APPOINTMENT} stay
                join clinic_clinic clinic on clinic.id = stay.clinic_id
                join therapies_dosephase phase on phase.id = stay.dose_phase_id
            where stay.{_HELD}
        ) as dose
    ) as following where day - day_before < greatest(least, 1)"""

_NOT_NEXT = f"""
    with booked as (
        select plan_id, dose_number, (lower(period) at time zone timezone)::date as booked_for
        from {_APPOINTMENT} join clinic_clinic clinic on clinic.id = clinic_id where {_HELD}
    ), dose as (
        select plan_id, dose_number, coalesce(given_on, booked_for) as day, given_on is not null as is_given
        from patients_dosegiven full join booked using (plan_id, dose_number)
    ), given as (
        select plan_id, coalesce(max(dose_number) filter (where is_given), 0) as last from dose group by plan_id
    ), next as (
        select plan_id, min(number) as dose_number
        from (
            select plan_id, last + 1 from given union select plan_id, dose_number + 1 from dose
        ) as one (plan_id, number) join given using (plan_id)
        where number > last and not exists (
            select from dose where dose.plan_id = one.plan_id and dose.dose_number = number)
        group by plan_id
    ), follows as (
        select plan_id, next.dose_number, max(day) as latest,
               max(day) filter (where dose.dose_number = next.dose_number - 1) as day
        from next join dose using (plan_id) where dose.dose_number < next.dose_number group by 1, 2
    )
    select plan_id from follows right_ full join scheduling_nextdose kept using (plan_id)
    where (kept.dose_number, kept.day, kept.latest) is distinct from (right_.dose_number, right_.day, right_.latest)"""

GUARANTEES = (
    Guarantee(
        code="G1",
        says="a chair holds one patient at a time",
        of="appointment",
        breaches=overlapping(_APPOINTMENT, same="chair_id", where=_HELD),
    ),
    Guarantee(
        code="G2",
        says="a patient is in one chair at a time",
        of="appointment",
        breaches=overlapping(_APPOINTMENT, same="patient_id", where=_HELD),
    ),
    Guarantee(
        code="G3", says="a nurse never has more than 3 patients", of="nurse assignment", breaches=_MORE_THAN_THREE
    ),
    Guarantee(code="G4", says="a nurse cares only while on the floor", of="nurse assignment", breaches=_OFF_THE_FLOOR),
    Guarantee(
        code="G5", says="every minute of an appointment has a nurse", of="appointment", breaches=_WITHOUT_A_NURSE
    ),
    Guarantee(
        code="G6",
        says="a nurse starts one patient per quarter hour",
        of="nurse assignment",
        breaches=f"""
            select max(id) from {_CARE} where is_start group by nurse_id, lower(period) having count(*) > 1""",
    ),
    Guarantee(
        code="G8",
        says="chair, clinic, plan and patient of an appointment agree",
        of="appointment",
        breaches=_DISAGREEING,
    ),
    Guarantee(
        code="G9",
        says="a dose of a plan is booked once",
        of="appointment",
        breaches=f"""
            select max(id) from {_APPOINTMENT} where {_HELD} group by plan_id, dose_number having count(*) > 1""",
    ),
    Guarantee(
        code="G10",
        says="a dose is never closer to the one before than its therapy allows",
        of="appointment",
        breaches=_TOO_SOON,
    ),
    Guarantee(
        code="G12",
        says="the next dose of a plan is the one that follows from those given and booked",
        of="plan",
        breaches=_NOT_NEXT,
    ),
)
