"""E-mail by a provider's interface, with a real HTTP server at the other end that speaks it."""

from collections.abc import Iterator
from typing import Any

import pytest
from icalendar import Calendar
from pytest_django import Settings

from clinic.models import Clinic
from patients import consent
from reminders.models import Message, MessageStatus
from scheduling.models import Appointment
from tests.clinic.processes import free_port
from tests.reminders.crowd import address
from tests.reminders.mail_apis import SPEAKS, Posted, set_up
from tests.reminders.servers import Inbox, api_server
from tests.reminders.test_sending import VISIT, always, book_visit, only, row, run, week_before
from tests.world import on_floor

pytestmark = pytest.mark.django_db

REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "mailgun": (400, {"message": "'to' parameter is not a valid address. please check documentation"}),
    "postmark": (
        422,
        {
            "ErrorCode": 406,
            "Message": "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses:"
            f" {address(1)}.\nInactive recipients are ones that have generated a hard bounce or a spam complaint.",
        },
    ),
}


@pytest.fixture(params=sorted(SPEAKS))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def post_office(provider: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """What the provider was given, by this process."""
    with api_server(SPEAKS[provider]) as (inbox, port):
        set_up(settings, monkeypatch, provider, f"http://127.0.0.1:{port}{'/v3' if provider == 'mailgun' else ''}")
        yield inbox


@pytest.fixture
def visit(madison: Clinic, phones: Inbox) -> Appointment:
    for _ in range(3):
        on_floor(madison, day=VISIT)
    return book_visit(madison)


def week_email(visit: Appointment) -> Message:
    return row(visit, "week", "email")


def test_an_email_goes_by_the_provider_with_its_calendar_entry_and_the_providers_id(
    visit: Appointment, post_office: Inbox, provider: str
) -> None:
    only("week")

    run(week_before(visit))

    (posted,) = post_office.taken
    assert isinstance(posted, Posted)
    message = week_email(visit)
    assert (posted.to, posted.key, posted.number) == (address(1), f"message-{message.pk}", str(message.pk))
    assert posted.sender == "Smart Clinics <no-reply@clinics.example.org>"
    assert posted.subject == "Your visit on Mon Dec 21, 9:00 AM: how to prepare"
    assert "plenty of water" in posted.body
    assert "<li>Drink plenty of water" in posted.html
    assert not posted.tracked
    ((name, kind, content),) = posted.files
    assert name == f"visit-{visit.pk}.ics"
    assert kind.startswith("text/calendar")
    assert 'method="REQUEST"' in kind
    (event,) = Calendar.from_ical(content.decode()).walk("VEVENT")
    assert event.decoded("dtstart") == visit.start
    assert (message.status, message.wire, message.provider_id) == ("sent", provider, posted.provider_id)


def test_an_address_that_the_provider_refuses_is_dead_and_told_by_text(
    visit: Appointment, post_office: Inbox, provider: str, phones: Inbox
) -> None:
    only("booked")
    Message.objects.update(due_at=week_before(visit), cut_off_at=visit.start)
    post_office.answer = always((*REFUSALS[provider], 0))

    run(week_before(visit))
    run(week_before(visit, "10:01"))

    assert row(visit, "booked", "email").status == MessageStatus.FAILED
    assert consent.standing_of(value=address(1), channel="email").is_dead
    assert len(phones.taken) == 1


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_provider_that_takes_nothing_now_is_asked_again(
    visit: Appointment, post_office: Inbox, provider: str, status: int
) -> None:
    only("week")
    post_office.answer = always((status, {"message": "Not now", "ErrorCode": 10, "Message": "Not now"}, 0))
    run(week_before(visit))
    assert week_email(visit).status == MessageStatus.PENDING
    assert f"{status} Not now" in week_email(visit).error
    post_office.answer = None

    run(week_before(visit, "10:02"))

    assert week_email(visit).status == MessageStatus.SENT
    assert [posted.to for posted in post_office.taken] == [address(1)]


@pytest.mark.parametrize(("status", "pause"), [(500, 0), (200, 1.5)], ids=["fails", "too late"])
def test_what_the_provider_may_have_sent_is_never_sent_again(
    visit: Appointment, post_office: Inbox, provider: str, status: int, pause: float
) -> None:
    only("week")
    asked: list[str] = []

    def answer(to: str) -> tuple[int, dict[str, Any], float]:
        asked.append(to)
        return status, {}, pause

    post_office.answer = answer
    run(week_before(visit))
    run(week_before(visit, "12:00"))

    assert week_email(visit).status == MessageStatus.UNKNOWN
    assert asked == [address(1)]


def test_a_provider_that_cannot_be_reached_is_asked_again(
    visit: Appointment, provider: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("week")
    set_up(settings, monkeypatch, provider, f"http://127.0.0.1:{free_port()}")

    run(week_before(visit))

    assert (week_email(visit).status, week_email(visit).error) == ("pending", "The e-mail service cannot be reached")
