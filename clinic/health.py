"""Is the process up, and can it work? For load balancers, service managers and `make run`."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis import Redis, RedisError

BROKER_PATIENCE = 0.3

_REPORTS: dict[str, Callable[[], str]] = {}


def register_report(name: str, report: Callable[[], str]) -> None:
    """Let another room say in a few words how its background work goes: "ok", or what is wrong."""
    _REPORTS[name] = report


@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else, so that a database outage restarts no web server."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers. Broker and background work are reported but not required: booking works without them."""
    database = database_answers()
    state = {"database": _words(database), "broker": _words(broker_answers())}
    if database:
        state |= {name: _said(report) for name, report in _REPORTS.items()}
    return JsonResponse(state, status=200 if database else 503)


def _said(report: Callable[[], str]) -> str:
    try:
        return report()
    except DatabaseError as error:
        return f"cannot tell: {type(error).__name__}"


def _words(answers: bool) -> str:
    return "ok" if answers else "not answering"


def database_answers() -> bool:
    """Whether the database does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def broker_answers() -> bool:
    """Whether Valkey or Redis does, within moments."""
    url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    client = Redis.from_url(url, socket_timeout=BROKER_PATIENCE, socket_connect_timeout=BROKER_PATIENCE)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()
