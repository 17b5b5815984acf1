-- Patients with a plan of which nothing is booked yet, spread over some clinics.
create temp table newcomer on commit drop as
    select number, (%(clinics)s::bigint[])[number %% cardinality(%(clinics)s::bigint[]) + 1] as clinic_id,
           nextval(pg_get_serial_sequence('patients_patient', 'id')) as id
    from generate_series(0, %(count)s - 1) as number;
insert into patients_patient (id, mrn, family_name, given_name, birth_date, language, needs_interpreter, extra_minutes,
                              chair_kind, needs_driver, alerts, is_active, home_clinic_id)
    select id, %(prefix)s || '-' || number, 'Newcomer' || number, 'Pat', date '1980-02-29', 'en', false, 0, '', false, '',
           true, clinic_id
    from newcomer;
insert into patients_contactpoint (patient_id, kind, value, is_preferred)
    select id, kind, value, true
    from newcomer, lateral (values ('mobile', '+1608' || lpad((5550000 + number)::text, 7, '0')),
                                   ('email', 'newcomer' || number || '@example.org')) as point (kind, value);
insert into patients_treatmentplan (patient_id, therapy_id, status, variant, start_on, prescriber)
    select id, %(therapy)s, 'active', '', %(start_on)s, 'Dr. Bench' from newcomer;
