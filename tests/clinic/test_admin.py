"""The administration: for a superuser alone, and enough to set up a clinic from nothing."""

import pytest
from django.contrib import admin
from django.test import Client

from clinic.models import Clinic, Nurse, Role
from tests.world import make_user

pytestmark = pytest.mark.django_db

EAU_CLAIRE = {
    "name": "Eau Claire",
    "slug": "eau-claire",
    "timezone": "America/Chicago",
    "phone": "(715) 555-0100",
    "late_after_minutes": "15",
}


@pytest.mark.parametrize("role", Role)
def test_no_role_comes_in(client: Client, madison: Clinic, role: Role) -> None:
    client.force_login(make_user("somebody", role, madison))

    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/clinic/clinic/", follow=True).status_code == 403


def test_whoever_set_the_program_up_adds_clinics_and_nurses(admin_client: Client) -> None:
    assert admin_client.post("/admin/clinic/clinic/add/", EAU_CLAIRE).status_code == 302
    clinic = Clinic.objects.get(slug="eau-claire")
    nurse = {"name": "Anna Berg", "home_clinic": clinic.pk, "is_active": "on"}
    assert admin_client.post("/admin/clinic/nurse/add/", nurse).status_code == 302

    assert Nurse.objects.get().home_clinic == clinic
    assert admin_client.get("/staffing/eau-claire/places/").status_code == 200


def test_accounts_have_no_second_way_in() -> None:
    named = {model.__name__ for model in admin.site._registry}
    assert named == {"Clinic", "Nurse", "Patient", "TreatmentPlan", "Therapy", "TherapyVersion"}
