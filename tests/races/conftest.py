"""Races run in real processes, each with its own connection to the test's database."""

from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.pool import Pool

import pytest
import time_machine
from django.db import connection

from tests.races import process
from tests.races.contest import RACERS
from tests.world import BEFORE


@pytest.fixture(scope="session")
def racers(django_db_setup: None) -> Iterator[Pool]:
    """Eight processes, started once: they use the database of this test process, whatever xdist calls it."""
    context = get_context("spawn")
    # While the database is set up, its name is that of the tests' own.
    database = connection.settings_dict["NAME"]
    pool = context.Pool(RACERS, process.join, (context.Barrier(RACERS), database, BEFORE))
    yield pool
    pool.close()
    pool.join()


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The clock of the racers."""
    with time_machine.travel(BEFORE, tick=True):
        yield
