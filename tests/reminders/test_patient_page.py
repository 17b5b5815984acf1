"""The patient's page: what the link alone shows, what the date of birth opens, what can be done there."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from clinic.models import Clinic, User
from patients import consent
from patients.models import ContactEntry
from reminders import links
from reminders.models import PatientLink, Reply
from reminders.visit_page import MOST_TRIES, unlock
from reminders.words import languages
from scheduling import booking
from scheduling.models import Appointment, Reason, Status
from tests.reminders.desk import MOBILE, visit_of, with_mobile
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

BORN = {"month": "3", "day": "14", "year": "1975"}
WRONG = {"month": "3", "day": "15", "year": "1975"}


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    on_floor(madison)
    madison.address, madison.arrival_note = "100 Main St, Madison", "Park behind the house, door B."
    madison.save()
    return visit_of(madison, with_mobile(madison, "Olson", given_name="Karen"))


@pytest.fixture
def url(visit: Appointment) -> str:
    return f"/a/{links.token_of(visit)}/"


@pytest.fixture
def phone(client: Client, url: str) -> Client:
    """A phone on which the date of birth was entered."""
    client.post(f"{url}open/", BORN)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


class _Starts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name") == "start":
            self.values.append(given["value"] or "")


def offered(response: Any) -> list[str]:
    starts = _Starts()
    starts.feed(response.content.decode())
    return starts.values


# --- The link alone ------------------------------------------------------------------------------


def test_the_link_alone_shows_nothing_of_the_patient(client: Client, url: str, visit: Appointment) -> None:
    shown = text(client.get(url))

    assert "Date of birth" in shown
    for secret in (
        "Olson",
        "Karen",
        "Tysabri",
        "natalizumab",
        "nfusion",
        "Dec",
        "December",
        "9:00",
        "Main St",
        "Madison",
    ):
        assert secret not in shown, secret


@pytest.mark.parametrize("page", ["", "another-time/", "visit.ics"])
def test_every_page_behind_the_link_asks_for_the_date_of_birth(client: Client, url: str, page: str) -> None:
    answer = client.get(f"{url}{page}")

    assert "Date of birth" in answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("act", ["confirm/", "another-time/", "ask/", "messages/"])
def test_nothing_can_be_done_before_the_date_of_birth(client: Client, url: str, visit: Appointment, act: str) -> None:
    answer = client.post(f"{url}{act}", {"channel": "sms", "change": "stop", "start": visit.start.isoformat()})

    assert answer.headers["Location"] == url
    visit.refresh_from_db()
    assert (visit.confirmed_at, visit.version, Reply.objects.count()) == (None, 1, 0)
    assert consent.standing_of(value=MOBILE, channel="sms").is_allowed


def test_pages_are_neither_kept_nor_indexed_nor_told_to_other_sites(phone: Client, url: str) -> None:
    for answer in (phone.get(url), Client().get(url), Client().get("/a/forged.link/")):
        assert "no-store" in answer.headers["Cache-Control"]
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert '<meta name="robots" content="noindex' in answer.content.decode()
        assert "<script" not in answer.content.decode()


def test_the_staff_site_does_not_show_around_it(client: Client, front_desk: User, url: str) -> None:
    client.force_login(front_desk)
    client.post(f"{url}open/", BORN)

    shown = text(client.get(url))

    assert "/patients/" not in shown
    assert "/board/" not in shown


def test_a_link_that_was_tampered_with_opens_nothing(client: Client, url: str) -> None:
    token = url.split("/")[2]
    key, _, signature = token.partition(".")
    for forged in (key, f"{key}.", f"{key}.{signature[::-1]}", f"{'0' * 24}.{signature}", "a", "%00", "é" * 200):
        answer = client.get(f"/a/{forged}/")
        assert answer.status_code == 404, forged
        assert "Olson" not in answer.content.decode()


def test_a_link_that_is_gone_says_whom_to_call(client: Client, visit: Appointment, url: str) -> None:
    links.revoke(visit)

    answer = client.get(url)

    assert answer.status_code == 404
    assert "This link does not work any more" in text(answer)
    assert "Madison: (608) 555-0100" in text(answer)


def test_a_link_that_was_revoked_opens_nothing_even_where_it_was_open(
    phone: Client, visit: Appointment, url: str
) -> None:
    assert phone.get(url).status_code == 200
    links.revoke(visit)

    assert phone.get(url).status_code == 404
    assert phone.post(f"{url}confirm/").status_code == 404


def test_a_link_expires_with_its_visit(client: Client, url: str, clock_hand: time_machine.Traveller) -> None:
    clock_hand.move_to(BEFORE + timedelta(days=13))
    assert client.get(url).status_code == 200

    clock_hand.move_to(BEFORE + timedelta(days=14))
    assert client.get(url).status_code == 404


# --- The date of birth ---------------------------------------------------------------------------


def test_the_date_of_birth_opens_the_page(client: Client, url: str) -> None:
    answer = client.post(f"{url}open/", BORN, follow=True)

    shown = text(answer)
    assert answer.status_code == 200
    for words in (
        "Hello Karen",
        "Your infusion",
        "Monday, December 7, 2026",
        "9:00 AM, until about 11:30 AM",
        "100 Main St, Madison",
        "Park behind the house, door B.",
        "Drink plenty of water the day before and the day of your visit.",
        "Yes, I will come",
        "I need another time",
        "Add to my calendar",
        "608-555-0100",
    ):
        assert words in shown, words
    assert "Tysabri" not in shown
    assert "natalizumab" not in shown


@pytest.mark.parametrize("year", ["75", "1975"])
def test_two_digits_of_the_year_are_enough(client: Client, url: str, year: str) -> None:
    assert client.post(f"{url}open/", BORN | {"year": year}).status_code == 302


def test_a_wrong_date_says_how_many_tries_are_left_and_keeps_what_was_typed(client: Client, url: str) -> None:
    answer = client.post(f"{url}open/", WRONG)

    assert answer.status_code == 422
    assert "Tries left: 4" in text(answer)
    assert 'value="15"' in text(answer)


def test_few_tries_then_the_page_is_locked_also_for_the_right_date(client: Client, url: str) -> None:
    for _ in range(MOST_TRIES):
        client.post(f"{url}open/", WRONG)

    for answer in (client.post(f"{url}open/", BORN), client.get(url), Client().post(f"{url}open/", BORN)):
        assert answer.status_code == 403
        assert "This page is locked" in text(answer)
        assert "608-555-0100" in text(answer), "what to do next: call"


def test_one_connection_cannot_try_the_dates_of_many_patients(
    client: Client, madison: Clinic, visit: Appointment, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"birth_date": "2/10m/ip"}
    others = [visit_of(madison, with_mobile(madison, name), at) for name, at in (("Berg", "10:00"), ("Ek", "13:00"))]
    urls = [f"/a/{links.token_of(each)}/open/" for each in (visit, *others)]

    answers = [client.post(url, WRONG) for url in urls]

    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert "Nothing is lost" in text(answers[-1])
    assert client.post(urls[-1], BORN).status_code == 429


def test_the_right_date_takes_the_wrong_ones_back(client: Client, url: str) -> None:
    client.post(f"{url}open/", WRONG)
    client.post(f"{url}open/", BORN)

    assert PatientLink.objects.get().wrong_tries == 0


def test_staff_let_a_locked_patient_try_again(client: Client, url: str, visit: Appointment) -> None:
    for _ in range(MOST_TRIES):
        client.post(f"{url}open/", WRONG)

    unlock(appointment=visit)

    assert client.post(f"{url}open/", BORN).status_code == 302


@pytest.mark.parametrize("typed", [{}, {"month": "x"}, BORN | {"day": "31", "month": "2"}, BORN | {"year": "-1"}])
def test_what_is_no_date_costs_no_try(client: Client, url: str, typed: dict[str, str]) -> None:
    answer = client.post(f"{url}open/", typed)

    assert answer.status_code == 422
    assert PatientLink.objects.get().wrong_tries == 0


def test_one_patients_open_page_opens_no_other_page(phone: Client, madison: Clinic) -> None:
    other = visit_of(madison, make_patient(madison, "Berg", birth_date=date(1960, 1, 2)), "12:00")

    shown = text(phone.get(f"/a/{links.token_of(other)}/"))

    assert "Date of birth" in shown
    assert "Berg" not in shown


def test_an_open_page_closes_after_half_an_hour(phone: Client, url: str, clock_hand: time_machine.Traveller) -> None:
    assert "Karen" in text(phone.get(url))

    clock_hand.move_to(BEFORE + timedelta(minutes=31))

    assert "Karen" not in text(phone.get(url))


def test_the_cookie_is_for_this_page_only(client: Client, url: str) -> None:
    cookie = client.post(f"{url}open/", BORN).cookies["visit"]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (url, True, "Lax")


# --- A GET changes nothing -----------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "another-time/", "visit.ics", "open/", "confirm/", "ask/", "messages/"])
def test_a_get_changes_nothing(phone: Client, url: str, visit: Appointment, page: str) -> None:
    for ask in (phone.get, phone.head, Client().get):
        with CaptureQueriesContext(connection) as queries:
            ask(f"{url}{page}", {"said": "confirmed", "change": "stop", "channel": "sms"})
        asked = [each["sql"] for each in queries]
        assert not [sql for sql in asked if not sql.strip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
        # Whatever writes carries its origin; that the patient looked is all that is written.
        assert not [sql for sql in asked if "chairside.origin" in sql and "audit_entry" not in sql]
    visit.refresh_from_db()
    assert visit.confirmed_at is None


@pytest.mark.parametrize("act", ["open/", "confirm/", "another-time/", "ask/", "messages/"])
def test_a_post_from_elsewhere_is_refused(url: str, act: str) -> None:
    assert Client(enforce_csrf_checks=True).post(f"{url}{act}", BORN).status_code == 403


# --- What can be done ----------------------------------------------------------------------------


def test_confirming_is_kept_and_shown(phone: Client, url: str, visit: Appointment) -> None:
    shown = text(phone.post(f"{url}confirm/", follow=True))

    visit.refresh_from_db()
    assert visit.confirmed_at == BEFORE
    assert "You have confirmed" in shown
    assert "Yes, I will come" not in shown
    assert Reply.objects.get().meaning == "confirm"


def test_confirming_twice_notes_it_once(phone: Client, url: str) -> None:
    phone.post(f"{url}confirm/")
    phone.post(f"{url}confirm/")

    assert Reply.objects.count() == 1


def test_a_visit_that_was_cancelled_meanwhile_cannot_be_confirmed(phone: Client, url: str, visit: Appointment) -> None:
    booking.cancel(appointment=visit, reason=Reason.CLINIC, by=None)

    shown = text(phone.post(f"{url}confirm/", follow=True))

    assert "This cannot be changed here any more" in shown
    assert "This visit is cancelled" in shown


def test_free_times_suit_the_treatment_and_can_be_taken(phone: Client, url: str, visit: Appointment) -> None:
    tuesday = DAY + timedelta(days=1)
    on_floor(visit.clinic, day=tuesday)
    starts = offered(phone.get(f"{url}another-time/"))
    assert len(starts) == 8, "four times on each of two days"
    assert {datetime.fromisoformat(each).astimezone(visit.clinic.zone).hour for each in starts} >= {8, 14}
    there = at(visit.clinic, "8:00", tuesday)
    assert there in {datetime.fromisoformat(each) for each in starts}

    answer = phone.post(f"{url}another-time/", {"start": there.isoformat()}, follow=True)

    visit.refresh_from_db()
    assert visit.start == there
    assert visit.confirmed_at == BEFORE, "who chooses a time will come"
    assert "This is your new time" in text(answer)
    assert "Tuesday, December 8, 2026" in text(answer)
    assert Reply.objects.get().outcome == "From Mon Dec 7, 9:00 AM to Tue Dec 8, 8:00 AM"


def test_a_time_taken_again_because_the_answer_was_lost_is_taken_once(
    phone: Client, url: str, visit: Appointment
) -> None:
    chosen = {"start": at(visit.clinic, "13:00").isoformat(), "once": "a-key"}
    assert 'name="once"' in phone.get(f"{url}another-time/").content.decode()

    answers = [phone.post(f"{url}another-time/", chosen, follow=True) for _ in range(2)]

    assert all("This is your new time" in text(answer) for answer in answers)
    visit.refresh_from_db()
    assert visit.version == 2
    assert Reply.objects.count() == 1


def test_a_time_that_was_taken_meanwhile_is_refused_with_others(phone: Client, url: str, visit: Appointment) -> None:
    start = at(visit.clinic, "13:00")
    for chair in visit.clinic.chairs.all():
        if chair != visit.chair:
            booked(visit.clinic, "13:00" if chair.position == 2 else f"13:{15 * (chair.position - 2):02}", chair=chair)

    answer = phone.post(f"{url}another-time/", {"start": start.isoformat()})

    assert answer.status_code == 409
    assert "That time was just taken" in text(answer)
    assert offered(answer)
    visit.refresh_from_db()
    assert visit.start == at(visit.clinic, "9:00")


@pytest.mark.parametrize("start", ["", "now", "2026-12-07", "2026-12-07T13:00:00", "9999-12-31T23:59:59+14:00"])
def test_what_is_no_offered_time_is_refused(phone: Client, url: str, visit: Appointment, start: str) -> None:
    assert phone.post(f"{url}another-time/", {"start": start}).status_code in {409, 422}
    visit.refresh_from_db()
    assert visit.version == 1


def test_a_patient_cannot_leave_the_window_of_the_treatment(phone: Client, url: str, visit: Appointment) -> None:
    far = DAY + timedelta(days=80)
    on_floor(visit.clinic, day=far)

    answer = phone.post(f"{url}another-time/", {"start": at(visit.clinic, "9:00", far).isoformat()})

    assert answer.status_code == 409
    visit.refresh_from_db()
    assert visit.version == 1


def test_a_visit_within_a_day_is_changed_on_the_phone(
    client: Client, url: str, visit: Appointment, clock_hand: time_machine.Traveller
) -> None:
    clock_hand.move_to(visit.start - timedelta(hours=20))
    client.post(f"{url}open/", BORN)

    page = client.get(f"{url}another-time/")

    assert "Please call us to change it" in text(page)
    assert not offered(page)
    answer = client.post(f"{url}another-time/", {"start": at(visit.clinic, "13:00").isoformat()})
    assert answer.status_code == 409


def test_a_course_on_days_in_a_row_is_confirmed_whole_and_moved_on_the_phone(client: Client, madison: Clinic) -> None:
    days = [DAY + timedelta(days=each) for each in range(3)]
    for day in days:
        on_floor(madison, day=day)
    plan = make_plan(with_mobile(madison), "methylprednisolone")
    course = [booked(madison, plan=plan, dose_number=number, day=day) for number, day in enumerate(days, start=1)]
    url = f"/a/{links.token_of(course[0])}/"
    client.post(f"{url}open/", BORN)

    assert "Wednesday, December 9, 2026" in text(client.get(url))
    assert "Your visits belong together" in text(client.get(f"{url}another-time/"))
    client.post(f"{url}confirm/")
    assert Appointment.objects.filter(confirmed_at__isnull=False).count() == 3
    calendar = Calendar.from_ical(client.get(f"{url}visit.ics").content)
    assert len(calendar.walk("VEVENT")) == 3


def test_asking_to_be_called_puts_the_patient_on_the_list_once(phone: Client, url: str, visit: Appointment) -> None:
    shown = text(phone.post(f"{url}ask/", {"words": "Fridays <b>only</b>"}, follow=True))
    phone.post(f"{url}ask/", {"words": ""})

    reply = Reply.objects.get()
    assert (reply.meaning, reply.words, reply.for_people, reply.clinic) == (
        "another",
        "Fridays <b>only</b>",
        True,
        visit.clinic,
    )
    assert "We will call you" in shown


def test_stopping_texts_stops_them_for_the_number_and_can_be_taken_back(phone: Client, url: str) -> None:
    shown = text(phone.post(f"{url}messages/", {"channel": "sms", "change": "stop"}, follow=True))

    assert "No texts to the number that ends in 23" in shown
    assert MOBILE not in shown
    assert not consent.standing_of(value=MOBILE, channel="sms").is_allowed
    assert ContactEntry.objects.filter(value=MOBILE).latest("id").source == "page"

    phone.post(f"{url}messages/", {"channel": "sms", "change": "start"})

    assert consent.standing_of(value=MOBILE, channel="sms").is_allowed


def test_only_known_kinds_of_messages_are_stopped(phone: Client, url: str) -> None:
    for channel, change in (("call", "stop"), ("sms", ""), ("<", ">")):
        assert phone.post(f"{url}messages/", {"channel": channel, "change": change}).status_code == 302
    assert consent.standing_of(value=MOBILE, channel="sms").is_allowed


def test_the_calendar_entry_is_the_one_of_the_e_mails_and_betrays_nothing(
    phone: Client, url: str, visit: Appointment
) -> None:
    answer = phone.get(f"{url}visit.ics")

    calendar = Calendar.from_ical(answer.content)
    event: Any = calendar.walk("VEVENT")[0]
    assert calendar["method"] == "PUBLISH"
    assert (event["dtstart"].dt, event["dtend"].dt) == (visit.start, visit.end)
    assert str(event["uid"]).startswith(f"visit-{visit.pk}@")
    for secret in ("Tysabri", "natalizumab", "infusion"):
        assert secret not in answer.content.decode()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.CANCELLED, "This visit is cancelled"),
        (Status.NO_SHOW, "We missed you"),
        (Status.ARRIVED, "You have arrived"),
        (Status.DONE, "What helps now, and what to watch for"),
    ],
)
def test_the_page_says_how_the_visit_stands(
    phone: Client, url: str, visit: Appointment, status: str, words: str
) -> None:
    if status == Status.CANCELLED:
        booking.cancel(appointment=visit, reason=Reason.CLINIC, by=None)
    elif status == Status.NO_SHOW:
        booking.set_status(appointment=visit, status=status, reason=Reason.UNREACHED, by=None)
    else:
        Appointment.objects.filter(pk=visit.pk).update(status=status)

    shown = text(phone.get(url))

    assert words in shown
    assert "Yes, I will come" not in shown
    assert "another-time" not in shown


# --- Languages, cost -----------------------------------------------------------------------------


def test_the_page_speaks_the_patients_language_and_can_be_switched(
    client: Client, url: str, visit: Appointment
) -> None:
    visit.patient.language = "es"
    visit.patient.save()

    assert "Fecha de nacimiento" in text(client.get(url))
    assert "Date of birth" in text(client.get(url, {"lang": "en"}))
    client.post(f"{url}open/", BORN)
    shown = text(client.get(url))
    assert "lunes, 7 de diciembre de 2026" in shown
    assert "Tome mucha agua el día anterior y el día de su cita." in shown


def test_every_language_has_every_word_of_the_page() -> None:
    keys = {code: (set(each.page), set(each.answers)) for code, each in languages().items()}

    assert all(each == keys["en"] for each in keys.values())


def test_the_cost_of_the_page_does_not_grow(phone: Client, url: str, visit: Appointment) -> None:
    with CaptureQueriesContext(connection) as few:
        phone.get(url)
    plan = visit.plan
    for number in range(2, 5):
        day = DAY + timedelta(days=28 * number)
        on_floor(visit.clinic, day=day)
        booked(visit.clinic, plan=plan, dose_number=number, day=day)
    with CaptureQueriesContext(connection) as many:
        phone.get(url)

    assert len(many) == len(few) <= 10
