"""A walk through the pages: Django answers in this process, inside the test's transaction, and Chromium draws it.

So one world, never committed, serves every role; and no server stands between a page and what it weighs.
"""

import gzip
import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import axe_playwright_python.sync_playwright as axe_package
from django.contrib.staticfiles import finders
from django.db import connection, transaction
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Route, ViewportSize

from tests.journeys.desk import DESK
from tests.journeys.refused import Attempt, attempts_on, badly_said

T = TypeVar("T")

HOST = "http://localhost"
LAWS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
"""What axe goes by: WCAG 2.0 to 2.2, A and AA, and what it counts as good practice."""
NARROW: ViewportSize = {"width": 320, "height": 640}
"""A desk's screen of 1280 pixels at 400 % zoom."""
SHELL = "/account/"
BESIDE = re.compile(r"\?look$|/messages/$|/would-tell/|/who-fits/$|/replan/")
"""What a page asks for when it is already useful: what a change would touch, who is told, who fits; a plan that takes
seconds to make."""
MOST_BYTES = 150_000
MOST_SHIFT = 0.01
MOST_SLOW_SHIFT = 0.02
"""Where the scripts come after the page was drawn."""

AXE = (Path(axe_package.__file__).parent / "axe.min.js").read_text()

DRESS = """(sheets) => Promise.all(sheets.map((href) => new Promise((done) => {
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done }));
})))"""

SHIFT = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().reduce((sum, each) => sum + each.value, 0)))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(0))));
})"""

DRAWN = """() => new Promise((done) => {
  new PerformanceObserver(done).observe({ type: "paint", buffered: true });
})"""

MOVING = """() => [...document.querySelectorAll("*")].filter((each) => {
  const { animationName, animationDuration, transitionDuration } = getComputedStyle(each);
  const longest = (text) => Math.max(...text.split(",").map(parseFloat));
  return longest(transitionDuration) > 0.01 || (animationName !== "none" && longest(animationDuration) > 0.01);
}).map((each) => each.outerHTML.slice(0, 80))"""

WIDER = """() => {
  const most = document.scrollingElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= most) return [];
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > most + 1 && each.checkVisibility())
    .map((each) => each.outerHTML.slice(0, 120)).slice(0, 4).concat("wider than the page");
}"""


HREFS = "(links) => links.map((each) => each.href)"


class Backstage:
    """A thread that Django has to itself, and one transaction: Playwright keeps an event loop running in ours."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._open = ExitStack()
        self.do(lambda: self._open.enter_context(transaction.atomic()))

    def do(self, what: Callable[[], T]) -> T:
        """Done there, and waited for."""
        return self._thread.submit(what).result()

    def close(self) -> None:
        """As if nothing had ever been."""
        self.do(lambda: transaction.set_rollback(True))
        self.do(self._open.close)
        self.do(lambda: connection.close())
        self._thread.shutdown()


class Walker:
    """One person's browser, and everything that is wrong with the pages it goes to."""

    def __init__(self, browser: Browser, client: Client, backstage: Backstage) -> None:
        self.client = client
        self.backstage = backstage
        client.raise_request_exception = False
        self.context = browser.new_context(base_url=HOST, viewport=DESK, timezone_id="America/Chicago")
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.weight = 0
        self.asked: list[Request] = []
        self.late: list[Route] | None = None
        self.given: dict[str, bytes] = {}
        self.attempts: dict[tuple[object, ...], Attempt] = {}
        self.page.route("**/*", self._answer)
        self.page.on("pageerror", self._error)
        self.page.on("console", self._console)
        self.page.on("request", lambda request: self.asked.append(request))
        self.page.add_init_script(AXE)

    def close(self) -> None:
        """Leave."""
        self.context.close()

    def fetch(self, path: str, *, part: bool = False) -> str | None:
        """What stands at an address, if it is a page and this person may see it; or what htmx would get there."""
        headers = {"HX-Request": "true"} if part else {}
        given = self.backstage.do(lambda: self.client.get(path, headers=headers, SERVER_NAME="localhost"))
        is_page = given.status_code == 200 and given.headers.get("Content-Type", "").startswith("text/html")
        return given.content.decode() if is_page else None

    def look_at(self, path: str) -> list[str]:
        """Open a page, at a desk, in the dark, and through a keyhole. Returns what is wrong with it."""
        self.faults, self.weight = [], 0
        self.asked.clear()
        self.page.goto(path)
        self.faults += self._costs()
        return self._all_faults(path)

    def look_at_part(self, path: str) -> list[str]:
        """Open a part of a page in the panel, where most of them belong. Returns what is wrong with it."""
        self.faults = []
        self._draw_in_the_panel(path)
        return self._all_faults(f"{path} in the panel")

    def _draw_in_the_panel(self, path: str) -> None:
        if not self.page.url.endswith(SHELL):
            self.page.goto(SHELL)
            self.page.evaluate(DRESS, [f"/static/css/{sheet.name}" for sheet in Path("static/css").glob("*.css")])
        self.page.evaluate("path => htmx.ajax('GET', path, { target: '#panel-body', swap: 'innerHTML' })", path)
        self.page.locator("#panel[open]").wait_for()

    def look_at_the_administration(self) -> list[str]:
        """Open each list, form and empty form that it has. It is Django's, whose tables have nameless columns."""
        found: list[str] = []
        paths = ["/admin/"]
        for path in paths:
            self.page.goto(path)
            found += [f"{path} {each}" for each in barriers(self.page, but="empty-table-header")]
            links = {"/admin/": "#content-main th a"}.get(path, "#result_list tbody tr:first-child th a")
            paths += [urlsplit(each).path for each in self.page.locator(links).evaluate_all(HREFS)]
            paths += [f"{path}add/"] if path.count("/") == 4 else []
        return found

    def look_at_a_slow_start(self, path: str) -> list[str]:
        """Open a page whose scripts come after it was drawn, in the dark: what jumps then, and who is kept out."""
        self.faults, self.late = [], []
        self.page.emulate_media(color_scheme="dark")
        self.page.goto(path, wait_until="commit")
        self.page.evaluate(DRAWN)
        late, self.late = self.late, None
        for route in late:
            self._answer(route)
        self.page.wait_for_load_state("load")
        if (shift := self.page.evaluate(SHIFT)) > MOST_SLOW_SHIFT:
            self.faults.append(f"jumps by {shift:.3f}")
        self.faults += barriers(self.page)
        return [f"{path} {each}" for each in self.faults]

    def refusal(self, attempt: Attempt) -> str | None:
        """What comes back when a form is sent as it should not be, if that is refused by a page or a part of one."""
        given = self.backstage.do(lambda: attempt.send(self.client))
        assert given.status_code < 500, f"{given.status_code} of {attempt}"
        is_page = given.headers.get("Content-Type", "").startswith("text/html")
        text = given.content.decode() if is_page else ""
        return text if text and (given.status_code >= 400 or "aria-invalid" in text) else None

    def look_at_refusal(self, attempt: Attempt, text: str) -> list[str]:
        """Look at it. Returns what is wrong with it."""
        self.faults = []
        self.given[attempt.to] = text.encode()
        if "<html" in text:
            self.page.goto(attempt.to)
        else:
            self._draw_in_the_panel(attempt.to)
        self.faults += barriers(self.page, but="color-contrast") + badly_said(self.page, attempt)
        # A part that belongs in a row is drawn in the panel, without the count beside it.
        faults = [each for each in self.faults if "oobErrorNoTarget" not in each]
        return [f"{attempt.to} sent {attempt.sent} {each}" for each in faults]

    def _all_faults(self, name: str) -> list[str]:
        self.attempts |= {each.mark: each for each in attempts_on(self.page)}
        self.faults += barriers(self.page)
        self.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        self.page.set_viewport_size(NARROW)
        self.faults += [f"at 320 pixels: {each}" for each in self.page.evaluate(WIDER)]
        self.faults += [f"moves: {each}" for each in self.page.evaluate(MOVING)]
        narrow = barriers(self.page, only=("color-contrast", "target-size"))
        self.faults += [f"dark, at 320 pixels: {each}" for each in narrow]
        self.page.set_viewport_size(DESK)
        self.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        return [f"{name} {each}" for each in self.faults]

    def _costs(self) -> Iterator[str]:
        """Weight, round trips and jumps of the page just opened."""
        if self.weight > MOST_BYTES:
            yield f"weighs {self.weight} bytes"
        markup = self.page.content()
        for each in self.asked:
            path = urlsplit(each.url).path
            if each.resource_type in {"xhr", "fetch"} and not BESIDE.search(each.url):
                yield f"needs {each.method} {path} to be useful"
            if each.resource_type in {"stylesheet", "font"} and path not in markup:
                yield f"draws late: {path}"
        if (shift := self.page.evaluate(SHIFT)) > MOST_SHIFT:
            yield f"jumps by {shift:.3f}"

    def _answer(self, route: Route) -> None:
        """From Django, or a static file as it lies."""
        url = urlsplit(route.request.url)
        if self.late is not None and url.path.endswith(".js") and not url.path.endswith("/early.js"):
            return self.late.append(route)
        if url.path.startswith("/static/"):
            kind, body, packed = static_file(url.path.removeprefix("/static/"))
            self.weight += packed
            return route.fulfill(status=200 if body else 404, headers={"Content-Type": kind}, body=body)
        path = f"{url.path}?{url.query}" if url.query else url.path
        if kept := self.given.pop(path, None):
            return route.fulfill(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, body=kept)
        given = self.backstage.do(lambda: self._ask(route.request, path))
        self.weight += len(gzip.compress(given.content, 6))
        if given.status_code >= 400:
            self.faults.append(f"{given.status_code} of {url.path}")
        return route.fulfill(status=given.status_code, headers=_with_scripts(given.headers), body=given.content)

    def _ask(self, request: Request, path: str) -> Any:
        headers = {name: value for name, value in request.headers.items() if name.startswith(("hx-", "accept"))}
        return self.client.generic(
            request.method,
            path,
            request.post_data_buffer or b"",
            content_type=request.headers.get("content-type", ""),
            headers=headers,
            SERVER_NAME="localhost",
        )

    def _error(self, thrown: Error) -> None:
        self.faults.append(f"script: {thrown}")

    def _console(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.faults.append(f"console: {said.text}")


def _with_scripts(headers: Mapping[str, str]) -> dict[str, str]:
    """Where no script may run at all, as in a letter, axe could not look either."""
    policy = "Content-Security-Policy"
    return {name: value.removesuffix("; sandbox") if name == policy else value for name, value in headers.items()}


@cache
def static_file(name: str) -> tuple[str, bytes, int]:
    """A static file: its kind, its content, and what it weighs on the wire."""
    found = finders.find(name)
    body = Path(str(found)).read_bytes() if found else b""
    return mimetypes.guess_type(name)[0] or "text/plain", body, len(gzip.compress(body, 6))


def barriers(page: Page, *, only: Sequence[str] = (), but: str = "") -> list[str]:
    """What axe finds that keeps somebody out: rule, and where. Empty when the page is open to everybody."""
    rules = {"target-size": {"enabled": True}} | ({but: {"enabled": False}} if but else {})
    go_by = (
        {"runOnly": {"type": "rule", "values": only}}
        if only
        else {"runOnly": {"type": "tag", "values": LAWS}, "rules": rules}
    )
    found = page.evaluate(
        f"async () => (await axe.run(document, {json.dumps(go_by | {'resultTypes': ['violations']})})).violations"
    )
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]} — {node['failureSummary'][:200]}"
        for each in found
        for node in each["nodes"]
    ]
