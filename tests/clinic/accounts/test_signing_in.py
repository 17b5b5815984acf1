"""User name and password: who gets in, who does not, and how often one may try."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import NoReverseMatch, reverse

from clinic import settings as real_settings
from clinic.accounts.signing_in import in_words
from clinic.models import User
from tests.clinic.accounts.conftest import MORNING, sign_in


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_name_and_password_lead_to_where_one_wanted_to_go(client: Client, front_desk: User) -> None:
    assert sign_in(client, "frontdesk", next="/worklists/").headers["Location"] == "/worklists/"
    assert is_in(client)


@pytest.mark.parametrize("name", ["Frontdesk", " FRONTDESK "])
def test_a_tablet_that_writes_capitals_is_forgiven(client: Client, front_desk: User, name: str) -> None:
    sign_in(client, name)
    assert is_in(client)


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(client: Client, front_desk: User, to: str) -> None:
    assert sign_in(client, "frontdesk", next=to).headers["Location"] == "/"


def test_a_wrong_password_says_what_to_do_and_keeps_the_name(client: Client, front_desk: User) -> None:
    page = sign_in(client, "frontdesk", "wrong").content.decode()
    assert "User name and password do not fit." in page
    assert 'value="frontdesk"' in page
    assert not is_in(client)


def test_an_unknown_name_is_answered_like_a_wrong_password(client: Client, front_desk: User) -> None:
    assert "User name and password do not fit." in sign_in(client, "nobody").content.decode()


def test_five_wrong_tries_ask_to_wait_and_say_how_long(
    client: Client, front_desk: User, nurse: User, clock: time_machine.Traveller
) -> None:
    for _ in range(5):
        assert "do not fit" in sign_in(client, "frontdesk", "wrong").content.decode()
        clock.shift(timedelta(seconds=20))

    refused = sign_in(client, "frontdesk").content.decode()
    assert "Too many wrong tries. Wait 4 minutes, then try again." in refused
    assert not is_in(client)
    # Somebody else at the same desk is not held up.
    sign_in(Client(), "nurse")

    clock.shift(timedelta(minutes=4))
    sign_in(client, "frontdesk")
    assert is_in(client)


def test_capitals_and_spaces_give_no_more_tries(client: Client, front_desk: User) -> None:
    said = [
        sign_in(client, name, "wrong").content.decode()
        for name in ("frontdesk", "Frontdesk", " frontdesk", "FRONTDESK", "frontDesk", "FrontDesk")
    ]
    assert ["Too many" in page for page in said] == [False] * 5 + [True]


def test_many_names_from_one_machine_ask_to_wait(
    client: Client, front_desk: User, clock: time_machine.Traveller
) -> None:
    for number in range(20):
        sign_in(client, f"guess{number}", "wrong")
    assert "Wait 1 minute, then" in sign_in(client, "frontdesk").content.decode()
    assert "do not fit" not in sign_in(Client(REMOTE_ADDR="10.0.0.9"), "frontdesk").content.decode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "10 seconds"), (41, "50 seconds"), (51, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (300, "5 minutes")],
)
def test_a_wait_is_told_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


def test_there_is_no_sign_up_and_no_reset_by_mail(client: Client) -> None:
    for name in ("account_signup", "account_reset_password", "account_email", "account_set_password"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_the_administration_has_no_door_of_its_own(client: Client, front_desk: User) -> None:
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/login/?next=%2Fadmin%2F"
    client.force_login(front_desk)
    assert client.get("/admin/login/").status_code == 403


def test_signing_out_takes_a_post(client: Client, front_desk: User) -> None:
    client.force_login(front_desk)
    assert client.get("/logout/").status_code == 405
    assert is_in(client)
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert not is_in(client)


def test_passwords_are_kept_with_argon2(settings) -> None:
    settings.PASSWORD_HASHERS = real_settings.PASSWORD_HASHERS
    assert identify_hasher(make_password("a good long password")).algorithm == "argon2"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("hemlock-4!", "too short"),
        ("1234567890123", "too common"),
        ("frontdesk-nice", "too similar"),
    ],
)
def test_a_weak_password_is_refused(front_desk: User, password: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        validate_password(password, front_desk)


def test_no_rule_asks_for_odd_signs(front_desk: User) -> None:
    validate_password("seven quiet otters swim", front_desk)


def test_a_session_lasts_a_clinic_day_however_busy_it_is(
    client: Client, front_desk: User, clock: time_machine.Traveller, settings
) -> None:
    sign_in(client, "frontdesk")
    for hour in range(1, 12):
        clock.move_to(MORNING + timedelta(hours=hour))
        assert is_in(client), hour
    clock.move_to(MORNING + timedelta(hours=12))
    assert not is_in(client)
