"""Every page in every role: axe finds nothing that keeps somebody out; it is light, stands still, and fits a keyhole.

Which pages there are is the table of all addresses (tests/doors/table.py): a new one is looked at by itself, and the
parts that htmx asks for too. What two roles see alike is looked at once.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, ViewportSize
from pytest_django import DjangoDbBlocker

from clinic.models import Clinic, User
from scheduling.booking import set_status
from tests.clinic.accounts.conftest import with_app
from tests.doors.table import LETTERS, TABLE
from tests.doors.world import World, addresses, build
from tests.journeys.desk import DESK, PHONE, TABLET
from tests.journeys.walk import Backstage, Walker
from tests.world import BEFORE, DAY, booked

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ADDRESSES = [one for one in addresses() if one.key != "admin" and "G" in TABLE[one.key].methods]

WAYS_TO_LOOK = {
    "board": ("?initials=1", "?move={appointment_id}"),
    "replan": ("?now",),
}
"""Other ways to look at a page that draw it differently."""

MAIN_PAGES = {
    "": ("login", "visit_page"),
    "front_desk": ("board", "patient", "book", "worklists"),
    "nurse": ("roster", "appointment"),
    "charge_nurse": ("staffing",),
    "manager": ("reports",),
}

TEN = f"{DAY}T10:00:00-06:00"

HIDDEN = re.compile(
    r'value="[\w-]{64}"|"X-CSRFToken": "[\w-]+"|<p class="message message-warning no-print">.*?</p>', re.DOTALL
)
"""Tokens against forgery, and the notice of emergencies that stands on each of a manager's pages."""


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """Ten o'clock. Nothing is committed, so these journeys have a world in common."""
    with time_machine.travel(TEN, tick=True):
        yield


@pytest.fixture(scope="module")
def backstage(browser: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Backstage]:
    """Where Django answers."""
    with django_db_blocker.unblock():
        thread = Backstage()
        logging.disable()  # hundreds of refusals, each with its trace
        yield thread
        logging.disable(logging.NOTSET)
        thread.close()
        connection.close()


@pytest.fixture(scope="module")
def world(backstage: Backstage) -> World:
    """The world of the table, with a morning under way: infusing, not ready, and one whom nobody can care for."""
    with time_machine.travel(BEFORE, tick=False):
        world = backstage.do(build)
    with time_machine.travel(TEN, tick=False):
        backstage.do(_a_morning)
    return world


def _a_morning() -> None:
    madison = Clinic.objects.get(slug="madison")
    visit = booked(madison, "10:15")
    for status in ("arrived", "seated", "infusing"):
        set_status(appointment=visit, status=status, by=None)
    booked(madison, "13:00", ready=False)


@pytest.fixture(scope="module")
def sent() -> set[tuple[object, ...]]:
    """Which forms have been sent as nobody should."""
    return set()


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """What has been looked at."""
    return set()


@pytest.mark.parametrize("who", ["", *LETTERS.values()])
def test_the_pages_of(
    who: str,
    world: World,
    backstage: Backstage,
    browser: Browser,
    seen: set[str],
    sent: set[tuple[object, ...]],
) -> None:
    walker = Walker(browser, signed_in(who, backstage), backstage)
    found: list[str] = []
    parts: list[str] = []
    for path in paths(world):
        whole, part = walker.fetch(path), walker.fetch(path, part=True)
        if whole and is_new(whole, seen) and is_whole(whole):
            found += walker.look_at(path)
        if part and is_new(part, seen) and not is_whole(part):
            parts.append(path)
    for path in parts:
        found += walker.look_at_part(path)
    for attempt in walker.attempts.values():
        refusal = walker.refusal(attempt) if attempt.mark not in sent else None
        sent.add(attempt.mark)
        if refusal and is_new(refusal, seen):
            found += walker.look_at_refusal(attempt, refusal)
    walker.close()
    assert not found, "\n".join(found)


def test_the_administration(world: World, backstage: Backstage, browser: Browser) -> None:
    root = backstage.do(lambda: User.objects.create_superuser("root"))
    client = Client()
    backstage.do(lambda: client.force_login(root))
    walker = Walker(browser, client, backstage)
    found = walker.look_at_the_administration()
    walker.close()
    assert not found, "\n".join(found)


def test_the_recovery_codes_that_are_shown_once(world: World, backstage: Backstage, browser: Browser) -> None:
    """And the pages of a second step that is set up."""
    client = signed_in("front_desk", backstage)
    backstage.do(lambda: with_app(User.objects.get(username="front_desk-madison")))
    walker = Walker(browser, client, backstage)
    backstage.do(lambda: client.post(reverse("mfa_generate_recovery_codes"), SERVER_NAME="localhost"))
    found: list[str] = []
    for name in ("mfa_view_recovery_codes", "account", "mfa_deactivate_totp"):
        assert walker.fetch(reverse(name))
        found += walker.look_at(reverse(name))
    walker.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("screen", [DESK, TABLET, PHONE], ids=["desk", "tablet", "phone"])
def test_the_main_pages_in_the_dark(screen: ViewportSize, world: World, backstage: Backstage, browser: Browser) -> None:
    found: list[str] = []
    by_name = {one.key: one.path(world.args_for(one)) for one in ADDRESSES}
    for who, names in MAIN_PAGES.items():
        walker = Walker(browser, signed_in(who, backstage), backstage)
        walker.page.set_viewport_size(screen)
        for name in names:
            found += walker.look_at_a_slow_start(by_name[name])
        walker.close()
    assert not found, "\n".join(found)


def is_whole(text: str) -> bool:
    """Whether this is a page rather than a part of one."""
    return "<html" in text


def signed_in(role: str, backstage: Backstage) -> Client:
    """The browser of somebody of Madison, or of nobody."""
    client = Client()
    if role:
        backstage.do(lambda: client.force_login(User.objects.get(username=f"{role}-madison")))
    return client


def paths(world: World) -> Iterator[str]:
    for address in ADDRESSES:
        args: dict[str, Any] = world.args_for(address)
        path = address.path(args)
        yield path
        yield from (path + way.format(**args) for way in WAYS_TO_LOOK.get(address.key, ()))


def is_new(text: str, seen: set[str]) -> bool:
    """Whether nobody has seen this yet: but for what no eye sees, and for who is named at the top."""
    main = re.search(r"<main.*</main>", text, re.DOTALL)
    shown = HIDDEN.sub("", main[0] if main else text)
    mark = hashlib.sha256(shown.encode()).hexdigest()
    is_new = mark not in seen
    seen.add(mark)
    return is_new
