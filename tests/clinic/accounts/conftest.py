"""People who sign in."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from clinic.models import User

PASSWORD = "chairside-demo"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MORNING = datetime.fromisoformat("2026-12-07T08:00:00-06:00")

SignIn = Callable[..., Any]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands, and that tests move."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _nobody_tried_yet(db: None) -> None:
    cache.clear()


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str) -> Any:
    """Through the front door."""
    return client.post("/login/", {"username": username, "password": password, **more})


def with_app(user: User) -> User:
    """Let somebody have an authenticator app with the known seed."""
    TOTP.activate(user, SEED)
    return user


def code_at(moment: datetime) -> str:
    """What the app shows then."""
    return format_hotp_value(hotp_value(SEED, int(moment.timestamp()) // 30))
