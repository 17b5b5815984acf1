"""The second step: asked of everyone where it must be, good once, and unreadable in the database."""

import json
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, format_hotp_value, hotp_value
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command
from django.test import Client

from clinic.accounts.second_step import Adapter, renew_encryption
from clinic.models import User
from tests.clinic.accounts.conftest import MORNING, SEED, code_at, sign_in, with_app


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def asked(settings) -> None:
    """As in production."""
    settings.SECOND_STEP_REQUIRED = True


def test_without_a_second_step_nothing_opens_but_its_set_up(client: Client, front_desk: User, asked: None) -> None:
    sign_in(client, "frontdesk")
    for address in ("/", "/patients/", "/account/", "/account/pin/", "/account/codes/", "/admin/"):
        assert client.get(address).headers["Location"] == "/account/second-step/", address
    assert client.post("/account/password/", {}).headers["Location"] == "/account/second-step/"
    for address in ("/account/second-step/", "/account/app/", "/account/passkeys/add/"):
        assert client.get(address).status_code == 200, address


@pytest.mark.django_db(transaction=True)
def test_setting_up_the_app_opens_the_rest_and_shows_the_recovery_codes_once(
    client: Client, front_desk: User, asked: None, clock: time_machine.Traveller
) -> None:
    sign_in(client, "frontdesk")
    client.get("/account/app/")
    seed = client.session[SECRET_SESSION_KEY]
    code = format_hotp_value(hotp_value(seed, int(MORNING.timestamp()) // 30))

    assert "did not fit" in client.post("/account/app/", {"code": "000000"}).content.decode()
    assert client.post("/account/app/", {"code": code}).headers["Location"] == "/account/codes/"
    assert SECRET_SESSION_KEY not in client.session
    first = client.get("/account/codes/").content.decode()
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    assert all(one in first for one in codes)
    assert not any(one in client.get("/account/codes/").content.decode() for one in codes)
    assert client.get("/patients/").status_code == 200


def test_the_code_is_asked_for_after_the_password(
    client: Client, front_desk: User, asked: None, clock: time_machine.Traveller
) -> None:
    with_app(front_desk)
    assert sign_in(client, "frontdesk", next="/patients/").headers["Location"] == "/login/code/"
    assert not is_in(client)
    assert client.post("/login/code/", {"code": code_at(MORNING)}).headers["Location"] == "/patients/"
    assert is_in(client)


def test_somebody_who_has_one_is_asked_wherever_it_is_not_asked_of_everyone(client: Client, front_desk: User) -> None:
    with_app(front_desk)
    assert sign_in(client, "frontdesk").headers["Location"] == "/login/code/"
    assert not is_in(client)


@pytest.mark.parametrize("seconds", [-30, 0, 29, 30])
def test_a_clock_that_is_a_little_off_is_forgiven(
    client: Client, front_desk: User, clock: time_machine.Traveller, seconds: int
) -> None:
    with_app(front_desk)
    sign_in(client, "frontdesk")
    client.post("/login/code/", {"code": code_at(MORNING + timedelta(seconds=seconds))})
    assert is_in(client)


def test_a_code_that_was_used_does_not_fit_again(front_desk: User, clock: time_machine.Traveller) -> None:
    with_app(front_desk)
    code, own, thief = code_at(MORNING), Client(), Client()
    for client in (own, thief):
        sign_in(client, "frontdesk")
    own.post("/login/code/", {"code": code})
    clock.shift(timedelta(seconds=31))
    assert "did not fit" in thief.post("/login/code/", {"code": code}).content.decode()
    assert is_in(own)
    assert not is_in(thief)


def test_guessing_codes_ends_after_five(client: Client, front_desk: User, clock: time_machine.Traveller) -> None:
    with_app(front_desk)
    sign_in(client, "frontdesk")
    for _ in range(5):
        assert "did not fit" in client.post("/login/code/", {"code": "000000"}).content.decode()
    assert "Too many wrong tries. Wait" in client.post("/login/code/", {"code": code_at(MORNING)}).content.decode()
    assert not is_in(client)


def test_a_recovery_code_fits_once(front_desk: User) -> None:
    with_app(front_desk)
    code = RecoveryCodes.activate(front_desk).get_unused_codes()[0]
    results = []
    for client in (Client(), Client()):
        sign_in(client, "frontdesk")
        client.post("/login/code/", {"code": code})
        results.append(is_in(client))
    assert results == [True, False]


def test_the_last_one_stays_where_everybody_needs_one(
    client: Client, front_desk: User, asked: None, clock: time_machine.Traveller
) -> None:
    with_app(front_desk)
    sign_in(client, "frontdesk")
    client.post("/login/code/", {"code": code_at(MORNING)})
    client.post("/account/app/remove/")
    assert Authenticator.objects.filter(user=front_desk, type="totp").exists()
    assert "Everyone here needs a second step" in client.get("/account/app/remove/").content.decode()


def test_a_session_from_before_must_sign_in_anew(client: Client, front_desk: User, settings) -> None:
    sign_in(client, "frontdesk")
    with_app(front_desk)
    settings.SECOND_STEP_REQUIRED = True
    assert client.get("/patients/").headers["Location"] == "/account/second-step/"
    assert "Sign in again" in client.get("/account/second-step/").content.decode()


def test_what_one_person_proved_does_not_count_for_another(
    client: Client, front_desk: User, nurse: User, asked: None, clock: time_machine.Traveller
) -> None:
    with_app(front_desk)
    User.objects.filter(pk=front_desk.pk).update(is_active=False)
    sign_in(client, "frontdesk")
    client.post("/login/code/", {"code": code_at(MORNING)})
    session = client.session
    session["second_step"] = front_desk.pk
    session.save()
    sign_in(client, "nurse")
    assert client.get("/patients/").headers["Location"] == "/account/second-step/"


def test_seeds_cannot_be_read_in_the_database(front_desk: User) -> None:
    with_app(front_desk)
    codes = RecoveryCodes.activate(front_desk)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert SEED not in kept
    assert Adapter().decrypt(codes.instance.data["seed"]) not in kept


def test_keys_are_changed_without_anybody_noticing(front_desk: User, settings, clock: time_machine.Traveller) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.SIGN_IN_KEYS = [old]
    with_app(front_desk)
    codes = RecoveryCodes.activate(front_desk).get_unused_codes()
    settings.SIGN_IN_KEYS = [new, old]
    assert renew_encryption() == 2
    settings.SIGN_IN_KEYS = [new]

    client = Client()
    sign_in(client, "frontdesk")
    client.post("/login/code/", {"code": code_at(MORNING)})
    assert is_in(client)
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes() == codes
    settings.SIGN_IN_KEYS = [old]
    with pytest.raises(InvalidToken):
        renew_encryption()


def test_the_command_says_how_many_secrets_have_the_new_key(
    front_desk: User, capsys: pytest.CaptureFixture[str]
) -> None:
    with_app(front_desk)
    call_command("renew_sign_in_keys")
    assert "1 secret is encrypted with the newest key." in capsys.readouterr().out


def test_a_lost_phone_can_be_reset_on_the_server(front_desk: User, capsys: pytest.CaptureFixture[str]) -> None:
    with_app(front_desk)
    call_command("reset_second_step", "frontdesk", "--reason", "Phone in the lake")
    assert not Authenticator.objects.filter(user=front_desk).exists()
    assert front_desk.events.get().note == "Phone in the lake"
    assert "signs in without it" in capsys.readouterr().out
