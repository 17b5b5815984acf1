"""The reads of a report, as SQL: each gives one row for one thing that happened, with its moments in whole seconds.

`day` counts local dates from the first day of the report. A step that was taken back and taken again counts from the
last time that it was not taken back: the first stamp of a status after the last stamp of an earlier one.
"""

_WITHIN = """a.clinic_id = any(%(clinics)s)
        and lower(a.period) >= %(start)s and lower(a.period) < least(%(end)s, %(now)s)
        and (lower(a.period) at time zone c.timezone)::date between %(from_day)s and %(to_day)s"""

VISITS = f"""
with visit as materialized (
    select a.id, a.clinic_id, p.therapy_id, a.status, a.reason, a.chair_id, a.period, a.planned_period, a.booked_at,
           a.confirmed_at, c.timezone, (lower(a.period) at time zone c.timezone)::date as date
    from scheduling_appointment a
        join clinic_clinic c on c.id = a.clinic_id
        join patients_treatmentplan p on p.id = a.plan_id
    where {_WITHIN}
), stamps as (
    select s.appointment_id,
           max(s.at) filter (where s.status = 'booked') as booked_last,
           min(s.at) filter (where s.status = 'arrived') as arrived_first,
           max(s.at) filter (where s.status = 'arrived') as arrived_last,
           min(s.at) filter (where s.status = 'seated') as seated_first,
           max(s.at) filter (where s.status = 'seated') as seated_last,
           min(s.at) filter (where s.status = 'infusing') as infusing_first,
           max(s.at) filter (where s.status = 'infusing') as infusing_last,
           max(s.at) filter (where s.status in ('done', 'left', 'no_show', 'cancelled')) as ended
    from scheduling_statuschange s join visit on visit.id = s.appointment_id
    group by s.appointment_id
)
select v.clinic_id, v.therapy_id, v.date - %(first_day)s, v.status, v.reason,
       date_part('epoch', lower(v.planned_period))::bigint,
       date_part('epoch', upper(v.planned_period))::bigint,
       date_part('epoch', upper(v.period))::bigint,
       date_part('epoch', v.date::timestamp at time zone v.timezone)::bigint,
       date_part('epoch', v.booked_at)::bigint,
       date_part('epoch', v.confirmed_at)::bigint,
       date_part('epoch', case when arrived_first >= booked_last or booked_last is null then arrived_first
                               when arrived_last >= booked_last then arrived_last end)::bigint,
       date_part('epoch', case when seated_first >= greatest(booked_last, arrived_last) then seated_first
                               when seated_last >= greatest(booked_last, arrived_last) then seated_last
                               when booked_last is null and arrived_last is null then seated_first end)::bigint,
       date_part('epoch', case when infusing_first >= seated_last or seated_last is null then infusing_first
                               when infusing_last >= seated_last then infusing_last end)::bigint,
       date_part('epoch', stamps.ended)::bigint,
       case when v.status = 'cancelled' then exists (
           select from scheduling_appointment o
           where o.chair_id = v.chair_id and o.period && v.planned_period
               and o.status in ('booked', 'arrived', 'seated', 'infusing', 'observing', 'done')) end,
       v.status <> 'cancelled'
from visit v left join stamps on stamps.appointment_id = v.id
"""
"""`scheduling.reports.rows.Visit`. Whoever has a cancelled visit's chair and time now, came to it afterwards: a
chair holds one patient at a time."""

CHAIRS = "select clinic_id, count(*) from clinic_chair where is_active and clinic_id = any(%(clinics)s) group by 1"
"""Clinic, chairs in service."""

OUTAGES = """
select chair.clinic_id, date_part('epoch', lower(piece))::bigint, date_part('epoch', upper(piece))::bigint
from (
    select o.chair_id, range_agg(o.period) as out
    from clinic_chairoutage o where o.period && tstzrange(%(start)s, %(end)s) group by o.chair_id
) merged
    join clinic_chair chair on chair.id = merged.chair_id
    cross join unnest(merged.out) piece
where chair.is_active and chair.clinic_id = any(%(clinics)s)
"""
"""Clinic, from, until: a chair was out of service."""

FLOOR = """
select f.clinic_id, (lower(f.period) at time zone c.timezone)::date - %(first_day)s,
       date_part('epoch', lower(f.period))::bigint, date_part('epoch', upper(f.period))::bigint
from clinic_floorperiod f join clinic_clinic c on c.id = f.clinic_id
where f.clinic_id = any(%(clinics)s) and lower(f.period) >= %(start)s and lower(f.period) < %(end)s
    and (lower(f.period) at time zone c.timezone)::date between %(from_day)s and %(to_day)s
"""
"""Clinic, day, from, until: a nurse was on the floor."""

SHIFTS = f"""
with late as (
    select a.id, max(s.at) as at
    from scheduling_appointment a
        join clinic_clinic c on c.id = a.clinic_id
        join scheduling_statuschange s on s.appointment_id = a.id and s.status = 'done'
    where a.status = 'done' and {_WITHIN}
    group by a.id having max(s.at) > upper(a.period)
), stayed as (
    select care.nurse_id, care.clinic_id, care.period, late.at
    from late cross join lateral (
        select n.nurse_id, n.clinic_id, n.period from scheduling_nurseassignment n
        where n.appointment_id = late.id order by lower(n.period) desc limit 1) care
)
select s.clinic_id, (lower(s.period) at time zone c.timezone)::date - %(first_day)s as day,
       date_part('epoch', lower(s.period))::bigint, date_part('epoch', upper(s.period))::bigint,
       array(select unnest(array[date_part('epoch', lower(b.period)), date_part('epoch', upper(b.period))]::bigint[])
             from clinic_shiftbreak b where b.shift_id = s.id),
       greatest(0, date_part('epoch', max(stayed.at) - upper(s.period)))::bigint
from clinic_shift s
    join clinic_clinic c on c.id = s.clinic_id
    left join stayed on stayed.nurse_id = s.nurse_id and stayed.clinic_id = s.clinic_id and s.period @> stayed.period
where s.clinic_id = any(%(clinics)s) and lower(s.period) >= %(start)s and lower(s.period) < %(end)s
    and (lower(s.period) at time zone c.timezone)::date between %(from_day)s and %(to_day)s
    and exists (select from clinic_floorperiod f where f.shift_id = s.id)
group by s.id, c.timezone
"""
"""`scheduling.reports.rows.Worked`; breaks one after the other. Who was away for the whole shift did not work it."""

DOSES = f"""
with visit as materialized (
    select a.clinic_id, a.plan_id, a.dose_number::int, a.dose_phase_id,
           (lower(a.period) at time zone c.timezone)::date as date
    from scheduling_appointment a join clinic_clinic c on c.id = a.clinic_id
    where a.status = 'done' and {_WITHIN}
)
select v.clinic_id, p.therapy_id, v.date - %(first_day)s, f.version_id, v.dose_number, p.start_on - v.date,
       case when last.number is null then '{{}}'::int[]
            when anchor.id is null or anchor.dose_number = last.number then array[last.number, last.day]
            else array[anchor.dose_number::int, anchor.given_on - v.date, last.number, last.day] end,
       p.variant, p.interval_days
from visit v
    join patients_treatmentplan p on p.id = v.plan_id
    join therapies_dosephase f on f.id = v.dose_phase_id
    left join lateral (
        select g.dose_number::int as number, g.given_on - v.date as day from patients_dosegiven g
        where g.plan_id = v.plan_id and g.dose_number < v.dose_number order by g.dose_number desc limit 1) last on true
    left join patients_dosegiven anchor
        on f.first_dose = v.dose_number and anchor.plan_id = v.plan_id and anchor.dose_number = f.anchor_dose
"""
"""Clinic, therapy, day, version of the therapy, dose; the ordered start, and the doses it counts from as number and day
in turn: days from this one on. Then variant and ordered interval."""

PREPARED = f"""
with visit as materialized (
    select a.id, a.clinic_id, a.plan_id, a.patient_id, p.therapy_id, f.version_id, a.dose_number, a.booked_at,
           (lower(a.period) at time zone c.timezone)::date as date, c.timezone
    from scheduling_appointment a
        join clinic_clinic c on c.id = a.clinic_id
        join patients_treatmentplan p on p.id = a.plan_id
        join therapies_dosephase f on f.id = a.dose_phase_id
    where a.status <> 'cancelled' and {_WITHIN}
        and (lower(a.period) at time zone c.timezone)::date >= %(first_day)s
), timed as (
    select visit.*, (date - 6)::timestamp at time zone timezone as week_before,
           (date - 1)::timestamp at time zone timezone as day_before
    from visit
), asked as (
    select v.*, q.code, q.life from timed v join therapies_prerequisite q on q.version_id = v.version_id
    where q.life = 'periodic' or q.code = 'drug-on-hand' or (q.life = 'once' and v.dose_number = 1)
), found as (
    select v.id, v.code, c.recorded_at, c.withdrawn_at
    from asked v join patients_clearance c on c.patient_id = v.patient_id and c.code = v.code
        and (c.plan_id is null or c.plan_id = v.plan_id)
        and case when v.life = 'each_visit' then c.for_day = v.date
                 else c.for_day is null and c.cleared_on <= v.date and (c.expires_on is null or c.expires_on >= v.date)
            end
    union all
    select v.id, v.code, g.recorded_at, g.withdrawn_at
    from asked v join patients_authorization g on v.code = 'authorization' and g.plan_id = v.plan_id
        and v.date between g.valid_from and g.valid_until
), each as (
    select v.id, v.code,
           coalesce(bool_or(found.recorded_at < v.week_before
               and coalesce(found.withdrawn_at >= v.week_before, true)), false) as at_7,
           coalesce(bool_or(found.recorded_at < v.day_before
               and coalesce(found.withdrawn_at >= v.day_before, true)), false) as at_2
    from asked v left join found on found.id = v.id and found.code = v.code
    group by v.id, v.code
), all_of as (
    select id, coalesce(bool_and(at_7) filter (where code <> 'drug-on-hand'), true) as at_7, bool_and(at_2) as at_2
    from each group by id
)
select v.clinic_id, v.therapy_id, v.date - %(first_day)s,
       case when v.booked_at < v.week_before then coalesce(all_of.at_7, true) end,
       case when v.booked_at < v.day_before then coalesce(all_of.at_2, true) end
from timed v left join all_of on all_of.id = v.id
"""
"""`scheduling.reports.rows.Prepared`, of the report's own weeks only: nothing compares it with those before."""
