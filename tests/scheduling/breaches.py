"""What a careless script does against each of G1 to G9: the breach, and its legal twin that differs in one thing."""

from collections.abc import Callable

from tests.scheduling.careless import Case, Script

CASES: list[Case] = []

UNIQUE, FOREIGN_KEY, CHECK, EXCLUSION = "23505", "23503", "23514", "23P01"

APPOINTMENT, ASSIGNMENT = "scheduling_appointment", "scheduling_nurseassignment"
FLOOR, SHIFT = "clinic_floorperiod", "clinic_shift"


def guard(table: str, name: str) -> str:
    """SQL that takes a constraint out."""
    return f"alter table {table} drop constraint {name} cascade"


TILING = tuple(f"drop trigger assignments_tile_appointment on {table}" for table in (APPOINTMENT, ASSIGNMENT))


def case(name: str, code: str, *guards: str) -> Callable[[Callable[[Script, bool], None]], None]:
    """Register what a script does, lawfully or not, as a case of a guarantee."""

    def register(act: Callable[[Script, bool], None]) -> None:
        CASES.append(Case(act, name, code, guards))

    return register


def of_table(table: str, name: str, code: str) -> Callable[[Callable[[Script, bool], None]], None]:
    """A case that one constraint of one table guards."""
    return case(name, code, guard(table, name))


tiling = case("assignments_tile_appointment", CHECK, *TILING)


# G1


@of_table(APPOINTMENT, "chair_holds_one_patient_at_a_time", EXCLUSION)
def two_patients_in_one_chair(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00")
    script.visit("10:45" if breach else "11:00", "12:00", plan=1, nurse=1)


@of_table(APPOINTMENT, "chair_holds_one_patient_at_a_time", EXCLUSION)
def a_chair_where_a_treated_patient_sat(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", status="done")
    script.visit("10:00", "12:00", plan=1, nurse=1, chair=0 if breach else 1)


@of_table(APPOINTMENT, "chair_holds_one_patient_at_a_time", EXCLUSION)
def moving_into_a_taken_chair(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", chair=0)
    second = script.visit("9:00", "11:00", chair=1, plan=1, nurse=1)
    script.run(
        "update scheduling_appointment set chair_id = %s where id = %s", script.chairs[0][0 if breach else 1], second
    )


# G2


@of_table(APPOINTMENT, "patient_in_one_chair_at_a_time", EXCLUSION)
def one_patient_at_two_clinics(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00")
    script.visit("10:00", "12:00", dose=2, plan=0 if breach else 1, clinic=1)


# G3


@of_table(ASSIGNMENT, "a_nurse_has_three_places", CHECK)
def a_fourth_place(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", place=4 if breach else 3)


@of_table(ASSIGNMENT, "a_nurse_has_three_places", CHECK)
def no_place(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", place=0 if breach else 1)


@of_table(ASSIGNMENT, "nurse_place_holds_one_patient_at_a_time", EXCLUSION)
def two_patients_in_one_place(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00")
    script.visit("10:00", "12:00", plan=1, chair=1, place=1 if breach else 2)


# G4

on_the_floor = of_table(ASSIGNMENT, "nurse_cares_while_on_the_floor", FOREIGN_KEY)


@on_the_floor
def care_during_lunch(script: Script, breach: bool) -> None:
    script.visit("11:00", "12:15" if breach else "12:00")


@on_the_floor
def care_across_a_whole_lunch(script: Script, breach: bool) -> None:
    script.visit("11:00", "13:00", nurse=0 if breach else 1)


@on_the_floor
def care_before_the_shift(script: Script, breach: bool) -> None:
    script.visit("8:45" if breach else "9:00", "11:00", nurse=1)


@on_the_floor
def care_by_a_nurse_of_another_clinic(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "11:00", nurse_of=1 if breach else 0)


@on_the_floor
def deleting_floor_time_that_is_needed(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00")
    script.run("delete from clinic_floorperiod where nurse_id = %s", script.nurse(0 if breach else 1))


@on_the_floor
def shortening_floor_time_that_is_needed(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", nurse=1)
    script.run(
        "update clinic_floorperiod set period = %s where nurse_id = %s",
        script.span("9:00", "10:45" if breach else "11:00"),
        script.nurse(1),
    )


@on_the_floor
def cutting_a_break_into_floor_time_that_is_needed(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", nurse=1)
    pause = ("10:00", "10:15") if breach else ("11:00", "11:15")
    script.run(
        "update clinic_floorperiod set period = %s where nurse_id = %s", script.span("9:00", pause[0]), script.nurse(1)
    )
    script.run(
        "insert into clinic_floorperiod (shift_id, nurse_id, clinic_id, period) values (%s, %s, %s, %s)",
        script.shifts[0][1].pk,
        script.nurse(1),
        script.here.pk,
        script.span(pause[1], "17:00"),
    )


# A floor period lies inside its shift.

rostered = of_table(FLOOR, "floor_time_is_rostered", FOREIGN_KEY)


@rostered
def floor_time_beyond_its_shift(script: Script, breach: bool) -> None:
    script.run(
        "update clinic_floorperiod set period = %s where nurse_id = %s",
        script.span("8:45" if breach else "9:15", "17:00"),
        script.nurse(1),
    )


@rostered
def floor_time_at_a_clinic_where_there_is_no_shift(script: Script, breach: bool) -> None:
    script.run(
        "update clinic_floorperiod set clinic_id = %s where nurse_id = %s",
        (script.there if breach else script.here).pk,
        script.nurse(1),
    )


@rostered
def shortening_a_shift_under_its_floor_time(script: Script, breach: bool) -> None:
    script.run(
        "update clinic_shift set period = %s where id = %s",
        script.span("9:00", "16:45" if breach else "17:15"),
        script.shifts[0][1].pk,
    )


# G5


@tiling
def an_appointment_without_a_nurse(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    if not breach:
        script.care(pk, "9:00", "11:00")


@tiling
def a_treated_visit_without_a_nurse(script: Script, breach: bool) -> None:
    script.appointment("9:00", "11:00", status="done" if breach else "cancelled")


@tiling
def a_hole_in_the_middle(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "9:45" if breach else "10:00")
    script.care(pk, "10:00", "11:00", nurse=1, is_start=False)


@tiling
def a_hole_at_the_end(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "10:45" if breach else "11:00")


@tiling
def a_hole_that_the_flag_allows(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", short_staffed=not breach)
    script.care(pk, "9:00", "9:45")
    script.care(pk, "10:00", "11:00", nurse=1, is_start=False)


@tiling
def taking_the_flag_off_a_hole(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", short_staffed=True)
    script.care(pk, "9:00", "10:00" if breach else "11:00")
    script.settle()
    script.run("update scheduling_appointment set short_staffed = false where id = %s", pk)


@tiling
def two_nurses_at_once(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "10:15" if breach else "10:00")
    script.care(pk, "10:00", "11:00", nurse=1, is_start=False)


@tiling
def two_nurses_at_once_whatever_the_flag_says(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", short_staffed=True)
    script.care(pk, "9:00", "10:15" if breach else "9:45")
    script.care(pk, "10:00", "11:00", nurse=1, is_start=False)


@tiling
def care_beyond_the_stay(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "11:15" if breach else "11:00")


@tiling
def care_beyond_the_stay_whatever_the_flag_says(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", short_staffed=True)
    script.care(pk, "10:00", "11:15" if breach else "11:00", is_start=False)


@tiling
def shortening_a_stay_but_not_its_care(script: Script, breach: bool) -> None:
    pk = script.visit("9:00", "11:00")
    script.settle()
    script.run("update scheduling_appointment set period = %s where id = %s", script.span("9:00", "10:00"), pk)
    if not breach:
        script.run(
            "update scheduling_nurseassignment set period = %s where appointment_id = %s",
            script.span("9:00", "10:00"),
            pk,
        )


@tiling
def lengthening_a_stay_but_not_its_care(script: Script, breach: bool) -> None:
    pk = script.visit("9:00", "11:00")
    script.settle()
    script.run(
        "update scheduling_appointment set period = %s where id = %s",
        script.span("9:00", "11:15" if breach else "11:00"),
        pk,
    )


@tiling
def shortening_care_but_not_its_stay(script: Script, breach: bool) -> None:
    pk = script.visit("9:00", "11:00")
    script.settle()
    script.run(
        "update scheduling_nurseassignment set period = %s where appointment_id = %s",
        script.span("9:00", "10:45" if breach else "11:00"),
        pk,
    )


@tiling
def taking_the_nurse_away(script: Script, breach: bool) -> None:
    first, second = script.visit("9:00", "11:00"), script.appointment("9:00", "11:00", plan=1, chair=1, status="left")
    script.settle()
    script.run("delete from scheduling_nurseassignment where appointment_id = %s", first if breach else second)


@tiling
def giving_a_nurse_to_another_appointment(script: Script, breach: bool) -> None:
    mine = script.visit("9:00", "11:00", short_staffed=not breach)
    theirs = script.appointment("9:00", "11:00", plan=1, chair=1, short_staffed=True)
    script.settle()
    script.run(
        "update scheduling_nurseassignment set appointment_id = %s where appointment_id = %s",
        theirs,
        mine,
    )


@tiling
def cancelling_while_a_nurse_stays(script: Script, breach: bool) -> None:
    pk = script.visit("9:00", "11:00")
    script.settle()
    if not breach:
        script.run("delete from scheduling_nurseassignment where appointment_id = %s", pk)
    script.run("update scheduling_appointment set status = 'cancelled' where id = %s", pk)


@tiling
def a_no_show_with_a_nurse(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", status="no_show" if breach else "done")
    script.care(pk, "9:00", "11:00")


@tiling
def a_patient_who_left_with_a_nurse(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", status="left" if breach else "observing")
    script.care(pk, "9:00", "11:00")


@tiling
def bringing_a_cancelled_one_back_without_a_nurse(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", status="cancelled")
    script.settle()
    script.run("update scheduling_appointment set status = %s where id = %s", "booked" if breach else "no_show", pk)


@tiling
def nobody_starts_the_patient(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "11:00", is_start=not breach)


@tiling
def a_start_in_the_middle(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "10:00")
    script.care(pk, "10:00", "11:00", nurse=1, is_start=breach)


@of_table(APPOINTMENT, "only_held_ones_are_short_staffed", CHECK)
def a_cancelled_one_that_wants_a_nurse(script: Script, breach: bool) -> None:
    script.appointment("9:00", "11:00", status="cancelled", short_staffed=breach)


# G6


@case(
    "nurse_starts_one_patient_at_a_time",
    UNIQUE,
    "drop index nurse_starts_one_patient_at_a_time",
)
def two_starts_at_once(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00")
    script.visit("9:00" if breach else "9:15", "11:00", plan=1, chair=1, place=2)


# G7


@of_table(SHIFT, "nurse_has_one_shift_at_a_time", EXCLUSION)
def two_shifts_at_once(script: Script, breach: bool) -> None:
    script.run(
        "insert into clinic_shift (nurse_id, clinic_id, period) values (%s, %s, %s)",
        script.nurse(0),
        script.there.pk,
        script.span("16:45" if breach else "17:00", "18:00"),
    )


@case(
    "nurse_on_one_floor_at_a_time",
    EXCLUSION,
    guard(FLOOR, "nurse_on_one_floor_at_a_time"),
    guard(SHIFT, "nurse_has_one_shift_at_a_time"),
)
def two_floors_at_once(script: Script, breach: bool) -> None:
    # Only where two shifts overlap can the floor times of two clinics: what guards the shifts is out of the way here.
    script.settle()
    script.run("alter table clinic_shift drop constraint if exists nurse_has_one_shift_at_a_time")
    [(shift,)] = script.run(
        "insert into clinic_shift (nurse_id, clinic_id, period) values (%s, %s, %s) returning id",
        script.nurse(0),
        script.there.pk,
        script.span("11:00", "13:00"),
    )
    script.run(
        "insert into clinic_floorperiod (shift_id, nurse_id, clinic_id, period) values (%s, %s, %s, %s)",
        shift,
        script.nurse(0),
        script.there.pk,
        script.span("11:45" if breach else "12:00", "12:30"),
    )


# G8


@of_table(APPOINTMENT, "chair_is_at_the_clinic", FOREIGN_KEY)
def a_chair_of_another_clinic(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", chair_of=1 if breach else 0)


@of_table(APPOINTMENT, "chair_is_at_the_clinic", FOREIGN_KEY)
def carrying_a_booked_chair_to_another_clinic(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", chair=0)
    script.run(
        "update clinic_chair set clinic_id = %s, name = 'Chair 9' where id = %s",
        script.there.pk,
        script.chairs[0][0 if breach else 1],
    )


@of_table(APPOINTMENT, "plan_is_the_patients", FOREIGN_KEY)
def a_plan_of_another_patient(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", patient_of=1 if breach else 0)


@of_table(APPOINTMENT, "plan_is_the_patients", FOREIGN_KEY)
def giving_a_booked_plan_to_another_patient(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", plan=0)
    script.run("update patients_treatmentplan set status = 'ended'")
    script.run(
        "update patients_treatmentplan set patient_id = %s where id = %s",
        script.plans[2].patient_id,
        script.plans[0 if breach else 1].pk,
    )


@of_table(ASSIGNMENT, "assignment_is_at_the_clinic", FOREIGN_KEY)
def care_at_another_clinic(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00")
    script.care(pk, "9:00", "11:00", clinic=1 if breach else 0)


# G9

once = case("a_dose_is_booked_once", UNIQUE, "drop index a_dose_is_booked_once")


@once
def a_dose_booked_twice(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00")
    script.visit("13:00", "15:00", dose=1 if breach else 2)


@once
def a_dose_booked_again_after_it_was_given(script: Script, breach: bool) -> None:
    pk = script.appointment("9:00", "11:00", status="done" if breach else "no_show")
    if breach:
        script.care(pk, "9:00", "11:00")
    script.visit("13:00", "15:00")


# What every value must be.


@of_table(APPOINTMENT, "appointment_status_is_known", CHECK)
def an_unknown_status(script: Script, breach: bool) -> None:
    script.visit("9:00", "11:00", status="asleep" if breach else "arrived")


@of_table(APPOINTMENT, "doses_of_appointments_count_from_one", CHECK)
def dose_zero(script: Script, breach: bool) -> None:
    script.settle()
    script.run("alter table scheduling_appointment alter dose_phase_id drop not null")
    script.visit("9:00", "11:00", dose=0 if breach else 1)
