"""What the tests of pages share: reading the buttons of a page, and counting queries."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.models import Chair, Clinic
from scheduling.queries.openings import value_of
from tests.world import DAY, at

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/board/madison/2026-12-07/"}


def openings_in(html: str) -> list[str]:
    """The openings that a page offers, in the order of its buttons."""
    return re.findall(r'name="opening" value="([^"]+)"', html)


def opening(clinic: Clinic, text: str, *, day=DAY, chair: Chair | None = None) -> str:
    """What the button of a time sends."""
    return value_of(clinic, at(clinic, text, day), chair.pk if chair else None)


def html_of(browser: Client, address: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> str:
    """The page at an address."""
    answer = browser.get(address, headers=headers)
    assert answer.status_code == status
    return answer.content.decode()


@contextmanager
def counting() -> Iterator[CaptureQueriesContext]:
    """The queries of a block."""
    with CaptureQueriesContext(connection) as queries:
        yield queries
