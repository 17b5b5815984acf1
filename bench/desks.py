"""Booking through the web server: 20 desks at once, each a person with a session, beside a view that only says "ok".

A desk books, breathes for a moment, books again: still many times faster than people. Two web processes, as `make run`
has them.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlencode
from uuid import uuid4

import psutil
from django.conf import settings
from django.test import Client

from bench.booking import Pair, Supply
from bench.clock import percentile
from bench.table import Result
from bench.world import EmptyDays, clinics_of, make_person
from clinic.embedded.process import child_dies_with_me
from clinic.models import Clinic, Role, User
from scheduling.models import Appointment
from scheduling.queries.openings import value_of
from tests.clinic.processes import ROOT, free_port
from tests.reminders.farm import database_url

DESKS = 20
BREATH = 1.0
"""Seconds between two bookings of a desk."""

MOST_P95_MS, MOST_LOSER_MS, MOST_MB = 150.0, 1000.0, 150.0


@dataclass
class Desk:
    """A signed-in person's browser, and how long its answers took."""

    port: int
    cookies: str
    token: str
    took: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def ask(self, method: str, path: str, form: dict[str, object] | None = None) -> None:
        """Ask once, on a connection of its own, and note the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": self.cookies, "Host": "localhost", "X-CSRFToken": self.token}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        connection.request(method, path, body=urlencode(form) if form else None, headers=headers)
        answer = connection.getresponse()
        answer.read()
        self.took.append((time.perf_counter() - began) * 1000)
        self.answers.append(answer.status)
        connection.close()

    def book(self, pair: Pair) -> None:
        """Book one opening as the button on the book page does."""
        opening = value_of(pair.slot.clinic, pair.slot.start, None)
        form = {"dose": 1, "note": "Asked for by the patient", "opening": opening, "once": uuid4().hex}
        self.ask("POST", f"/book/{pair.plan.pk}/", form)


def run(*, days: EmptyDays, is_small: bool) -> list[Result]:
    """Desks on one clinic day, desks spread over all clinics, and desks that all want the same time."""
    each = 2 if is_small else 12
    everywhere = list(Clinic.objects.filter(slug__startswith="bench-").order_by("pk"))
    warming, one_day = _one_day(days, DESKS, prefix="V"), _one_day(days, DESKS * 2, prefix="D")
    spread = Supply(everywhere, DESKS * each, days=days, prefix="H").take(DESKS * each)
    ours = [make_person(f"desk{number}", clinics_of(3), Role.FRONT_DESK) for number in range(DESKS)]
    away = [_person_of(number, spread[number::DESKS]) for number in range(DESKS)]
    with web_server() as (port, server):
        _book_all(_seated(ours, port), warming)
        bare = _all(_seated(ours, port), [[lambda desk: desk.ask("GET", "/bench/ok/")] * each] * DESKS)
        results = [
            _result("one clinic day", _book_all(_seated(ours, port), one_day), bare),
            _result(f"{len(everywhere)} clinics", _book_all(_seated(away, port), spread), bare),
            _losers(_seated(ours, port), days),
        ]
        memory = max(child.memory_info().rss for child in server.children()) / 2**20
    results.append(
        Result("memory of a web process", memory, "MB", mark=f"≤ {MOST_MB:.0f} MB", is_met=memory <= MOST_MB)
    )
    return results


@contextmanager
def web_server() -> Iterator[tuple[int, psutil.Process]]:
    """gunicorn on the benchmark's database: its port, and its process."""
    port = free_port()
    variables = {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "CHAIRSIDE_DATA": str(settings.DATA_DIR),
        "WEB_WORKERS": "2",
    }
    command = ["gunicorn", "-c", "python:clinic.webserver", "-b", f"127.0.0.1:{port}", "clinic.wsgi"]
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **variables}, preexec_fn=child_dies_with_me()
    )
    try:
        _wait_for(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            probe = HTTPConnection("127.0.0.1", port, timeout=5)
            probe.request("GET", "/healthz", headers={"Host": "localhost"})
            assert probe.getresponse().status == 200
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("The web server did not start.")


def _person_of(number: int, pairs: Sequence[Pair]) -> User:
    """Somebody at a front desk who works where she is going to book."""
    clinics = {pair.slot.clinic for pair in pairs}
    return make_person(f"away{number}", sorted(clinics, key=lambda clinic: clinic.pk), Role.FRONT_DESK)


def _seated(people: Sequence[User], port: int) -> list[Desk]:
    return [_desk(person, port) for person in people]


def _desk(person: User, port: int) -> Desk:
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    page = client.get("/patients/")
    token = page.cookies[settings.CSRF_COOKIE_NAME].value
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}"
    return Desk(port, cookies, token)


def _one_day(days: EmptyDays, count: int, *, prefix: str) -> list[Pair]:
    """Times of one day of one clinic."""
    return Supply(clinics_of(1), count, days=days, prefix=prefix).take(count)


def _book_all(desks: list[Desk], pairs: Sequence[Pair]) -> list[Desk]:
    """Let each desk book its share. Every one must be booked."""
    shares = [[_booking(pair) for pair in pairs[number :: len(desks)]] for number in range(len(desks))]
    _all(desks, shares)
    booked = Appointment.objects.filter(plan__in=[pair.plan for pair in pairs]).count()
    assert booked == len(pairs), f"{booked} of {len(pairs)} were booked: {[desk.answers for desk in desks]}"
    return desks


def _booking(pair: Pair) -> Callable[[Desk], None]:
    return lambda desk: desk.book(pair)


def _all(desks: list[Desk], works: Sequence[Sequence[Callable[[Desk], None]]]) -> list[Desk]:
    """Let all desks do their work at once, each with a breath between two things."""
    start = threading.Barrier(len(desks))

    def sit(desk: Desk, mine: Sequence[Callable[[Desk], None]], number: int) -> None:
        start.wait()
        time.sleep(BREATH * number / len(desks))
        for work in mine:
            work(desk)
            time.sleep(BREATH)

    threads = [
        threading.Thread(target=sit, args=(desk, mine, number))
        for number, (desk, mine) in enumerate(zip(desks, works, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return desks


def _result(where: str, desks: list[Desk], bare: list[Desk]) -> Result:
    p95, limit = _p95(desks), _p95(bare)
    return Result(
        f"booking over HTTP, {len(desks)} desks, {where}, 95th percentile",
        p95,
        limit=limit,
        mark=f"≤ {MOST_P95_MS:.0f} ms",
        is_met=p95 <= MOST_P95_MS,
        facts={"bookings": sum(len(desk.took) for desk in desks)},
    )


def _p95(desks: list[Desk]) -> float:
    return percentile([took for desk in desks for took in desk.took], 0.95)


def _losers(desks: list[Desk], days: EmptyDays) -> Result:
    """All want the only place that is left at a moment of a day; who loses is told so, and how soon."""
    pairs = Supply(clinics_of(1), 48 + len(desks), days=days, prefix="R").take(48 + len(desks))
    [contested] = {pair.slot for pair in pairs[-1:]}
    rivals = [Pair(pair.plan, contested) for pair in pairs[-len(desks) :]]
    start = threading.Barrier(len(desks))

    def press(desk: Desk, pair: Pair) -> None:
        start.wait()
        desk.book(pair)

    threads = [threading.Thread(target=press, args=each) for each in zip(desks, rivals, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slowest = max(took for desk in desks for took in desk.took)
    statuses = sorted(status for desk in desks for status in desk.answers)
    return Result(
        f"{len(desks)} desks press for the same time: the last is answered",
        slowest,
        mark=f"≤ {MOST_LOSER_MS:.0f} ms",
        is_met=slowest <= MOST_LOSER_MS and set(statuses) <= {200, 302, 409},
        facts={"answers": statuses},
    )
