"""The first page: a nurse lands on the roster of the clinic where she works."""

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, Role
from tests.world import make_clinic, make_nurse, make_user

pytestmark = pytest.mark.django_db


def test_a_nurse_of_several_clinics_starts_at_her_own(madison: Clinic) -> None:
    user = make_user("anna", Role.NURSE, make_clinic("eau-claire"), madison)
    nurse = make_nurse(madison)
    nurse.user = user
    nurse.save(update_fields=["user"])
    client = Client()
    client.force_login(user)

    assert client.get(reverse("home"))["Location"] == reverse("roster_today", args=["madison"])


def test_an_administrator_starts_at_the_staff_and_finds_no_way_to_patients(client: Client, madison: Clinic) -> None:
    client.force_login(make_user("admin", Role.ADMINISTRATOR, madison))

    assert client.get(reverse("home"))["Location"] == reverse("staff")
    page = client.get(reverse("staff")).content.decode()
    assert reverse("outbox_wordings") in page
    for other in ("patient_search", "outbox", "worklists", "reports"):
        assert f'"{reverse(other)}"' not in page
