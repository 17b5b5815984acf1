"""Addresses and a task that fail in all the ways that put what somebody typed into an exception: to test the log."""

import logging
from typing import Any

from celery import shared_task
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from clinic.logs import statements
from clinic.urls import handler500  # noqa: F401  (Django looks for the handler here)
from clinic.urls import urlpatterns as real

log = logging.getLogger("patients.broken")


def twice(word: str) -> None:
    """Break a unique constraint; the database's words repeat the value."""
    with connection.cursor() as cursor:
        cursor.execute("insert into auth_group (name) values (%s), (%s)", [word, word])


def wrong_type(word: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select %s::int", [word])


def no_number(word: str) -> None:
    int(f"the number {word}")


def no_key(word: str) -> None:
    dict[str, str]()[word]


def no_row(word: str) -> None:
    Group.objects.get(name=word).delete()


def chained(word: str) -> None:
    try:
        no_number(word)
    except ValueError as error:
        raise LookupError(f"nobody is called {word}") from error


def logged(word: str) -> None:
    log.warning("looked for %s", word, extra={"name_looked_for": word})
    log.warning("found %(who)s", {"who": word})


def slow(word: str) -> None:
    limit, statements.SLOW = statements.SLOW, 0.01
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_sleep(0.02), '{word}', %s", [word])
    statements.SLOW = limit


WAYS = {way.__name__: way for way in (twice, wrong_type, no_number, no_key, no_row, chained, logged, slow)}
"""Each takes a word that must not be read in any log."""


@csrf_exempt
@login_not_required
def broken(request: HttpRequest, way: str, word: str) -> HttpResponse:
    WAYS[way](request.POST.get("word") or word)
    return HttpResponse(way)


@shared_task
def broken_task(way: str, word: str, **_: Any) -> str:
    WAYS[way](word)
    return word


urlpatterns = [path("broken/<str:way>/<str:word>/", broken, name="broken"), *real]
