"""What patients text back: taken once, acted on, answered once; and what the provider reports of our texts."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from clinic.models import Clinic, User
from patients import consent
from patients.models import ContactEntry
from reminders import dispatch
from reminders.gsm import SINGLE, plain, septets
from reminders.models import Meaning, Message, MessageStatus, Reply
from reminders.replies import MOST_AN_HOUR, handle
from reminders.wording import betraying, longest
from reminders.words import languages
from scheduling import booking
from scheduling.models import Appointment, Reason
from tests.reminders.desk import MOBILE, TWILIO, ago, post_signed, texted, visit_of, with_mobile
from tests.world import BEFORE, DAY, at, booked, make_plan, on_floor

pytestmark = pytest.mark.django_db

Text = Callable[..., HttpResponse]
Report = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture(autouse=True)
def provider(settings: Settings) -> None:
    settings.TWILIO = TWILIO
    settings.PUBLIC_URL = "https://chairs.example.org"


@pytest.fixture
def text(client: Client) -> Text:
    """A text from the patient, as the provider hands it on."""
    numbers = count(1)

    def post(words: str, *, sid: str = "", number: str = MOBILE, **more: str) -> HttpResponse:
        data = {"MessageSid": sid or f"SM{next(numbers)}", "From": number, "To": TWILIO["from"], "Body": words, **more}
        return post_signed(client, "/hooks/sms/", data)

    return post


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    """A visit that its patient was texted about."""
    on_floor(madison)
    one = visit_of(madison)
    texted(one)
    return one


def said(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


# --- Who may call --------------------------------------------------------------------------------


def test_a_text_without_the_signature_is_refused(client: Client, visit: Appointment) -> None:
    data = {"MessageSid": "SM1", "From": MOBILE, "Body": "C"}

    assert client.post("/hooks/sms/", data).status_code == 403
    assert client.post("/hooks/sms/", data, headers={"X-Twilio-Signature": "nonsense"}).status_code == 403
    assert post_signed(client, "/hooks/sms/", data, token="another-token").status_code == 403
    assert post_signed(client, "/hooks/sms/status/", data, token="another-token").status_code == 403
    assert not Reply.objects.exists()
    visit.refresh_from_db()
    assert visit.confirmed_at is None


def test_what_was_changed_on_the_way_is_refused(client: Client, visit: Appointment) -> None:
    from twilio.request_validator import RequestValidator

    signature = RequestValidator(TWILIO["token"]).compute_signature(
        "https://chairs.example.org/hooks/sms/", {"MessageSid": "SM1", "From": MOBILE, "Body": "C"}
    )
    changed = {"MessageSid": "SM1", "From": MOBILE, "Body": "STOP"}

    assert client.post("/hooks/sms/", changed, headers={"X-Twilio-Signature": signature}).status_code == 403


def test_without_an_account_the_door_is_shut(client: Client, settings: Settings) -> None:
    settings.TWILIO = None

    assert post_signed(client, "/hooks/sms/", {"MessageSid": "SM1", "From": MOBILE, "Body": "C"}).status_code == 403


def test_only_a_post_is_heard(client: Client) -> None:
    assert client.get("/hooks/sms/").status_code == 405


def test_the_provider_needs_no_csrf_token_and_no_account_here(visit: Appointment) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert post_signed(strict, "/hooks/sms/", {"MessageSid": "SM1", "From": MOBILE, "Body": "C"}).status_code == 200


@pytest.mark.parametrize("number", ["", "<script>", "+1' or 1=1", "whatsapp:+17155550123"])
def test_a_sender_that_is_no_number_is_refused(text: Text, number: str) -> None:
    assert text("C", number=number).status_code == 400


# --- C confirms ----------------------------------------------------------------------------------


def test_c_confirms_the_visit_and_says_which(text: Text, visit: Appointment) -> None:
    answer = said(text("C"))

    visit.refresh_from_db()
    assert visit.confirmed_at == BEFORE
    assert "you are confirmed for Mon Dec 7, 9:00 AM, Madison" in answer
    reply = Reply.objects.get()
    assert (reply.meaning, reply.for_people, reply.outcome) == ("confirm", False, "Confirmed Mon Dec 7, 9:00 AM")
    assert (reply.appointment, reply.patient, reply.clinic) == (visit, visit.patient, visit.clinic)


def test_the_same_text_delivered_again_does_nothing(text: Text, visit: Appointment) -> None:
    text("C", sid="SM77")
    booking.move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "13:00"), by=None)

    answer = said(text("C", sid="SM77"))

    assert "<Message>" not in answer
    assert Reply.objects.count() == 1
    visit.refresh_from_db()
    assert visit.confirmed_at is None, "the visit that moved in between was not asked about"


def test_of_several_visits_the_one_asked_about_last_is_confirmed(text: Text, madison: Clinic) -> None:
    on_floor(madison)
    on_floor(madison, day=DAY + timedelta(days=1))
    earlier = visit_of(madison)
    later = booked(
        madison,
        plan=make_plan(with_mobile(madison), start_on=DAY + timedelta(days=1)),
        day=DAY + timedelta(days=1),
    )
    texted(earlier, at=ago(60))
    texted(later, at=ago(10))

    text("C")

    assert [Appointment.objects.get(pk=one.pk).confirmed_at is not None for one in (earlier, later)] == [False, True]

    text("Yes")

    assert Appointment.objects.get(pk=earlier.pk).confirmed_at is not None


def test_a_yes_to_the_text_of_a_course_confirms_all_its_days(text: Text, madison: Clinic) -> None:
    days = [DAY + timedelta(days=each) for each in range(3)]
    for day in days:
        on_floor(madison, day=day)
    plan = make_plan(with_mobile(madison), "methylprednisolone")
    course = [booked(madison, plan=plan, dose_number=number, day=day) for number, day in enumerate(days, start=1)]
    texted(course[0])

    answer = said(text("C"))

    assert all(Appointment.objects.get(pk=one.pk).confirmed_at for one in course)
    assert "Dec 7-Dec 9" in answer


def test_a_visit_that_moved_since_the_text_is_not_confirmed_by_an_answer_to_it(text: Text, madison: Clinic) -> None:
    on_floor(madison)
    shared = visit_of(madison)
    visit_of(madison, start="10:00")
    texted(shared)
    booking.move(appointment=shared, clinic=madison, start=at(madison, "13:00"), by=None)

    text("C")

    assert Reply.objects.get().for_people, "two patients share the number, and nobody was asked about the new time"
    assert not Appointment.objects.filter(confirmed_at__isnull=False).exists()


def test_a_yes_from_a_number_that_was_asked_nothing_means_its_patients_next_visit(text: Text, madison: Clinic) -> None:
    on_floor(madison)
    visit = visit_of(madison)

    text("yes")

    visit.refresh_from_db()
    assert visit.confirmed_at is not None


def test_a_yes_to_a_visit_that_was_cancelled_goes_to_people(text: Text, visit: Appointment) -> None:
    booking.cancel(appointment=visit, reason=Reason.PATIENT_ILL, by=None)

    answer = said(text("C"))

    reply = Reply.objects.get()
    assert reply.for_people
    assert reply.clinic == visit.clinic, "its clinic reads it"
    assert "we will call you" in answer


# --- R, and what is for people -------------------------------------------------------------------


def test_r_puts_the_patient_on_the_list_and_leaves_the_visit(text: Text, visit: Appointment) -> None:
    answer = said(text("R"))

    reply = Reply.objects.get()
    assert (reply.meaning, reply.for_people, reply.appointment) == ("another", True, visit)
    visit.refresh_from_db()
    assert visit.status == "booked"
    assert "we will call you to find another time" in answer


def test_who_asks_to_cancel_the_visit_is_called_and_still_gets_texts(text: Text, visit: Appointment) -> None:
    text("I need to cancel my appointment")

    assert Reply.objects.get().meaning == Meaning.ANOTHER_TIME
    assert consent.standing_of(value=MOBILE, channel="sms").is_allowed


def test_several_texts_get_one_promise_that_we_call(text: Text, visit: Appointment) -> None:
    answers = [said(text(words)) for words in ("R", "I can't make it Tuesday", "is there another day?", "Hello?")]

    assert ["<Message>" in answer for answer in answers] == [True, False, False, False]
    assert Reply.objects.filter(for_people=True).count() == 4


def test_moving_the_visit_meets_the_request(text: Text, visit: Appointment, front_desk: User) -> None:
    text("R")

    booking.move(appointment=visit, clinic=visit.clinic, start=at(visit.clinic, "13:00"), by=front_desk)

    assert Reply.objects.get().handled_by == front_desk


def test_anything_else_is_read_by_people(text: Text, visit: Appointment) -> None:
    answer = said(text("Where do I park?"))

    reply = Reply.objects.get()
    assert (reply.meaning, reply.for_people, reply.words) == ("other", True, "Where do I park?")
    assert "Somebody reads this" in answer
    assert "911" in answer


def test_handling_a_reply_keeps_who_was_first(text: Text, front_desk: User, manager: User, visit: Appointment) -> None:
    text("Where do I park?")
    reply = Reply.objects.get()

    handle(reply=reply, by=front_desk)
    handle(reply=reply, by=manager)

    reply.refresh_from_db()
    assert reply.handled_by == front_desk


def test_a_text_that_breaks_something_stays_on_the_list(
    text: Text, visit: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(booking, "confirm", broken)

    with pytest.raises(RuntimeError):
        text("C", sid="SM9")

    assert Reply.objects.get().for_people


def test_a_text_from_a_number_that_we_do_not_know_has_no_patient(text: Text, visit: Appointment) -> None:
    text("C", number="+19205550177")

    reply = Reply.objects.get()
    assert (reply.patient, reply.appointment, reply.clinic, reply.for_people) == (None, None, None, True)


# --- STOP, START, HELP ---------------------------------------------------------------------------


def test_stop_stops_texts_at_once_and_is_confirmed_once(text: Text, visit: Appointment) -> None:
    first, second = said(text("STOP")), said(text("stop"))

    assert "you get no more texts from us" in first
    assert "<Message>" not in second
    assert not consent.standing_of(value=MOBILE, channel="sms").is_allowed
    entry = ContactEntry.objects.get(change="withdrawn")
    assert (entry.words, entry.source, entry.patient) == ("STOP", "reply", visit.patient)


def test_no_text_leaves_after_a_stop_and_the_e_mail_goes_instead(
    text: Text, visit: Appointment, settings: Settings
) -> None:
    text("Please stop texting me")
    settings.TWILIO = None
    Message.objects.filter(channel="sms").exclude(rule="week").update(
        status="pending", due_at=BEFORE - timedelta(minutes=1), cut_off_at=BEFORE + timedelta(hours=9)
    )

    dispatch.send_due()

    texts = Message.objects.filter(channel="sms").exclude(rule="week")
    assert {each.status for each in texts} == {MessageStatus.WITHHELD}
    assert {each.error for each in texts} == {"This number has opted out"}
    assert set(texts.values_list("rule", flat=True)) <= set(
        Message.objects.filter(channel="email").values_list("rule", flat=True)
    )


def test_free_words_that_refuse_texts_are_read_by_people_too(text: Text, visit: Appointment) -> None:
    text("please stop texting me")

    assert Reply.objects.get().for_people


def test_cancel_alone_stops_texts_by_law_and_somebody_asks_about_the_visit(text: Text, visit: Appointment) -> None:
    answer = said(text("CANCEL"))

    assert "Your visits stay as they are" in answer
    assert not consent.standing_of(value=MOBILE, channel="sms").is_allowed
    assert Reply.objects.get().for_people
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_what_the_provider_answered_itself_is_not_answered_again(text: Text, visit: Appointment) -> None:
    assert "<Message>" not in said(text("STOP", OptOutType="STOP"))
    assert not consent.standing_of(value=MOBILE, channel="sms").is_allowed


def test_who_opted_out_can_confirm_and_is_not_texted_back(text: Text, visit: Appointment) -> None:
    text("STOP")

    answer = said(text("C"))

    visit.refresh_from_db()
    assert visit.confirmed_at is not None
    assert "<Message>" not in answer


def test_start_resumes_texts(text: Text, visit: Appointment) -> None:
    text("STOP")

    answer = said(text("START"))

    assert consent.standing_of(value=MOBILE, channel="sms").is_allowed
    assert "you get texts about your visits again" in answer


def test_help_says_who_we_are_and_the_number(text: Text, visit: Appointment) -> None:
    answer = said(text("HELP"))

    assert "Smart Clinics, Madison" in answer
    assert "608-555-0100" in answer


def test_answers_speak_the_patients_language(text: Text, madison: Clinic) -> None:
    on_floor(madison)
    texted(visit_of(madison, with_mobile(madison, language="es")))

    assert "queda confirmada" in said(text("Sí"))


def test_a_machine_that_never_stops_is_not_heard_except_to_stop(text: Text, visit: Appointment) -> None:
    for _ in range(MOST_AN_HOUR):
        text("I am away from my phone")

    assert text("I am away from my phone").status_code == 429
    assert text("STOP").status_code == 200
    assert not consent.standing_of(value=MOBILE, channel="sms").is_allowed


def test_a_text_proves_that_its_number_works(text: Text, visit: Appointment) -> None:
    consent.mark_dead(value=MOBILE, channel="sms", source="provider")

    text("C")

    assert not consent.standing_of(value=MOBILE, channel="sms").is_dead


@pytest.mark.parametrize("code", sorted(languages()))
def test_every_answer_fits_one_text_and_betrays_nothing(code: str) -> None:
    for key, words in languages()[code].answers.items():
        assert septets(plain(longest(words, languages()[code]))) <= SINGLE, key
        assert not betraying(words, ()), key
        assert "{sender}" in words
        assert "{phone}" in words


# --- What the provider reports -------------------------------------------------------------------


@pytest.fixture
def report(client: Client) -> Report:
    def post(message: Message, status: str, code: str = "", *, sid: str = "") -> HttpResponse:
        data = {"MessageSid": sid or message.provider_id, "MessageStatus": status} | (
            {"ErrorCode": code} if code else {}
        )
        answer = post_signed(client, f"/hooks/sms/status/?message={message.pk}", data)
        message.refresh_from_db()
        return answer

    return post


@pytest.fixture
def message(visit: Appointment) -> Message:
    return Message.objects.get(appointment=visit, rule="week", channel="sms")


def test_a_delivered_text_is_marked(report: Report, message: Message) -> None:
    assert report(message, "delivered").status_code == 204
    assert (message.status, message.delivered_at) == (MessageStatus.DELIVERED, BEFORE)


def test_reports_that_come_late_or_twice_change_nothing(report: Report, message: Message) -> None:
    report(message, "delivered")

    for status in ("sent", "queued", "failed", "delivered"):
        report(message, status, "30005" if status == "failed" else "")

    assert message.status == MessageStatus.DELIVERED
    assert not consent.standing_of(value=MOBILE, channel="sms").is_dead


@pytest.mark.parametrize("code", ["30005", "30006"])
def test_a_dead_number_is_put_on_record_and_the_e_mail_goes_instead(
    report: Report, message: Message, code: str
) -> None:
    Message.objects.filter(appointment=message.appointment, rule="week", channel="email").delete()

    report(message, "undelivered", code)

    assert message.status == MessageStatus.FAILED
    assert code in message.error
    assert consent.standing_of(value=MOBILE, channel="sms").is_dead
    other = Message.objects.get(appointment=message.appointment, rule="week", channel="email")
    assert (other.status, other.due_at) == (MessageStatus.PENDING, BEFORE)


def test_a_phone_that_is_off_is_dead_only_at_the_second_time(report: Report, message: Message, madison: Clinic) -> None:
    report(message, "undelivered", "30003")

    assert not consent.standing_of(value=MOBILE, channel="sms").is_dead

    second = texted(message.appointment, rule="three_days", at=BEFORE + timedelta(minutes=1), provider_id="SMsecond")
    report(second, "undelivered", "30003")

    assert consent.standing_of(value=MOBILE, channel="sms").is_dead


def test_a_text_that_was_perhaps_sent_is_settled_by_its_report(report: Report, message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(status="unknown", provider_id="", wire="", sent_at=None)

    report(message, "delivered", sid="SMlate")

    assert (message.status, message.provider_id) == (MessageStatus.DELIVERED, "SMlate")


def test_a_report_of_somebody_elses_text_is_let_pass(report: Report, message: Message) -> None:
    other = "SM" + "9" * 32

    assert report(message, "failed", "30005", sid=other).status_code == 204
    assert message.status == MessageStatus.SENT


def test_a_filtered_text_does_not_make_the_number_dead(report: Report, message: Message) -> None:
    report(message, "undelivered", "30007")

    assert message.status == MessageStatus.FAILED
    assert not consent.standing_of(value=MOBILE, channel="sms").is_dead
