"""The pages that people open all day, beside an empty page of the same base template."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from bench.clock import median_of
from bench.table import Result
from bench.world import clinics_of, make_newcomers, make_person
from clinic.models import Clinic, Role
from clinic.quarters import local_date
from scheduling.models import Appointment, Status

MOST_MS, MOST_QUERIES, MOST_UNCHANGED_MS = 40.0, 12, 8.0


def run(*, is_small: bool) -> list[Result]:
    """Every page as somebody at three clinics sees it who opens it all day, in a process set up like a web server's."""
    times = 1 if is_small else 25
    with _as_in_the_web_server():
        return _every_page(times)


@contextmanager
def _as_in_the_web_server() -> Iterator[None]:
    """The program is out of the garbage collector's way, as `clinic.webserver` puts it before there are workers."""
    get_resolver().check()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _every_page(times: int) -> list[Result]:
    clinics = clinics_of(3)
    busy = clinics[1]
    desk, nurse, charge = (_at_work(role, clinics) for role in (Role.FRONT_DESK, Role.NURSE, Role.CHARGE_NURSE))
    # From today on, the first day with patients: on a Sunday nobody comes.
    coming = Appointment.objects.filter(clinic=busy, status=Status.BOOKED, period__startswith__gt=timezone.now())
    appointment = coming.order_by("period")[0]
    day = local_date(appointment.start, busy.zone)
    [newcomer] = make_newcomers(clinics[:1], 1, therapy="ocrevus", prefix="K")
    pages = {
        "day board": (desk, reverse("board", args=[busy.slug, day])),
        "roster": (nurse, reverse("roster", args=[busy.slug, day])),
        "staffing week": (charge, reverse("staffing", args=[busy.slug, day])),
        "patient": (desk, reverse("patient", args=[appointment.patient_id])),
        "appointment": (desk, reverse("appointment", args=[appointment.pk])),
        "book page": (desk, reverse("book", args=[newcomer.pk])),
        "worklists": (desk, reverse("worklists")),
    }
    limit = _took(desk, "/bench/empty/", times)
    return [
        *(_page(client, name, address, limit, times) for name, (client, address) in pages.items()),
        *(_unchanged(client, name, address, limit, times) for name, (client, address) in list(pages.items())[:2]),
    ]


def _at_work(role: Role, clinics: Sequence[Clinic]) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(make_person(f"pages-{role}", clinics, role))
    return client


def _page(client: Client, name: str, address: str, limit: float, times: int) -> Result:
    client.get(address)
    queries: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        queries.append(sql)
        return execute(sql, *more)

    # Not `CaptureQueriesContext`: without the tests' signals a request forgets what was captured.
    with connection.execute_wrapper(count):
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    took = _took(client, address, times)
    return Result(
        f"page: {name}",
        took,
        limit=limit,
        mark=f"≤ {MOST_MS:.0f} ms, ≤ {MOST_QUERIES} queries",
        is_met=took <= MOST_MS and len(queries) <= MOST_QUERIES,
        facts={"queries": len(queries), "bytes": len(answer.content)},
    )


def _unchanged(client: Client, name: str, address: str, limit: float, times: int) -> Result:
    first = client.get(address, headers={"HX-Request": "true"})
    ask = _asking(client, address, {"HX-Request": "true", "If-None-Match": first.headers["ETag"]})
    status = ask().status_code
    took = median_of(ask, times=times)
    return Result(
        f"poll of an unchanged {name}",
        took,
        limit=limit,
        mark=f"≤ {MOST_UNCHANGED_MS:.0f} ms",
        is_met=took <= MOST_UNCHANGED_MS and status == 304,
        facts={"status": status},
    )


def _took(client: Client, address: str, times: int) -> float:
    return median_of(_asking(client, address, {}), times=times)


def _asking(client: Client, address: str, headers: dict[str, str]) -> Callable[[], HttpResponseBase]:
    def ask(**more: Any) -> HttpResponseBase:
        return client.get(address, headers=headers, **more)

    return ask
