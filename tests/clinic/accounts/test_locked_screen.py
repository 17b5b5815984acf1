"""Screens lock when nobody uses them, and open again without losing what was typed."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.signals import user_login_failed
from django.test import Client

from clinic.accounts import own
from clinic.accounts.models import StaffSession
from clinic.models import Clinic, Role, User
from tests.clinic.accounts.conftest import PASSWORD, sign_in
from tests.world import make_patient, make_user

HTMX = {"HX-Request": "true"}
BACKGROUND = HTMX | {"X-Background": "yes"}
PIN = "280419"


@pytest.fixture(autouse=True)
def limits(settings) -> None:
    """The real ones, which other tests do without."""
    settings.IDLE_SECONDS_TABLET, settings.IDLE_SECONDS_DESK = 300, 900


@pytest.fixture
def desk(client: Client, front_desk: User, clock: time_machine.Traveller) -> Client:
    """The front desk, signed in."""
    own.set_pin(user=front_desk, pin=PIN)
    sign_in(client, "frontdesk")
    return client


@pytest.mark.parametrize(
    ("roles", "minutes"),
    [
        ([Role.FRONT_DESK], 15),
        ([Role.MANAGER], 15),
        ([Role.NURSE], 5),
        ([Role.CHARGE_NURSE], 5),
        ([Role.MANAGER, Role.NURSE], 5),
    ],
)
def test_a_tablet_locks_after_five_minutes_a_desk_after_fifteen(
    client: Client, madison: Clinic, wausau: Clinic, clock: time_machine.Traveller, roles: list[str], minutes: int
) -> None:
    user = make_user("somebody", roles[0], madison)
    for role in roles[1:]:
        user.memberships.create(clinic=wausau, role=role)
    sign_in(client, "somebody")
    clock.shift(timedelta(minutes=minutes, seconds=-1))
    assert client.get("/account/idle/").json() == {"left": 1}
    assert client.get("/account/").status_code == 200
    clock.shift(timedelta(minutes=minutes))
    assert client.get("/account/").status_code == 423


def test_what_the_page_asks_by_itself_does_not_keep_it_open(
    desk: Client, madison: Clinic, clock: time_machine.Traveller
) -> None:
    for _ in range(20):
        clock.shift(timedelta(seconds=45))
        desk.get("/patients/", headers=BACKGROUND)
        desk.get("/account/idle/")
    assert desk.get("/patients/").status_code == 423


def test_typing_without_sending_keeps_it_open(desk: Client, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        clock.shift(timedelta(minutes=14))
        assert desk.post("/account/idle/").json() == {"left": 900}
    assert desk.get("/patients/").status_code == 200


def test_when_the_clock_is_set_back_the_screen_locks_instead_of_staying_open_for_longer(
    desk: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(minutes=-20))

    assert desk.get("/patients/").status_code == 423
    assert desk.post("/account/unlock/", {"unlock": PIN}, headers=HTMX).status_code == 204
    assert desk.get("/account/idle/").json() == {"left": 900}


@pytest.mark.parametrize("seconds", [-30, 30])
def test_clocks_of_two_machines_that_differ_by_seconds_lock_nobody_out(
    desk: Client, clock: time_machine.Traveller, seconds: int
) -> None:
    clock.shift(timedelta(seconds=seconds))

    assert desk.get("/patients/").status_code == 200


def test_a_locked_screen_shows_and_changes_nothing(desk: Client, madison: Clinic, front_desk: User) -> None:
    patient = make_patient(madison, "Olson")
    desk.post("/account/lock/")
    for address in ("/patients/", f"/patients/{patient.pk}/", "/account/", "/worklists/", "/account/password/", "/"):
        answer = desk.get(address)
        assert answer.status_code == 423, address
        assert "Olson" not in answer.content.decode()
        assert desk.get(address, headers=HTMX).content == b""
        assert desk.get(address, headers=HTMX).status_code == 423
    desk.post(f"/patients/{patient.pk}/edit/", {"family_name": "Thief"})
    desk.post("/account/pin/", {"none": "1"})
    patient.refresh_from_db()
    front_desk.refresh_from_db()
    assert patient.family_name == "Olson"
    assert front_desk.pin


@pytest.mark.parametrize("secret", [PIN, PASSWORD])
def test_pin_or_password_opens_it(desk: Client, secret: str) -> None:
    desk.post("/account/lock/", headers=HTMX)
    assert desk.post("/account/unlock/", {"unlock": "111222"}, headers=HTMX).status_code == 422
    assert desk.post("/account/unlock/", {"unlock": secret}, headers=HTMX).status_code == 204
    assert desk.get("/patients/").status_code == 200


def test_without_scripts_one_comes_back_to_where_one_was(desk: Client) -> None:
    desk.post("/account/lock/")
    page = desk.get("/patients/?a=1").content.decode()
    assert 'name="next" value="/patients/?a=1"' in page
    wrong = desk.post("/account/unlock/", {"unlock": "wrong", "next": "/patients/?a=1"})
    assert wrong.status_code == 423
    assert 'name="next"' not in wrong.content.decode() or "/patients/?a=1" in wrong.content.decode()
    assert (
        desk.post("/account/unlock/", {"unlock": PIN, "next": "/patients/?a=1"}).headers["Location"] == "/patients/?a=1"
    )


def test_unlocking_leads_nowhere_else(desk: Client) -> None:
    desk.post("/account/lock/")
    assert desk.post("/account/unlock/", {"unlock": PIN, "next": "//evil.example/"}).headers["Location"] == "/"


def test_a_form_sent_while_locked_comes_back_with_the_pin_and_is_done(
    desk: Client, front_desk: User, madison: Clinic
) -> None:
    desk.post("/account/lock/")
    sent = {"old": PASSWORD, "new": "seven quiet otters <swim>"}
    page = desk.post("/account/password/", sent)
    assert page.status_code == 423
    assert 'name="new" value="seven quiet otters &lt;swim&gt;"' in page.content.decode()
    assert 'action="/account/password/"' in page.content.decode()

    again = desk.post("/account/password/", sent | {"unlock": "wrong"})
    assert again.status_code == 423
    assert "neither your PIN nor your password" in again.content.decode()
    assert 'name="new" value="seven quiet otters' in again.content.decode()

    assert desk.post("/account/password/", sent | {"unlock": PIN}).headers["Location"] == "/account/"
    front_desk.refresh_from_db()
    assert front_desk.check_password("seven quiet otters <swim>")


def test_five_wrong_tries_end_the_session(desk: Client, front_desk: User) -> None:
    desk.post("/account/lock/")
    answers = [desk.post("/account/unlock/", {"unlock": "000000"}, headers=HTMX).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 401]
    assert not StaffSession.objects.filter(user=front_desk).exists()
    assert desk.get("/patients/").headers["Location"].startswith("/login/")


def test_tries_count_on_every_way_in(desk: Client) -> None:
    desk.post("/account/lock/")
    for _ in range(4):
        desk.post("/patients/", {"q": "a", "unlock": "000000"})
    assert desk.post("/patients/", {"q": "a", "unlock": "000000"}).headers["Location"] == "/login/"
    assert desk.get("/patients/").headers["Location"].startswith("/login/")


def test_a_wrong_try_is_heard_by_whoever_keeps_the_log(desk: Client) -> None:
    heard = []

    def hear(sender: object, credentials: dict[str, str], **more: object) -> None:
        heard.append(credentials)

    user_login_failed.connect(hear)
    desk.post("/account/lock/")
    desk.post("/account/unlock/", {"unlock": "000000"})
    user_login_failed.disconnect(hear)
    assert heard == [{"username": "frontdesk"}]


def test_signing_out_is_possible_while_locked(desk: Client) -> None:
    desk.post("/account/lock/")
    assert desk.post("/logout/").headers["Location"] == "/login/"


def test_the_patients_own_page_knows_no_lock(desk: Client) -> None:
    desk.post("/account/lock/")
    assert desk.get("/a/not-a-token/").status_code != 423
    assert desk.get("/healthz").status_code == 200


def test_being_busy_costs_one_write_in_fifteen_seconds(
    desk: Client, clock: time_machine.Traveller, django_assert_num_queries
) -> None:
    clock.shift(timedelta(seconds=14))
    # The session, and the person with it.
    with django_assert_num_queries(1):
        desk.post("/account/idle/")
    clock.shift(timedelta(seconds=1))
    with django_assert_num_queries(2):
        desk.post("/account/idle/")


def test_writing_down_that_somebody_is_busy_keeps_what_another_request_wrote(
    desk: Client, clock: time_machine.Traveller
) -> None:
    session = desk.session
    session["clinic"] = "wausau"
    session.save()
    clock.shift(timedelta(minutes=1))
    desk.post("/account/idle/")
    assert desk.session["clinic"] == "wausau"
    assert desk.get("/account/idle/").json() == {"left": 900}


@pytest.mark.parametrize(
    "pin", ["12345", "123456789", "12345a", "111111", "123456", "987654", "121212", "890123", "１２３４５９"]
)
def test_a_pin_that_people_try_first_is_refused(desk: Client, pin: str) -> None:
    page = desk.post("/account/pin/", {"pin": pin})
    assert page.status_code == 200
    assert "invalid-feedback" in page.content.decode()
