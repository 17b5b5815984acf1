"""Reminders: planning them in the booking's transaction, and sending what is due, beside the same sends in a bare loop.

A real mail server and a server that speaks the text provider's API stand in a process of their own; two Celery workers
send.
"""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from django.core import mail
from django.db import connection, connections, transaction
from django.utils import timezone
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from bench.clock import milliseconds
from bench.table import Result
from clinic.models import Clinic
from reminders.models import Message
from reminders.outbox import plan_messages
from scheduling.models import Appointment, Status
from tests.reminders.farm import farm, zone_where_it_is_noon
from tests.reminders.servers import ACCOUNT, NUMBER, TOKEN, Inbox, mail_server, text_server

LEAST_SHARE, MOST_MB = 0.5, 150.0
RULE = "week"
PER_TRANSACTION = 100
MOST_BARE = 2000
"""Bare sends that are enough to tell what one takes."""


def run(*, is_small: bool) -> list[Result]:
    """Plan for some appointments, and send two messages for each."""
    count = 50 if is_small else 5000
    appointments = _reachable(count)
    planning = milliseconds(lambda: _plan(appointments)) / count
    due = _make_due(appointments)
    bare = min(due, MOST_BARE)
    with servers() as ports, TemporaryDirectory() as data:
        limit = milliseconds(lambda: _bare_loop(bare, ports)) / bare
        took, memory = _send(Path(data), ports, due)
    return [
        Result(
            "planning the messages of one appointment",
            planning,
            facts={"appointments": count, "per_100000_in_minutes": planning * 100_000 / 60_000},
        ),
        Result(
            f"sending one message of {due:,}, 2 workers",
            took,
            limit=limit,
            mark="≥ 50 % of a bare loop",
            is_met=limit / took >= LEAST_SHARE,
            facts={"per_second": 1000 / took, "bare_per_second": 1000 / limit},
        ),
        Result(
            "memory of a worker after that",
            memory[-1],
            "MB",
            limit=memory[0],
            mark=f"≤ {MOST_MB:.0f} MB, flat",
            is_met=memory[-1] <= MOST_MB and memory[-1] <= memory[0] * 1.2,
            facts={"megabytes": memory},
        ),
    ]


def _reachable(count: int) -> list[Appointment]:
    """Booked appointments of so many patients, who get a number and an address of their own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with chosen as (
                select distinct on (patient_id) patient_id, id from scheduling_appointment
                where status = 'booked' and lower(period) > now() + interval '21 days' and patient_id >= 1000000
                    and clinic_id <= 33
                order by patient_id, period limit %s
            ), points as (
                insert into patients_contactpoint (patient_id, kind, value, is_preferred)
                select patient_id, kind, value, true
                from (select *, row_number() over () as n from chosen) as numbered,
                     lateral (values ('mobile', '+1715' || lpad((2000000 + n)::text, 7, '0')),
                                     ('email', 'regular' || n || '@example.org')) as point (kind, value)
            )
            select id from chosen
            """,
            [count],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    rows = Appointment.objects.filter(pk__in=ids, status=Status.BOOKED)
    return list(rows.select_related("plan__therapy", "patient", "clinic", "dose_phase"))


def _plan(appointments: list[Appointment]) -> None:
    for begin in range(0, len(appointments), PER_TRANSACTION):
        with transaction.atomic():
            for appointment in appointments[begin : begin + PER_TRANSACTION]:
                plan_messages(appointment)


def _make_due(appointments: list[Appointment]) -> int:
    """Let the reminders of a week before be due now, in clinics where it is day. How many there are."""
    Clinic.objects.update(timezone=zone_where_it_is_noon())
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from reminders_message where rule <> %s or appointment_id <> all(%s)",
            [RULE, [each.pk for each in appointments]],
        )
    now = timezone.now()
    return Message.objects.filter(status="pending").update(
        due_at=now, try_after=None, cut_off_at=now + timedelta(hours=9)
    )


@contextmanager
def servers() -> Iterator[tuple[int, int]]:
    """The ports of a mail server and a text provider's server in a process of their own."""
    here, there = multiprocessing.Pipe()
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    yield here.recv()
    process.terminate()
    process.join()


def _serve(there: Connection) -> None:
    with mail_server() as (_, mail_port), text_server() as (_, text_port):
        there.send((mail_port, text_port))
        time.sleep(3600)


def _bare_loop(count: int, ports: tuple[int, int]) -> None:
    """The same sends, and nothing else: one connection to each server."""
    texts = Client(ACCOUNT, TOKEN, http_client=TwilioHttpClient(pool_connections=True))
    texts.messages.domain = texts.api  # the bare client, told where the server is
    texts.api.base_url = f"http://127.0.0.1:{ports[1]}"
    wire = mail.get_connection(
        "django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=ports[0], use_tls=False
    )
    wire.open()
    for number in range(count // 2):
        letter = mail.EmailMultiAlternatives(
            "Your visit", "x" * 1200, "a@example.org", [f"b{number}@example.org"], connection=wire
        )
        letter.attach_alternative("<p>" + "x" * 2400 + "</p>", "text/html")
        letter.attach("visit.ics", "x" * 900, "text/calendar")
        letter.send()
        texts.messages.create(to=f"+1715{2000000 + number}", from_=NUMBER, body="x" * 150)
    wire.close()


def _send(data: Path, ports: tuple[int, int], due: int) -> tuple[float, list[float]]:
    """Let two workers send all that is due. Milliseconds a message, and a worker's megabytes early and late."""
    with farm(data, (Inbox(), ports[0]), (Inbox(), ports[1]), lease=60) as here:
        workers = [here.worker(), here.worker()]
        here.beat()
        here.until(lambda: _left() < due)
        began, left, memory = time.perf_counter(), _left(), [_megabytes(workers[0].pid)]
        here.until(lambda: _left() == 0, within=900)
        seconds = time.perf_counter() - began
        memory.append(_megabytes(workers[0].pid))
    return seconds * 1000 / left, memory


def _left() -> int:
    return Message.objects.filter(status__in=["pending", "claimed", "sending"]).count()


def _megabytes(pid: int) -> float:
    process = psutil.Process(pid)
    return max(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 2**20
