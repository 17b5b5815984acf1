"""Who a patient is and how to reach them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from clinic.models import Clinic
from patients.errors import Refused
from patients.models import Patient
from patients.registering import Contacts, Person, change, register, register_all
from tests.world import make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(madison: Clinic) -> Person:
    return Person(
        mrn="A1021", family_name="Johnson", given_name="Anna", birth_date=date(1975, 3, 14), home_clinic=madison
    )


def test_a_patient_is_registered_with_facts_as_they_are_kept(anna):
    patient = register(
        person=replace(anna, mrn=" a1021 ", family_name="  Johnson   Lee "),
        contacts=Contacts(mobile="(715) 555-0100", email="Anna@Example.ORG", preferred="email"),
    )
    patient.refresh_from_db()
    assert (patient.mrn, patient.family_name) == ("A1021", "Johnson Lee")
    assert Contacts.of(patient) == Contacts(mobile="+17155550100", email="anna@example.org", preferred="email")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"mrn": ""}, "mrn"),
        ({"mrn": "A 1"}, "mrn"),
        ({"mrn": "A" * 21}, "mrn"),
        ({"family_name": "  "}, "family_name"),
        ({"given_name": "x" * 61}, "given_name"),
        ({"birth_date": date(1899, 12, 31)}, "birth_date"),
        ({"birth_date": timezone.localdate() + timedelta(days=1)}, "birth_date"),
        ({"language": "english"}, "language"),
        ({"timezone": "Mountain"}, "timezone"),
        ({"extra_minutes": 481}, "extra_minutes"),
        ({"chair_kind": "sofa"}, "chair_kind"),
        ({"alerts": "x" * 241}, "alerts"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_beside_its_field(anna, facts, field):
    with pytest.raises(Refused) as refused:
        register(person=replace(anna, **facts), contacts=Contacts())
    assert refused.value.field == field
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("contacts", "field"),
    [
        (Contacts(mobile="555-0100"), "mobile"),
        (Contacts(landline="none"), "landline"),
        (Contacts(mobile="7155550100", landline="715-555-0100"), "landline"),
        (Contacts(email="anna"), "email"),
        (Contacts(mobile="7155550100", preferred="email"), "preferred"),
    ],
)
def test_a_contact_that_cannot_be_is_refused_beside_its_field(anna, contacts, field):
    with pytest.raises(Refused) as refused:
        register(person=anna, contacts=contacts)
    assert refused.value.field == field
    assert not Patient.objects.exists()


def test_an_mrn_is_taken_once_in_capitals_or_not(anna, madison):
    make_patient(madison, mrn="a1021")
    with pytest.raises(Refused, match="Another patient has this MRN") as refused:
        register(person=anna, contacts=Contacts())
    assert refused.value.field == "mrn"


def test_the_database_refuses_a_second_patient_with_an_mrn(madison):
    make_patient(madison, mrn="a1021")
    with pytest.raises(IntegrityError, match="mrn_once"):
        make_patient(madison, mrn="A1021")


def test_changing_keeps_what_did_not_change(anna):
    patient = register(person=anna, contacts=Contacts(mobile="7155550100", email="anna@example.org"))
    before = {point.value: point.pk for point in patient.contact_points.all()}
    change(
        patient=patient,
        person=replace(anna, family_name="Lee"),
        contacts=Contacts(mobile="7155550199", email="anna@example.org"),
    )
    after = {point.value: point.pk for point in patient.contact_points.all()}
    assert Patient.objects.get().family_name == "Lee"
    assert after["anna@example.org"] == before["anna@example.org"]
    assert set(after) == {"anna@example.org", "+17155550199"}


def test_a_refused_change_leaves_the_record_as_it_was(anna, madison):
    make_patient(madison, mrn="A2")
    patient = register(person=anna, contacts=Contacts(mobile="7155550100"))
    with pytest.raises(Refused):
        change(patient=patient, person=replace(anna, mrn="A2", family_name="Lee"), contacts=Contacts())
    patient = Patient.objects.get(mrn="A1021")
    assert (patient.family_name, patient.contact_points.count()) == ("Johnson", 1)


def test_contacts_beyond_the_first_of_a_kind_are_left_alone(anna):
    patient = register(person=anna, contacts=Contacts(mobile="7155550100"))
    patient.contact_points.create(kind="mobile", value="+17155550177")
    change(patient=patient, person=anna, contacts=Contacts(mobile="7155550101"))
    assert {point.value for point in patient.contact_points.all()} == {"+17155550101", "+17155550177"}


def test_many_are_registered_at_once_or_none(anna: Person) -> None:
    ben = replace(anna, mrn="b7", given_name="Ben")
    first, second = register_all(people=[(anna, Contacts(mobile="(715) 555-0100")), (ben, Contacts())])
    assert (first.mrn, second.mrn) == ("A1021", "B7")
    assert Contacts.of(first) == Contacts(mobile="+17155550100")

    with pytest.raises(Refused) as refused:
        register_all(people=[(replace(anna, mrn="C1"), Contacts()), (ben, Contacts())])
    assert refused.value.field == "mrn"
    assert Patient.objects.count() == 2
