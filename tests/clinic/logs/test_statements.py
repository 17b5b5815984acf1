"""A slow statement gets a line, unless it reads whole tables on purpose."""

import pytest
from django.db import connection

from clinic.logs import statements

pytestmark = pytest.mark.django_db


def test_what_reads_whole_tables_on_purpose_is_no_news(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(statements, "SLOW", 0.0)

    with connection.cursor() as cursor:
        with statements.reading_all():
            cursor.execute("select 1")
        assert not caplog.records
        cursor.execute("select 2")

    assert len(caplog.records) == 1
