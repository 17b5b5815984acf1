"""Journeys through the whole program in a real browser: a small world on Monday, `DAY`, early in the morning."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Response,
    ViewportSize,
)
from pytest_django.live_server_helper import LiveServer

from clinic.models import Clinic, Nurse, User
from tests.journeys.chromium import PATIENCE
from tests.journeys.desk import DESK, SitDown, sign_in
from tests.world import DAY, make_clinic, make_nurse, on_floor, therapy

FOCUS_IS_KEPT = """
let had = "";
const lost = () => !document.activeElement || document.activeElement === document.body;
document.addEventListener("htmx:beforeRequest", () => (had = lost() ? "" : document.activeElement.outerHTML), true);
const look = (what) => {
  if (!what || !lost()) return;
  if (document.querySelector(".htmx-request")) setTimeout(look, 250, what);
  else throw new Error(`The focus was lost: ${what.slice(0, 120)}`);
};
document.addEventListener("htmx:afterSettle", () => {
  setTimeout(look, 1500, had);
  had = "";
}, true);
"""
"""Notices when a part of the page is drawn anew and the focus falls out of the page with it for good.

A part that is still on its way, on a slow machine, may bring it back.
"""


@pytest.fixture(autouse=True)
def clock(transactional_db: None) -> Iterator[time_machine.Traveller]:
    """The server's clock: 7:30 in the clinics on `DAY`, and running. The browser keeps its own."""
    with time_machine.travel(f"{DAY}T07:30:00-06:00", tick=True) as traveller:
        therapy()
        yield traveller


@pytest.fixture
def eau_claire(transactional_db: None) -> Clinic:
    """A third clinic."""
    return make_clinic("eau-claire")


@pytest.fixture
def clinics(madison: Clinic, wausau: Clinic, eau_claire: Clinic) -> list[Clinic]:
    """All three, each with one nurse on the floor for a fortnight."""
    for clinic in (madison, wausau, eau_claire):
        rostered(clinic, days=14)
    return [madison, wausau, eau_claire]


@pytest.fixture
def sit_down(browser: Browser, live_server: LiveServer) -> Iterator[SitDown]:
    """A browser for a person of the cast. Every script error, blocked script and broken answer fails the journey."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def sit_down(user: User | None, screen: ViewportSize = DESK) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport=screen, timezone_id="America/Chicago")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user:
            sign_in(context, user, live_server.url)
        context.add_init_script(FOCUS_IS_KEPT)
        page = context.new_page()
        _listen(page, troubles)
        return page

    yield sit_down
    for context in contexts:
        context.close()
    assert not troubles


def _listen(page: Page, troubles: list[str]) -> None:
    def error(thrown: Error) -> None:
        troubles.append(str(thrown))

    def answer(given: Response) -> None:
        if given.status >= 500:
            troubles.append(f"{given.status} {given.url}")

    def console(said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            troubles.append(said.text)

    page.on("pageerror", error)
    page.on("response", answer)
    page.on("console", console)


def rostered(clinic: Clinic, *, days: int = 1, every: int = 1, first: int = 0, name: str = "") -> Nurse:
    """A nurse of a clinic who works on some days: the `first` after `DAY`, then each `every` days after the last."""
    nurse = make_nurse(clinic, name)
    for number in range(days):
        on_floor(clinic, day=DAY + timedelta(days=first + number * every), nurse=nurse)
    return nurse
