"""The outbox: whose messages one sees, what stands in which tray, what can be done, and what must not be."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from clinic.models import Clinic, User
from patients import consent
from reminders import dispatch
from reminders.handling import send_again, why_not_again
from reminders.links import token_of
from reminders.models import Channel, Message, MessageStatus, PatientLink, ReminderRule, Reply
from reminders.replies import receive
from reminders.visit_page import MOST_TRIES
from scheduling import booking
from scheduling.models import Appointment, Reason
from scheduling.signals import demonstration_made, demonstration_wiped
from tests.reminders.desk import MOBILE, ago, texted, visit_of, with_mobile
from tests.world import BEFORE, at, make_user, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    on_floor(madison)
    return visit_of(madison, with_mobile(madison, "Olson", given_name="Karen"))


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


@pytest.fixture
def failed(visit: Appointment) -> Message:
    """A text that certainly did not arrive, while there is still time."""
    why = "Did not arrive: no reason given (30008)"
    return texted(visit, at=ago(30), status=MessageStatus.FAILED, sending_at=None, error=why)


def page(browser: Client, **which: str) -> str:
    answer = browser.get(reverse("outbox"), which)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def card(browser: Client, message: Message) -> str:
    answer = browser.get(reverse("outbox_message", args=[message.pk]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# --- Who sees what -------------------------------------------------------------------------------


def test_only_the_front_desk_and_managers_see_it(
    client: Client, nurse: User, charge_nurse: User, manager: User, failed: Message
) -> None:
    for user, status in ((nurse, 403), (charge_nurse, 403), (manager, 200)):
        client.force_login(user)
        for url in ("/outbox/", "/outbox/operations/", f"/outbox/{failed.pk}/"):
            assert client.get(url).status_code == status, (user, url)


def test_nobody_sees_it_without_signing_in(client: Client, failed: Message) -> None:
    for url in ("/outbox/", "/outbox/operations/", "/outbox/wording/", f"/outbox/{failed.pk}/letter/"):
        assert client.get(url).headers["Location"].startswith("/login/")


def test_staff_of_another_clinic_see_and_change_nothing(
    client: Client, stranger: User, failed: Message, visit: Appointment
) -> None:
    email = Message.objects.get(appointment=visit, rule="booked", channel=Channel.EMAIL)
    receive(provider_id="SM1", number=MOBILE, words="What do I bring?")
    reply = Reply.objects.get()
    client.force_login(stranger)

    for show in ("planned", "sent", "failed", "replies", "withheld"):
        assert "Olson" not in page(client, show=show)
        assert "What do I bring" not in page(client, show=show)
        assert "Olson" not in page(client, show=show, clinic="madison")
    for name, pk in (("outbox_message", failed.pk), ("outbox_letter", email.pk)):
        answer = client.get(reverse(name, args=[pk]))
        assert answer.status_code == 403
        assert "Olson" not in answer.content.decode()
    for name, pk in (
        ("outbox_again", failed.pk),
        ("outbox_handled", failed.pk),
        ("outbox_answer", failed.pk),
        ("reply_handled", reply.pk),
        ("patient_page_link", visit.pk),
    ):
        assert client.post(reverse(name, args=[pk])).status_code == 403, name
    assert client.get(reverse("appointment_messages", args=[visit.pk])).status_code == 403
    failed.refresh_from_db()
    reply.refresh_from_db()
    assert (failed.handled_at, reply.handled_at) == (None, None)


def test_sending_ahead_touches_only_ones_own_clinics(client: Client, stranger: User, visit: Appointment) -> None:
    client.force_login(stranger)

    client.post(reverse("outbox_ahead"), {"days": "30", "clinic": "madison"})

    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.PENDING}


def test_a_number_that_no_clinic_knows_is_read_by_everybody_with_an_outbox(desk: Client, madison: Clinic) -> None:
    receive(provider_id="SM1", number="+19205550177", words="Is this the clinic?")

    shown = page(desk, show="replies")

    assert "Is this the clinic?" in shown
    assert "A number that we do not know" in shown


def test_every_change_is_a_post_with_a_token(front_desk: User, failed: Message) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(front_desk)
    for name, args in (
        ("outbox_again", [failed.pk]),
        ("outbox_handled", [failed.pk]),
        ("outbox_answer", [failed.pk]),
        ("outbox_ahead", []),
    ):
        assert strict.get(reverse(name, args=args)).status_code == 405
        assert strict.post(reverse(name, args=args)).status_code == 403


# --- Trays ---------------------------------------------------------------------------------------


def test_booking_plans_messages_that_the_outbox_shows(desk: Client, visit: Appointment) -> None:
    shown = page(desk)

    assert "Olson, Karen" in shown
    assert "At booking" in shown
    assert "Mon Dec 7, 9:00 AM" in shown


def test_each_message_stands_in_the_tray_of_its_state(desk: Client, visit: Appointment) -> None:
    for status, tray in (
        (MessageStatus.SENT, "sent"),
        (MessageStatus.DELIVERED, "sent"),
        (MessageStatus.FAILED, "failed"),
        (MessageStatus.MISSED, "missed"),
        (MessageStatus.UNKNOWN, "unknown"),
        (MessageStatus.WITHHELD, "withheld"),
    ):
        texted(visit, rule="week", status=status, error=f"why {status}")
        for show in ("sent", "failed", "missed", "unknown", "withheld"):
            assert (f"why {status}" in page(desk, show=show)) == (show == tray), (status, show)


def test_what_somebody_has_dealt_with_leaves_the_trays_for_people(desk: Client, failed: Message) -> None:
    desk.post(reverse("outbox_handled", args=[failed.pk]))

    assert "Nothing failed" in page(desk, show="failed")
    assert "30008" in page(desk, show="withheld")


def test_a_text_is_shown_as_the_patient_gets_it_with_its_length(desk: Client, visit: Appointment) -> None:
    planned = Message.objects.filter(appointment=visit, channel=Channel.SMS).earliest("due_at")

    shown = card(desk, planned)

    assert "Smart Clinics:" in shown
    assert "of 160 characters" in shown
    assert "As it would read now" in shown


def test_looking_at_a_planned_e_mail_writes_nothing(desk: Client, visit: Appointment) -> None:
    email = Message.objects.get(appointment=visit, rule="booked", channel=Channel.EMAIL)

    assert "/a/" in card(desk, email)
    assert not PatientLink.objects.exists()
    email.refresh_from_db()
    assert (email.status, email.body) == (MessageStatus.PENDING, "")


def test_an_e_mail_is_framed_so_that_it_can_run_and_load_nothing(desk: Client, visit: Appointment) -> None:
    email = Message.objects.get(appointment=visit, rule="booked", channel=Channel.EMAIL)
    Message.objects.filter(pk=email.pk).update(
        status="sent", sent_at=BEFORE, sending_at=BEFORE, subject="<b>x</b>", body="Hello <script>alert(1)</script>"
    )

    answer = desk.get(reverse("outbox_letter", args=[email.pk]))

    assert "<script>" not in answer.content.decode()
    assert "&lt;script&gt;" in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    shown = card(desk, email)
    assert "<script>alert" not in shown
    assert " sandbox " in shown


def test_only_e_mails_have_a_letter(desk: Client, failed: Message) -> None:
    assert desk.get(reverse("outbox_letter", args=[failed.pk])).status_code == 404


def test_the_cost_of_the_lists_does_not_grow(desk: Client, visit: Appointment, madison: Clinic) -> None:
    def cost() -> list[int]:
        found = []
        for show in ("planned", "replies"):
            with CaptureQueriesContext(connection) as queries:
                page(desk, show=show)
            found.append(len(queries))
        return found

    receive(provider_id="SM0", number=MOBILE, words="hm")
    few = cost()
    for number, start in enumerate(("10:00", "11:30", "13:00"), start=1):
        mobile = f"+1715555020{number}"
        visit_of(madison, with_mobile(madison, number=mobile), start)
        receive(provider_id=f"SM{number}", number=mobile, words="hm")

    assert cost() == few
    assert max(few) <= 12


# --- What can be done ----------------------------------------------------------------------------


def test_a_failed_message_is_sent_again_as_a_new_one(desk: Client, failed: Message, front_desk: User) -> None:
    desk.post(reverse("outbox_again", args=[failed.pk]))

    new = Message.objects.get(again=1)
    failed.refresh_from_db()
    assert (failed.status, failed.handled_by) == (MessageStatus.FAILED, front_desk)
    assert (new.status, new.due_at, new.rule, new.channel) == (MessageStatus.PENDING, BEFORE, "week", "sms")
    assert Message.objects.filter(rule="week", channel="sms").count() == 2

    dispatch.send_due()

    new.refresh_from_db()
    assert new.status == MessageStatus.SENT


def test_sending_again_twice_makes_one_message(desk: Client, failed: Message) -> None:
    desk.post(reverse("outbox_again", args=[failed.pk]))
    answer = desk.post(reverse("outbox_again", args=[failed.pk]))

    assert answer.status_code == 409
    assert Message.objects.filter(again__gt=0).count() == 1


def test_planning_anew_does_not_bring_back_what_was_sent_again(desk: Client, failed: Message, front_desk: User) -> None:
    send_again(message=failed, by=front_desk)
    before = Message.objects.count()

    booking.confirm(appointment=failed.appointment, by=None)

    assert Message.objects.count() == before
    assert Message.objects.get(again=1).status in {MessageStatus.RETIRED, MessageStatus.PENDING}


@pytest.mark.parametrize(
    "status", [each for each in MessageStatus if each not in {MessageStatus.FAILED, MessageStatus.CLAIMED}]
)
def test_nothing_else_is_sent_again(desk: Client, failed: Message, status: str) -> None:
    Message.objects.filter(pk=failed.pk).update(status=status, sending_at=BEFORE)

    assert desk.post(reverse("outbox_again", args=[failed.pk])).status_code == 409
    assert not Message.objects.filter(again__gt=0).exists()


def test_what_may_have_arrived_is_never_sent_again(visit: Appointment) -> None:
    unknown = texted(visit, status=MessageStatus.UNKNOWN)

    assert why_not_again(unknown) == "It may have arrived, so it is not sent again. Ask the patient."


def test_a_message_of_a_visit_that_is_gone_is_not_sent_again(desk: Client, failed: Message) -> None:
    booking.cancel(appointment=failed.appointment, reason=Reason.PATIENT_ILL, by=None)

    answer = desk.post(reverse("outbox_again", args=[failed.pk]))

    assert answer.status_code == 409
    assert "It is not needed any more: the visit is cancelled." in answer.content.decode()


def test_what_comes_too_late_is_not_sent_again(desk: Client, failed: Message) -> None:
    Message.objects.filter(pk=failed.pk).update(cut_off_at=BEFORE)

    assert "Call the patient" in desk.post(reverse("outbox_again", args=[failed.pk])).content.decode()


def test_a_reply_that_was_read_leaves_the_list(desk: Client, visit: Appointment, front_desk: User) -> None:
    receive(provider_id="SM1", number=MOBILE, words="What <b>should</b> I bring?")
    assert "What &lt;b&gt;should&lt;/b&gt; I bring?" in page(desk, show="replies")

    desk.post(reverse("reply_handled", args=[Reply.objects.get().pk]))

    reply = Reply.objects.get()
    assert (reply.handled_by, reply.handled_at) == (front_desk, BEFORE)


# --- The demonstration ---------------------------------------------------------------------------


def test_a_demonstration_lets_messages_leave_ahead_of_time(desk: Client, visit: Appointment) -> None:
    desk.post(reverse("outbox_ahead"), {"days": "8"})

    by_status = list(Message.objects.values_list("rule", "channel", "status", "sent_at"))
    assert {status for _, _, status, _ in by_status} <= {"sent", "listed", "retired", "withheld"}
    week = Message.objects.filter(channel="sms", status="sent").first()
    assert week is not None
    assert week.body.startswith("Smart Clinics:")
    moments = Message.objects.filter(channel="sms", status="sent").values_list("sent_at", flat=True)
    hours = {moment.astimezone(visit.clinic.zone).hour for moment in moments if moment}
    assert hours <= set(range(9, 19)), "never at night, not even ahead of time"


def test_with_a_provider_nothing_leaves_ahead_of_time(
    desk: Client, visit: Appointment, settings: Settings, failed: Message
) -> None:
    settings.EMAIL_HOST = "mail.example.org"

    assert desk.post(reverse("outbox_ahead"), {"days": "8"}).status_code == 404
    assert desk.post(reverse("outbox_answer", args=[failed.pk]), {"words": "C"}).status_code == 404
    assert "Demonstration" not in page(desk)
    assert Message.objects.filter(status="sent").count() == 0


def test_a_demonstration_has_told_its_history(visit: Appointment, clock_hand: time_machine.Traveller) -> None:
    clock_hand.move_to(BEFORE + timedelta(days=3))

    demonstration_made.send(None, clinics=[visit.clinic], now=BEFORE + timedelta(days=3))

    booked_note = Message.objects.get(appointment=visit, rule="booked", channel=Channel.EMAIL)
    assert (booked_note.status, booked_note.sent_at) == (MessageStatus.SENT, booked_note.due_at)
    assert not Message.objects.filter(status=MessageStatus.PENDING, due_at__lt=BEFORE + timedelta(days=3)).exists()
    assert not Message.objects.filter(status=MessageStatus.MISSED).exists()


def test_patients_of_a_demonstration_have_texted_back(visit: Appointment, clock_hand: time_machine.Traveller) -> None:
    now = BEFORE + timedelta(days=3)
    clock_hand.move_to(now)

    demonstration_made.send(None, clinics=[visit.clinic], now=now)

    reply = Reply.objects.get()
    assert (reply.appointment, reply.number) == (visit, MOBILE)
    assert now - timedelta(hours=4) < reply.received_at < now


def test_the_default_rules_come_back_after_a_demonstration_was_wiped(db: None) -> None:
    before = ReminderRule.objects.filter(clinic=None).count()
    ReminderRule.objects.all().delete()

    demonstration_wiped.send(None)

    assert ReminderRule.objects.count() == before > 0


def test_production_is_no_demonstration(desk: Client, visit: Appointment, settings: Settings) -> None:
    settings.PRODUCTION = True

    assert desk.post(reverse("outbox_ahead"), {"days": "8"}).status_code == 404


def test_in_a_demonstration_one_can_be_the_patient(desk: Client, visit: Appointment) -> None:
    sent = texted(visit)

    shown = desk.post(reverse("outbox_answer", args=[sent.pk]), {"words": "C"}, follow=True).content.decode()

    visit.refresh_from_db()
    assert visit.confirmed_at is not None
    assert "Confirmed Mon Dec 7, 9:00 AM" in shown


# --- On the appointment's page -------------------------------------------------------------------


def test_an_appointment_shows_its_messages(desk: Client, visit: Appointment) -> None:
    url = reverse("appointment_messages", args=[visit.pk])
    assert f'hx-get="{url}"' in desk.get(reverse("appointment", args=[visit.pk])).content.decode()

    shown = desk.get(url).content.decode()

    assert "At booking" in shown
    assert reverse("outbox_message", args=[visit.messages.all()[0].pk]) in shown


def test_a_nurse_sees_what_was_told_but_not_the_words(client: Client, nurse: User, visit: Appointment) -> None:
    client.force_login(nurse)

    shown = client.get(reverse("appointment_messages", args=[visit.pk])).content.decode()

    assert "At booking" in shown
    assert "/outbox/" not in shown
    assert client.post(reverse("patient_page_link", args=[visit.pk])).status_code == 403


def test_the_front_desk_opens_a_locked_page_and_revokes_links(desk: Client, visit: Appointment) -> None:
    token = token_of(visit)
    PatientLink.objects.update(wrong_tries=MOST_TRIES)
    url = reverse("patient_page_link", args=[visit.pk])
    assert "Page locked" in desk.get(reverse("appointment_messages", args=[visit.pk])).content.decode()

    desk.post(url, {"change": "unlock"})
    assert PatientLink.objects.get().wrong_tries == 0

    desk.post(url, {"change": "revoke"})
    assert Client().get(f"/a/{token}/").status_code == 404


def test_a_visit_that_moved_keeps_its_old_messages_on_record(desk: Client, visit: Appointment) -> None:
    texted(visit)
    booking.move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "13:00"), by=None)

    shown = desk.get(reverse("appointment_messages", args=[visit.pk])).content.decode()

    assert "Sent" in shown
    assert "New time" in shown


def test_a_manager_of_two_clinics_chooses_one(
    client: Client, madison: Clinic, wausau: Clinic, visit: Appointment
) -> None:
    client.force_login(make_user("both", "manager", madison, wausau))

    assert "Olson" in page(client)
    assert "Olson" in page(client, clinic="madison")
    assert "Olson" not in page(client, clinic="wausau")


def test_opting_out_shows_in_the_outbox_as_the_reason(desk: Client, visit: Appointment) -> None:
    consent.withdraw(value=MOBILE, channel="sms", source="staff")

    desk.post(reverse("outbox_ahead"), {"days": "8"})

    assert "This number has opted out" in page(desk, show="withheld")


def test_timings_far_in_the_past_do_not_break_the_page(desk: Client, visit: Appointment) -> None:
    Message.objects.update(due_at=BEFORE - timedelta(days=900))

    assert "Olson" in page(desk)
