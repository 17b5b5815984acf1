"""A person in front of a screen: signs in, presses keys, and is heard by axe."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from clinic.models import User

DESK: ViewportSize = {"width": 1440, "height": 900}
TABLET: ViewportSize = {"width": 820, "height": 1180}
PHONE: ViewportSize = {"width": 390, "height": 844}

SitDown = Callable[..., Page]
"""`sit_down(user, screen=DESK)`: a page of a browser in which a person is signed in."""


def sign_in(context: BrowserContext, user: User, address: str) -> None:
    """Signed in without the log-in page, which has a journey of its own."""
    client = Client()
    client.force_login(user)
    context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": address,
            }
        ]
    )


NO_POINTER = """
for (const sign of ["pointerdown", "mousedown", "touchstart"]) {
  addEventListener(sign, (event) => { if (event.isTrusted) throw new Error(`Not by keys alone: ${sign}`); }, true);
}
"""


class Keyboard:
    """Hands that only press keys, and count them. From the next page on a mouse or a finger fails the journey."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0
        page.add_init_script(NO_POINTER)

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1

    def type(self, text: str) -> None:
        """Type some text, each character of it a press."""
        self.page.keyboard.type(text)
        self.presses += len(text)

    def arrow_to(self, name: str, arrow: str, *, most: int = 40) -> None:
        """Press an arrow until something of this name has the focus."""
        for _ in range(most):
            self.press(arrow)
            if name in focused(self.page):
                return
        raise AssertionError(f"No way to {name!r} by {arrow}; the focus is on {focused(self.page)!r}.")

    def see(self, thing: Locator) -> None:
        """Wait, as a person does, until something shows on a page that is ready for the next key."""
        expect(thing).to_be_visible()
        self.page.wait_for_load_state("load")

    def tab_to(self, name: str, *, exact: bool = False, most: int = 60) -> None:
        """Press Tab until something of this name has the focus."""
        for _ in range(most):
            at = focused(self.page)
            if at == name or (name in at and not exact):
                return
            self.press("Tab")
        raise AssertionError(f"No way to {name!r} by Tab; the focus is on {focused(self.page)!r}.")


def focused(page: Page) -> str:
    """What a screen reader would call the element that has the focus."""
    name: str = page.evaluate(
        "() => { const e = document.activeElement;"
        " if (!e.matches('a, button, summary, input, select, textarea')) return '';"
        " return e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent.trim(); }"
    )
    return name


def barriers(page: Page) -> list[str]:
    """What axe finds that keeps somebody out: rule, and where. Empty when the page is open to everybody.

    A click returns before the page that it leads to has been read: axe would hear an empty one.
    """
    page.wait_for_load_state("load")
    expect(page.locator("h1").first).to_be_attached()
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]} — {node['failureSummary'][:200]}"
        for each in found
        for node in each["nodes"]
    ]
