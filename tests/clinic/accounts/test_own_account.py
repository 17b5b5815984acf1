"""What people do to their own account."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from clinic.accounts.models import StaffSession
from clinic.accounts.own import session_name
from clinic.accounts.queries import device_of
from clinic.models import User
from tests.clinic.accounts.conftest import PASSWORD, sign_in

GOOD = "seven quiet otters swim"
TABLET = (
    "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/604.1"
)


def test_changing_the_password_signs_out_everywhere_else(front_desk: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, "frontdesk")
    here.post("/account/password/", {"old": PASSWORD, "new": GOOD})
    assert "signed out on 1 other screen" in here.get("/account/").content.decode()
    assert there.get("/account/").status_code == 302
    assert StaffSession.objects.filter(user=front_desk).count() == 1


def test_the_old_password_is_asked_for(client: Client, front_desk: User) -> None:
    sign_in(client, "frontdesk")
    page = client.post("/account/password/", {"old": "wrong", "new": GOOD}).content.decode()
    assert "That is not your password." in page
    front_desk.refresh_from_db()
    assert front_desk.check_password(PASSWORD)


def test_guessing_the_old_password_ends_soon(client: Client, front_desk: User) -> None:
    sign_in(client, "frontdesk")
    answers = [client.post("/account/password/", {"old": f"{n}", "new": GOOD}).status_code for n in range(11)]
    assert answers == [200] * 10 + [429]


def test_a_pin_needs_the_password_once_the_sign_in_is_a_while_ago(
    client: Client, front_desk: User, clock: time_machine.Traveller
) -> None:
    sign_in(client, "frontdesk")
    clock.shift(timedelta(minutes=6))
    asked = client.post("/account/pin/", {"pin": "280419"})
    assert asked.headers["Location"].startswith("/account/confirm/")
    assert "not your password" in client.post(asked.headers["Location"], {"password": "wrong"}).content.decode()
    client.post(asked.headers["Location"], {"password": PASSWORD})
    front_desk.refresh_from_db()
    assert front_desk.pin


def test_a_new_password_is_checked(client: Client, front_desk: User) -> None:
    sign_in(client, "frontdesk")
    assert "too short" in client.post("/account/password/", {"old": PASSWORD, "new": "short"}).content.decode()


def test_every_screen_is_listed_and_can_be_signed_out(front_desk: User) -> None:
    here = Client()
    there = Client(HTTP_USER_AGENT=TABLET, REMOTE_ADDR="10.1.2.3")
    for client in (here, there):
        sign_in(client, "frontdesk")
    page = here.get("/account/").content.decode()
    assert "Safari on iPad" in page
    assert "10.1.2.3" in page
    session = StaffSession.objects.get(address="10.1.2.3")
    assert session.session_key not in page

    here.post(f"/account/sessions/{session_name(session)}/end/")
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_the_screens_of_others_are_out_of_reach(client: Client, front_desk: User, nurse: User) -> None:
    other = Client()
    sign_in(other, "nurse")
    sign_in(client, "frontdesk")
    session = StaffSession.objects.get(user=nurse)
    client.post(f"/account/sessions/{session_name(session)}/end/")
    assert other.get("/account/").status_code == 200


def test_a_pin_is_kept_hashed_and_can_be_given_up(client: Client, front_desk: User) -> None:
    sign_in(client, "frontdesk")
    client.post("/account/pin/", {"pin": "280419"})
    front_desk.refresh_from_db()
    assert front_desk.pin
    assert "280419" not in front_desk.pin
    client.post("/account/pin/", {"none": "1"})
    front_desk.refresh_from_db()
    assert not front_desk.pin


def test_signing_out_forgets_who_it_was(client: Client, front_desk: User) -> None:
    sign_in(client, "frontdesk")
    client.post("/logout/")
    assert not StaffSession.objects.filter(user=front_desk).exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (TABLET, "Safari on iPad"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("curl/8.5", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_device_is_named_in_words(agent: str, words: str) -> None:
    assert device_of(agent) == words
