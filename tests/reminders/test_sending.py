"""What becomes of a message that is due, with real servers at the other end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from icalendar import Calendar
from pytest_django import Settings

from clinic.models import Clinic
from patients import consent
from patients.models import ContactKind, ContactPoint, ContactSource
from reminders import dispatch
from reminders.models import Channel, Message, MessageStatus, MessageTemplate
from reminders.wording import betraying
from scheduling.booking import cancel, confirm, move
from scheduling.models import Appointment, Reason
from tests.clinic.processes import free_port
from tests.reminders.crowd import address, crowd, number, plan_all, reachable
from tests.reminders.servers import Inbox, Received
from tests.reminders.test_wording import THERAPIES
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

VISIT = DAY + timedelta(days=14)
WEEK_BEFORE = VISIT - timedelta(days=7)

Booked = Callable[..., Appointment]


@pytest.fixture
def floor(madison: Clinic) -> Clinic:
    for _ in range(3):
        on_floor(madison, day=VISIT)
        on_floor(madison, day=VISIT + timedelta(days=2))
    return madison


@pytest.fixture
def visit(floor: Clinic) -> Appointment:
    return book_visit(floor)


def book_visit(clinic: Clinic, start: str = "9:00", *, index: int = 1, language: str = "en") -> Appointment:
    """A visit booked well ahead by somebody with a number and an address."""
    with time_machine.travel(BEFORE, tick=False):
        patient = reachable(make_patient(clinic, language=language), index)
        return booked(clinic, start, plan=make_plan(patient, start_on=VISIT), day=VISIT)


def run(moment: datetime) -> dict[str, int]:
    """One look and all that follows from it, at a moment."""
    with time_machine.travel(moment, tick=False):
        dispatch.look()
        return dispatch.send_due()


def week_before(visit: Appointment, clock: str = "10:00") -> datetime:
    return at(visit.clinic, clock, WEEK_BEFORE)


def row(visit: Appointment, rule: str = "week", channel: str = "sms") -> Message:
    return Message.objects.get(appointment=visit, rule=rule, channel=channel)


def always(answer: object) -> Callable[[str], object]:
    """What a server answers to everybody: status, code and pause, or a line of mail."""
    return lambda recipient: answer if recipient else None


def only(*rules: str) -> None:
    """Forget the other messages, to look at some."""
    Message.objects.exclude(rule__in=rules).delete()


# --- What arrives ------------------------------------------------------------------------------------


def test_the_text_says_who_when_where_and_how_to_answer_and_nothing_more(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("week")
    run(week_before(visit))
    (text,) = phones.taken
    assert text.to == number(1)
    assert text.body == (
        "Smart Clinics: visit Mon Dec 21, 9:00 AM, Madison. Reply C to confirm or R to reschedule."
        " Call 608-555-0100. Reply STOP to opt out."
    )
    message = row(visit)
    assert (message.status, message.body, message.recipient, message.wire) == ("sent", text.body, number(1), "twilio")
    assert message.provider_id.startswith("SM")


def test_the_email_says_how_to_prepare_and_names_no_drug(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    only("week")
    run(week_before(visit))
    (received,) = mailbox.taken
    mail = received.mail
    assert mail is not None
    assert mail["Subject"] == "Your visit on Mon Dec 21, 9:00 AM: how to prepare"
    assert str(mail["From"]).startswith("Smart Clinics <")
    for words in (
        "plenty of water",
        "sleeves",
        "snack",
        "drive you home",
        "608-555-0100",
        "/a/",
        "until about 11:30 AM",
    ):
        assert words in received.body
    html = mail.get_body(("html",))
    assert html is not None
    assert "<li>Drink plenty of water" in html.get_content()
    assert betraying(received.body + html.get_content() + str(mail["Subject"]), THERAPIES, illness=False) == []


def test_the_calendar_entry_is_updated_by_a_move_and_taken_back_by_a_cancellation(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    run(BEFORE + timedelta(minutes=3))
    with time_machine.travel(BEFORE + timedelta(hours=1), tick=False):
        visit = move(
            appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "11:00", VISIT + timedelta(days=2)), by=None
        )
    run(BEFORE + timedelta(hours=2))
    with time_machine.travel(BEFORE + timedelta(hours=3), tick=False):
        cancel(appointment=visit, reason=Reason.OTHER, by=None)
    run(BEFORE + timedelta(hours=4))

    entries = [calendar_of(each) for each in mailbox.taken]
    assert [str(each["method"]) for each in entries] == ["REQUEST", "REQUEST", "CANCEL"]
    events = [each.walk("VEVENT")[0] for each in entries]
    assert len({str(event["uid"]) for event in events}) == 1
    sequences = [int(event.decoded("sequence")) for event in events]
    assert sequences == sorted(set(sequences))
    assert events[1].decoded("dtstart") == visit.start
    assert str(events[2]["status"]) == "CANCELLED"
    assert [each.key for each in mailbox.taken] == sorted(
        {each.key for each in mailbox.taken}, key=lambda key: int(key[8:])
    )


def calendar_of(received: Received) -> Calendar:
    assert received.mail is not None
    (part,) = [each for each in received.mail.walk() if each.get_content_type() == "text/calendar"]
    assert part.get_param("method") in {"REQUEST", "CANCEL"}
    return Calendar.from_ical(part.get_content())


def test_a_patient_is_told_in_their_language(floor: Clinic, phones: Inbox, mailbox: Inbox) -> None:
    book_visit(floor, index=1, language="es")
    book_visit(floor, "9:15", index=2, language="hmn")
    only("week")
    run(at(floor, "10:00", WEEK_BEFORE))
    assert "Responda C" in phones.to(number(1))[0].body
    assert "Reply C" in phones.to(number(2))[0].body
    spanish = mailbox.to(address(1))[0].body
    assert "Tome mucha agua" in spanish
    assert "lunes, 21 de diciembre de 2026" in spanish
    assert "water" not in spanish


def test_whoever_has_confirmed_is_not_asked_again(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    with time_machine.travel(BEFORE, tick=False):
        confirm(appointment=visit, by=None)
    run(at(visit.clinic, "10:00", VISIT - timedelta(days=1)))
    (text,) = phones.taken
    assert "see you Mon Dec 21" in text.body
    assert "Reply C" not in text.body


def test_words_that_staff_wrote_stand_in_for_the_files(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    body = "{sender}: {day}, {time}. Reply C. Call {phone}. Reply STOP to opt out."
    MessageTemplate.objects.create(wording="week", channel="sms", language="en", body=body)
    only("week")
    run(week_before(visit))
    assert (
        phones.taken[0].body == "Smart Clinics: Mon Dec 21, 9:00 AM. Reply C. Call 608-555-0100. Reply STOP to opt out."
    )


# --- What must not arrive ----------------------------------------------------------------------------


def test_whatever_changed_the_visit_behind_our_back_is_seen_at_sending(
    floor: Clinic, phones: Inbox, mailbox: Inbox
) -> None:
    with time_machine.travel(BEFORE, tick=False):
        plan_all(visits := crowd(floor, 3, start=at(floor, "9:00", VISIT)))
    gone, moved, sure = visits
    only("three_days")
    Appointment.objects.filter(pk=gone.pk).update(status="cancelled", short_staffed=False)
    Appointment.objects.filter(pk=moved.pk).update(
        period=(moved.start + timedelta(days=2), moved.end + timedelta(days=2))
    )
    Appointment.objects.filter(pk=sure.pk).update(confirmed_at=BEFORE)
    run(at(floor, "10:00", VISIT - timedelta(days=3)))
    assert phones.taken == []
    assert set(Message.objects.values_list("status", "error")) == {
        ("retired", "The visit is cancelled"),
        ("retired", "The visit has moved"),
        ("retired", "Confirmed"),
    }


def test_what_was_due_in_the_evening_is_not_sent_at_night_but_in_the_morning(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("week")
    for hour in ("0:30", "3:00", "6:45", "8:59"):
        run(at(visit.clinic, hour, WEEK_BEFORE + timedelta(days=1)))
        assert phones.taken == []
    assert [mail.to for mail in mailbox.taken] == [address(1)]
    run(at(visit.clinic, "9:00", WEEK_BEFORE + timedelta(days=1)))
    assert [text.to for text in phones.taken] == [number(1)]


def test_what_comes_too_late_is_missed_and_never_sent(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    only("week")
    run(at(visit.clinic, "10:00", WEEK_BEFORE + timedelta(days=3)))
    assert (phones.taken, mailbox.taken) == ([], [])
    assert set(Message.objects.values_list("status", flat=True)) == {"missed"}


def test_a_text_to_somebody_who_opted_out_goes_by_email(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    only("day")
    consent.withdraw(value=number(1), channel="sms", source=ContactSource.REPLY, words="stop pls")
    moment = at(visit.clinic, "10:00", VISIT - timedelta(days=1))
    run(moment)
    run(moment + timedelta(minutes=1))
    assert phones.taken == []
    assert [mail.to for mail in mailbox.taken] == [address(1)]
    assert row(visit, "day").status == MessageStatus.WITHHELD
    assert row(visit, "day").error == "This number has opted out"
    assert row(visit, "day", "email").status == MessageStatus.SENT


def test_somebody_who_opted_out_and_agrees_again_gets_texts_again(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("day")
    consent.withdraw(value=number(1), channel="sms", source=ContactSource.REPLY)
    consent.give(value=number(1), channel="sms", source=ContactSource.REPLY, words="START")
    run(at(visit.clinic, "10:00", VISIT - timedelta(days=1)))
    assert len(phones.taken) == 1


def test_a_patient_without_number_or_address_has_rows_that_say_so_and_is_called(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    ContactPoint.objects.all().delete()
    run(week_before(visit))
    run(at(visit.clinic, "12:00", VISIT - timedelta(days=1)))
    assert (phones.taken, mailbox.taken) == ([], [])
    assert row(visit).error == "No mobile number on record"
    assert row(visit, "call", "call").status == MessageStatus.LISTED


def test_calls_are_listed_for_the_unconfirmed_only(floor: Clinic, phones: Inbox, mailbox: Inbox) -> None:
    unsure, sure = book_visit(floor), book_visit(floor, "9:15", index=2)
    with time_machine.travel(BEFORE, tick=False):
        confirm(appointment=sure, by=None)
    run(at(floor, "12:00", VISIT - timedelta(days=1)))
    assert row(unsure, "call", "call").status == MessageStatus.LISTED
    assert row(sure, "call", "call").status == MessageStatus.RETIRED


# --- How many ----------------------------------------------------------------------------------------


def test_a_family_that_shares_a_number_gets_one_text_a_day(floor: Clinic, phones: Inbox, mailbox: Inbox) -> None:
    visits = [book_visit(floor, start, index=index) for index, start in enumerate(("9:00", "9:15", "9:30"))]
    ContactPoint.objects.filter(kind=ContactKind.MOBILE).update(value=number(1))
    only("three_days")
    day = VISIT - timedelta(days=3)
    for hours in range(33):
        run(at(floor, "10:00", day) + timedelta(hours=hours))
    sent = sorted(text.at for text in phones.taken)
    assert len(sent) == 2
    assert sent[1] - sent[0] >= 23 * 3600
    withheld = Message.objects.get(status="withheld")
    assert withheld.error == "The number has had its texts for today or this week"
    other = row(withheld.appointment, "three_days", "email")
    assert other.status == MessageStatus.SENT
    assert {text.to for text in phones.taken} == {number(1)}
    assert len(visits) == 3


def test_the_text_of_the_day_before_keeps_its_place_in_the_week(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("week", "three_days", "day")
    for days_ago in (6, 5):
        texted_before(visit, at(visit.clinic, "9:00", VISIT - timedelta(days=days_ago)))
    Message.objects.filter(rule="week").update(status="retired")
    run(at(visit.clinic, "10:00", VISIT - timedelta(days=3)))
    run(at(visit.clinic, "10:00", VISIT - timedelta(days=1)))
    assert [text.key for text in phones.taken] == [f"message-{row(visit, 'day').pk}"]
    assert row(visit, "three_days").status == MessageStatus.WITHHELD


def texted_before(visit: Appointment, moment: datetime) -> None:
    Message.objects.create(
        appointment=visit,
        appointment_version=1000 + Message.objects.count(),
        clinic=visit.clinic,
        visit_start=visit.start,
        rule="other",
        channel=Channel.SMS,
        status=MessageStatus.SENT,
        due_at=moment,
        cut_off_at=moment,
        sending_at=moment,
        sent_at=moment,
        recipient=number(1),
    )


# --- When something fails ----------------------------------------------------------------------------


def test_a_certain_failure_is_tried_again_with_growing_pauses_and_then_listed(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("week")
    phones.answer = always((503, 20500, 0))
    moment, tries = week_before(visit), []
    for minute in range(200):
        run(moment + timedelta(minutes=minute))
        tries.append(row(visit).attempts)
    first = {attempts: tries.index(attempts) for attempts in sorted(set(tries))}
    assert first == {1: 0, 2: 1, 3: 6, 4: 21, 5: 51, 6: 111}
    assert row(visit).status == MessageStatus.FAILED
    assert "503" in row(visit).error
    assert phones.taken == []


def test_a_message_that_failed_goes_out_once_the_provider_is_back(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("week")
    phones.answer = always((429, 20429, 0))
    run(week_before(visit))
    phones.answer = None
    run(week_before(visit, "10:05"))
    assert row(visit).status == MessageStatus.SENT
    assert row(visit).error == ""
    assert len(phones.taken) == 1


def test_a_time_out_is_unknown_and_never_sent_again(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    only("week")
    phones.answer = always((201, 0, 2))
    run(week_before(visit))
    assert row(visit).status == MessageStatus.UNKNOWN
    phones.answer = None
    for hours in range(1, 60, 3):
        run(week_before(visit) + timedelta(hours=hours))
    assert phones.taken == []
    assert row(visit).status == MessageStatus.UNKNOWN


def test_a_failure_of_the_provider_itself_may_have_sent_it(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    only("week")
    phones.answer = always((500, 20500, 0))
    run(week_before(visit))
    assert row(visit).status == MessageStatus.UNKNOWN


@pytest.mark.parametrize(
    ("code", "stands"),
    [(21211, {"is_dead": True, "is_allowed": True}), (21610, {"is_dead": False, "is_allowed": False})],
)
def test_a_number_the_provider_will_not_text_is_put_in_the_ledger_and_told_by_email(
    visit: Appointment, phones: Inbox, mailbox: Inbox, code: int, stands: dict[str, bool]
) -> None:
    only("day")
    phones.answer = always((400, code, 0))
    moment = at(visit.clinic, "10:00", VISIT - timedelta(days=1))
    run(moment)
    run(moment + timedelta(minutes=1))
    standing = consent.standing_of(value=number(1), channel="sms")
    assert {name: getattr(standing, name) for name in stands} == stands
    assert row(visit, "day").status == MessageStatus.FAILED
    assert [mail.to for mail in mailbox.taken] == [address(1)]


def test_an_address_that_the_mail_server_does_not_know_is_told_by_text(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("booked")
    mailbox.answer = always("550 5.1.1 no such user")
    Message.objects.update(due_at=week_before(visit), cut_off_at=visit.start)
    run(week_before(visit))
    run(week_before(visit, "10:01"))
    assert consent.standing_of(value=address(1), channel="email").is_dead
    assert row(visit, "booked", "email").status == MessageStatus.FAILED
    assert [text.to for text in phones.taken] == [number(1)]


def test_a_mail_server_that_says_later_is_asked_later(visit: Appointment, phones: Inbox, mailbox: Inbox) -> None:
    only("week")
    mailbox.answer = always("451 greylisted")
    run(week_before(visit))
    mailbox.answer = None
    run(week_before(visit, "10:02"))
    assert [mail.to for mail in mailbox.taken] == [address(1)]
    assert not consent.standing_of(value=address(1), channel="email").is_dead


def test_one_bad_row_does_not_stop_the_others(floor: Clinic, phones: Inbox, mailbox: Inbox) -> None:
    bad, good = book_visit(floor, index=1, language="es"), book_visit(floor, "9:15", index=2)
    MessageTemplate.objects.create(wording="week", channel="sms", language="es", body="{nonsense} {")
    only("week")
    run(at(floor, "10:00", WEEK_BEFORE))
    assert row(bad).status == MessageStatus.PENDING
    assert "Cannot be prepared" in row(bad).error
    assert row(good).status == MessageStatus.SENT
    assert len(mailbox.taken) == 2


def test_a_mail_server_that_is_down_costs_the_batch_no_tries(
    floor: Clinic, phones: Inbox, mailbox: Inbox, settings: Settings
) -> None:
    settings.EMAIL_PORT = free_port()
    with time_machine.travel(BEFORE, tick=False):
        plan_all(crowd(floor, 5, start=at(floor, "9:00", VISIT)))
    Message.objects.filter(channel="sms").delete()
    only("week")
    run(at(floor, "10:00", WEEK_BEFORE))
    rows = Message.objects.all()
    assert {each.status for each in rows} == {"pending"}
    assert sorted(each.attempts for each in rows) == [0, 0, 0, 1, 1]


def test_without_a_provider_the_demonstration_keeps_messages_in_the_outbox_only(visit: Appointment) -> None:
    only("week")
    run(week_before(visit))
    rows = Message.objects.all()
    assert {(each.status, each.wire) for each in rows} == {("sent", "outbox")}
    assert all(each.body for each in rows)


def test_without_a_provider_production_withholds_them_and_people_call(visit: Appointment, settings: Settings) -> None:
    settings.PRODUCTION = True
    run(week_before(visit))
    run(at(visit.clinic, "12:00", VISIT - timedelta(days=1)))
    assert row(visit).status == MessageStatus.WITHHELD
    assert row(visit, "call", "call").status == MessageStatus.LISTED
    assert not Message.objects.filter(status="sent").exists()


def test_the_sweep_frees_claims_of_lost_workers_and_keeps_its_hands_off_what_may_have_left(
    visit: Appointment, phones: Inbox, mailbox: Inbox
) -> None:
    only("week")
    moment = week_before(visit)
    claim = "12345678-1234-5678-1234-567812345678"
    Message.objects.filter(channel="sms").update(status="sending", claim=claim, sending_at=moment)
    Message.objects.filter(channel="email").update(status="claimed", claim=claim, claimed_at=moment)
    run(moment + timedelta(minutes=4))
    assert (phones.taken, mailbox.taken) == ([], [])
    run(moment + timedelta(minutes=6))
    assert row(visit).status == MessageStatus.UNKNOWN
    assert row(visit, channel="email").status == MessageStatus.SENT
    assert (len(phones.taken), len(mailbox.taken)) == (0, 1)


@pytest.mark.parametrize("hours", [-3, 3])
def test_when_the_clock_jumps_and_comes_back_everybody_is_told_once(
    visit: Appointment, floor: Clinic, phones: Inbox, mailbox: Inbox, hours: int
) -> None:
    """A worker with the wrong time took a message each way and was lost; another sent what it thought due."""
    moment = week_before(visit)
    wrong = moment + timedelta(hours=hours)
    other = book_visit(floor, "13:00", index=2)
    only("week")
    claim = "12345678-1234-5678-1234-567812345678"
    held = Message.objects.filter(appointment=visit)
    held.filter(channel="sms").update(status="claimed", claim=claim, claimed_at=wrong)
    held.filter(channel="email").update(status="sending", claim=claim, sending_at=wrong)
    run(wrong)

    for minutes in (0, 6, 12):
        run(moment + timedelta(minutes=minutes))

    assert row(visit).status == MessageStatus.SENT, "not hours later, when its lease would have run out"
    assert row(visit, channel="email").status == MessageStatus.UNKNOWN, "it may have left: people are asked"
    assert {row(other, channel=each).status for each in ("sms", "email")} == {MessageStatus.SENT}
    assert phones.twice == mailbox.twice == []
    assert (len(phones.taken), len(mailbox.taken)) == (2, 1)


def test_a_course_is_told_with_all_of_its_days(madison: Clinic, phones: Inbox, mailbox: Inbox) -> None:
    for day in range(3):
        on_floor(madison, day=VISIT + timedelta(days=day))
    with time_machine.travel(BEFORE, tick=False):
        plan = make_plan(reachable(make_patient(madison), 1), "methylprednisolone", start_on=VISIT)
        for day in range(3):
            booked(madison, plan=plan, dose_number=1 + day, day=VISIT + timedelta(days=day))
    run(BEFORE + timedelta(minutes=5))
    run(at(madison, "10:00", WEEK_BEFORE))
    assert ["Dec 21-Dec 23" in text.body for text in phones.taken] == [True]
    assert len(mailbox.taken) == 2
    booking = mailbox.taken[0]
    assert booking.mail is not None
    assert [f"December {day}, 2026" in booking.body for day in (21, 22, 23)] == [True] * 3
    assert len([part for part in booking.mail.walk() if part.get_content_type() == "text/calendar"]) == 3
    assert len(Message.objects.get(rule="booked", status="sent").also_told) == 2


def test_the_look_of_every_minute_leaves_a_pulse(visit: Appointment) -> None:
    from reminders.models import Pulse

    with time_machine.travel(BEFORE, tick=False):
        dispatch.look()
        assert Pulse.objects.get(name="dispatch").at == timezone.now()
