"""What the tests of the trail share: a trail with a few sealed rows, and the hand of a superuser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from clinic.audit.models import Entry, Seal
from clinic.audit.sealing import seal
from clinic.models import Clinic
from tests.world import make_patient

Hand = Callable[..., None]


@pytest.fixture
def superuser(db: None) -> Hand:
    """Somebody who may do anything to the database: SQL past every trigger."""

    def run(sql: str, *params: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            cursor.execute(sql, params or None)
            cursor.execute("set local session_replication_role = origin")

    return run


@pytest.fixture
def trail(madison: Clinic) -> list[Entry]:
    """Three seals, each over two patients who were registered."""
    for number in range(3):
        make_patient(madison, f"First{number}")
        make_patient(madison, f"Second{number}")
        assert seal()
    assert Seal.objects.count() == 3
    return list(Entry.objects.filter(table_name="patients_patient").order_by("id"))
