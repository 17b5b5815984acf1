"""One production database for all tests here: made once, with every migration, and shared like the real one."""

from collections.abc import Iterator

import pytest

from tests.running import production
from tests.running.production import Machine


@pytest.fixture(scope="session")
def database_url(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database."""
    with production.database() as url:
        made = Machine(tmp_path_factory.mktemp("first"), url).manage("migrate", "--verbosity", "0")
        assert made.returncode == 0, made.stderr
        yield url


@pytest.fixture(scope="session")
def machine(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine that is set up: its static files are collected."""
    one = Machine(tmp_path_factory.mktemp("machine"), database_url)
    collected = one.manage("collectstatic", "--noinput", "--verbosity", "0")
    assert collected.returncode == 0, collected.stderr
    return one
