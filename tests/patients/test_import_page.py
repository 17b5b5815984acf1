"""The manager's page: choose a file, look, import."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.import_file import COLUMNS, MOST_BYTES
from patients.models import ImportDraft, Patient
from tests.world import make_patient

pytestmark = pytest.mark.django_db

HEAD = "mrn,family_name,given_name,birth_date,clinic,mobile\n"
GOOD = f"{HEAD}A1,Johnson,Anna,3/14/1975,madison,6085550121\n"
BAD = f'{HEAD}A1,Johnson,Anna,3/14/1975,madison,"=HYPERLINK(""x"")"\n'


@pytest.fixture
def boss(client: Client, manager) -> Client:
    client.force_login(manager)
    return client


def upload(client: Client, text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    response = client.post(reverse("patient_import"), {"file": SimpleUploadedFile("july.csv", content)})
    assert response.status_code == 302
    return response.headers["Location"]


def test_a_file_is_looked_at_and_then_imported_without_choosing_it_again(boss):
    page = upload(boss, GOOD)
    assert "Patients new <strong>1</strong>" in boss.get(page).content.decode()
    assert not Patient.objects.exists()
    response = boss.post(page, follow=True)
    assert "july.csv is imported: patients new 1" in response.content.decode()
    assert Patient.objects.get().mrn == "A1"
    assert not ImportDraft.objects.exists()


def test_pressing_the_button_twice_imports_once(boss):
    page = upload(boss, GOOD)
    boss.post(page)
    response = boss.post(page, follow=True)
    assert "no longer kept" in response.content.decode()
    assert Patient.objects.count() == 1


def test_errors_are_listed_and_there_is_nothing_to_press(boss):
    page = upload(boss, BAD)
    text = boss.get(page).content.decode()
    assert "not a phone number" in text
    assert "Import now" not in text
    assert boss.post(page).status_code == 422
    assert not Patient.objects.exists()


def test_a_downloaded_list_of_errors_runs_no_formula(boss):
    upload(boss, BAD)
    response = boss.get(reverse("patient_import_errors", args=[ImportDraft.objects.get().pk]))
    assert response["Content-Disposition"].startswith("attachment")
    text = response.content.decode("utf-8-sig")
    assert "2,mobile,\"'=HYPERLINK" in text


def test_what_came_in_between_is_seen_before_anything_is_written(boss, madison, wausau):
    page = upload(boss, GOOD)
    make_patient(wausau, "Johnson", "Anna", mrn="A1")
    response = boss.post(page)
    assert response.status_code == 422
    assert "a clinic you do not manage" in response.content.decode()


def test_a_file_that_says_nothing_new_says_so(boss):
    boss.post(upload(boss, GOOD))
    text = boss.get(upload(boss, GOOD)).content.decode()
    assert "on record already" in text
    assert "Import now" not in text


def test_a_file_that_is_no_csv_says_what_to_do(boss):
    response = boss.get(upload(boss, b"PK\x03\x04\x00"))
    assert response.status_code == 422
    assert "CSV UTF-8" in response.content.decode()


def test_a_file_too_large_and_none_at_all_are_told_beside_the_field(boss):
    url = reverse("patient_import")
    large = SimpleUploadedFile("large.csv", b"x" * (MOST_BYTES + 1))
    assert "larger than 5 MB" in str(boss.post(url, {"file": large}).context["form"].errors["file"])
    assert "file" in boss.post(url).context["form"].errors


def test_the_template_has_every_column(boss):
    text = boss.get(reverse("patient_import_template")).content.decode("utf-8-sig")
    assert text.strip().split(",") == list(COLUMNS)


def test_a_file_is_only_seen_by_who_brought_it_and_for_an_hour(boss, client, manager, stranger):
    page = upload(boss, GOOD)
    client.force_login(stranger)
    assert client.get(page).status_code == 302
    client.force_login(manager)
    assert client.get(page).status_code == 200
    ImportDraft.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert client.get(page).status_code == 302
    upload(client, GOOD)
    assert ImportDraft.objects.count() == 1


@pytest.mark.parametrize("who", ["front_desk", "nurse", "charge_nurse"])
def test_only_managers_import(client, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("patient_import")).status_code == 403
    assert client.get(reverse("patient_import_template")).status_code == 403
