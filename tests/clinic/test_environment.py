"""What comes from the environment is checked at start, with a message that says what to do."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pyrage import x25519

from clinic.environment import database_from_url, env_bool, env_int, env_list, env_str
from clinic.secret import demo_key, production_key

from .processes import ROOT, environment

GOOD_KEY = "k3Fv9-Zq8_mW2xTs7LbNc4RgYp6HdJ1uEaQoXiVtBzUwSnMy0P5lKh"
PRODUCTION = {
    "CHAIRSIDE_ENV": "production",
    "SECRET_KEY": GOOD_KEY,
    "ALLOWED_HOSTS": "chairs.example.org",
    "DATABASE_URL": "postgresql://chairside:secret@db.example.org/chairside",
    "REDIS_URL": "rediss://broker.example.org/0",
    "SIGN_IN_KEYS": "2mU1bJ4c1r0VnYk3m1c9pHjv6d4eXb0wq7KxTt8sZ2A=",
    "BACKUP_KEYS": str(x25519.Identity.generate()),
    "BACKUP_DIR": "/mnt/backups",
}


def test_a_bad_value_says_what_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZE", "many")
    monkeypatch.setenv("SWITCH", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="SIZE must be a whole number, not 'many'"):
        env_int("SIZE", 1)
    with pytest.raises(ImproperlyConfigured, match="SWITCH must be yes or no, not 'perhaps'"):
        env_bool("SWITCH", default=False)
    with pytest.raises(ImproperlyConfigured, match="MISSING must be set"):
        env_str("MISSING")
    monkeypatch.setenv("SIZE", "70000")
    with pytest.raises(ImproperlyConfigured, match="SIZE must be between 1 and 65535"):
        env_int("SIZE", 1, least=1, most=65535)


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", " ")
    assert env_str("EMPTY", "default") == "default"
    assert env_int("EMPTY", 7) == 7
    assert env_bool("EMPTY", default=True) is True
    assert env_list("EMPTY", "a, b,") == ["a", "b"]


def test_a_database_url_may_carry_escapes_options_and_a_socket() -> None:
    entry = database_from_url("postgresql://ann:p%40ss@db:5433/chairs?sslmode=require")
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"]) == ("ann", "p@ss", "db", "5433")
    assert (entry["NAME"], entry["OPTIONS"]["sslmode"]) == ("chairs", "require")
    assert database_from_url("postgresql:///chairs?host=/run/pg")["HOST"] == "/run/pg"


def test_a_database_that_says_nothing_is_waited_for_for_seconds_unless_the_url_says_otherwise() -> None:
    assert database_from_url("postgresql://db/chairs")["OPTIONS"]["connect_timeout"] == "5"
    assert database_from_url("postgresql://db/chairs?connect_timeout=9")["OPTIONS"]["connect_timeout"] == "9"


@pytest.mark.parametrize("url", ["mysql://db/chairs", "postgresql://db/", "postgresql://db:many/chairs"])
def test_a_database_url_we_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        database_from_url(url)


@pytest.mark.parametrize("key", ["short", "a" * 60, "django-insecure-" + GOOD_KEY])
def test_a_weak_key_is_refused_in_production(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is weak"):
        production_key(key)


def test_the_demos_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    key = demo_key(tmp_path / "data")
    assert key == demo_key(tmp_path / "data")
    assert key != demo_key(tmp_path / "other")
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "CHAIRSIDE_ENV"])
def test_production_does_not_start_without(missing: str, tmp_path: Path) -> None:
    result = check(tmp_path, {name: value for name, value in PRODUCTION.items() if name != missing})
    assert result.returncode != 0
    assert missing in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_production_passes_djangos_own_deployment_checks(tmp_path: Path) -> None:
    result = check(tmp_path, PRODUCTION, "--deploy", "--fail-level", "WARNING")
    assert result.returncode == 0, result.stderr


def check(data: Path, variables: dict[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "check", *options]
    return subprocess.run(
        command, cwd=ROOT, env=environment(data, **variables), capture_output=True, text=True, check=False
    )


TEXTING = {"TWILIO_ACCOUNT_SID": f"AC{'0' * 32}", "TWILIO_AUTH_TOKEN": "token", "TWILIO_FROM": "+17155550199"}


MAILING = {
    "EMAIL_PROVIDER": "mailgun",
    "EMAIL_API_KEY": "key-0123456789abcdef",
    "EMAIL_HOOK_SECRET": "signing-0123456789",
    "EMAIL_FROM": "Smart Clinics <no-reply@clinics.example.org>",
}


@pytest.mark.slow
def test_production_passes_the_checks_with_an_email_provider(tmp_path: Path) -> None:
    result = check(tmp_path, PRODUCTION | MAILING, "--deploy", "--fail-level", "WARNING")
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SECOND_STEP": "no"}, "SECOND_STEP must be on when CHAIRSIDE_ENV=production."),
        ({"SECOND_STEP": "perhaps"}, "SECOND_STEP must be yes or no"),
        ({"SIGN_IN_KEYS": "secret"}, "SIGN_IN_KEYS: key 1 is not 32 random bytes"),
        ({"SIGN_IN_KEYS": f"{PRODUCTION['SIGN_IN_KEYS']},{PRODUCTION['SIGN_IN_KEYS']}"}, "names a key twice"),
        ({"IDLE_SECONDS_TABLET": "3600"}, "IDLE_SECONDS_TABLET must be between 60 and 900"),
    ],
)
def test_a_wrong_setting_for_accounts_stops_the_start_with_a_clear_line(
    variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    result = check(tmp_path, PRODUCTION | variables)
    assert result.returncode != 0
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"BACKUP_KEYS": "secret"}, "BACKUP_KEYS: key 1 is no age key"),
        ({"BACKUP_EVERY_HOURS": "often"}, "BACKUP_EVERY_HOURS must be a whole number"),
    ],
)
def test_a_wrong_setting_for_backups_stops_the_start_with_a_clear_line(
    variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    result = check(tmp_path, PRODUCTION | variables)
    assert result.returncode != 0
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_who_sees_to_backups_elsewhere_need_name_no_place_for_them(tmp_path: Path) -> None:
    variables = {name: value for name, value in PRODUCTION.items() if name != "BACKUP_DIR"}
    assert check(tmp_path, variables | {"BACKUP_EVERY_HOURS": "0"}).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TWILIO_ACCOUNT_SID": TEXTING["TWILIO_ACCOUNT_SID"]}, "TWILIO_AUTH_TOKEN, TWILIO_FROM must be set too"),
        (TEXTING | {"TWILIO_FROM": "Northside"}, "TWILIO_FROM must look like +17155550100"),
        (TEXTING | {"TWILIO_ACCOUNT_SID": "AC12"}, "TWILIO_ACCOUNT_SID must look like AC and 32 digits"),
        ({"EMAIL_PROVIDER": "mailgun"}, "EMAIL_API_KEY, EMAIL_HOOK_SECRET must be set too"),
        ({"EMAIL_API_URL": "https://api.eu.mailgun.net/v3"}, "EMAIL_API_URL needs EMAIL_PROVIDER"),
        (MAILING | {"EMAIL_PROVIDER": "pigeon"}, "EMAIL_PROVIDER must look like mailgun or postmark, not 'pigeon'"),
        (MAILING | {"EMAIL_API_KEY": "short"}, "EMAIL_API_KEY must be the key that the provider gave you."),
        (MAILING | {"EMAIL_PROVIDER": "postmark"}, "EMAIL_HOOK_SECRET must be name:password"),
        (MAILING | {"EMAIL_FROM": ""}, "EMAIL_FROM must be set too"),
        (MAILING | {"EMAIL_FROM": "Smart Clinics"}, "EMAIL_FROM must look like Smart Clinics <no-reply@"),
        (MAILING | {"EMAIL_HOST": "mail.example.org"}, "Set EMAIL_HOST for a mail server or EMAIL_PROVIDER"),
        ({"SENDER_NAME": "MS Infusion Center"}, "SENDER_NAME must not say “MS”"),
        ({"SENDER_NAME": "A name that is much too long for a text"}, "SENDER_NAME must look like"),
        ({"PUBLIC_URL": "chairs.example.org"}, "PUBLIC_URL must look like https://"),
        ({"MESSAGE_LEASE_SECONDS": "5"}, "MESSAGE_LEASE_SECONDS must be more than SEND_TIMEOUT_SECONDS"),
    ],
)
def test_a_wrong_setting_for_messages_stops_the_start_with_a_clear_line(
    variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    result = check(tmp_path, variables)
    assert result.returncode != 0
    assert said in result.stderr.splitlines()[-1]
