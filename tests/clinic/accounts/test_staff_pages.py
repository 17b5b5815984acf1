"""The pages about staff: whom they open to, and what they show."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.accounts.models import Invitation, StaffEvent
from clinic.models import Clinic, Role, User
from tests.clinic.accounts.conftest import sign_in, with_app
from tests.world import make_user

GOOD = "seven quiet otters swim"
LINK = re.compile(r"/welcome/[\w-]{40,}/")


def form(**more: str) -> dict[str, str]:
    return {
        "first_name": "Mia",
        "last_name": "Lind",
        "username": "mlind",
        "email": "",
        "role_madison": Role.NURSE,
        "nurse": "",
    } | more


def costs(client: Client, address: str) -> int:
    cache.clear()
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_a_manager_invites_and_the_link_sets_the_password(client: Client, manager: User) -> None:
    client.force_login(manager)
    page = client.post("/staff/invite/", form())
    link = LINK.search(page.content.decode())
    assert link
    assert len(mail.outbox) == 0

    newcomer = Client()
    assert "Welcome, Mia" in newcomer.get(link[0]).content.decode()
    # A mail scanner that opens the link uses nothing up.
    assert "too short" in newcomer.post(link[0], {"new": "short"}).content.decode()
    assert newcomer.post(link[0], {"new": GOOD}).headers["Location"] == "/login/"
    assert newcomer.get(link[0]).status_code == 410
    sign_in(newcomer, "mlind", GOOD)
    assert newcomer.get("/account/").status_code == 200


def test_a_mailed_invitation_has_the_link_and_no_password(client: Client, manager: User) -> None:
    client.force_login(manager)
    client.post("/staff/invite/", form(email="mia@example.com"))
    [letter] = mail.outbox
    assert letter.to == ["mia@example.com"]
    assert LINK.search(str(letter.body))
    assert Invitation.objects.get().digest not in letter.body


def test_what_was_typed_stays_beside_what_is_wrong(client: Client, manager: User, nurse: User) -> None:
    client.force_login(manager)
    page = client.post("/staff/invite/", form(username="nurse")).content.decode()
    assert "Somebody is called nurse already." in page
    assert 'value="Lind"' in page
    assert "Choose a role" in client.post("/staff/invite/", form(role_madison="")).content.decode()


def test_clinics_of_others_cannot_be_chosen(client: Client, manager: User, wausau: Clinic) -> None:
    client.force_login(manager)
    client.post("/staff/invite/", form(role_wausau=Role.MANAGER))
    assert [one.clinic.slug for one in User.objects.get(username="mlind").memberships.all()] == ["madison"]


def addresses(person: User) -> list[tuple[str, str]]:
    return [
        ("get", "/staff/"),
        ("get", "/staff/invite/"),
        ("post", "/staff/invite/"),
        ("get", f"/staff/{person.pk}/"),
        ("post", f"/staff/{person.pk}/"),
        ("post", f"/staff/{person.pk}/link/"),
        ("post", f"/staff/{person.pk}/remove/"),
        ("post", f"/staff/{person.pk}/back/"),
        ("post", f"/staff/{person.pk}/second-step/reset/"),
    ]


@pytest.mark.parametrize("who", ["front_desk", "nurse", "charge_nurse"])
def test_only_managers_see_them(client: Client, request: pytest.FixtureRequest, who: str, manager: User) -> None:
    client.force_login(request.getfixturevalue(who))
    for method, address in addresses(manager):
        assert getattr(client, method)(address, {"reason": "x"}).status_code == 403, address
    assert not StaffEvent.objects.exists()


def test_a_manager_of_another_clinic_sees_nobody_of_this_one(client: Client, stranger: User, nurse: User) -> None:
    client.force_login(stranger)
    assert "nurse</td>" not in client.get("/staff/").content.decode()
    for method, address in addresses(nurse)[3:]:
        answer = getattr(client, method)(address, {"reason": "x", "role_wausau": "manager"})
        assert answer.status_code == 404, address
    nurse.refresh_from_db()
    assert nurse.is_active
    assert not StaffEvent.objects.exists()


def test_without_signing_in_nothing_opens(client: Client, nurse: User) -> None:
    for method, address in [
        *addresses(nurse),
        ("get", "/account/"),
        ("post", "/account/lock/"),
        ("get", "/account/app/"),
    ]:
        assert getattr(client, method)(address).headers["Location"].startswith("/login/"), address


def test_what_a_person_does_elsewhere_is_not_shown(
    client: Client, manager: User, madison: Clinic, wausau: Clinic
) -> None:
    person = make_user("both", Role.NURSE, madison)
    person.memberships.create(clinic=wausau, role=Role.CHARGE_NURSE)
    client.force_login(manager)
    assert "Wausau" not in client.get("/staff/").content.decode()
    assert "Wausau" not in client.get(f"/staff/{person.pk}/").content.decode()


def test_a_manager_changes_roles_removes_and_brings_back(client: Client, manager: User, nurse: User) -> None:
    client.force_login(manager)
    client.post(f"/staff/{nurse.pk}/", {"role_madison": Role.CHARGE_NURSE})
    assert nurse.memberships.get().role == Role.CHARGE_NURSE
    client.post(f"/staff/{nurse.pk}/remove/", {"reason": ""})
    assert User.objects.get(pk=nurse.pk).is_active
    client.post(f"/staff/{nurse.pk}/remove/", {"reason": "Moved"})
    assert not User.objects.get(pk=nurse.pk).is_active
    assert "Removed" in client.get("/staff/").content.decode()
    assert LINK.search(client.post(f"/staff/{nurse.pk}/back/").content.decode())
    page = client.get(f"/staff/{nurse.pk}/").content.decode()
    assert [page.index(word) for word in ("Brought back", "Moved", "Charge nurse in Madison")] == sorted(
        page.index(word) for word in ("Brought back", "Moved", "Charge nurse in Madison")
    )


def test_a_manager_resets_the_second_step_of_somebody_who_lost_the_phone(
    client: Client, manager: User, nurse: User
) -> None:
    with_app(nurse)
    client.force_login(manager)
    client.post(f"/staff/{nurse.pk}/second-step/reset/", {"reason": "Phone stolen"})
    assert not Authenticator.objects.filter(user=nurse).exists()


def test_the_list_costs_the_same_for_many(client: Client, manager: User, madison: Clinic) -> None:
    client.force_login(manager)
    few = costs(client, "/staff/")
    for number in range(12):
        person = with_app(make_user(f"nurse{number}", Role.NURSE, madison))
        Client().force_login(person)
    assert costs(client, "/staff/") == few


def test_ones_account_costs_the_same_for_many_screens(client: Client, front_desk: User) -> None:
    client.force_login(front_desk)
    few = costs(client, "/account/")
    for _ in range(8):
        Client().force_login(front_desk)
    assert costs(client, "/account/") == few


def test_the_menu_shows_staff_to_managers_only(client: Client, manager: User, nurse: User) -> None:
    client.force_login(manager)
    assert 'href="/staff/"' in client.get("/account/").content.decode()
    client.force_login(nurse)
    assert 'href="/staff/"' not in client.get("/account/").content.decode()
