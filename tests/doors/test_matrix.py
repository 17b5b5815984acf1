"""Every address × everybody: the right role of the right clinic comes in, nobody else does, and no answer leaks.

One world for the whole module, made once; what a request changes is undone before the next.
"""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from clinic.models import Role
from tests.doors.table import ADMIN, HOOKS, LETTERS, MONITOR, TABLE, Row
from tests.doors.world import Address, Person, World, addresses, build
from tests.world import BEFORE

pytestmark = pytest.mark.django_db

ELSEWHERE = "https://evil.example/"
ADDRESSES = list(addresses())
IN_PLACE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle=|<style|\son[a-z]+=|javascript:", re.IGNORECASE
)
LINKS = re.compile(r"""(?:href|action|src|hx-(?:get|post|put|delete|patch))="([/?][^"]*)""")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once, and never committed."""
    with django_db_blocker.unblock(), time_machine.travel(BEFORE, tick=False), transaction.atomic():
        logging.disable()  # thousands of refusals, each with its trace
        yield build()
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


@pytest.fixture(params=ADDRESSES, ids=lambda one: f"{one.name}-{one.route}")
def address(request: pytest.FixtureRequest) -> Address:
    return request.param


def row_of(address: Address) -> Row:
    return ADMIN if address.key == "admin" else TABLE[address.key]


def ask(world: World, address: Address, browser: Client, method: str, *, htmx: bool = False) -> Any:
    """One request, and the world as it was. Tries to be sent elsewhere afterwards."""
    args = world.args_for(address)
    path = address.path(args)
    headers = {"HX-Request": "true"} if htmx else {}
    kept = dict(browser.cookies)
    point = transaction.savepoint()
    try:
        if method == "GET":
            return browser.get(path, {"next": ELSEWHERE}, headers=headers)
        sent = {name: str(value).format(**args) for name, value in row_of(address).post.items()}
        return browser.post(path, {"next": ELSEWHERE, **sent}, headers=headers)
    finally:
        transaction.savepoint_rollback(point)
        browser.cookies.clear()
        browser.cookies.update(kept)


def requests(world: World, address: Address) -> Iterator[tuple[Person, str, Any]]:
    """Everybody, by every method; the manager of the other clinic also as htmx would ask, for parts of pages."""
    for person in world.people:
        for method in ("GET", "POST"):
            yield person, method, ask(world, address, person.browser, method)
        if person.letter == "M" and not person.at_home:
            yield person, "GET", ask(world, address, person.browser, "GET", htmx=True)


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {one.key for one in ADDRESSES if one.key != "admin"} == set(TABLE), "Add a row to tests/doors/table.py."
    assert set(LETTERS.values()) == set(Role)


def test_who_comes_in(world: World, address: Address) -> None:
    row, wrong = row_of(address), []
    for person, method, answer in requests(world, address):
        status, to = answer.status_code, answer.headers.get("Location", "")
        if not _expected(row, address, person, method)(status, to):
            wrong.append(f"{person.label}: {method} {answer.wsgi_request.path} -> {status} {to}")
        wrong += [f"{person.label}: {method} {fault}" for fault in _faults(world, person, answer)]
        is_own = method == "GET" and person.at_home and person.letter and not person.is_superuser
        if (
            row.shows
            and is_own
            and person.letter in row.who
            and world.secrets["madison"][0] not in answer.content.decode()
        ):
            wrong.append(f"{person.label}: the page names nobody, so this row proves nothing")
    assert not wrong, "\n".join(wrong)


def _expected(row: Row, address: Address, person: Person, method: str) -> Callable[[int, str], bool]:
    """What must come of a request: a judgement of status and `Location`."""
    fits_method = method[0] in row.methods
    if address.key in HOOKS | MONITOR:
        return lambda status, _: status == (403 if fits_method else 405)
    if row.open:
        return lambda status, _: status < 500 and (status == 405) != fits_method
    if not person.is_signed_in:
        return _sent_to_sign_in
    if address.key == "admin":
        return (lambda status, _: status < 500) if person.is_superuser else _refused
    who = row.posts if method == "POST" and row.posts else row.who
    is_here = person.is_superuser or (person.at_home and not row.both)
    is_right = row.signed_in or (person.letter and person.letter in who and (row.elsewhere or is_here))
    if not is_right:
        return _refused
    if row.missing:
        return lambda status, _: status in {404, 405}
    return _let_in if fits_method else lambda status, _: status == 405


def _sent_to_sign_in(status: int, to: str) -> bool:
    return status == 302 and urlsplit(to).path in {"/login/", "/admin/login/"}


def _refused(status: int, to: str) -> bool:
    return status in {403, 404, 405} or (status == 302 and urlsplit(to).path in {"/login/", "/admin/login/", "/admin/"})


def _let_in(status: int, to: str) -> bool:
    return status in {200, 204, 409, 422} or (status == 302 and urlsplit(to).path != "/login/")


def _faults(world: World, person: Person, answer: Any) -> Iterator[str]:
    """What is wrong with an answer, whoever gets it."""
    text, to = answer.content.decode(), answer.headers.get("Location", "")
    for clinic, words in world.secrets.items():
        if clinic not in person.sees:
            yield from (f"reads “{word}” of {clinic}" for word in words if word in text)
        places = [to, answer.headers.get("HX-Push-Url", ""), *LINKS.findall(text)]
        yield from (f"carries “{word}” in an address" for word in words if any(word in place for place in places))
    if urlsplit(to).netloc not in {"", "testserver"}:
        yield f"is sent to {to}"
    yield from _unguarded(answer, text)


def _unguarded(answer: Any, text: str) -> Iterator[str]:
    """Headers and markup that every answer must, or must not, have."""
    headers = answer.headers
    wanted = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src",
        "Permissions-Policy": "camera=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    yield from (f"lacks {name}: {part}" for name, part in wanted.items() if part not in headers.get(name, ""))
    if headers.get("X-Frame-Options") not in {"DENY", "SAMEORIGIN"}:
        yield "may be framed"
    policy = headers.get("Content-Security-Policy", "")
    if "unsafe" in policy or re.search(r"(^|[\s:])\*|https?:", policy):
        yield f"has a lax policy: {policy}"
    if headers.get("Content-Type", "").startswith("text/html") and "sandbox" not in policy:
        yield from (f"has {found[0]!r} in place" for found in IN_PLACE.finditer(text))
    if "htmx-2" in text and not all(
        part in text for part in ('"historyCacheSize":0', '"allowEval":false', '"includeIndicatorStyles":false')
    ):
        yield "starts htmx with lax settings"


def test_no_post_is_taken_without_the_token(world: World, address: Address) -> None:
    manager = next(person for person in world.people if person.letter == "M" and person.at_home)
    browser = Client(enforce_csrf_checks=True)
    browser.cookies.update(manager.browser.cookies)

    answer = ask(world, address, browser, "POST")

    assert answer.status_code == 403
    assert bool(getattr(address.view, "csrf_exempt", False)) == (address.key in HOOKS)


def test_addresses_name_nobody(address: Address) -> None:
    """What an address carries is a number, a day, a clinic, a key of ours, or a secret of a link."""
    if address.key != "admin":
        words = set(re.findall(r"<str:(\w+)>|<(\w+)>|<path:(\w+)>", address.route))
        assert {part for found in words for part in found if part} <= {"token"}
