"""A desk: a browser that books over HTTP, reads what it is told, and presses again when it is told to."""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

import requests
from django.conf import settings
from django.test import Client

from clinic.models import User
from tests.baddays.dying import HEADER

Fields = list[tuple[str, str]]

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_OPENING = re.compile(r'name="opening" value="([^"]+)"')
PATIENCE = 60


@dataclass(frozen=True)
class Page:
    """What a desk was shown."""

    status: int
    text: str
    to: str = ""
    """Where it was led."""

    def form(self, action: str) -> Fields:
        """What the form that is sent to an address holds, all hidden."""
        found = [each for each in re.findall(r"<form\b.*?</form>", self.text, re.DOTALL) if f'action="{action}' in each]
        return [(name, unescape(value)) for name, value in _HIDDEN.findall(found[0])]

    @property
    def openings(self) -> list[str]:
        return _OPENING.findall(self.text)


@dataclass
class Desk:
    """Somebody at a browser. `seen` counts what came: statuses, and "nothing" for a lost connection."""

    url: str
    browser: requests.Session
    seen: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, user: User, url: str) -> "Desk":
        """Signed in already."""
        signed_in = Client()
        signed_in.force_login(user)
        browser = requests.Session()
        browser.cookies.set(settings.SESSION_COOKIE_NAME, signed_in.cookies[settings.SESSION_COOKIE_NAME].value)
        return cls(url, browser)

    def get(self, path: str) -> Page:
        """A page; while the database is away it is loaded again, as the page itself does."""
        return self._until_there(lambda: self.ask("GET", path))

    def press(self, path: str, fields: Fields, *, die: str = "") -> Page:
        """Press a button once, whatever comes of it."""
        return self.ask("POST", path, fields, {HEADER: die} if die else {})

    def press_until_told(self, path: str, fields: Fields) -> Page:
        """Press, and go on as one is told: by the button of the page, or once more when nothing came back."""

        def again() -> Page:
            nonlocal fields
            page = self.press(path, fields)
            if page.status == 503:
                assert "Press again" in page.text
                fields = page.form(path)
            return page

        return self._until_there(again)

    def ask(self, method: str, path: str, fields: Fields | None = None, headers: dict[str, str] | None = None) -> Page:
        try:
            answer = self.browser.request(
                method, self.url + path, data=fields, headers=headers, allow_redirects=False, timeout=20
            )
        except requests.RequestException:
            self.seen["nothing"] += 1
            return Page(0, "")
        self.seen[str(answer.status_code)] += 1
        return Page(answer.status_code, answer.text, answer.headers.get("Location", ""))

    def _until_there(self, ask: Callable[[], Page]) -> Page:
        give_up = time.monotonic() + PATIENCE
        while (page := ask()).status in {0, 503} and time.monotonic() < give_up:
            time.sleep(0.2)
        return page
