drop trigger complete_appointment on scheduling_appointment;
drop function complete_appointment();
drop trigger assignments_tile_appointment on scheduling_nurseassignment;
drop trigger assignments_tile_appointment on scheduling_appointment;
drop function assignments_tile_appointment();
drop index nurse_starts_one_patient_at_a_time;
alter table scheduling_nurseassignment drop constraint nurse_cares_while_on_the_floor;
alter table clinic_floorperiod
    drop constraint floor_time_of_a_nurse,
    drop constraint floor_time_is_rostered;
alter table clinic_shift drop constraint shift_over_time;
alter table scheduling_nurseassignment drop constraint assignment_is_at_the_clinic;
alter table scheduling_appointment
    drop constraint plan_is_the_patients,
    drop constraint chair_is_at_the_clinic,
    drop constraint appointment_and_its_clinic;
alter table clinic_chair drop constraint chair_and_its_clinic;
