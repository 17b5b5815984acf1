"""The servers at the other end, and settings that lead there."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.reminders.servers import ACCOUNT, NUMBER, TOKEN, Inbox, mail_server, text_server


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Inbox]:
    """What a real mail server was given, by this process."""
    with mail_server() as (inbox, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        settings.EMAIL_TIMEOUT = 2
        yield inbox


@pytest.fixture
def phones(settings: Settings) -> Iterator[Inbox]:
    """What the text provider was given, by this process."""
    with text_server() as (inbox, port):
        settings.TWILIO = {"account": ACCOUNT, "token": TOKEN, "from": NUMBER, "url": f"http://127.0.0.1:{port}"}
        settings.SEND_TIMEOUT = 1
        yield inbox
