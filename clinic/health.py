"""Is the process up, and can it work? For load balancers, service managers and `make run`."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis import Redis, RedisError

BROKER_PATIENCE = 0.3


@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else, so that a database outage restarts no web server."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers. The broker is reported but not required: booking works without it."""
    database = _database_answers()
    state = {"database": _words(database), "broker": _words(_broker_answers())}
    return JsonResponse(state, status=200 if database else 503)


def _words(answers: bool) -> str:
    return "ok" if answers else "not answering"


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    client = Redis.from_url(url, socket_timeout=BROKER_PATIENCE, socket_connect_timeout=BROKER_PATIENCE)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()
