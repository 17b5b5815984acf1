"""Forms sent as nobody should: empty, and with what fits no field. A refusal is seen and heard, and forgets nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.test import Client
from playwright.sync_api import Page

KEYS = {"csrfmiddlewaretoken", "once"}
"""What differs between two drawings of a form."""

FORMS = """() => [...document.forms].flatMap((form) => {
  const part = form.getAttribute("hx-post");
  const to = part ?? (form.method === "post" ? form.getAttribute("action") || location.href : null);
  const typed = [...form.elements].filter((each) => each.name && each.matches(
    "input:not([type=hidden], [type=submit]), select, textarea"));
  if (to === null || !typed.length || form.closest("dialog:not([open])")) return [];
  const wrong = { number: "-7", date: "1801-01-01", time: "09:07", file: "", checkbox: "" };
  return [false, true].map((isWrong) => {
    const sent = new FormData(form);
    for (const each of typed) sent.delete(each.name);
    for (const each of isWrong ? typed : []) {
      const word = wrong[each.type] ?? "Zzz";
      if (word) sent.set(each.name, word);
    }
    return { to, isPart: part !== null, sent: [...sent].filter(([, value]) => typeof value === "string") };
  });
})"""
"""The forms of a page that hold something to fill in, each as it is sent empty and with nonsense."""

BADLY_SAID = """(sent) => {
  const faults = [];
  const name = (each) => each.name || each.id || each.outerHTML.slice(0, 60);
  const isSeen = (each) => each?.checkVisibility() && each.textContent.trim();
  const all = (css) => [...document.querySelectorAll(css)];
  const describing = (each) => (each?.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
  const bad = all(":is(input, select, textarea):is(.is-invalid, [aria-invalid=true]):not([type=hidden])");
  const named = new Set();
  for (const each of bad) {
    const ids = [...describing(each), ...describing(each.closest("fieldset[aria-describedby]"))];
    const said = ids.map((id) => document.getElementById(id)).filter(isSeen);
    for (const one of said) named.add(one);
    if (each.getAttribute("aria-invalid") !== "true") faults.push(`${name(each)} is not said to be wrong`);
    if (!said.some((one) => one.matches(".invalid-feedback, [role=alert]")))
      faults.push(`${name(each)} names no error`);
  }
  for (const each of all(".invalid-feedback:not([role=alert])").filter(isSeen)) {
    if (!named.has(each)) faults.push(`no field names the error “${each.textContent.trim()}”`);
  }
  const isTold = all("[role=alert]").some(isSeen) || document.activeElement.matches("[aria-invalid=true]");
  if (bad.length && !isTold) faults.push("is refused in silence");
  const form = bad.map((each) => each.form).find(Boolean);
  const isKept = (each) => each.matches("textarea, input") && each.autocomplete !== "one-time-code"
    && !["hidden", "password", "checkbox", "radio"].includes(each.type);
  for (const [field, value] of form ? sent : []) {
    const kept = [...form.elements].filter((each) => each.name === field && isKept(each));
    if (kept.length && !kept.some((each) => each.value === value)) faults.push(`${field} has forgotten “${value}”`);
  }
  const words = /This field is required|Enter a valid|Select a valid|Ensure this value/.exec(document.body.innerText);
  if (words) faults.push(`speaks as Django does: ${words[0]}`);
  return faults;
}"""
"""What is wrong with how a refusal is said."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A form as it is sent: where to, and what."""

    to: str
    is_part: bool
    sent: tuple[tuple[str, str], ...]

    @property
    def mark(self) -> tuple[object, ...]:
        """The same for two drawings of a form, and for the same form about another thing."""
        return re.sub(r"\d+", "#", self.to), self.is_part, *(pair for pair in self.sent if pair[0] not in KEYS)

    def send(self, client: Client) -> Any:
        """Send it. Whatever that changed is then as before."""
        kept = client.cookies.copy()
        with transaction.atomic():
            answer = client.post(
                self.to,
                urlencode(self.sent),
                content_type="application/x-www-form-urlencoded",
                headers={"HX-Request": "true"} if self.is_part else {},
                SERVER_NAME="localhost",
            )
            transaction.set_rollback(True)
        client.cookies.clear()
        client.cookies.update(kept)
        return answer


def attempts_on(page: Page) -> Iterator[Attempt]:
    """What can be sent from a page that it should refuse."""
    for each in page.evaluate(FORMS):
        sent = tuple((name, value) for name, value in each["sent"])
        yield Attempt(each["to"].removeprefix("http://localhost"), each["isPart"], sent)


def badly_said(page: Page, attempt: Attempt) -> list[str]:
    """What is wrong with how the refusal that is on the screen is said."""
    return [f"refused: {each}" for each in page.evaluate(BADLY_SAID, attempt.sent)]
