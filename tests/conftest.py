"""Fixtures for all tests: the fixed cast of staff. The data directory and settings are set in tests/settings.py."""

import gc
import os
from collections.abc import Iterator

import pytest
from django.db import connection
from playwright.sync_api import Browser, expect

from clinic.models import Clinic, Role, User
from tests.journeys.chromium import CHROMIUM, PATIENCE, chromium
from tests.world import make_clinic, make_user


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that start servers of their own go first: the longest, so that no worker waits for another at the end.

    Otherwise pytest-django's order holds: tests that empty all tables come after those that read what migrations wrote.
    """
    items.sort(key=lambda item: not _starts_its_own_servers(item))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not walk through it each time. Saves a twentieth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _starts_its_own_servers(item: pytest.Item) -> bool:
    uses_database = item.get_closest_marker("django_db") or "transactional_db" in getattr(item, "fixturenames", ())
    return bool(item.get_closest_marker("slow")) and not uses_database


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Tests with real transactions empty every table afterwards. TRUNCATE is refused, and takes ten times as long."""
    # Of every connection: where Playwright's event loop runs there is another one than where it does not.
    type(connection.ops).sql_flush = _emptied  # type: ignore[method-assign, assignment]


def _emptied(self: object, style: object, tables: list[str], **_: bool) -> list[str]:
    """SQL that removes every row, past all triggers and constraints."""
    return ["set local session_replication_role = replica", *(f'delete from "{table}"' for table in tables)]


@pytest.fixture
def madison(db: None) -> Clinic:
    """The clinic of the cast, with four chairs."""
    return make_clinic("madison")


@pytest.fixture
def wausau(db: None) -> Clinic:
    """Another clinic, where the cast does not work."""
    return make_clinic("wausau")


@pytest.fixture
def front_desk(madison: Clinic) -> User:
    """Works the front desk in Madison."""
    return make_user("frontdesk", Role.FRONT_DESK, madison)


@pytest.fixture
def nurse(madison: Clinic) -> User:
    """A nurse in Madison."""
    return make_user("nurse", Role.NURSE, madison)


@pytest.fixture
def charge_nurse(madison: Clinic) -> User:
    """The charge nurse in Madison."""
    return make_user("charge", Role.CHARGE_NURSE, madison)


@pytest.fixture
def manager(madison: Clinic) -> User:
    """The manager in Madison."""
    return make_user("manager", Role.MANAGER, madison)


@pytest.fixture
def stranger(wausau: Clinic) -> User:
    """A manager in Wausau, who must see nothing of Madison."""
    return make_user("stranger", Role.MANAGER, wausau)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once. Without it the journeys are left out, except in CI, where they must run."""
    if not CHROMIUM.exists():
        missing = f"The journeys need {CHROMIUM}: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop running in this thread, which Django would take for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=PATIENCE)
        with chromium() as running:
            yield running
