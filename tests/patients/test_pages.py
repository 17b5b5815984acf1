"""The pages: who may open them, what they keep when something is wrong, how many queries they need."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.models import ContactPoint, DoseSource, Patient, TreatmentPlan
from tests.world import make_patient, make_plan, therapy

pytestmark = pytest.mark.django_db

NEW = {
    "family_name": "Johnson",
    "given_name": "Anna",
    "birth_date": "14 Mar 1975",
    "mrn": "a1021",
    "mobile": "(608) 555-0121",
    "preferred": "mobile",
    "language": "en",
    "is_active": "on",
}


@pytest.fixture
def desk(client: Client, front_desk) -> Client:
    client.force_login(front_desk)
    return client


def find(client: Client, text: str, **headers: str) -> str:
    response = client.post(reverse("patient_search"), {"q": text}, headers=headers)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


def test_the_search_page_finds_and_shows_two_identifiers(desk, madison):
    patient = make_patient(madison, "Johnson", "Anna", mrn="A1021", birth_date=date(1975, 3, 14))
    ContactPoint.objects.create(patient=patient, kind="mobile", value="+16085550121")
    plan = make_plan(patient)
    page = find(desk, "johnson")
    for text in ("Johnson, Anna", "3/14/1975", "A1021", "(608) 555-0121", "Madison", "Tysabri"):
        assert text in page
    assert reverse("patient", args=[patient.pk]) in page
    assert reverse("book", args=[plan.pk]) in page
    assert 'value="johnson"' in page


def test_typing_gets_the_list_alone(desk, madison):
    make_patient(madison, "Johnson", "Anna")
    page = find(desk, "johns", **{"HX-Request": "true"})
    assert "Johnson, Anna" in page
    assert "<html" not in page


def test_what_is_typed_is_not_taken_from_the_address(desk, madison):
    make_patient(madison, "Johnson", "Anna")
    assert "Johnson" not in desk.get(reverse("patient_search"), {"q": "johnson"}).content.decode()


def test_what_is_typed_comes_back_harmless(desk, madison):
    page = find(desk, '"><script>alert(1)</script>')
    assert "<script>alert" not in page


def test_nobody_found_says_what_else_to_try(desk, madison):
    assert "last four digits" in find(desk, "nobody")


def test_patients_of_another_clinic_are_not_found(client, stranger, madison):
    make_patient(madison, "Johnson", "Anna")
    client.force_login(stranger)
    assert "Johnson, Anna" not in find(client, "johnson")


def test_a_nurse_finds_patients_but_has_no_buttons_to_book_or_register(client, nurse, madison):
    make_plan(make_patient(madison, "Johnson"))
    client.force_login(nurse)
    page = find(client, "johnson")
    assert "Tysabri" in page
    assert "Book Tysabri" not in page
    assert "New patient" not in page


def test_enter_once_more_opens_the_only_patient_found_without_any_script(desk, madison):
    olson = make_patient(madison, "Olson", "Karen")
    make_patient(madison, "Berg", "Per")
    again = {"q": "olson", "found_for": "olson"}

    assert 'name="found_for" value="olson"' in desk.post(reverse("patient_search"), {"q": "olson"}).content.decode()
    assert desk.post(reverse("patient_search"), again).headers["Location"] == reverse("patient", args=[olson.pk])
    assert desk.post(reverse("patient_search"), {**again, "q": "berg"}).status_code == 200, "other words: look first"
    make_patient(madison, "Olson", "Karl")
    assert desk.post(reverse("patient_search"), again).status_code == 200, "two are a choice"


def test_search_pages_need_as_many_queries_for_many_as_for_few(desk, madison):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            find(desk, "johnson")
        return len(captured)

    make_plan(make_patient(madison, "Johnson"))
    few = queries()
    for _ in range(12):
        make_plan(make_patient(madison, "Johnson"))
    assert queries() == few


def test_a_patient_is_registered_and_the_patient_page_opens(desk, madison):
    response = desk.post(reverse("patient_new"), {**NEW, "home_clinic": madison.pk})
    patient = Patient.objects.get()
    assert response.headers["Location"] == reverse("patient", args=[patient.pk])
    assert (patient.mrn, patient.birth_date, patient.is_active) == ("A1021", date(1975, 3, 14), True)
    assert [str(point) for point in patient.contact_points.all()] == ["(608) 555-0121"]


@pytest.mark.parametrize(
    ("cells", "field", "says"),
    [
        ({"birth_date": "3/14"}, "birth_date", "Enter a date such as 3/14/1975"),
        ({"mrn": "a 1"}, "mrn", "letters, digits and hyphens"),
        ({"mobile": "555-0121"}, "mobile", "not a full phone number"),
        ({"email": "anna"}, "email", "not an e-mail address"),
        ({"family_name": " "}, "family_name", "Enter the family name."),
        ({"preferred": "email"}, "preferred", "no such number"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(desk, madison, cells, field, says):
    response = desk.post(reverse("patient_new"), {**NEW, "home_clinic": madison.pk, **cells})
    assert response.status_code == 422
    assert says in str(response.context["form"].errors[field])
    page = response.content.decode()
    assert all(f'value="{value}"' in page for value in ("Anna", cells.get("mrn", "a1021")))
    assert f'id="error_1_id_{field}"' in page
    assert not Patient.objects.exists()


def test_everything_that_is_wrong_is_told_at_once(desk, madison):
    response = desk.post(reverse("patient_new"), {**NEW, "mrn": "", "mobile": "555-0121", "email": "anna"})
    assert set(response.context["form"].errors) == {"mrn", "home_clinic", "mobile", "email"}


def test_a_taken_mrn_is_told_beside_it(desk, madison):
    make_patient(madison, mrn="A1021")
    response = desk.post(reverse("patient_new"), {**NEW, "home_clinic": madison.pk})
    assert "Another patient has this MRN" in str(response.context["form"].errors["mrn"])


def test_a_patient_cannot_be_registered_at_a_clinic_one_does_not_work_at(desk, wausau):
    response = desk.post(reverse("patient_new"), {**NEW, "home_clinic": wausau.pk})
    assert "home_clinic" in response.context["form"].errors


def test_editing_shows_what_is_on_record_and_saves(desk, madison):
    patient = make_patient(madison, "Johnson", "Anna", mrn="A1021", language="uk")
    ContactPoint.objects.create(patient=patient, kind="mobile", value="+16085550121", is_preferred=True)
    url = reverse("patient_edit", args=[patient.pk])
    form = desk.get(url).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    assert (shown["birth_date"], shown["mobile"], shown["preferred"]) == ("3/14/1975", "(608) 555-0121", "mobile")
    before = {name: value for name, value in shown.items() if value not in (None, False)}
    desk.post(url, {**before, "given_name": "Ann"})
    patient.refresh_from_db()
    assert (patient.given_name, patient.language, patient.contact_points.count()) == ("Ann", "uk", 1)


def test_a_plan_is_started_and_refusals_stand_beside_their_field(desk, madison):
    patient = make_patient(madison)
    url = reverse("plan_new", args=[patient.pk])
    order = {"therapy": therapy("ocrevus").pk, "start_on": "1/5/27", "usual_time": "9:30 am", "usual_weekday": "1"}
    response = desk.post(url, {**order, "variant": "observed"})
    assert "It has: fast" in str(response.context["form"].errors["variant"])
    assert 'value="9:30 am"' in response.content.decode()
    response = desk.post(url, {**order, "variant": "fast"})
    assert response.headers["Location"] == reverse("patient", args=[patient.pk])
    plan = TreatmentPlan.objects.get()
    assert (plan.start_on, plan.variant, plan.usual_weekday) == (date(2027, 1, 5), "fast", 1)


def test_a_plan_is_changed_paused_resumed_and_ended(desk, madison):
    plan = make_plan(madison)
    url = reverse("plan_edit", args=[plan.pk])
    desk.post(url, {"start_on": "1/5/2026", "interval_days": "42"})
    plan.refresh_from_db()
    assert (plan.interval_days, plan.start_on) == (42, date(2026, 1, 5))
    for change, status in (("pause", "paused"), ("resume", "active"), ("end", "ended")):
        desk.post(url, {"change": change})
        plan.refresh_from_db()
        assert plan.status == status
    assert "Start a new one" in desk.post(url, {"change": "resume"}).content.decode()
    assert "Ended" in desk.get(url).content.decode()


def test_a_dose_given_elsewhere_is_entered_and_removed(desk, front_desk, madison):
    plan = make_plan(madison, given={6: date(2026, 1, 5)})
    url = reverse("dose_given_new", args=[plan.pk])
    assert desk.get(url).context["form"]["dose_number"].value() == 7
    response = desk.post(url, {"dose_number": "7", "given_on": "1/4/2026"})
    assert "Dose 6 was given on Jan 5, 2026" in str(response.context["form"].errors["given_on"])
    desk.post(url, {"dose_number": "7", "given_on": "2/2/2026"})
    dose = plan.doses_given.get(dose_number=7)
    assert (dose.source, dose.recorded_by) == (DoseSource.ENTERED, front_desk)
    desk.post(reverse("dose_given_remove", args=[plan.pk, 7]))
    assert plan.doses_given.count() == 1


def test_a_dose_given_here_is_not_removed_by_hand(desk, madison):
    plan = make_plan(madison)
    plan.doses_given.create(dose_number=1, given_on=date(2026, 1, 5), source=DoseSource.HERE)
    assert desk.post(reverse("dose_given_remove", args=[plan.pk, 1])).status_code == 404
    assert plan.doses_given.count() == 1


@pytest.fixture
def urls(madison) -> list[str]:
    plan = make_plan(madison, given={1: date(2026, 1, 5)})
    return [
        reverse("patient_edit", args=[plan.patient_id]),
        reverse("plan_new", args=[plan.patient_id]),
        reverse("plan_edit", args=[plan.pk]),
        reverse("dose_given_new", args=[plan.pk]),
        reverse("dose_given_remove", args=[plan.pk, 1]),
    ]


def test_nobody_of_another_clinic_can_tell_that_a_patient_is_there(client, stranger, urls):
    client.force_login(stranger)
    assert {client.post(url).status_code for url in urls} == {404}


@pytest.mark.parametrize("who", ["nurse", "charge_nurse"])
def test_nurses_do_not_change_patients(client, urls, request, who):
    client.force_login(request.getfixturevalue(who))
    assert {client.post(url).status_code for url in [*urls, reverse("patient_new")]} == {403}


def test_nobody_gets_in_without_signing_in(client, urls):
    pages = [*urls, reverse("patient_new"), reverse("patient_search"), reverse("patient_import")]
    assert {client.get(url).status_code for url in pages} <= {302, 405}


def test_a_patients_time_zone_is_chosen_and_one_from_elsewhere_is_kept(desk, madison):
    desk.post(reverse("patient_new"), NEW | {"home_clinic": madison.pk, "timezone": "America/Denver"})
    patient = Patient.objects.get()
    assert (patient.timezone, patient.zone.key) == ("America/Denver", "America/Denver")
    Patient.objects.update(timezone="America/Boise")
    facts = NEW | {"home_clinic": madison.pk}
    form = desk.get(reverse("patient_edit", args=[patient.pk])).content.decode()
    assert '<option value="America/Boise" selected>' in form
    desk.post(reverse("patient_edit", args=[patient.pk]), facts | {"timezone": "America/Boise", "given_name": "Ann"})
    patient.refresh_from_db()
    assert (patient.given_name, patient.timezone) == ("Ann", "America/Boise")
    desk.post(reverse("patient_edit", args=[patient.pk]), facts | {"timezone": ""})
    assert Patient.objects.get().zone == madison.zone


def test_no_time_zone_is_refused_beside_its_field(desk, madison):
    answer = desk.post(reverse("patient_new"), NEW | {"home_clinic": madison.pk, "timezone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert not Patient.objects.exists()
