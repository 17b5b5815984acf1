"""Hundreds of messages while workers are killed, frozen and starved, and visits are moved and cancelled under them.

The servers at the other end count: none comes twice, none for a visit that is gone, and whatever did not come has a
row that says so.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from clinic.models import Clinic
from clinic.quarters import at_wall_clock
from reminders.models import Message
from reminders.rules import load_rules, read_rules
from scheduling.booking import cancel, confirm, move
from scheduling.models import Appointment, Reason
from scheduling.refusals import NotAvailable
from tests.clinic.processes import nothing_left
from tests.reminders.crowd import crowd, everything_due, plan_all
from tests.reminders.farm import Farm, farm, zone_where_it_is_noon
from tests.reminders.mail_apis import KEY, SIGNING_KEY, Mailgun, Posted
from tests.reminders.servers import Received, api_server, mail_server, text_server
from tests.world import clock, make_clinic, on_floor

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MANY = 100
"""Patients; each has an e-mail and a text to get."""


@pytest.fixture
def here() -> Iterator[Farm]:
    """A broker, two servers and room for workers."""
    data = Path(tempfile.mkdtemp(prefix="chairside-chaos-"))
    with mail_server() as mail, text_server() as texts:
        try:
            with farm(data, mail, texts) as each:
                yield each
        finally:
            assert nothing_left(data)
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def visits() -> list[Appointment]:
    """Visits twelve days ahead, whose messages of a week before are all due now."""
    load_rules(rows=read_rules(), apps=apps)
    found = crowd(noon_clinic(), MANY, start=in_days(12))
    plan_all(found)
    assert everything_due(rule="week") == 2 * MANY
    return found


def noon_clinic(slug: str = "madison") -> Clinic:
    clinic = make_clinic(slug)
    clinic.timezone = zone_where_it_is_noon()
    clinic.save(update_fields=["timezone"])
    return clinic


def in_days(days: int, text: str = "9:00") -> datetime:
    zone = Clinic(timezone=zone_where_it_is_noon()).zone
    return at_wall_clock(timezone.now().astimezone(zone).date() + timedelta(days=days), clock(text), zone)


def week() -> dict[str, int]:
    """How many messages of a week before stand how."""
    rows = Message.objects.filter(rule="week").values_list("status", flat=True)
    return {status: list(rows).count(status) for status in set(rows)}


def nothing_waits() -> bool:
    in_hand = Message.objects.filter(status__in=["pending", "claimed", "sending"], due_at__lte=timezone.now())
    return not in_hand.exists()


def assert_the_rows_tell_what_came(here: Farm) -> None:
    """Each message came at most once; what came is sent or unknown, and what is sent came."""
    assert here.mail.twice == []
    assert here.texts.twice == []
    came = {int(key.rpartition("-")[2]) for key in [*here.mail.times, *here.texts.times]}
    rows = dict(Message.objects.filter(rule="week").values_list("pk", "status"))
    assert {pk for pk in came if pk in rows and rows[pk] not in {"sent", "unknown"}} == set()
    assert {pk for pk, status in rows.items() if status == "sent"} <= came


def test_two_beats_and_four_workers_send_each_message_once(here: Farm, visits: list[Appointment]) -> None:
    for _ in range(4):
        here.worker()
    for _ in range(2):
        here.beat()

    here.until(nothing_waits)

    assert week() == {"sent": 2 * MANY}
    assert (len(here.mail.times), len(here.texts.times)) == (MANY, MANY)
    assert_the_rows_tell_what_came(here)


def test_a_worker_killed_between_claim_and_send_loses_nothing(here: Farm, visits: list[Appointment]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Nobody else can look at the visits, so the worker holds its claims and cannot send.
        cursor.execute("select id from scheduling_appointment for update")
        worker = here.worker()
        here.beat()
        here.until(lambda: _claimed_by_others() >= 100)
        here.kill(worker)
        assert here.taken == 0
    here.worker()

    here.until(nothing_waits)

    assert week() == {"sent": 2 * MANY}
    assert here.taken == 2 * MANY
    assert_the_rows_tell_what_came(here)


def test_a_worker_killed_between_send_and_mark_sends_nothing_twice(here: Farm, visits: list[Appointment]) -> None:
    send_while_senders_are_killed(here)


def test_an_email_provider_is_given_nothing_twice_either(here: Farm, visits: list[Appointment]) -> None:
    with api_server(Mailgun) as (inbox, port):
        here.mail = inbox
        for name in ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_TLS"):
            del here.variables[name]
        here.variables |= {
            "EMAIL_PROVIDER": "mailgun",
            "EMAIL_API_KEY": KEY,
            "EMAIL_HOOK_SECRET": SIGNING_KEY,
            "EMAIL_API_URL": f"http://127.0.0.1:{port}/v3",
        }
        send_while_senders_are_killed(here)
        given = {each.provider_id for each in inbox.taken if isinstance(each, Posted)}
        kept = Message.objects.filter(rule="week", channel="email", status="sent").values_list("provider_id", flat=True)
        assert set(kept) <= given
        assert "" not in kept


def send_while_senders_are_killed(here: Farm) -> None:
    """Kill three workers, each when a server has its message and it has not heard so; see what became of all."""
    fatal = {10, 70, 140}
    kills: list[str] = []
    here.beat()
    here.worker()

    def kill_the_sender(received: Received) -> None:
        if here.taken in fatal:
            fatal.discard(here.taken)
            kills.append(received.key)
            here.kill(here.processes[-1])

    here.mail.meanwhile = here.texts.meanwhile = kill_the_sender
    here.until_with_a_worker(nothing_waits)

    assert len(kills) == 3
    assert week() == {"sent": 2 * MANY - 3, "unknown": 3}
    unknown = Message.objects.filter(status="unknown").values_list("pk", flat=True)
    assert {f"message-{pk}" for pk in unknown} == set(kills)
    assert here.taken == 2 * MANY
    assert_the_rows_tell_what_came(here)


def test_a_worker_frozen_past_its_lease_finds_its_claims_gone(here: Farm, visits: list[Appointment]) -> None:
    frozen = here.worker()
    here.beat()

    def freeze_the_sender(received: Received) -> None:
        if here.taken == 20:
            os.killpg(frozen.pid, signal.SIGSTOP)

    here.mail.meanwhile = here.texts.meanwhile = freeze_the_sender
    here.until(lambda: here.taken == 20)
    here.worker()
    here.until(nothing_waits)
    assert here.taken == 2 * MANY
    assert week() == {"sent": 2 * MANY - 1, "unknown": 1}
    os.killpg(frozen.pid, signal.SIGCONT)
    time.sleep(1)

    assert here.taken == 2 * MANY
    assert_the_rows_tell_what_came(here)


def test_messages_wait_while_the_broker_is_down_and_leave_when_it_is_back(
    here: Farm, visits: list[Appointment]
) -> None:
    here.worker()
    here.worker()
    here.beat()
    here.until(lambda: here.taken >= 30)
    here.stop_broker()
    # Booking needs no broker.
    later = crowd(noon_clinic("wausau"), 40, start=in_days(12, "13:00"), first=MANY)
    plan_all(later)
    everything_due(rule="week")
    time.sleep(2)
    before = here.taken
    time.sleep(1)
    assert here.taken == before < 2 * (MANY + 40)
    here.start_broker()

    here.until(nothing_waits)

    # A worker that loses its broker stops what it does: at most its message in hand is uncertain.
    assert week().get("unknown", 0) <= 2
    assert sum(week().values()) == 2 * (MANY + 40)
    assert set(week()) <= {"sent", "unknown"}
    assert_the_rows_tell_what_came(here)


def test_moves_and_cancellations_in_the_moment_of_sending(here: Farm, visits: list[Appointment]) -> None:
    clinic = visits[0].clinic
    day = in_days(15).astimezone(clinic.zone).date()
    for _ in range(4):
        on_floor(clinic, day=day)
    cancelled, moved, confirmed = visits[1::4], visits[2::8], visits[3::4]
    gone: dict[int, datetime] = {}

    def give_up() -> None:
        for visit in cancelled:
            cancel(appointment=visit, reason=Reason.OTHER, by=None)
            gone[visit.pk] = timezone.now()

    def rearrange() -> None:
        starts = [f"{hour}:{minute:02}" for hour in range(8, 14) for minute in (0, 15, 30, 45)]
        for visit, sure in zip(moved, confirmed, strict=False):
            confirm(appointment=sure, by=None)
            if _moved(visit, clinic, day, starts):
                gone[visit.pk] = timezone.now()

    for _ in range(3):
        here.worker()
    here.beat()
    here.until(lambda: here.taken >= 5)
    _together(give_up, rearrange)
    here.until(nothing_waits)

    rows = list(Message.objects.filter(rule="week", visit_start=visits[0].start))
    told = {(row.appointment_id, row.channel) for row in rows if row.status in {"sent", "unknown"}}
    again = set(Message.objects.filter(rule__in=["cancelled", "moved"]).values_list("appointment_id", "channel"))
    assert len(gone) > len(cancelled)
    assert any(row.status == "retired" for row in rows)
    # Nothing began to leave after its visit was gone.
    assert [
        row for row in rows if row.sending_at and row.sending_at > gone.get(row.appointment_id, row.sending_at)
    ] == []
    # Who was told of a visit that is gone is told so, by the same way, and nobody else.
    assert {each for each in told if each[0] in gone} <= again
    assert {each for each in again if each[0] in {visit.pk for visit in cancelled}} <= told
    assert_the_rows_tell_what_came(here)


def _together(*each: Callable[[], None]) -> None:
    """Run some things at the same time, each with a database session of its own."""

    def run(one: Callable[[], None]) -> None:
        try:
            one()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(run, one) for one in each]:
            done.result()


def _moved(visit: Appointment, clinic: Clinic, day: date, starts: list[str]) -> bool:
    while starts:
        try:
            move(appointment=visit, clinic=clinic, start=at_wall_clock(day, clock(starts.pop(0)), clinic.zone), by=None)
        except NotAvailable:
            continue
        return True
    return False


def _claimed_by_others() -> int:
    """How many rows are claimed, seen from outside this transaction: a claim holds no lock once it is committed."""
    return Message.objects.filter(status="claimed").count()
