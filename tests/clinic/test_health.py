import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_healthz_answers_without_login(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_readyz_says_that_the_database_answers_and_does_not_insist_on_the_broker(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["database"] == "ok"
    assert response.json()["broker"] in {"ok", "not answering"}


def test_a_page_without_a_word_about_login_asks_for_one(client: Client) -> None:
    response = client.get("/admin/")
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_pages_carry_a_strict_content_security_policy(client: Client) -> None:
    policy = client.get("/healthz")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
