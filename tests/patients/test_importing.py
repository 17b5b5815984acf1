"""Patients from a spreadsheet: every error is named, nothing is half imported, twice is once."""

import csv
import io
import re
from contextlib import suppress
from datetime import date, time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Clinic, User
from patients.import_file import COLUMNS, MOST_BYTES, MOST_ROWS, CannotImport, read_file
from patients.importing import Result, import_patients
from patients.models import ContactPoint, DoseGiven, DoseSource, Patient, TreatmentPlan
from tests.world import make_clinic, make_patient, make_plan

pytestmark = pytest.mark.django_db

EXAMPLE = Path(__file__).parents[2] / "docs" / "import-example.csv"

ANNA = {
    "mrn": "A1",
    "family_name": "Johnson",
    "given_name": "Anna",
    "birth_date": "3/14/1975",
    "clinic": "madison",
    "mobile": "(608) 555-0121",
}
ON_TYSABRI = {**ANNA, "therapy": "tysabri", "last_dose_number": "7", "last_dose_on": "5/4/2026"}


@pytest.fixture(autouse=True)
def _in_june(time_machine) -> None:
    time_machine.move_to("2026-06-01T12:00:00-05:00")


def sheet(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    """A CSV file with every column."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def run(*rows: dict[str, str], clinics: list[Clinic], commit: bool = True, by: User | None = None) -> Result:
    return import_patients(content=sheet(*rows), clinics=clinics, by=by, commit=commit)


def everything() -> list[list[tuple]]:
    """All that an import may write."""
    tables = (Patient, ContactPoint, TreatmentPlan, DoseGiven)
    return [list(table.objects.order_by("pk").values_list()) for table in tables]


def test_a_patient_comes_with_plan_and_last_dose(madison, manager):
    row = {
        **ON_TYSABRI,
        "email": "Anna@Example.org",
        "language": "ES",
        "timezone": "America/Denver",
        "extra_minutes": "15",
        "alerts": "Hives",
        "interval_days": "42",
        "usual_weekday": "tue",
        "usual_time": "1:15 pm",
        "prescriber": "Dr. Lund",
    }
    result = run(row, clinics=[madison], by=manager)
    assert result.is_written
    assert result.counts == {"patients new": 1, "plans new": 1, "doses recorded": 1}
    patient = Patient.objects.get()
    assert (patient.mrn, patient.birth_date, patient.language) == ("A1", date(1975, 3, 14), "es")
    assert patient.timezone == "America/Denver"
    assert {point.value for point in patient.contact_points.all()} == {"+16085550121", "anna@example.org"}
    plan = patient.plans.get()
    assert (plan.interval_days, plan.usual_weekday, plan.usual_time) == (42, 1, time(13, 15))
    dose = plan.doses_given.get()
    assert (dose.dose_number, dose.given_on, dose.source) == (7, date(2026, 5, 4), DoseSource.IMPORTED)
    assert dose.recorded_by == manager


def test_looking_writes_nothing(madison):
    result = run(ON_TYSABRI, clinics=[madison], commit=False)
    assert result.counts["patients new"] == 1
    assert not result.is_written
    assert everything() == [[], [], [], []]


def test_the_same_file_twice_changes_nothing(madison):
    rows = [ON_TYSABRI, {**ANNA, "therapy": "ocrevus", "start_on": "7/1/2026"}]
    run(*rows, clinics=[madison])
    before = everything()
    again = run(*rows, clinics=[madison])
    assert again.is_all_on_record
    assert again.counts == {"patients unchanged": 1, "plans unchanged": 2, "doses recorded": 0}
    assert everything() == before


def test_a_changed_row_changes_only_what_it_says(madison, wausau):
    run({**ON_TYSABRI, "email": "anna@example.org", "alerts": "Hives"}, clinics=[madison])
    result = run(
        {**ANNA, "mobile": "6085550199", "clinic": "Wausau", "therapy": "Tysabri", "prescriber": "Dr. Lund"},
        clinics=[madison, wausau],
    )
    assert result.counts == {"patients changed": 1, "plans changed": 1, "doses recorded": 0}
    assert {text for _, _, text in result.changes} == {
        "home clinic: Madison → Wausau",
        "mobile: +16085550121 → +16085550199",
        "Tysabri: prescriber: empty → Dr. Lund",
    }
    patient = Patient.objects.get()
    assert (patient.alerts, patient.home_clinic) == ("Hives", wausau)
    assert {point.value for point in patient.contact_points.all()} == {"+16085550199", "anna@example.org"}
    assert patient.plans.get().doses_given.count() == 1


def test_a_later_last_dose_is_added_and_a_corrected_one_moves(madison):
    run(ON_TYSABRI, clinics=[madison])
    run({**ON_TYSABRI, "last_dose_number": "8", "last_dose_on": "5/30/2026"}, clinics=[madison])
    result = run({**ON_TYSABRI, "last_dose_number": "8", "last_dose_on": "5/31/2026"}, clinics=[madison])
    assert result.changes == [(2, "A1", "Tysabri: dose 8 moves to May 31, 2026")]
    assert dict(DoseGiven.objects.values_list("dose_number", "given_on")) == {7: date(2026, 5, 4), 8: date(2026, 5, 31)}


def test_the_first_dose_can_be_told_for_doses_that_count_from_it(madison):
    row = {
        **ANNA,
        "therapy": "ocrevus",
        "first_dose_on": "5/1/2026",
        "last_dose_number": "2",
        "last_dose_on": "5/15/26",
    }
    run(row, clinics=[madison])
    plan = TreatmentPlan.objects.get()
    assert plan.start_on == date(2026, 5, 1)
    assert dict(plan.doses_given.values_list("dose_number", "given_on")) == {1: date(2026, 5, 1), 2: date(2026, 5, 15)}


def test_an_old_file_does_not_bring_an_ended_plan_back(madison):
    run(ON_TYSABRI, clinics=[madison])
    TreatmentPlan.objects.update(status="ended")
    assert run(ON_TYSABRI, clinics=[madison]).is_all_on_record
    later = {**ANNA, "therapy": "tysabri", "start_on": "7/1/2026"}
    assert run(later, clinics=[madison]).counts["plans new"] == 1
    assert TreatmentPlan.objects.filter(status="active").count() == 1


WRONG = [
    ({"mrn": ""}, "mrn", "Every row needs an MRN"),
    ({"mrn": "A 1"}, "mrn", "letters, digits and hyphens"),
    ({"family_name": ""}, "family_name", "may not be empty"),
    ({"given_name": "x" * 61}, "given_name", "too long"),
    ({"birth_date": "3/14"}, "birth_date", "not a date"),
    ({"birth_date": "2/30/1975"}, "birth_date", "not a date"),
    ({"birth_date": "6/2/2026"}, "birth_date", "between 1900 and today"),
    ({"clinic": "chicago"}, "clinic", "do not manage a clinic of this name"),
    ({"mobile": "555-0100"}, "mobile", "not a full phone number"),
    ({"email": "anna"}, "email", "not an e-mail address"),
    ({"language": "english"}, "language", "two- or three-letter"),
    ({"timezone": "Denver"}, "timezone", "America/Denver"),
    ({"extra_minutes": "some"}, "extra_minutes", "not a whole number"),
    ({"extra_minutes": "999"}, "extra_minutes", "0 to 480"),
    ({"therapy": "tysbari"}, "therapy", "Write one of: .*tysabri"),
    ({"therapy": ""}, "therapy", "Say which therapy"),
    ({"variant": "quick"}, "variant", "has no variant"),
    ({"last_dose_number": "", "last_dose_on": ""}, "start_on", "dose 1 is ordered"),
    ({"last_dose_on": ""}, "last_dose_on", "on which day"),
    ({"last_dose_number": ""}, "last_dose_number", "which dose"),
    ({"last_dose_number": "0"}, "last_dose_number", "counted from 1"),
    ({"last_dose_on": "6/2/2026"}, "last_dose_on", "has not come yet"),
    ({"first_dose_on": "5/5/2026"}, "last_dose_on", "Check the number and the day"),
    ({"first_dose_on": "5/3/2026", "last_dose_number": "1"}, "first_dose_on", "both days must be the same"),
    ({"start_on": "soon"}, "start_on", "not a date"),
    ({"interval_days": "3"}, "interval_days", "to 730 days"),
    ({"usual_weekday": "someday"}, "usual_weekday", "not a weekday"),
    ({"usual_time": "25:00"}, "usual_time", "not a time of day"),
]


@pytest.mark.parametrize(
    ("cells", "column", "why"), WRONG, ids=[f"{next(iter(cells))}-{why}" for cells, _, why in WRONG]
)
def test_what_is_wrong_is_named_with_line_and_column_and_nothing_is_imported(madison, cells, column, why):
    good = {**ON_TYSABRI, "mrn": "B2"}
    with_error = {**ON_TYSABRI, **cells}
    result = run(good, with_error, clinics=[madison])
    assert [(error.line, error.column) for error in result.errors] == [(3, column)]
    assert_says(result, why)
    assert not result.is_written
    assert everything() == [[], [], [], []]


def assert_says(result: Result, why: str) -> None:
    assert re.search(why, result.errors[0].message)


def test_rows_that_contradict_each_other_are_named(madison):
    ocrevus = {**ANNA, "therapy": "ocrevus", "start_on": "7/1/2026"}
    result = run(ON_TYSABRI, {**ocrevus, "birth_date": "3/15/1975"}, clinics=[madison])
    assert [(error.line, error.column) for error in result.errors] == [(3, "birth_date")]
    assert_says(result, "Line 2 says something else")
    result = run(ON_TYSABRI, ON_TYSABRI, clinics=[madison])
    assert [(error.line, error.column) for error in result.errors] == [(3, "therapy")]
    assert everything() == [[], [], [], []]


def test_all_errors_are_told_at_once(madison):
    result = run(
        {**ON_TYSABRI, "mobile": "1", "usual_time": "x"}, {**ANNA, "mrn": "B", "clinic": "x"}, clinics=[madison]
    )
    assert [(error.line, error.column) for error in result.errors] == [(2, "mobile"), (2, "usual_time"), (3, "clinic")]


def test_a_patient_of_a_clinic_one_does_not_manage_is_not_touched(madison, wausau):
    make_patient(wausau, "Johnson", "Anna", mrn="A1")
    result = run(ON_TYSABRI, clinics=[madison])
    assert [(error.column, error.line) for error in result.errors] == [("mrn", 2)]
    assert_says(result, "a clinic you do not manage")
    assert Patient.objects.get().home_clinic == wausau


def test_an_mrn_of_somebody_else_is_not_overwritten(madison):
    make_patient(madison, "Lee", "Bo", mrn="A1", birth_date=date(1990, 1, 1))
    result = run(ON_TYSABRI, clinics=[madison])
    assert_says(result, "on record for Lee, Bo, born Jan 1, 1990")
    assert not result.is_written


def test_a_dose_given_here_is_not_moved_by_a_file(madison):
    plan = make_plan(make_patient(madison, "Johnson", "Anna", mrn="A1"), given={7: date(2026, 5, 5)})
    result = run(ON_TYSABRI, clinics=[madison])
    assert_says(result, "Dose 7 is on record as given on May 5, 2026, and not by an import")
    assert plan.doses_given.get().given_on == date(2026, 5, 5)


def test_a_mobile_that_is_the_landline_is_named(madison):
    patient = make_patient(madison, "Johnson", "Anna", mrn="A1")
    patient.contact_points.create(kind="landline", value="+16085550121")
    assert [error.column for error in run(ON_TYSABRI, clinics=[madison]).errors] == ["mobile"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_way_a_spreadsheet_saves_is_read(madison, delimiter):
    text = sheet({**ON_TYSABRI, "family_name": "Müller"}, delimiter=delimiter).decode()
    head, rest = text.split("\r\n", 1)
    head = delimiter.join(reversed([f" {name.replace('_', ' ').title()} " for name in head.split(delimiter)]))
    body = delimiter.join(reversed(rest.strip("\r\n").split(delimiter)))
    content = b"\xef\xbb\xbf" + f"\r\n{head}\r\n\r\n{body}\r\n{delimiter * 19}\r\n".encode()
    result = import_patients(content=content, clinics=[madison], by=None, commit=True)
    assert not result.errors
    assert Patient.objects.get().family_name == "Müller"


def test_lines_are_counted_as_in_the_file_even_after_a_cell_of_two_lines(madison):
    result = run({**ANNA, "alerts": "first\nsecond"}, {**ANNA, "mrn": ""}, clinics=[madison])
    assert [error.line for error in result.errors] == [4]


def test_other_columns_are_ignored_and_named(madison):
    content = b"MRN,Last name,First name,DOB,Clinic,Shoe size\nA1,Lee,Bo,1990-01-01,madison,42\n"
    result = import_patients(content=content, clinics=[madison], by=None, commit=True)
    assert result.ignored_columns == ["Shoe size"]
    assert result.counts["patients new"] == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "must name the columns"),
        (b"mrn,family_name\n", "missing: given_name, birth_date, clinic"),
        (b"mrn,mrn,family_name,given_name,birth_date,clinic\n", "mrn is there twice"),
        (b"mrn,family_name,given_name,birth_date,clinic\n", "no rows"),
        (b"mrn,family_name,given_name,birth_date,clinic\nA,B,C,D,E,F\n", "Line 2 has more cells"),
        (b'mrn,family_name,given_name,birth_date,clinic\nA,"B,C,D,E\n', "quotation mark"),
        ("mrn,M\u00fcller".encode("latin-1"), "UTF-8"),
        ("mrn".encode("utf-16"), "UTF-8"),
        (b"PK\x03\x04\x00", "UTF-8"),
        (b"x" * (MOST_BYTES + 1), "larger than 5 MB"),
        (b"mrn,family_name,given_name,birth_date,clinic\n" + b"A,B,C,D,E\n" * (MOST_ROWS + 1), "more than 10,000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content, why):
    with pytest.raises(CannotImport, match=why):
        read_file(content)


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_file_is_read_or_refused(content):
    with suppress(CannotImport):
        read_file(b"mrn,family_name,given_name,birth_date,clinic\n" + content)


ROWS = st.fixed_dictionaries(
    {
        "mrn": st.sampled_from(["A1", "B2", "C3"]),
        "family_name": st.sampled_from(["Lee", "Müller", "O'Brien"]),
        "given_name": st.just("Bo"),
        "birth_date": st.just("1/2/1990"),
        "clinic": st.sampled_from(["madison", "wausau"]),
        "mobile": st.sampled_from(["", "6085550121", "6085550122"]),
        "therapy": st.sampled_from(["", "tysabri", "ocrevus"]),
        "start_on": st.sampled_from(["", "1/5/2026"]),
        "last_dose_number": st.sampled_from(["", "1", "2", "3"]),
        "last_dose_on": st.sampled_from(["", "2/2/2026", "3/2/2026"]),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(first=st.lists(ROWS, min_size=1, max_size=4), second=st.lists(ROWS, min_size=1, max_size=4))
def test_an_import_is_all_or_nothing_and_twice_is_once(madison, wausau, first, second):
    for rows in (first, second):
        before = everything()
        dry = run(*rows, clinics=[madison, wausau], commit=False)
        assert everything() == before
        done = run(*rows, clinics=[madison, wausau])
        assert (dry.counts, dry.errors, dry.changes) == (done.counts, done.errors, done.changes)
        assert done.is_written == (not done.errors)
        after = everything()
        assert done.is_written or after == before
        if done.is_written:
            assert run(*rows, clinics=[madison, wausau]).is_all_on_record
            assert everything() == after
    for table in (DoseGiven, TreatmentPlan, ContactPoint, Patient):
        table.objects.all().delete()


def test_reading_queries_do_not_grow_with_the_rows(madison):
    def queries(rows) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert not run(*rows, clinics=[madison], commit=False).errors
        return len(captured)

    few = [ON_TYSABRI]
    many = [{**ON_TYSABRI, "mrn": f"A{n}", "mobile": f"60855501{n:02}"} for n in range(40)]
    run(*many, clinics=[madison])
    assert queries(few) == queries(many)


def test_the_example_has_every_column_and_imports(madison, wausau, time_machine):
    time_machine.move_to("2026-11-23T12:00:00-06:00")
    make_clinic("eau-claire")
    content = EXAMPLE.read_bytes()
    assert content.decode().split("\n", 1)[0].split(",") == list(COLUMNS)
    result = import_patients(content=content, clinics=list(Clinic.objects.all()), by=None, commit=True)
    assert result.errors == []
    assert result.counts == {"patients new": 5, "plans new": 6, "doses recorded": 5}


def test_the_command_looks_first_and_writes_when_told(madison, tmp_path, capsys):
    file = tmp_path / "patients.csv"
    file.write_bytes(sheet(ON_TYSABRI))
    call_command("import_patients", file)
    assert "add --commit" in capsys.readouterr().out
    assert not Patient.objects.exists()
    call_command("import_patients", file, commit=True)
    assert "1 patients new" in capsys.readouterr().out
    assert Patient.objects.count() == 1
    call_command("import_patients", file, commit=True)
    assert "on record already" in capsys.readouterr().out


def test_the_command_names_errors_and_fails(madison, tmp_path, capsys):
    file = tmp_path / "patients.csv"
    file.write_bytes(sheet({**ON_TYSABRI, "usual_time": "25:00"}))
    with pytest.raises(CommandError, match="1 errors"):
        call_command("import_patients", file, commit=True)
    assert "Line 2, usual_time “25:00”: This is not a time of day" in capsys.readouterr().err
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_patients", tmp_path / "none.csv")
