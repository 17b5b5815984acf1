"""Rules about who may do what to whose account."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.test import Client

from clinic.access import Act, may
from clinic.accounts import staff
from clinic.accounts.models import Invitation, StaffEvent, StaffSession
from clinic.accounts.staff import Refused
from clinic.models import Clinic, Role, User
from tests.clinic.accounts.conftest import sign_in, with_app
from tests.world import make_nurse, make_user

GOOD = "seven quiet otters swim"


def invite(by: User, *clinics: Clinic, role: str = Role.NURSE, username: str = "mlind") -> tuple[User, str]:
    return staff.invite(
        by=by,
        username=username,
        first_name="Mia",
        last_name="Lind",
        email="",
        roles=dict.fromkeys(clinics, role),
    )


def test_somebody_invited_gets_in_only_after_setting_a_password(manager: User, madison: Clinic, client: Client) -> None:
    person, token = invite(manager, madison)
    assert not person.has_usable_password()
    assert token not in Invitation.objects.get().digest

    staff.accept(token=token, password=GOOD)
    sign_in(client, "mlind", GOOD)
    assert client.get("/account/").status_code == 200
    assert may(user=User.objects.get(username="mlind"), act=Act.SEE_ROSTER, clinic=madison)


def test_a_link_opens_once(manager: User, madison: Clinic) -> None:
    _, token = invite(manager, madison)
    staff.accept(token=token, password=GOOD)
    with pytest.raises(Refused, match="was used, or it ran out"):
        staff.accept(token=token, password="another good password")


def test_a_link_runs_out_after_three_days(manager: User, madison: Clinic, clock: time_machine.Traveller) -> None:
    _, token = invite(manager, madison)
    clock.shift(timedelta(days=3, seconds=-1))
    assert staff.invited_by_link(token=token)
    clock.shift(timedelta(seconds=1))
    assert staff.invited_by_link(token=token) is None
    with pytest.raises(Refused):
        staff.accept(token=token, password=GOOD)


def test_a_new_link_closes_the_old_one(manager: User, madison: Clinic) -> None:
    person, old = invite(manager, madison)
    new = staff.give_link(by=manager, person=person)
    assert staff.invited_by_link(token=old) is None
    assert staff.invited_by_link(token=new) == person


def test_a_forgotten_password_is_replaced_and_its_sessions_end(manager: User, front_desk: User, client: Client) -> None:
    sign_in(client, "frontdesk")
    token = staff.give_link(by=manager, person=front_desk)
    assert client.get("/account/").status_code == 200
    staff.accept(token=token, password=GOOD)
    assert client.get("/account/").status_code == 302


def test_a_nurse_of_the_roster_is_tied_to_the_account(manager: User, madison: Clinic) -> None:
    nurse = make_nurse(madison, "Mia Lind")
    person, _ = staff.invite(
        by=manager, username="m", first_name="Mia", last_name="Lind", email="", roles={madison: Role.NURSE}, nurse=nurse
    )
    nurse.refresh_from_db()
    assert nurse.user == person


def test_nobody_is_invited_to_somebody_elses_clinic(manager: User, madison: Clinic, wausau: Clinic) -> None:
    for clinics in ([wausau], [madison, wausau]):
        with pytest.raises(Refused, match="only at your own clinics"):
            invite(manager, *clinics)
    assert not User.objects.filter(username="mlind").exists()


@pytest.mark.parametrize("who", ["front_desk", "nurse", "charge_nurse"])
def test_only_managers_touch_accounts(request: pytest.FixtureRequest, who: str, madison: Clinic, manager: User) -> None:
    by = request.getfixturevalue(who)
    for act in (
        lambda: invite(by, madison),
        lambda: staff.give_link(by=by, person=manager),
        lambda: staff.set_roles(by=by, person=by, roles={madison: Role.MANAGER}),
        lambda: staff.remove(by=by, person=manager, reason="Coup"),
        lambda: staff.reset_second_step(by=by, person=manager, reason="Coup"),
    ):
        with pytest.raises(Refused):
            act()


def test_nobody_raises_their_own_role_or_removes_themselves(manager: User, madison: Clinic, wausau: Clinic) -> None:
    for act in (
        lambda: staff.set_roles(by=manager, person=manager, roles={madison: Role.NURSE}),
        lambda: staff.remove(by=manager, person=manager, reason="Enough"),
        lambda: staff.reset_second_step(by=manager, person=manager, reason="Lost"),
        lambda: staff.give_link(by=manager, person=manager),
    ):
        with pytest.raises(Refused, match="Nobody changes their own account"):
            act()


def test_a_user_name_is_taken_whatever_its_capitals(manager: User, madison: Clinic, front_desk: User) -> None:
    with pytest.raises(Refused, match="is called FrontDesk already"):
        invite(manager, madison, username="FrontDesk")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="FRONTDESK")


def test_removing_shuts_out_with_the_very_next_request(manager: User, front_desk: User) -> None:
    screens = [Client(), Client()]
    for screen in screens:
        sign_in(screen, "frontdesk")
        assert screen.get("/patients/").status_code == 200
    staff.remove(by=manager, person=front_desk, reason="Moved to Duluth")
    for screen in screens:
        assert screen.get("/patients/").headers["Location"].startswith("/login/")
        assert screen.post("/account/unlock/", {"unlock": "chairside-demo"}).headers["Location"].startswith("/login/")
    assert not StaffSession.objects.filter(user=front_desk).exists()
    assert sign_in(Client(), "frontdesk").headers["Location"] == "/login/closed/"


def test_a_session_that_was_missed_is_refused_too(front_desk: User, client: Client) -> None:
    sign_in(client, "frontdesk")
    User.objects.filter(pk=front_desk.pk).update(is_active=False)
    assert client.get("/patients/").headers["Location"].startswith("/login/")


def test_a_link_of_somebody_removed_no_longer_opens(manager: User, madison: Clinic) -> None:
    person, token = invite(manager, madison)
    staff.remove(by=manager, person=person, reason="Did not come")
    with pytest.raises(Refused):
        staff.accept(token=token, password=GOOD)
    with pytest.raises(Refused, match="Bring the account back first"):
        staff.give_link(by=manager, person=person)


def test_somebody_who_comes_back_needs_a_new_password(manager: User, front_desk: User, client: Client) -> None:
    staff.remove(by=manager, person=front_desk, reason="Leave")
    token = staff.bring_back(by=manager, person=front_desk)
    sign_in(client, "frontdesk")
    assert client.get("/account/").status_code == 302
    staff.accept(token=token, password=GOOD)
    sign_in(client, "frontdesk", GOOD)
    assert client.get("/account/").status_code == 200


def test_one_who_works_elsewhere_too_leaves_only_here(
    manager: User, madison: Clinic, wausau: Clinic, client: Client
) -> None:
    person = make_user("both", Role.NURSE, madison, wausau)
    staff.remove(by=manager, person=person, reason="Only Wausau now")
    person.refresh_from_db()
    assert person.is_active
    assert [one.clinic for one in person.memberships.all()] == [wausau]


def test_what_opens_the_other_clinic_is_not_hers_to_give(manager: User, madison: Clinic, wausau: Clinic) -> None:
    person = with_app(make_user("both", Role.MANAGER, madison, wausau))
    for act in (
        lambda: staff.give_link(by=manager, person=person),
        lambda: staff.reset_second_step(by=manager, person=person, reason="Lost"),
    ):
        with pytest.raises(Refused, match="works at another clinic too"):
            act()
    assert Authenticator.objects.filter(user=person).exists()


def test_roles_elsewhere_stay_as_they_are(manager: User, madison: Clinic, wausau: Clinic) -> None:
    person = make_user("both", Role.NURSE, madison, wausau)
    staff.set_roles(by=manager, person=person, roles={madison: Role.CHARGE_NURSE})
    assert dict(person.memberships.values_list("clinic__slug", "role")) == {
        "madison": "charge_nurse",
        "wausau": "nurse",
    }
    staff.set_roles(by=manager, person=person, roles={})
    assert dict(person.memberships.values_list("clinic__slug", "role")) == {"wausau": "nurse"}
    with pytest.raises(Refused, match="only at your own clinics"):
        staff.set_roles(by=manager, person=person, roles={wausau: Role.MANAGER})


def test_who_becomes_a_nurse_carries_a_tablet_from_then_on(
    manager: User, front_desk: User, madison: Clinic, client: Client, settings
) -> None:
    settings.IDLE_SECONDS_TABLET, settings.IDLE_SECONDS_DESK = 300, 900
    sign_in(client, "frontdesk")
    staff.set_roles(by=manager, person=front_desk, roles={madison: Role.NURSE})
    assert client.get("/account/idle/").json()["left"] <= 300


def test_somebody_without_any_role_is_removed_instead(manager: User, nurse: User) -> None:
    with pytest.raises(Refused, match="Remove the account instead"):
        staff.set_roles(by=manager, person=nurse, roles={})


def test_an_administrator_is_not_a_managers_to_change(manager: User, madison: Clinic) -> None:
    chief = User.objects.create_superuser("chief")
    chief.memberships.create(clinic=madison, role=Role.MANAGER)
    for act in (
        lambda: staff.give_link(by=manager, person=chief),
        lambda: staff.remove(by=manager, person=chief, reason="Coup"),
    ):
        with pytest.raises(Refused):
            act()


def test_the_last_manager_of_a_clinic_stays(manager: User, madison: Clinic, front_desk: User) -> None:
    chief = User.objects.create_superuser("chief")
    # Somebody invited who has no password yet does not count.
    invite(chief, madison, role=Role.MANAGER)
    for act in (
        lambda: staff.remove(by=chief, person=manager, reason="Coup"),
        lambda: staff.set_roles(by=chief, person=manager, roles={madison: Role.NURSE}),
    ):
        with pytest.raises(Refused, match="is the last manager of Madison"):
            act()
    staff.set_roles(by=chief, person=front_desk, roles={madison: Role.MANAGER})
    staff.remove(by=chief, person=manager, reason="Retired")


def test_a_second_step_is_reset_with_a_reason_that_is_kept(manager: User, nurse: User, client: Client) -> None:
    with_app(nurse)
    with pytest.raises(Refused, match="Say why"):
        staff.reset_second_step(by=manager, person=nurse, reason=" ")
    client.force_login(nurse)
    staff.reset_second_step(by=manager, person=nurse, reason="Came to my office, phone stolen")
    assert not Authenticator.objects.filter(user=nurse).exists()
    assert client.get("/account/").status_code == 302
    event = StaffEvent.objects.get(what=StaffEvent.What.RESET)
    assert (event.person, event.by, event.note) == (nurse, manager, "Came to my office, phone stolen")
