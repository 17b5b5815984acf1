-- The guarantees that Django cannot declare. G1, G2, G3, G6, G7 and G9 stand as constraints on the models;
-- here are the keys that tie rows together (G8, G4), the shape of a first assignment (G6) and the tiling rule (G5).

-- G8: chair, clinic, plan and patient of an appointment agree; an assignment is at its appointment's clinic.
alter table clinic_chair add constraint chair_and_its_clinic unique (id, clinic_id);
alter table scheduling_appointment
    add constraint appointment_and_its_clinic unique (id, clinic_id),
    add constraint chair_is_at_the_clinic
        foreign key (chair_id, clinic_id) references clinic_chair (id, clinic_id)
        deferrable initially immediate,
    add constraint plan_is_the_patients
        foreign key (plan_id, patient_id) references patients_treatmentplan (id, patient_id)
        deferrable initially immediate;
alter table scheduling_nurseassignment
    add constraint assignment_is_at_the_clinic
        foreign key (appointment_id, clinic_id) references scheduling_appointment (id, clinic_id)
        deferrable initially deferred;

-- A floor period lies inside its own shift.
alter table clinic_shift
    add constraint shift_over_time unique (id, nurse_id, clinic_id, period without overlaps);
alter table clinic_floorperiod
    add constraint floor_time_is_rostered
        foreign key (shift_id, nurse_id, clinic_id, period period)
        references clinic_shift (id, nurse_id, clinic_id, period period)
        deferrable initially deferred;

-- G4: a nurse cares only while on the floor. A temporal foreign key: the whole period must be covered.
alter table clinic_floorperiod
    add constraint floor_time_of_a_nurse unique (nurse_id, clinic_id, period without overlaps);
alter table scheduling_nurseassignment
    add constraint nurse_cares_while_on_the_floor
        foreign key (nurse_id, clinic_id, period period)
        references clinic_floorperiod (nurse_id, clinic_id, period period)
        deferrable initially deferred;

-- G6: one start per nurse per quarter hour.
create unique index nurse_starts_one_patient_at_a_time
    on scheduling_nurseassignment (nurse_id, lower(period)) where is_start;

-- G5: every minute of a held appointment has exactly one nurse, and the first of them is the one who starts it,
-- unless the row says short_staffed; then what care there is still lies inside the stay and does not overlap.
-- Appointments that were cancelled, missed or left have no nurse.
-- Each appointment that is looked at is locked first: two scripts that write one appointment's care at once would
-- otherwise each be right by itself, and wrong together.
create function assignments_tile_appointment() returns trigger language plpgsql as $$
declare
    concerned bigint[];
    stay record;
    care record;
begin
    if tg_table_name = 'scheduling_appointment' then
        concerned := array[new.id];
    else
        concerned := array[old.appointment_id, new.appointment_id];
    end if;
    for stay in
        select id, period, status, short_staffed from scheduling_appointment
        where id = any (concerned) order by id for no key update
    loop
        select count(*) as rows,
               coalesce(range_agg(period), '{}') as covered,
               coalesce(sum(upper(period) - lower(period)), '0') as length,
               coalesce(bool_and(is_start = (lower(period) = lower(stay.period))), true) as starts_are_right
            into care from scheduling_nurseassignment where appointment_id = stay.id;
        if stay.status in ('cancelled', 'no_show', 'left') then
            continue when care.rows = 0;
        else
            continue when care.starts_are_right
                and care.covered <@ stay.period::tstzmultirange
                and care.length = (select coalesce(sum(upper(piece) - lower(piece)), '0') from unnest(care.covered) as piece)
                and (stay.short_staffed or care.covered = stay.period::tstzmultirange);
        end if;
        raise exception 'appointment % is not cared for at every minute', stay.id
            using errcode = 'check_violation', constraint = 'assignments_tile_appointment',
                  table = tg_table_name, schema = tg_table_schema;
    end loop;
    return null;
end $$;

create constraint trigger assignments_tile_appointment
    after insert or update of period, status, short_staffed on scheduling_appointment
    deferrable initially deferred
    for each row execute function assignments_tile_appointment();
create constraint trigger assignments_tile_appointment
    after insert or update or delete on scheduling_nurseassignment
    deferrable initially deferred
    for each row execute function assignments_tile_appointment();

-- A row written by hand gets what booking would write: the stay as planned, and the facts of its dose.
create function complete_appointment() returns trigger language plpgsql as $$
begin
    new.planned_period := coalesce(new.planned_period, new.period);
    if new.dose_phase_id is null then
        select phase.id into new.dose_phase_id
        from therapies_dosephase phase
            join therapies_therapyversion version on version.id = phase.version_id
            join patients_treatmentplan plan on plan.therapy_id = version.therapy_id
        where plan.id = new.plan_id
            and version.effective_from <= current_date
            and new.dose_number between phase.first_dose and coalesce(phase.last_dose, new.dose_number)
            and phase.variant in (plan.variant, '')
        order by version.number desc, phase.variant = plan.variant desc
        limit 1;
    end if;
    return new;
end $$;
create trigger complete_appointment before insert on scheduling_appointment
    for each row execute function complete_appointment();
