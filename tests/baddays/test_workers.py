"""The bad days of background work: its database is restarted under it, and its clock is set wrong."""

import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.utils import timezone

from reminders.models import Message
from reminders.rules import load_rules, read_rules
from tests.baddays.conftest import Ward
from tests.reminders.crowd import crowd, plan_all
from tests.reminders.farm import Farm, farm
from tests.reminders.servers import mail_server, text_server
from tests.reminders.test_chaos import in_days, noon_clinic

pytestmark = pytest.mark.slow

MANY = 40
"""Patients; each has an e-mail and a text to get."""


@pytest.fixture
def here(ward: Ward) -> Iterator[Farm]:
    """Workers on the database of the bad days, with a broker and two servers that count."""
    with mail_server() as mail, text_server() as texts, farm(ward.web.data, mail, texts) as each:
        yield each


def waits(rows: QuerySet[Message]) -> bool:
    """Whether any of the rows is still to be seen to. While the database is away, that is not known: yes."""
    try:
        return rows.filter(status__in=["pending", "claimed", "sending"]).exists()
    except OperationalError:
        connection.close()
        return True


def test_the_database_is_restarted_while_messages_leave(ward: Ward, here: Farm) -> None:
    load_rules(rows=read_rules(), apps=apps)
    clinic = noon_clinic("wausau")
    plan_all(crowd(clinic, MANY, start=in_days(12)))
    rows = Message.objects.filter(rule="week", clinic=clinic)
    assert rows.update(due_at=timezone.now()) == 2 * MANY
    for _ in range(2):
        here.worker()
    here.beat()

    for enough, how in ((15, signal.SIGINT), (40, signal.SIGQUIT)):
        here.until(lambda enough=enough: here.taken >= enough)  # type: ignore[misc]
        ward.database.restart(how)
        connection.close()
    here.until(lambda: not waits(rows))

    counts = Counter(rows.values_list("status", flat=True))
    print(f"\n{2 * MANY} messages, 2 restarts of the database: {dict(counts)}, {here.taken} came, none twice")
    assert here.mail.twice == here.texts.twice == []
    assert set(counts) <= {"sent", "unknown"}
    # One in the hands of each of two workers, each time.
    assert counts["unknown"] <= 4
    assert counts["sent"] <= here.taken <= 2 * MANY
