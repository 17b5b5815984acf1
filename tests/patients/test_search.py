"""One search box: what it finds, in which order, and whom it never shows."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Clinic
from patients.folding import fold
from patients.models import ContactPoint, Patient
from patients.search import search
from tests.world import make_patient, make_plan

pytestmark = pytest.mark.django_db


def names(text: str, *clinics: Clinic) -> list[str]:
    return [str(found.patient) for found in search(text=text, clinics=clinics)]


@pytest.fixture
def people(madison: Clinic) -> dict[str, Patient]:
    """A few people whose names are easily taken for each other."""
    made = [
        make_patient(madison, "Johnson", "Anna", mrn="A1021", birth_date=date(1975, 3, 14)),
        make_patient(madison, "Johnson", "Andrew", mrn="A1022", birth_date=date(1988, 12, 1)),
        make_patient(madison, "Anderson", "Joan", mrn="A1023", birth_date=date(1961, 7, 30)),
        make_patient(madison, "Müller", "Zoë", mrn="A1024", birth_date=date(1990, 2, 2)),
        make_patient(madison, "O'Brien", "Kate", mrn="A1025", birth_date=date(1975, 3, 14)),
        make_patient(madison, "Vang", "Mai", mrn="A1026", birth_date=date(2000, 1, 31)),
        make_patient(madison, "Smith", "Katherine", mrn="0100", birth_date=date(1950, 10, 3)),
    ]
    for number, patient in enumerate(made):
        ContactPoint.objects.create(patient=patient, kind="mobile", value=f"+1715555010{number}")
    return {str(patient): patient for patient in made}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("johnson anna", "Johnson, Anna"),
        ("Anna Johnson", "Johnson, Anna"),
        ("Johnson, Anna", "Johnson, Anna"),
        ("andrew jo", "Johnson, Andrew"),
        ("muller", "Müller, Zoë"),
        ("MÜLLER zoe", "Müller, Zoë"),
        ("obrien", "O'Brien, Kate"),
        ("o'brien", "O'Brien, Kate"),
        ("o brien", "O'Brien, Kate"),
    ],
)
def test_names_are_found_in_any_order_by_their_beginnings(people, madison, text, first):
    assert names(text, madison)[0] == first


def test_beginnings_may_mean_family_or_given_name(people, madison):
    assert names("and jo", madison)[:2] == ["Anderson, Joan", "Johnson, Andrew"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jonson ana", "Johnson, Anna"),
        ("ana jhonson", "Johnson, Anna"),
        ("mueller", "Müller, Zoë"),
        ("vnag", "Vang, Mai"),
        ("vong", "Vang, Mai"),
        ("smiht", "Smith, Katherine"),
        ("kathrine smyth", "Smith, Katherine"),
        ("catherine", "Smith, Katherine"),
    ],
)
def test_a_name_with_typing_errors_is_found(people, madison, text, expected):
    assert names(text, madison)[0] == expected


@pytest.mark.parametrize("text", ["3/14/1975", "03141975", "1975-03-14", "14 Mar 1975", "3/14/75", "031475"])
def test_everybody_born_that_day_is_found(people, madison, text):
    assert names(text, madison) == ["Johnson, Anna", "O'Brien, Kate"]


def test_name_and_birth_date_must_both_fit(people, madison):
    assert names("kate 3/14/1975", madison) == ["O'Brien, Kate"]
    assert names("kate 3/15/1975", madison) == []


def test_a_mistyped_name_with_the_right_birth_date_is_found(people, madison):
    assert names("jonson 3/14/1975", madison) == ["Johnson, Anna"]


@pytest.mark.parametrize("text", ["0103", "555-0103", "(715) 555-0103", "+1 715 555 0103", "17155550103"])
def test_the_end_of_a_phone_number_is_enough(people, madison, text):
    assert names(text, madison) == ["Müller, Zoë"]


def test_an_mrn_is_found_in_small_letters_too(people, madison):
    assert names("a1024", madison) == ["Müller, Zoë"]


def test_a_number_that_is_an_mrn_comes_before_one_that_ends_a_phone_number(people, madison):
    assert names("0100", madison) == ["Smith, Katherine", "Johnson, Anna"]


def test_an_email_address_is_found_by_its_beginning(people, madison):
    ContactPoint.objects.create(patient=people["Vang, Mai"], kind="email", value="mai.vang@example.org")
    assert names("Mai.V@", madison) == []
    assert names("mai.vang@exa", madison) == ["Vang, Mai"]


def test_whole_words_come_before_longer_names_and_active_patients_before_others(madison):
    make_patient(madison, "Leeman", "Ann")
    make_patient(madison, "Lee", "Zed", is_active=False)
    make_patient(madison, "Lee", "Zoe")
    make_patient(madison, "Ash", "Lee")
    assert names("lee", madison) == ["Lee, Zoe", "Ash, Lee", "Leeman, Ann", "Lee, Zed"]


def test_similar_names_come_below_those_that_match_and_say_so(madison):
    make_patient(madison, "Jonson", "Anna")
    make_patient(madison, "Johnson", "Anna")
    found = search(text="johnson", clinics=[madison])
    assert [(str(one.patient), one.is_only_similar) for one in found] == [
        ("Johnson, Anna", False),
        ("Jonson, Anna", True),
    ]


@pytest.mark.parametrize("text", ["johnson", "jonson", "3/14/1975", "0100", "A1021", "anna 3/14/1975", "vnag"])
def test_patients_of_other_clinics_are_never_shown(people, wausau, text):
    assert names(text, wausau) == []
    assert names(text) == []


def test_somebody_of_another_clinic_does_not_take_a_place_in_the_list(madison, wausau):
    for _ in range(30):
        make_patient(wausau, "Johnson", "Abel")
    make_patient(madison, "Johnson", "Zed")
    assert names("johnson", madison) == ["Johnson, Zed"]
    assert names("jhonson", madison) == ["Johnson, Zed"]


def test_each_result_has_what_tells_two_people_apart(people, madison):
    make_plan(people["Vang, Mai"], "ocrevus")
    make_plan(people["Vang, Mai"], "tysabri", status="ended")
    (found,) = search(text="vang", clinics=[madison])
    assert found.phone == "(715) 555-0105"
    assert [plan.therapy.slug for plan in found.plans] == ["ocrevus"]
    assert found.age == found.patient.age(on=timezone.localdate())


def test_age_turns_on_the_birthday(people):
    anna = people["Johnson, Anna"]
    assert anna.age(on=date(2026, 3, 13)) == 50
    assert anna.age(on=date(2026, 3, 14)) == 51


def test_no_more_than_the_limit_is_shown(madison):
    for _ in range(25):
        make_patient(madison, "Johnson")
    assert len(search(text="johnson", clinics=[madison], limit=20)) == 20


@pytest.mark.parametrize("text", ["johnson", "jhonson", "johnson 1975-03-14", "0100"])
def test_queries_do_not_grow_with_the_number_found(madison, text):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            search(text=text, clinics=[madison])
        return len(captured)

    def add() -> None:
        patient = make_patient(madison, "Johnson", "Anna", birth_date=date(1975, 3, 14))
        ContactPoint.objects.create(patient=patient, kind="mobile", value="+17155550100")
        make_plan(patient)

    add()
    few = queries()
    for _ in range(15):
        add()
    assert queries() == few <= 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], max_codepoint=0x24F), max_size=30))
def test_the_database_folds_names_as_python_does(madison, text):
    patient = make_patient(madison, text or "x", "Anna")
    patient.refresh_from_db()
    assert patient.search_name == f" {fold((text or 'x') + ' Anna')} "
    patient.delete()
