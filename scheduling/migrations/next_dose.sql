-- Where the course of a plan stands, kept by the database itself: whatever writes appointments or doses given, one row or
-- a million, `scheduling_nextdose` follows in the same statement. What it holds: see `scheduling.models.NextDose`.

-- Whether a visit of this status keeps its dose.
create function still_counts(status text) returns boolean language sql immutable as $$
    select status in ('booked', 'arrived', 'seated', 'infusing', 'observing', 'done')
$$;

-- Works out some plans anew. They are locked first: two that change doses of one plan at once would otherwise each
-- count without the other's. One plan of the statement serves for all: making one anew each time takes twice as long as
-- the statement itself.
create function keep_next_doses(plans bigint[]) returns void language plpgsql
    set plan_cache_mode = force_generic_plan as $$
begin
    perform from patients_treatmentplan where id = any (plans) order by id for no key update;
    with known as (
        select plan_id, dose_number, given_on as day, true as is_given
        from patients_dosegiven where plan_id = any (plans)
        union all
        select plan_id, dose_number, (lower(period) at time zone timezone)::date, false
        from scheduling_appointment stay join clinic_clinic clinic on clinic.id = clinic_id
        where plan_id = any (plans) and still_counts(status)
    ), dose as (
        -- A dose that was given counts on the day it was given, whatever day it was booked for.
        select distinct on (plan_id, dose_number) * from known where day is not null
        order by plan_id, dose_number, is_given desc
    ), counted as (
        select *, coalesce(max(dose_number) filter (where is_given) over (partition by plan_id), 0) as given from dose
    ), following as (
        select *, dose_number - row_number() over (partition by plan_id, dose_number > given order by dose_number)
                  = given as is_next_in_line
        from counted
    ), course as (
        select plan_id, max(dose_number) + 1 as number, max(day) as latest,
               (array_agg(day order by dose_number desc))[1] as day
        from following where dose_number <= given or is_next_in_line group by plan_id
    )
    merge into scheduling_nextdose kept
    using (select * from unnest(plans) as plan (plan_id) left join course using (plan_id)) as now
        on kept.plan_id = now.plan_id
    when matched and now.number is null then delete
    when matched and (kept.dose_number, kept.day, kept.latest) is distinct from (now.number, now.day, now.latest) then
        update set dose_number = now.number, day = now.day, latest = now.latest
    when not matched and now.number is not null then
        insert (plan_id, dose_number, day, latest) values (now.plan_id, now.number, now.day, now.latest);
end $$;

create function next_doses_follow() returns trigger language plpgsql as $$
begin
    perform keep_next_doses(array(select distinct plan_id from written));
    return null;
end $$;

create trigger next_doses_follow_new after insert on patients_dosegiven
    referencing new table as written for each statement execute function next_doses_follow();
create trigger next_doses_follow_gone after delete on patients_dosegiven
    referencing old table as written for each statement execute function next_doses_follow();
create trigger next_doses_follow_new after insert on scheduling_appointment
    referencing new table as written for each statement execute function next_doses_follow();
create trigger next_doses_follow_gone after delete on scheduling_appointment
    referencing old table as written for each statement execute function next_doses_follow();

create function next_doses_follow_changed_dose() returns trigger language plpgsql as $$
begin
    perform keep_next_doses(array(select plan_id from before union select plan_id from after));
    return null;
end $$;
create trigger next_doses_follow_change after update on patients_dosegiven
    referencing old table as before new table as after
    for each statement execute function next_doses_follow_changed_dose();

-- Who gets another chair, confirms, or goes from one step of the stay to the next keeps her course: nothing is locked.
create function next_doses_follow_changed_visit() returns trigger language plpgsql as $$
declare
    plans bigint[] := array(
        select distinct unnest(array[before.plan_id, after.plan_id]) from before join after using (id)
        where (before.plan_id, before.dose_number, still_counts(before.status), before.clinic_id, lower(before.period))
            is distinct from
            (after.plan_id, after.dose_number, still_counts(after.status), after.clinic_id, lower(after.period)));
begin
    if plans <> '{}' then
        perform keep_next_doses(plans);
    end if;
    return null;
end $$;
create trigger next_doses_follow_change after update on scheduling_appointment
    referencing old table as before new table as after
    for each statement execute function next_doses_follow_changed_visit();

-- A day is the clinic's: on another clock a visit near midnight is on another day.
create function next_doses_follow_clock() returns trigger language plpgsql as $$
begin
    perform keep_next_doses(array(select distinct plan_id from scheduling_appointment where clinic_id = new.id));
    return null;
end $$;
create trigger next_doses_follow_clock after update of timezone on clinic_clinic
    for each row when (old.timezone <> new.timezone) execute function next_doses_follow_clock();

-- Plans that have doses already.
select keep_next_doses(array(
    select plan_id from patients_dosegiven union select plan_id from scheduling_appointment order by 1));
