"""The database refuses what must never be, whoever writes it: G1 to G9, each against a careless script.

Every case is tried three times: the legal twin passes, the breach is refused by the constraint that should refuse it,
and with that constraint taken out the breach passes, so that the refusal was its doing and nothing else's.
"""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg2
import pytest
from django.db import IntegrityError, connection, transaction

from clinic import guarantees
from scheduling.guarantees import FOUR_AT_ONCE
from scheduling.models import Appointment, NurseAssignment
from tests.races.verdict import broken
from tests.scheduling.breaches import APPOINTMENT, ASSIGNMENT, CASES, CHECK, FLOOR, SHIFT, guard
from tests.scheduling.careless import Case, Script


@pytest.fixture
def script(db: None) -> Script:
    return Script()


@contextlib.contextmanager
def refused(*, name: str, code: str) -> Iterator[None]:
    """What is inside is refused by this constraint, at the latest at COMMIT."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg2.Error)
    assert (cause.diag.constraint_name, cause.pgcode) == (name, code)


each_case = pytest.mark.parametrize("tried", CASES, ids=lambda tried: tried.id)


@each_case
def test_a_careless_script_may_do_what_is_legal(script: Script, tried: Case) -> None:
    tried.act(script, False)
    script.settle()


@each_case
def test_a_careless_script_is_refused(script: Script, tried: Case) -> None:
    with refused(name=tried.name, code=tried.code):
        tried.act(script, True)
        script.settle()


@each_case
def test_without_its_guard_the_breach_would_pass(script: Script, tried: Case) -> None:
    script.settle()
    for sql in tried.guards:
        script.run(sql)

    tried.act(script, True)
    script.settle()


ASKED = {
    "chair_holds_one_patient_at_a_time": "G1",
    "patient_in_one_chair_at_a_time": "G2",
    "a_nurse_has_three_places": "G3",
    "nurse_place_holds_one_patient_at_a_time": "G3",
    "nurse_cares_while_on_the_floor": "G4",
    "assignments_tile_appointment": "G5",
    "only_held_ones_are_short_staffed": "G5",
    "nurse_starts_one_patient_at_a_time": "G6",
    "floor_time_is_rostered": "G7",
    "nurse_on_one_floor_at_a_time": "G7",
    "nurse_has_one_shift_at_a_time": "G7, shifts",
    "chair_is_at_the_clinic": "G8",
    "plan_is_the_patients": "G8",
    "assignment_is_at_the_clinic": "G8",
    "a_dose_is_booked_once": "G9",
}
"""Which question finds what a constraint refuses."""


@pytest.mark.parametrize("breach", [True, False], ids=["breach", "twin"])
@pytest.mark.parametrize("tried", [one for one in CASES if one.name in ASKED], ids=lambda tried: tried.id)
def test_asked_in_plain_sql_a_breach_is_found_and_its_twin_is_not(script: Script, tried: Case, breach: bool) -> None:
    script.settle()
    for sql in tried.guards:
        script.run(sql)

    tried.act(script, breach)
    script.settle()

    assert (ASKED[tried.name] in broken()) is breach


def test_a_fourth_patient_is_counted_whatever_the_places_say(script: Script) -> None:
    script.settle()
    script.run(guard(ASSIGNMENT, "a_nurse_has_three_places"))
    script.run(guard(APPOINTMENT, "chair_holds_one_patient_at_a_time"))
    for number, start in enumerate(("9:00", "9:15", "9:30")):
        script.visit(start, "11:00", plan=number, place=number + 1, nurse=1)
    script.visit("11:00", "12:00", plan=3, place=4, nurse=1)
    assert script.run(FOUR_AT_ONCE) == []

    fourth = script.appointment("10:45", "12:00", plan=4)
    care = script.care(fourth, "10:45", "12:00", place=5, nurse=1)

    assert script.run(FOUR_AT_ONCE) == [(care,)]


def test_asked_in_plain_sql_doses_too_close_are_found(script: Script) -> None:
    script.visit("9:00", "11:00")
    script.visit("13:00", "15:00", dose=2)

    assert set(broken()) == {"G10"}


def test_a_guard_that_is_switched_off_is_said(script: Script) -> None:
    script.settle()
    assert guarantees.unsound() == []

    script.run("alter table scheduling_appointment disable trigger assignments_tile_appointment")
    script.run("alter table scheduling_appointment drop constraint doses_of_appointments_count_from_one")
    script.run("alter table scheduling_appointment add constraint unchecked check (dose_number > 0) not valid")

    assert guarantees.unsound() == [
        "The constraint unchecked of scheduling_appointment is switched off or was never checked.",
        "The trigger assignments_tile_appointment of scheduling_appointment is switched off.",
    ]


# Periods

NINE, ELEVEN, FIVE = (f"2026-12-07 {hour}:00-06" for hour in ("09", "11", "17"))
CROOKED = {
    "empty": "empty",
    "without a beginning": f"(,{ELEVEN})",
    "without an end": f"[{NINE},)",
    "until infinity": f"[{NINE},infinity)",
    "since infinity": f"[-infinity,{ELEVEN})",
    "end included": f"[{NINE},{ELEVEN}]",
    "beginning left out": f"({NINE},{ELEVEN})",
    "begins off the quarter hour": f"[2026-12-07 09:05-06,{ELEVEN})",
    "ends off the quarter hour": f"[{NINE},2026-12-07 10:50-06)",
    "a second too long": f"[{NINE},2026-12-07 11:00:01-06)",
    "a microsecond too early": f"[2026-12-07 08:59:59.999999-06,{ELEVEN})",
}


def write_period(script: Script, table: str, period: str) -> None:
    """Write a row of a table whose period is as given."""
    if table == ASSIGNMENT:
        pk = script.visit("9:00", "11:00")
        script.run("update scheduling_nurseassignment set period = %s where appointment_id = %s", period, pk)
    elif table == APPOINTMENT:
        pk = script.visit("9:00", "11:00", status="booked")
        script.run("update scheduling_appointment set period = %s where id = %s", period, pk)
    elif table == SHIFT:
        script.run("update clinic_shift set period = %s where id = %s", period, script.shifts[1][1].pk)
    else:
        script.run("update clinic_floorperiod set period = %s where nurse_id = %s", period, script.nurse(1))


PERIOD_CHECKS = {
    APPOINTMENT: "appointment_on_quarter_hours",
    ASSIGNMENT: "assignment_on_quarter_hours",
    SHIFT: "shift_on_quarter_hours",
    FLOOR: "floor_period_on_quarter_hours",
}


@pytest.mark.parametrize("table", PERIOD_CHECKS)
@pytest.mark.parametrize("period", CROOKED.values(), ids=CROOKED.keys())
def test_a_period_is_a_real_stretch_of_quarter_hours(script: Script, table: str, period: str) -> None:
    with refused(name=PERIOD_CHECKS[table], code=CHECK):
        write_period(script, table, period)

    write_period(script, table, f"[{NINE},{FIVE if table == SHIFT else ELEVEN})")
    script.settle()


@pytest.mark.parametrize("table", PERIOD_CHECKS)
@pytest.mark.parametrize("period", CROOKED.values(), ids=CROOKED.keys())
def test_without_its_check_a_crooked_period_would_pass(script: Script, table: str, period: str) -> None:
    script.settle()
    script.run("alter table clinic_shift drop constraint shift_over_time cascade")
    script.run("alter table clinic_floorperiod drop constraint floor_time_of_a_nurse cascade")
    script.run(guard(table, PERIOD_CHECKS[table]))

    with transaction.atomic():
        write_period(script, table, period)
        transaction.set_rollback(True)


def test_a_period_is_never_missing(script: Script) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        script.run("update clinic_floorperiod set period = null")
    assert isinstance(caught.value.__cause__, psycopg2.errors.NotNullViolation)


# What is legal although it looks dangerous


def test_two_patients_swap_chairs_in_one_statement(script: Script) -> None:
    one = script.visit("9:00", "11:00", chair=0)
    other = script.visit("9:30", "12:00", chair=1, plan=1, nurse=1)
    left, right = script.chairs[0]

    script.run(
        "update scheduling_appointment set chair_id = case id when %s then %s else %s end where id in (%s, %s)",
        *(one, right, left, one, other),
    )
    script.settle()

    assert Appointment.objects.get(pk=one).chair_id == right


def test_two_patients_swap_their_nurses_places(script: Script) -> None:
    one = script.visit("9:00", "11:00", place=1)
    other = script.visit("9:30", "12:00", chair=1, plan=1, place=2)

    for pk, place in ((one, 2), (other, 1)):
        script.run("update scheduling_nurseassignment set place = %s where appointment_id = %s", place, pk)
    script.settle()

    assert NurseAssignment.objects.get(appointment=one).place == 2


def test_care_may_span_two_floor_periods_that_touch(script: Script) -> None:
    script.run(
        "update clinic_floorperiod set period = %s where nurse_id = %s", script.span("9:00", "10:00"), script.nurse(1)
    )
    script.run(
        "insert into clinic_floorperiod (shift_id, nurse_id, clinic_id, period) values (%s, %s, %s, %s)",
        *(script.shifts[0][1].pk, script.nurse(1), script.here.pk, script.span("10:00", "17:00")),
    )

    script.visit("9:00", "11:00", nurse=1)
    script.settle()


def test_a_cancelled_appointment_holds_neither_chair_nor_patient_nor_dose(script: Script) -> None:
    script.appointment("9:00", "11:00", status="cancelled")
    script.visit("9:00", "11:00")
    script.settle()


def test_an_appointment_is_deleted_with_its_care_or_not_at_all(script: Script) -> None:
    pk = script.visit("9:00", "11:00")
    script.settle()
    script.run("delete from scheduling_appointment where id = %s", pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        script.settle()

    script.run("delete from scheduling_nurseassignment where appointment_id = %s", pk)
    script.settle()


def test_a_row_written_by_hand_gets_the_facts_of_its_dose(script: Script) -> None:
    appointment = Appointment.objects.get(pk=script.visit("9:00", "11:00", dose=13))

    assert appointment.dose_phase.first_dose == 13
    assert appointment.planned_period == appointment.period


# At COMMIT, and against two scripts at once


@pytest.mark.django_db(transaction=True)
def test_commit_itself_refuses_an_appointment_without_a_nurse() -> None:
    script = Script()

    with refused(name="assignments_tile_appointment", code=CHECK):
        script.appointment("9:00", "11:00")

    assert not Appointment.objects.exists()


class AnotherScript:
    """A second connection, whose COMMIT runs beside the first's."""

    def __init__(self) -> None:
        self.connection = psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": None})
        self.cursor = self.connection.cursor()
        self.thread = ThreadPoolExecutor(1)

    def commit(self) -> "Future[None]":
        """Begin to commit; come back when that is over, or waits for the first connection."""
        over = self.thread.submit(self.connection.commit)
        while not over.done() and not self._waits():
            time.sleep(0.01)
        return over

    def _waits(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("select cardinality(pg_blocking_pids(%s)) > 0", [self.connection.info.backend_pid])
            return bool(cursor.fetchone()[0])

    def close(self) -> None:
        """Roll back what is left."""
        self.thread.shutdown()
        self.connection.close()


@pytest.fixture
def second(transactional_db: None) -> Iterator[AnotherScript]:
    another = AnotherScript()
    yield another
    another.close()


def test_two_scripts_cannot_each_add_a_nurse_for_the_same_hour(second: AnotherScript) -> None:
    script = Script()
    with transaction.atomic():
        pk = script.appointment("9:00", "11:00", short_staffed=True)
    insert = (
        "insert into scheduling_nurseassignment (appointment_id, clinic_id, nurse_id, place, period, is_start)"
        " values (%s, %s, %s, 1, %s, true)"
    )

    with transaction.atomic():
        script.run(insert, pk, script.here.pk, script.nurse(0), script.span("9:00", "11:00"))
        second.cursor.execute(insert, (pk, script.here.pk, script.nurse(1), script.span("9:00", "11:00")))
        script.settle()
        over = second.commit()

    with pytest.raises(psycopg2.errors.CheckViolation):
        over.result()
    assert NurseAssignment.objects.filter(appointment=pk).count() == 1


def test_one_script_cannot_take_the_nurse_while_another_takes_the_flag_off(second: AnotherScript) -> None:
    script = Script()
    with transaction.atomic():
        pk = script.visit("9:00", "11:00", short_staffed=True)

    with transaction.atomic():
        script.run("update scheduling_appointment set short_staffed = false where id = %s", pk)
        second.cursor.execute("delete from scheduling_nurseassignment where appointment_id = %s", (pk,))
        script.settle()
        over = second.commit()

    with pytest.raises(psycopg2.errors.CheckViolation):
        over.result()
    assert NurseAssignment.objects.filter(appointment=pk).exists()
