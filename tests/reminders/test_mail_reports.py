"""What the e-mail provider reports later: delivered, returned, unwanted. Signed as it signs, taken once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from clinic.models import Clinic
from patients import consent
from patients.models import ContactEntry
from reminders import dispatch
from reminders.addresses import is_no_address
from reminders.mail_reports import Report, report
from reminders.models import Channel, Message, MessageStatus
from scheduling.models import Appointment
from tests.reminders.desk import texted, visit_of, with_mobile
from tests.reminders.mail_apis import mailgun_report, postmark_report, set_up
from tests.reminders.servers import Inbox
from tests.world import BEFORE, on_floor

pytestmark = pytest.mark.django_db

PROVIDER_ID = "<20261130.1@clinics.example.org>"
NOBODY = "550 5.1.1 The email account that you tried to reach does not exist"

Post = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    on_floor(madison)
    return visit_of(madison, with_mobile(madison))


@pytest.fixture
def address(visit: Appointment) -> str:
    return f"p{visit.patient_id}@example.org"


@pytest.fixture
def message(visit: Appointment, address: str) -> Message:
    """The only message: an e-mail that the provider has taken."""
    Message.objects.all().delete()
    return mailed(visit, address)


def mailed(visit: Appointment, address: str, *, rule: str = "week", **facts: Any) -> Message:
    return texted(
        visit,
        rule=rule,
        channel=Channel.EMAIL,
        recipient=address,
        **{"wire": "mailgun", "provider_id": PROVIDER_ID} | facts,
    )


@pytest.fixture
def mailgun(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, message: Message) -> Post:
    """A report as Mailgun posts it, of the message."""
    set_up(settings, monkeypatch, "mailgun", "http://127.0.0.1:9")

    def post(event: str, *, key: str = "", **facts: Any) -> HttpResponse:
        said = {
            "event": event,
            "recipient": message.recipient,
            "timestamp": BEFORE.timestamp(),
            "message": {"headers": {"message-id": PROVIDER_ID.strip("<>")}},
            "user-variables": {"message": str(message.pk)},
        }
        answer: HttpResponse = mailgun_report(client, said | facts, **({"key": key} if key else {}))
        message.refresh_from_db()
        return answer

    return post


@pytest.fixture
def postmark(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, message: Message) -> Post:
    """A report as Postmark posts it, of the message."""
    set_up(settings, monkeypatch, "postmark", "http://127.0.0.1:9")
    Message.objects.update(provider_id="883953f4-6105-42a2-a16a-77a8eac79483", wire="postmark")

    def post(kind: str, *, secret: str | None = None, **facts: Any) -> HttpResponse:
        said = {
            "RecordType": kind,
            "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Email": message.recipient,
            "Metadata": {"message": str(message.pk)},
        }
        answer: HttpResponse = postmark_report(client, said | facts, **({} if secret is None else {"secret": secret}))
        message.refresh_from_db()
        return answer

    return post


def returned(said: str, *, severity: str = "permanent", reason: str = "bounce") -> dict[str, Any]:
    """The facts of an e-mail that Mailgun could not deliver."""
    return {"severity": severity, "reason": reason, "delivery-status": {"message": said, "description": ""}}


def is_dead(address: str) -> bool:
    return consent.standing_of(value=address, channel="email").is_dead


def is_allowed(address: str) -> bool:
    return consent.standing_of(value=address, channel="email").is_allowed


# --- Who may report ------------------------------------------------------------------------------


def test_without_a_provider_nobody_is_heard(client: Client, message: Message) -> None:
    assert mailgun_report(client, {"event": "delivered"}).status_code == 403
    assert postmark_report(client, {"RecordType": "Delivery"}).status_code == 403


def test_a_wrong_signature_is_refused(mailgun: Post, message: Message, address: str) -> None:
    assert mailgun("failed", key="somebody-elses-key", **returned(NOBODY)).status_code == 403
    assert message.status == MessageStatus.SENT
    assert not is_dead(address)


@pytest.mark.parametrize("secret", ["", "reports:wrong", "wrong"])
def test_a_wrong_password_is_refused(postmark: Post, message: Message, secret: str) -> None:
    assert postmark("Delivery", secret=secret).status_code == 403
    assert message.status == MessageStatus.SENT


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"signature": "ä"}', '{"signature": {"token": "ä", "timestamp": 1}}']
)
def test_nonsense_is_refused(mailgun: Post, client: Client, body: str) -> None:
    assert client.post("/hooks/email/", body, content_type="application/json").status_code == 403
    assert client.post("/hooks/email/", {"token": "a"}).status_code == 403
    assert client.get("/hooks/email/").status_code == 405


def test_a_report_that_cannot_be_read_is_no_report(mailgun: Post, postmark: Post, client: Client) -> None:
    assert postmark_report(client, []).status_code == 400  # type: ignore[arg-type]


# --- What becomes of the message -----------------------------------------------------------------


def test_a_delivered_email_is_marked(mailgun: Post, message: Message) -> None:
    assert mailgun("delivered").status_code == 200
    assert (message.status, message.delivered_at) == (MessageStatus.DELIVERED, BEFORE)


def test_a_delivery_by_postmark_is_marked(postmark: Post, message: Message) -> None:
    assert postmark("Delivery", DeliveredAt="2026-11-30T15:00:00Z", Details="250 ok").status_code == 200
    assert message.status == MessageStatus.DELIVERED


def test_a_dead_address_is_put_on_record_and_a_text_goes_instead(mailgun: Post, message: Message, address: str) -> None:
    mailgun("failed", **returned(NOBODY))

    assert message.status == MessageStatus.FAILED
    assert message.error == f"Returned: {NOBODY}"
    (entry,) = ContactEntry.objects.all()
    assert (entry.value, entry.channel, entry.change, entry.source, entry.at) == (
        address,
        "email",
        "dead",
        "provider",
        BEFORE,
    )
    assert entry.words == f"Returned: {NOBODY}"
    text = Message.objects.get(rule="week", channel="sms")
    assert (text.status, text.due_at, text.cut_off_at) == (MessageStatus.PENDING, BEFORE, message.cut_off_at)


def test_a_hard_bounce_by_postmark_is_put_on_record(postmark: Post, message: Message, address: str) -> None:
    postmark("Bounce", Type="HardBounce", Details="smtp;550 5.1.1 unknown", Description="The server was unable to…")

    assert message.status == MessageStatus.FAILED
    assert is_dead(address)


def test_an_email_that_comes_back_after_it_was_delivered_is_told_by_text(
    mailgun: Post, message: Message, address: str
) -> None:
    mailgun("delivered")
    mailgun("failed", **returned(NOBODY))

    assert (message.status, message.delivered_at) == (MessageStatus.FAILED, None)
    assert is_dead(address)
    assert Message.objects.filter(rule="week", channel="sms", status="pending").exists()


def test_the_same_report_again_changes_nothing(mailgun: Post, message: Message, address: str) -> None:
    for _ in range(3):
        mailgun("failed", **returned(NOBODY))
    consent.mark_alive(value=address, channel="email", source="staff")
    Message.objects.filter(channel="sms").update(status="sent", sent_at=BEFORE, sending_at=BEFORE)
    mailgun("failed", **returned(NOBODY))
    mailgun("delivered")

    assert message.status == MessageStatus.FAILED
    assert [entry.change for entry in ContactEntry.objects.order_by("id")] == ["dead", "alive"]
    assert Message.objects.filter(channel="sms").count() == 1


@pytest.mark.parametrize(
    ("facts", "after"),
    [
        pytest.param(returned("452 4.2.2 full", severity="temporary", reason="generic"), "sent", id="tried again"),
        pytest.param(returned("552 5.2.2 mailbox full"), "failed", id="full"),
        pytest.param(returned("550 5.7.1 looks like spam"), "failed", id="refuses us"),
    ],
)
def test_an_address_is_not_dead_that_may_take_the_next_one(
    mailgun: Post, message: Message, address: str, facts: dict[str, Any], after: str
) -> None:
    mailgun("failed", **facts)

    assert message.status == after
    assert not is_dead(address)


def test_an_address_that_returns_two_in_a_row_is_dead(
    postmark: Post, message: Message, visit: Appointment, address: str
) -> None:
    soft = {"Type": "SoftBounce", "Details": "552 5.2.2 mailbox full"}
    later = {"sent_at": BEFORE + timedelta(minutes=1), "sending_at": BEFORE + timedelta(minutes=1)}
    second = mailed(visit, address, rule="three_weeks", provider_id="second", **later)
    postmark("Bounce", **soft)
    assert not is_dead(address)

    postmark("Bounce", **soft, MessageID="second")

    second.refresh_from_db()
    assert second.status == MessageStatus.FAILED
    assert is_dead(address)


def test_what_was_perhaps_sent_is_settled_by_its_report(mailgun: Post, message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(status="unknown", provider_id="", wire="", sent_at=None)

    mailgun("delivered")

    assert (message.status, message.provider_id, message.wire) == ("delivered", PROVIDER_ID, "mailgun")


def test_the_number_of_another_systems_email_is_not_taken_for_ours(mailgun: Post, message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(status="sending", provider_id="", sent_at=None)

    assert mailgun("failed", recipient="somebody@else.example", **returned(NOBODY)).status_code == 200

    assert message.status == MessageStatus.SENDING
    assert not report(wire="mailgun", what=Report(event="delivered", provider_id="<nobody@knows>"))


# --- Readers who want no e-mail ------------------------------------------------------------------


def test_a_complaint_is_an_opt_out_of_email(mailgun: Post, message: Message, address: str) -> None:
    mailgun("delivered")
    mailgun("complained")

    assert message.status == MessageStatus.DELIVERED
    assert message.objected_at == BEFORE
    assert not is_allowed(address)
    assert not Message.objects.filter(channel="sms").exists()
    entry = ContactEntry.objects.get()
    assert (entry.change, entry.source, entry.patient) == ("withdrawn", "provider", message.appointment.patient)
    assert entry.words == "Marked as spam by its reader"


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("SpamComplaint", {"Type": "SpamComplaint"}),
        ("SubscriptionChange", {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}),
    ],
)
def test_postmark_reports_who_wants_no_email(
    postmark: Post, message: Message, address: str, kind: str, facts: dict[str, Any]
) -> None:
    postmark(kind, **facts)

    assert not is_allowed(address)


def test_a_complaint_told_again_does_not_undo_that_the_patient_agreed_again(
    mailgun: Post, message: Message, address: str
) -> None:
    mailgun("complained")
    consent.give(value=address, channel="email", source="page")

    mailgun("complained")

    assert is_allowed(address)


@pytest.mark.parametrize("reason", ["suppress-complaint", "suppress-unsubscribe"])
def test_who_complained_before_is_told_by_text(mailgun: Post, message: Message, address: str, reason: str) -> None:
    mailgun("failed", **returned("Not delivering", reason=reason))

    assert message.status == MessageStatus.FAILED
    assert not is_allowed(address)
    assert not is_dead(address)
    assert Message.objects.filter(rule="week", channel="sms", status="pending").exists()


@pytest.mark.parametrize("event", ["failed", "complained"])
def test_what_is_still_to_come_goes_by_text(
    mailgun: Post, visit: Appointment, message: Message, address: str, phones: Inbox, event: str
) -> None:
    Message.objects.create(
        appointment=visit,
        appointment_version=visit.version,
        clinic=visit.clinic,
        visit_start=visit.start,
        rule="three_weeks",
        channel=Channel.EMAIL,
        due_at=BEFORE,
        cut_off_at=visit.start,
    )
    mailgun(event, **(returned(NOBODY) if event == "failed" else {}))
    Message.objects.filter(rule="week", channel="sms").delete()

    dispatch.send_due()
    dispatch.send_due()

    assert Message.objects.get(rule="three_weeks", channel="email").status == MessageStatus.WITHHELD
    assert Message.objects.get(rule="three_weeks", channel="sms").status == MessageStatus.SENT
    assert len(phones.taken) == 1


# --- What a mail server says ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("550 5.1.1 no such user", True),
        ("smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound", True),
        ("550 5.2.1 The account is disabled", True),
        ("550 5.5.0 Requested action not taken: mailbox unavailable", True),
        ("550 no such user here", True),
        ("553 bad address", True),
        ("550 5.2.2 mailbox full", False),
        ("550 5.7.1 message refused", False),
        ("553 5.1.8 sender domain must exist", False),
        ("450 4.2.0 greylisted", False),
        ("451 later", False),
        ("552 too large", False),
        ("The mail came back", None),
    ],
)
def test_what_a_mail_server_says_of_an_address(said: str, verdict: bool | None) -> None:
    assert is_no_address(said) is verdict
