-- Clinics at scale, under all constraints. Parameters: first and last clinic, the first day, the last day with patients,
-- the last rostered day, today. Deterministic: the same numbers make the same world.
--
-- A day in a clinic: lane k is chair k and place k / nurses + 1 of nurse k modulo nurses. Four waves of 90-minute stays start
-- at 8:00, 9:30, 13:30 and 15:00, each nurse starting one patient a quarter hour; lunch is between. Mornings are nearly
-- full, afternoons less so; clinic 1 is twice as large as the others.

create temp table lane on commit drop as
    select clinic, k,
           clinic * 100 + k as chair_id,
           clinic * 100 + k %% nurses as nurse_id,
           k / nurses + 1 as place,
           nurses
    from generate_series(%(first_clinic)s, %(last_clinic)s) as clinic,
         lateral (select case when clinic = 1 then 8 else 4 end as nurses) as size,
         lateral generate_series(0, nurses * 3 - 1) as k;
create index on lane (chair_id);
analyze lane;

create temp table workday on commit drop as
    select day::date, (day::date - date '2020-01-06') / 7 * 5 + extract(isodow from day)::int - 1 as n
    from generate_series(%(first_day)s::date, %(last_rostered)s::date, '1 day') as day
    where extract(isodow from day) < 6;

insert into clinic_clinic (id, slug, name)
    select clinic, 'bench-' || clinic, 'Clinic ' || clinic
    from generate_series(%(first_clinic)s, %(last_clinic)s) as clinic;
insert into clinic_openinghours (clinic_id, weekday, opens, closes)
    select clinic, weekday, '07:30', '17:30'
    from generate_series(%(first_clinic)s, %(last_clinic)s) as clinic, generate_series(0, 4) as weekday;
insert into clinic_chair (id, clinic_id, name, position)
    select chair_id, clinic, 'Chair ' || k + 1, k from lane;
insert into clinic_nurse (id, name, home_clinic_id)
    select nurse_id, 'Nurse ' || nurse_id, clinic from lane where place = 1;

insert into clinic_shift (nurse_id, clinic_id, period)
    select nurse_id, clinic,
           tstzrange((day + time '07:45') at time zone 'America/Chicago', (day + time '17:15') at time zone 'America/Chicago')
    from lane, workday where place = 1;
insert into clinic_shiftbreak (shift_id, period)
    select shift.id, pause.period
    from clinic_shift shift, lateral (
        select tstzrange(starts, starts + interval '30 minutes') as period
        from (select lower(shift.period) + interval '3 hours 45 minutes'
                     + nurse_id %% 100 %% 4 * interval '30 minutes' as starts) as noon) as pause
    where shift.clinic_id between %(first_clinic)s and %(last_clinic)s;
insert into clinic_floorperiod (shift_id, nurse_id, clinic_id, period)
    select shift.id, nurse_id, clinic_id, floor.period
    from clinic_shift shift join clinic_shiftbreak pause on pause.shift_id = shift.id,
        lateral (values (tstzrange(lower(shift.period), lower(pause.period))),
                        (tstzrange(upper(pause.period), upper(shift.period)))) as floor (period)
    where shift.clinic_id between %(first_clinic)s and %(last_clinic)s;

-- One patient comes every 28 days, always to the same chair at the same hour.
create temp table regular on commit drop as
    select lane.*, wave, turn,
           1000000 + ((clinic * 24 + k) * 4 + wave) * 20 + turn as id
    from lane, generate_series(0, 3) as wave, generate_series(0, 19) as turn;
create index on regular (turn);
analyze regular;

insert into patients_patient (id, mrn, family_name, given_name, birth_date, language, needs_interpreter, extra_minutes,
                              chair_kind, needs_driver, alerts, is_active, home_clinic_id)
    select id, 'B' || id,
           (array['Olson','Berg','Schmidt','Novak','Larson','Weber','Yang','Kowalski','Thao','Meyer'])[hash %% 10 + 1]
               || (array['','son','man','er','sen'])[hash / 10 %% 5 + 1],
           (array['Karen','Nils','Anna','Peter','Mai','Ruth','Carl','Ida','Tou','Eva'])[hash / 50 %% 10 + 1],
           date '1950-01-01' + hash %% 18000, 'en', false, 0, '', false, '', true, clinic
    from regular, lateral (select abs(hashint4(regular.id)) as hash) as h;
insert into patients_treatmentplan (id, patient_id, therapy_id, status, variant, start_on, prescriber)
    select id, id, %(therapy)s, 'active', '', date '2019-01-01', 'Dr. Bench' from regular;

with booked as (
    insert into scheduling_appointment
        (plan_id, patient_id, dose_number, dose_phase_id, clinic_id, chair_id, period, planned_period, status)
    select id, id, 20 + n / 20, %(phase)s, clinic, chair_id, period, period,
           case when day < %(today)s then 'done' else 'booked' end
    from workday
        join regular on turn = n %% 20,
        lateral (select (day + (array[time '8:00', '9:30', '13:30', '15:00'])[wave + 1]
                         + (place - 1) * interval '15 minutes') at time zone 'America/Chicago' as starts) as s,
        lateral (select tstzrange(starts, starts + interval '90 minutes') as period) as p
    where day <= %(last_day)s
        and abs(hashint8(id * 1009 + n)) %% 100 < case when wave < 2 then 95 else 70 end
    returning id, clinic_id, chair_id, period
), stamped as (
    insert into scheduling_statuschange (appointment_id, status, at)
    select id, 'booked', lower(period) - interval '28 days' from booked
)
insert into scheduling_nurseassignment (appointment_id, clinic_id, nurse_id, place, period, is_start)
    select booked.id, clinic_id, nurse_id, place, period, true from booked join lane using (chair_id);

insert into patients_dosegiven (plan_id, dose_number, given_on, source)
    select plan_id, dose_number, (lower(period) at time zone 'America/Chicago')::date, 'here'
    from scheduling_appointment
    where clinic_id between %(first_clinic)s and %(last_clinic)s and status = 'done';
