"""A start as in production: the checks, the static files, gunicorn, and what a browser gets."""

import re

import pytest
import requests

from tests.running.production import HOST, SECRETS, Machine

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def test_it_starts_with_everything_that_production_asks_for(machine: Machine) -> None:
    checked = machine.manage("check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    with machine.web() as browser:
        ready = browser.get("/readyz", headers={"X-Forwarded-Proto": "http"})
        assert (ready.status_code, ready.json()["database"]) == (200, "ok"), "probes may speak http"
        page = browser.get("/login/")
        assert page.status_code == 200
        (style,) = re.findall(r'href="(/static/css/base\.[0-9a-f]{12}\.css)"', page.text)
        static = browser.get(style)
        assert static.status_code == 200
        assert "immutable" in static.headers["Cache-Control"]
        headers = page.headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "camera=()" in headers["Permissions-Policy"]
        assert "no-store" in headers["Cache-Control"]
        assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
        assert re.search(r"csrftoken=.*Secure", headers["Set-Cookie"])
        by_http = browser.get("/login/", headers={"X-Forwarded-Proto": "http"})
        assert (by_http.status_code, by_http.headers["Location"]) == (301, f"https://{HOST}/login/")
        assert browser.get("/login/", headers={"Host": "evil.example"}).status_code == 400
        assert "chairside-demo" not in page.text


def test_the_monitor_reads_the_numbers_of_all_web_processes_with_the_token_alone(machine: Machine) -> None:
    token = {"Authorization": f"Bearer {SECRETS['METRICS_TOKEN']}"}
    with machine.web(WEB_WORKERS="2") as browser:
        assert browser.get("/metrics").status_code == 403
        direct = requests.get(f"http://127.0.0.1:{browser.port}/metrics", headers={"Host": HOST}, timeout=30)
        assert direct.status_code == 403, "nor from the machine itself"
        for _ in range(20):
            browser.get("/login/", headers={"Connection": "close"})
        counted = re.compile(r'^chairside_request_seconds_count\{address="login",.*\} (\d+)', re.MULTILINE)
        read = {counted.findall(browser.get("/metrics", headers=token).text)[0] for _ in range(6)}
        assert read == {"20.0"} or read == {"20"}
        assert len(list((machine.data / "metrics").glob("*/histogram_*.db"))) == 2, "two processes counted"
    assert list((machine.data / "metrics").glob("*")) == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is weak"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is weak"),
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"SIGN_IN_KEYS": "secret"}, "SIGN_IN_KEYS: key 1 is not 32 random bytes"),
        ({"SIGN_IN_KEYS": ""}, "SIGN_IN_KEYS must be set"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN is weak"),
        ({"METRICS_TOKEN": "ab" * 20}, "METRICS_TOKEN is weak"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"DEBUG": "yes"}, "DEBUG must be off"),
        ({"SECOND_STEP": "no"}, "SECOND_STEP must be on"),
        ({"CHAIRSIDE_ENV": "staging"}, "CHAIRSIDE_ENV must be demo or production"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must look like"),
    ],
)
def test_what_is_weak_stops_the_start_without_being_repeated(
    machine: Machine, variables: dict[str, str], said: str
) -> None:
    refused = Machine(machine.data, "postgresql://chairside:s3cret@db.example/chairside", **variables).manage("check")

    assert refused.returncode != 0
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not any(value in refused.stderr for value in ("aaaaaaaa", "abababab", "s3cret"))
