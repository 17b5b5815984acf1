"""Every change leaves a line: by the ORM, in bulk or by raw SQL; with who and where from, and without secrets."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.test.utils import isolate_apps
from django.urls import reverse

from clinic.audit.models import CHANGES, Entry
from clinic.audit.origin import acting
from clinic.audit.watching import unguarded, unwatched
from clinic.models import Chair, Clinic, User
from patients.models import ContactPoint, Patient
from scheduling import tasks
from scheduling.booking import cancel
from scheduling.models import Appointment, NurseAssignment
from tests.world import BEFORE, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=True):
        yield


def lines(table: str) -> list[Any]:
    """What the trail says of a table, oldest first."""
    return list(Entry.objects.filter(table_name=table).order_by("id"))


def sql(statement: str, *params: int) -> None:
    """Somebody types SQL."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)


# --- What is watched -----------------------------------------------------------------------------


def test_every_table_is_watched_or_its_room_says_why_not(db: None) -> None:
    assert unwatched() == []
    assert unguarded() == []


def test_an_excuse_names_a_model_that_is_there() -> None:
    excuses = {
        (config.label, name): why
        for config in apps.get_app_configs()
        for name, why in getattr(config, "not_audited", {}).items()
    }
    assert len(excuses) > 4
    assert all(why and apps.get_model(*name) for name, why in excuses.items())


@isolate_apps("scheduling")
def test_a_new_table_without_triggers_is_named(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Parking(models.Model):
        class Meta:
            app_label = "scheduling"

    monkeypatch.setitem(apps.all_models["scheduling"], "parking", Parking)
    monkeypatch.setattr(apps.get_app_config("scheduling"), "models", apps.all_models["scheduling"])

    assert unwatched() == ["scheduling_parking"]


# --- Changes -------------------------------------------------------------------------------------


def test_an_added_row_is_kept_whole(madison: Clinic) -> None:
    patient = make_patient(madison, "Olson", "Karen")

    (line,) = lines("patients_patient")
    assert (line.what, line.row_id, line.patient_id, line.before) == ("insert", patient.pk, patient.pk, None)
    assert line.after["family_name"] == "Olson"
    assert line.after["home_clinic_id"] == madison.pk


def test_a_change_keeps_what_changed_before_and_after(madison: Clinic) -> None:
    patient = make_patient(madison, "Olson", "Karen")
    patient.given_name = "Karin"
    patient.save()

    line = lines("patients_patient")[-1]
    assert (line.what, line.before, line.after) == ("update", {"given_name": "Karen"}, {"given_name": "Karin"})


def test_a_change_that_changes_nothing_leaves_no_line(madison: Clinic) -> None:
    make_patient(madison).save()

    assert len(lines("patients_patient")) == 1


def test_a_removed_row_is_kept_whole(madison: Clinic) -> None:
    point = ContactPoint.objects.create(patient=make_patient(madison), kind="email", value="a@example.org")
    point.delete()

    line = lines("patients_contactpoint")[-1]
    assert (line.what, line.after, line.before["value"]) == ("delete", None, "a@example.org")
    assert line.patient_id == point.patient_id


def test_bulk_writes_leave_a_line_for_each_row(madison: Clinic) -> None:
    Patient.objects.bulk_create(
        Patient(mrn=f"B{n}", family_name="B", given_name="B", birth_date=date(1980, 1, 1), home_clinic=madison)
        for n in range(5)
    )
    Patient.objects.update(is_active=False)
    Patient.objects.filter(mrn__in=["B1", "B2"]).delete()

    assert [line.what for line in lines("patients_patient")] == ["insert"] * 5 + ["update"] * 5 + ["delete"] * 2


def test_raw_sql_leaves_lines_that_name_the_database_role(madison: Clinic) -> None:
    patient = make_patient(madison, "Olson")
    sql("update patients_patient set family_name = 'Berg'")
    sql("with gone as (delete from patients_patient where id = %s returning 1) select * from gone", patient.pk)

    change, removal = lines("patients_patient")[1:]
    assert (change.before, change.after) == ({"family_name": "Olson"}, {"family_name": "Berg"})
    assert (removal.what, removal.origin) == ("delete", None)
    assert removal.role == connection.cursor().connection.info.user


def test_an_upsert_is_an_addition_and_then_a_change(madison: Clinic) -> None:
    upsert = """
        insert into clinic_chair (clinic_id, name, kind, position) values (%s, 'Window', 'bed', 1)
        on conflict (clinic_id, name) do update set position = 2
    """
    sql(upsert, madison.pk)
    sql(upsert, madison.pk)

    row = Chair.objects.get(name="Window").pk
    assert [line.what for line in lines("clinic_chair") if line.row_id == row] == ["insert", "update"]


def test_a_row_that_changes_its_id_goes_and_comes(madison: Clinic) -> None:
    patient = make_patient(madison)
    sql("update patients_patient set id = 77 where id = %s", patient.pk)

    assert {(line.what, line.row_id) for line in lines("patients_patient")[1:]} == {
        ("delete", patient.pk),
        ("insert", 77),
    }


def test_every_row_about_a_patient_says_so(madison: Clinic, front_desk: User) -> None:
    on_floor(madison)
    appointment = booked(madison)
    cancel(appointment=appointment, reason="weather", by=front_desk)

    about = Entry.objects.filter(patient_id=appointment.patient_id)
    assert {
        "patients_patient",
        "patients_treatmentplan",
        "patients_clearance",
        "scheduling_appointment",
        "scheduling_nurseassignment",
        "scheduling_statuschange",
        "reminders_message",
    } <= set(about.values_list("table_name", flat=True))
    assert not Entry.objects.filter(patient_id=None, table_name__startswith="scheduling_").exists()


def test_a_rolled_back_change_leaves_nothing(madison: Clinic) -> None:
    with transaction.atomic():
        make_patient(madison)
        transaction.set_rollback(True)

    assert not lines("patients_patient")


def test_secrets_are_not_copied(madison: Clinic, front_desk: User) -> None:
    front_desk.set_password("another-secret-1")
    front_desk.save()
    on_floor(madison)
    booked(madison)

    kept = "".join(str((line.before, line.after)) for line in Entry.objects.all())
    assert "md5$" not in kept
    assert "'password'" not in kept


# --- Who, from where, why ------------------------------------------------------------------------


def test_a_request_says_who_from_where_and_which_page(client: Client, front_desk: User, madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison)
    client.force_login(front_desk)

    client.post(
        reverse("appointment_confirm", args=[appointment.pk]),
        headers={"User-Agent": "Chromium 'test' %s \x00"},
        REMOTE_ADDR="10.1.2.3",
    )

    origin = lines("scheduling_appointment")[-1].origin
    assert origin == {
        "by": front_desk.pk,
        "name": "Frontdesk",
        "address": "10.1.2.3",
        "agent": "Chromium 'test' %s ",
        "page": "appointment_confirm",
        "request": origin["request"],
    }
    assert len(origin["request"]) >= 8


def test_no_patient_stands_in_what_is_kept_of_the_address(client: Client, front_desk: User, madison: Clinic) -> None:
    patient = make_patient(madison)
    client.force_login(front_desk)

    client.get(reverse("patient", args=[patient.pk]))

    assert Entry.objects.values_list("origin__page", flat=True).get(what="seen") == "patient"


def test_the_origin_ends_with_the_request(client: Client, front_desk: User, madison: Clinic) -> None:
    client.force_login(front_desk)
    client.get(reverse("board_today", args=["madison"]))
    make_patient(madison)

    assert lines("patients_patient")[-1].origin is None


def test_the_origin_survives_a_savepoint_that_was_rolled_back(madison: Clinic) -> None:
    with acting(task="command test"):
        with transaction.atomic():
            make_patient(madison)
            transaction.set_rollback(True)
        make_patient(madison)

    assert [line.origin for line in lines("patients_patient")] == [{"task": "command test"}]


def test_a_reason_goes_along(madison: Clinic) -> None:
    with acting(task="import"), acting(why="Asked by the patient, 100 %"):
        Patient.objects.filter(pk=make_patient(madison).pk).update(is_active=False)

    assert lines("patients_patient")[-1].origin == {"task": "import", "why": "Asked by the patient, 100 %"}


def test_a_background_task_says_which(madison: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduling.waitlist.write_down_lapsed", lambda: make_patient(madison))
    tasks.write_down_lapsed_offers.apply()
    make_patient(madison)

    assert [line.origin for line in lines("patients_patient")] == [
        {"task": "scheduling: write down lapsed offers"},
        None,
    ]


def test_many_rows_by_one_statement_carry_the_origin(madison: Clinic) -> None:
    with acting(task="bulk"), connection.cursor() as cursor:
        cursor.executemany(
            "insert into clinic_chair (clinic_id, name, kind) values (%s, %s, 'bed')",
            [(madison.pk, f"100 % {n}") for n in range(3)],
        )

    assert [line.origin for line in lines("clinic_chair")][-3:] == [{"task": "bulk"}] * 3


# --- Signing in ----------------------------------------------------------------------------------


def test_signing_in_out_and_failing_are_written_down(client: Client, front_desk: User) -> None:
    client.force_login(front_desk)
    client.post(reverse("logout"))
    client.login(username="frontdesk", password="wrong")
    client.login(username="a secret typed in the wrong field", password="wrong")

    said = list(Entry.objects.exclude(what__in=CHANGES).order_by("id").values_list("what", "after__account"))
    assert said == [
        ("signed_in", front_desk.pk),
        ("signed_out", front_desk.pk),
        ("sign_in_failed", front_desk.pk),
        ("sign_in_failed", None),
    ]
    assert "secret typed" not in str(list(Entry.objects.values()))


def test_the_demonstration_may_begin_anew_and_truncate_is_refused_again(db: None) -> None:
    from clinic.audit.watching import starting_over

    with starting_over():
        sql("truncate patients_patient cascade")

    with pytest.raises(DatabaseError), transaction.atomic():
        sql("truncate patients_patient cascade")
    assert unwatched() == []
    assert call_command("makemigrations", "audit", check=True, verbosity=0) is None


def test_appointments_and_their_care_are_written_down_at_every_step(madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, plan=make_plan(madison))

    assert [line.row_id for line in lines("scheduling_appointment")] == [appointment.pk]
    assert len(lines("scheduling_nurseassignment")) == NurseAssignment.objects.count()
    assert Appointment.objects.count() == 1
