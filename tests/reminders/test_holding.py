"""The moment between looking and sending: a change of the visit comes before it or after it, never in between."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from clinic.models import Clinic
from patients import consent
from patients.models import ContactSource
from reminders import dispatch
from reminders.models import Message
from reminders.rules import load_rules, read_rules
from scheduling.booking import cancel
from scheduling.models import Appointment, Reason
from tests.clinic.processes import wait_until
from tests.reminders.crowd import crowd, everything_due, number, plan_all
from tests.reminders.farm import zone_where_it_is_noon
from tests.reminders.servers import Inbox
from tests.world import make_clinic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visit() -> Appointment:
    """A visit whose text of a week before is due now."""
    load_rules(rows=read_rules(), apps=apps)
    clinic = make_clinic()
    Clinic.objects.filter(pk=clinic.pk).update(timezone=zone_where_it_is_noon())
    clinic.refresh_from_db()
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=12)
    (visit,) = crowd(clinic, 1, start=start)
    plan_all([visit])
    Message.objects.exclude(rule="week", channel="sms").delete()
    assert everything_due() == 1
    return visit


@contextmanager
def sending() -> Iterator["Future[dict[str, int]]"]:
    """A worker at it, in a session of its own, while the block runs."""

    def send() -> dict[str, int]:
        try:
            return dispatch.send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        yield pool.submit(send)


def test_a_change_of_the_visit_that_is_under_way_is_waited_for(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    with ExitStack() as stack:
        with transaction.atomic():
            Appointment.objects.filter(pk=visit.pk).update(status="cancelled", short_staffed=False)
            worker = stack.enter_context(sending())
            assert not wait_until(worker.done, within=0.5)
        assert worker.result(10) == {"retired": 1}
    assert phones.taken == []
    assert Message.objects.get().error == "The visit is cancelled"


def test_a_cancellation_between_claim_and_second_look_takes_the_message_back(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    _claimed_by_somebody()
    with ExitStack() as stack, transaction.atomic():
        cancel(appointment=visit, reason=Reason.OTHER, by=None)
        worker = stack.enter_context(sending())
        worker.result(10)
    assert phones.taken == []
    assert Message.objects.get().status == "retired"


def test_an_opt_out_that_is_under_way_is_waited_for(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    with ExitStack() as stack:
        with transaction.atomic():
            consent.withdraw(value=number(0), channel="sms", source=ContactSource.REPLY, words="STOP")
            worker = stack.enter_context(sending())
            assert not wait_until(worker.done, within=0.5)
        worker.result(10)
    assert phones.taken == []
    assert Message.objects.get(channel="sms").status == "withheld"


def test_a_visit_that_somebody_holds_for_long_is_looked_at_again_a_minute_later(
    visit: Appointment, phones: Inbox, mailbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "LOCK_TIMEOUT", "200ms")
    with ExitStack() as stack, transaction.atomic():
        Appointment.objects.filter(pk=visit.pk).update(note="Being changed")
        worker = stack.enter_context(sending())
        assert worker.result(10) == {"pending": 1}
    waiting = Message.objects.get()
    assert (waiting.status, waiting.attempts) == ("pending", 0)
    assert waiting.try_after is not None
    with time_machine.travel(waiting.try_after, tick=False):
        assert dispatch.send_due() == {"sent": 1}


def _claimed_by_somebody() -> None:
    Message.objects.update(status="claimed", claim=uuid4(), claimed_at=timezone.now())
