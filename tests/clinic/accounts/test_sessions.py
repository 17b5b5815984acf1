"""Whoever is signed in comes along with the session, and is checked no less for that."""

from typing import Any

from django.test import Client

from clinic.accounts.models import StaffSession
from clinic.models import Clinic, Nurse, User


def test_session_person_and_nurse_are_one_query(client: Client, nurse: User, django_assert_num_queries: Any) -> None:
    Nurse.objects.get_or_create(user=nurse, defaults={"name": "Amy Roth"})
    client.force_login(nurse)
    with django_assert_num_queries(1):
        client.post("/account/idle/")


def test_a_password_changed_elsewhere_ends_the_session(client: Client, front_desk: User) -> None:
    client.force_login(front_desk)
    assert client.get("/account/").status_code == 200
    front_desk.set_password("quite another one")
    front_desk.save()
    assert client.get("/account/").headers["Location"].startswith("/login/")


def test_a_row_that_names_somebody_else_opens_nobody_elses_account(
    client: Client, front_desk: User, manager: User
) -> None:
    """What the session itself says is signed; the column beside it is for lists."""
    client.force_login(front_desk)
    StaffSession.objects.update(user=manager)
    assert client.get("/account/").context["user"] == front_desk


def test_a_nurse_begins_at_the_clinic_she_belongs_to(
    client: Client, nurse: User, madison: Clinic, wausau: Clinic
) -> None:
    nurse.memberships.get_or_create(clinic=madison, defaults={"role": "nurse"})
    nurse.memberships.get_or_create(clinic=wausau, defaults={"role": "nurse"})
    Nurse.objects.update_or_create(user=nurse, defaults={"name": "Amy Roth", "home_clinic": wausau})
    client.force_login(nurse)
    assert "/roster/wausau/" in client.get("/account/").content.decode()
