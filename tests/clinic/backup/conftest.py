"""What the tests of backups share: an empty database beside that of the tests, and a way to work in it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg2
import pytest
from django.db import connection

In = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def elsewhere(transactional_db: None) -> Iterator[In]:
    """A new, empty database on the same server; inside `with elsewhere():` the program works there."""
    name = f"{connection.settings_dict['NAME']}_elsewhere"
    _by_the_server(f'drop database if exists "{name}" with (force)')
    _by_the_server(f'create database "{name}"')

    @contextmanager
    def inside() -> Iterator[None]:
        ours = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = ours

    yield inside
    _by_the_server(f'drop database "{name}" with (force)')


def _by_the_server(sql: str) -> None:
    """What cannot be said inside a transaction."""
    own = psycopg2.connect(**{**connection.get_connection_params(), "dbname": "postgres", "cursor_factory": None})
    own.autocommit = True
    try:
        with own.cursor() as cursor:
            cursor.execute(sql)
    finally:
        own.close()
