"""Numbers for a monitor that reads Prometheus' format: none is about a person, no label carries what was typed.

Requests are counted by the web processes, each in a file of its own that all of them read (`clinic.webserver`). What
the database knows is asked when the monitor asks, so it is the same whichever machine answers.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from clinic.health import broker_answers, database_answers

Numbers = Callable[[], Iterable[Metric]]

ANSWERED = Histogram(
    "chairside_request_seconds",
    "Time to answer a request, by the name of its address",
    ["address", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip")

_numbers: dict[Numbers, None] = {}
"""In the order in which they came. A room that is made ready again, as tests do, still gives its numbers once."""


def register_numbers(numbers: Numbers) -> None:
    """Let another room add numbers. They are asked with every reading, a few times a minute: keep to indexes."""
    _numbers[numbers] = None


def answered(*, address: str, method: str, status: int, seconds: float) -> None:
    """Count a request. A full disk must not break an answer."""
    with suppress(OSError):
        ANSWERED.labels(address, method, status).observe(seconds)


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything, to whoever holds the token."""
    if not _may_read(request):
        return HttpResponse("Refused\n", content_type="text/plain", status=HTTPStatus.FORBIDDEN)
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def gauge(name: str, meaning: str, value: float) -> Metric:
    """One number without labels."""
    return GaugeMetricFamily(f"chairside_{name}", meaning, value=value)


class _Now(Collector):
    """What servers and database say at this moment. Without a database nothing but that."""

    def collect(self) -> Iterator[Metric]:
        database = database_answers()
        yield gauge("database_up", "The database answers", database)
        yield gauge("broker_up", "Valkey or Redis answers", broker_answers())
        if database:
            for numbers in _numbers:
                with suppress(DatabaseError):
                    yield from numbers()


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    registry.register(_Now())
    return registry


def _may_read(request: HttpRequest) -> bool:
    """The token, where there is one. Without one: this machine itself, with no proxy between, and not in production."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return secrets.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    if settings.PRODUCTION or settings.BEHIND_PROXY or any(name in request.headers for name in _FORWARDED):
        return False
    with suppress(ValueError):
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    return False
