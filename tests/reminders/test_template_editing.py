"""Managers change words: what is refused, what is kept, what the patient then reads."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, User
from reminders.letters import write
from reminders.models import Message, MessageTemplate
from tests.reminders.desk import MOBILE, visit_of
from tests.world import BEFORE, on_floor, therapy

pytestmark = pytest.mark.django_db

GOOD = "{sender}: visit {day}, {time}. C: yes, R: change. Call {phone}. STOP to opt out."


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def boss(client: Client, manager: User) -> Client:
    therapy()
    client.force_login(manager)
    return client


def url(wording: str = "week", channel: str = "sms", code: str = "en") -> str:
    return reverse("outbox_wording", args=[wording, channel, code])


def save(browser: Client, body: str, *, subject: str = "", at: str = "") -> str:
    answer = browser.post(at or url(), {"body": body, "subject": subject, "do": "save"}, follow=True)
    return " ".join(answer.content.decode().split())


def test_only_managers_change_words(client: Client, front_desk: User, nurse: User, charge_nurse: User) -> None:
    for user in (front_desk, nurse, charge_nurse):
        client.force_login(user)
        assert client.get(reverse("outbox_wordings")).status_code == 403
        assert client.post(url(), {"body": GOOD, "do": "save"}).status_code == 403
    assert not MessageTemplate.objects.exists()


def test_all_words_are_listed_in_every_language(boss: Client) -> None:
    shown = boss.get(reverse("outbox_wordings")).content.decode()

    for path in (url(), url("week", "email", "es"), url("day-confirmed")):
        assert f'href="{path}"' in shown
    assert "The day before, to those who have confirmed" in shown


def test_words_that_fit_are_kept_and_the_next_message_says_them(boss: Client, madison: Clinic, manager: User) -> None:
    on_floor(madison)
    visit = visit_of(madison)

    shown = save(boss, GOOD)

    row = MessageTemplate.objects.get()
    assert (row.body, row.changed_by) == (GOOD, manager)
    assert "in use from the next message on" in shown
    message = Message.objects.filter(appointment=visit, channel="sms").earliest("due_at")
    message.rule = "week"
    letter, _ = write(message, recipient=MOBILE)
    assert letter.body == (
        "Smart Clinics: visit Mon Dec 7, 9:00 AM. C: yes, R: change. Call 608-555-0100. STOP to opt out."
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (GOOD + " Your Tysabri is ready.", "Tysabri"),
        (GOOD + " Your natalizumab is ready.", "natalizumab"),
        (GOOD + " N a t a l i z u m a b", "natalizumab"),
        (GOOD + " Your infusion is near.", "infusion"),
        (GOOD + " {name}", "{name} cannot stand here"),
        (GOOD + " {therapy}", "{therapy} cannot stand here"),
        (GOOD + " {sender.__class__}", "cannot stand here"),
        (GOOD + " {", "stands alone"),
        (GOOD + " Please remember to bring a snack, something to drink, and your papers.", "160 at most"),
        (GOOD.replace("{phone}", ""), "which number to call"),
        (GOOD.replace("{sender}", "We"), "who is calling"),
        (GOOD.replace("STOP to opt out", ""), "STOP"),
        (GOOD + " 😀", "cannot carry"),
        (GOOD + " Reply CANCEL to cancel.", "stops all texts"),
        ("", "Write what the patient should read"),
    ],
)
def test_words_that_may_not_be_sent_are_refused_beside_what_was_typed(boss: Client, body: str, why: str) -> None:
    answer = boss.post(url(), {"body": body, "do": "save"})

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert why in shown.split('id="wording-preview"')[1]
    assert not MessageTemplate.objects.exists()
    if body and "{" not in body[len(GOOD) :]:
        assert body[:30] in shown


def test_an_e_mails_subject_may_not_betray_anything(boss: Client) -> None:
    answer = boss.post(
        url("week", "email"), {"body": "Hello {name}\n\n{link}", "subject": "Your Tysabri visit {day}", "do": "save"}
    )

    assert answer.status_code == 422
    assert "Tysabri" in answer.content.decode()


def test_the_live_preview_fills_in_the_longest_values_and_counts(boss: Client) -> None:
    answer = boss.post(url(), {"body": GOOD}, headers={"HX-Request": "true"})

    shown = answer.content.decode()
    assert "<html" not in shown
    assert "NNNNNNNNNNNNNNNNNNNN: visit" in shown
    assert "of 160 characters" in shown
    assert not MessageTemplate.objects.exists()


def test_a_text_that_is_too_long_shows_by_how_much(boss: Client) -> None:
    shown = boss.post(url(), {"body": GOOD + "x" * 100}, headers={"HX-Request": "true"}).content.decode()

    assert "meter-over" in shown


def test_looking_changes_nothing(boss: Client) -> None:
    boss.get(url())
    boss.post(url(), {"body": GOOD, "do": "look"})

    assert not MessageTemplate.objects.exists()


def test_the_shipped_words_come_back(boss: Client) -> None:
    save(boss, GOOD)
    assert "Changed by Manager" in boss.get(url()).content.decode()

    boss.post(url(), {"do": "reset"})

    assert not MessageTemplate.objects.exists()
    assert "These are the shipped words." in boss.get(url()).content.decode()


def test_words_like_the_shipped_ones_need_no_row(boss: Client) -> None:
    shipped = boss.get(url("week", "email")).context["words"]
    posted = shipped.body.replace("\n", "\r\n")

    save(boss, posted, subject=shipped.subject, at=url("week", "email"))

    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize("path", [("nothing", "sms", "en"), ("week", "call", "en"), ("week", "sms", "xx")])
def test_words_that_do_not_exist_are_not_found(boss: Client, path: tuple[str, str, str]) -> None:
    assert boss.get(url(*path)).status_code == 404


def test_every_shipped_wording_passes_its_own_rules(boss: Client) -> None:
    for shelf in boss.get(reverse("outbox_wordings")).context["shelves"]:
        for cell in shelf.cells:
            seen = boss.get(url(shelf.wording, shelf.channel, cell.code)).context["seen"]
            assert not seen.faults, (shelf.wording, shelf.channel, cell.code)
