"""What holds for every request: nothing too large is read, nobody is sent elsewhere, limits are shared."""

from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client, RequestFactory

from clinic.headers import SizeMiddleware
from clinic.models import User

pytestmark = pytest.mark.django_db

ELSEWHERE = ("https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example", "javascript:alert(1)")


@pytest.mark.parametrize("length", [str(6 * 1024 * 1024 + 1), "9" * 30, "-1", "many"])
def test_what_is_too_large_is_refused_unread(rf: RequestFactory, length: str) -> None:
    def read(request: Any) -> Any:
        raise AssertionError("was read")

    answer = SizeMiddleware(read)(rf.post("/login/", CONTENT_LENGTH=length))

    assert answer.status_code == 413


def test_somebody_who_sends_too_much_reads_what_to_do(client: Client) -> None:
    answer = client.post("/login/", {"username": "x" * (6 * 1024 * 1024)})

    assert answer.status_code == 413
    assert "split it" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "default-src" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("to", ELSEWHERE)
def test_signing_in_sends_nobody_elsewhere(client: Client, front_desk: User, to: str) -> None:
    for address in ("/login/", "/admin/login/"):
        answer = client.post(address, {"username": "frontdesk", "password": "chairside-demo", "next": to})
        assert "evil" not in answer.headers.get("Location", "").split("?")[0], address
        assert "javascript" not in answer.headers.get("Location", "").split("?")[0], address
        client.logout()


@pytest.mark.parametrize("to", ELSEWHERE)
def test_unlocking_and_signing_out_send_nobody_elsewhere(client: Client, front_desk: User, to: str) -> None:
    client.force_login(front_desk)
    client.post("/account/lock/")

    assert client.post("/account/unlock/", {"unlock": "chairside-demo", "next": to})["Location"] == "/"
    assert client.post("/logout/", {"next": to})["Location"] == "/login/"


def test_limits_are_counted_in_the_database_which_all_web_processes_share() -> None:
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"
    assert set(caches.settings) == {"default"}
