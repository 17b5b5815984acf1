"""Emergency access: one record, one hour, to read, and everybody hears of it."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry, What
from clinic.models import Clinic, Role, User
from patients import emergency
from patients.errors import Refused
from patients.models import EmergencyAccess, Patient
from scheduling.models import Appointment
from tests.scheduling.pages import HTMX
from tests.world import BEFORE, booked, make_patient, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db

WHY = "Short of breath, drug unknown"
ASKED = {"known_as": "M77001", "birth_date": "3/14/1975", "reason": WHY}


@pytest.fixture(autouse=True)
def hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as traveller:
        cache.clear()
        yield traveller


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    """Karen Olson is treated in Madison."""
    on_floor(madison)
    return booked(madison, plan=make_plan(make_patient(madison, "Olson", "Karen", mrn="M77001")))


@pytest.fixture
def karen(visit: Appointment) -> Patient:
    return visit.patient


@pytest.fixture
def rescuer(wausau: Clinic) -> User:
    """A charge nurse in Wausau, who may book there."""
    return make_user("rescuer", Role.CHARGE_NURSE, wausau)


@pytest.fixture
def browser(rescuer: User) -> Client:
    client = Client()
    client.force_login(rescuer)
    return client


def status(browser: Client, name: str, *args: Any, **headers: str) -> int:
    return browser.get(reverse(name, args=args), headers=headers).status_code


def test_a_nurse_of_another_clinic_opens_the_record_with_a_reason_and_it_says_so(
    browser: Client, karen: Patient
) -> None:
    assert status(browser, "patient", karen.pk) == 403

    answer = browser.post(reverse("emergency"), ASKED)

    assert answer["Location"] == reverse("patient", args=[karen.pk])
    page = browser.get(answer["Location"]).content.decode()
    assert "Olson, Karen" in page
    assert "Emergency access until 10:00 AM" in page
    assert WHY in page


@pytest.mark.parametrize("known_as", ["m77001", "olson", " Olson "])
def test_two_identifiers_as_people_say_them_find_the_patient(rescuer: User, karen: Patient, known_as: str) -> None:
    access = emergency.open_record(by=rescuer, known_as=known_as, birth_date=karen.birth_date, reason=WHY)

    assert access.patient == karen


def test_the_record_closes_after_an_hour_or_when_it_is_given_back(
    browser: Client, karen: Patient, visit: Appointment, hand: time_machine.Traveller
) -> None:
    browser.post(reverse("emergency"), ASKED)
    hand.shift(timedelta(minutes=59, seconds=59))
    assert status(browser, "patient", karen.pk) == 200
    hand.shift(timedelta(seconds=1))
    for name, pk in (("patient", karen.pk), ("appointment", visit.pk), ("appointment_messages", visit.pk)):
        assert status(browser, name, pk) == 403
    assert status(browser, "plan_clearances", visit.plan_id) == 404

    browser.post(reverse("emergency"), ASKED)
    assert status(browser, "patient", karen.pk) == 200
    browser.post(reverse("emergency_close", args=[EmergencyAccess.objects.latest("opened_at").pk]))
    assert status(browser, "patient", karen.pk) == 403


def test_it_opens_this_patient_to_this_person_alone(browser: Client, karen: Patient, wausau: Clinic) -> None:
    other = make_patient(karen.home_clinic, "Berg")
    browser.post(reverse("emergency"), ASKED)
    colleague = Client()
    colleague.force_login(make_user("colleague", Role.NURSE, wausau))

    assert status(browser, "patient", other.pk) == 403
    assert status(colleague, "patient", karen.pk) == 403
    assert colleague.post(reverse("emergency_close", args=[EmergencyAccess.objects.get().pk])).status_code == 404


def test_what_is_needed_to_treat_can_be_read_and_nothing_can_be_changed(
    browser: Client, karen: Patient, visit: Appointment
) -> None:
    browser.post(reverse("emergency"), ASKED)
    before = Entry.objects.filter(what__in=[What.INSERT, What.UPDATE, What.DELETE]).exclude(
        table_name__startswith="clinic_"
    )
    count = before.count()

    for name, pk in (("appointment", visit.pk), ("appointment_messages", visit.pk), ("plan_clearances", visit.plan_id)):
        assert status(browser, name, pk) == 200
    assert status(browser, "appointment", visit.pk, **HTMX) == 200
    page = browser.get(reverse("patient", args=[karen.pk])).content.decode()
    shut = [
        *((name, visit.plan_id) for name in ("book", "book_series", "plan_edit", "dose_given_new")),
        *((name, karen.pk) for name in ("patient_edit", "plan_new", "patient_history", "patient_looked")),
        *((name, karen.pk) for name in ("patient_contacts", "patient_authorizations")),
        *((name, visit.pk) for name in ("appointment_move", "waitlist_earlier", "appointment_shift")),
    ]
    for name, pk in shut:
        address = reverse(name, args=[pk])
        assert browser.get(address).status_code in {403, 404}, name
        assert browser.post(address).status_code in {403, 404, 405}, name
        assert f'"{address}' not in page, name
    acts = ("status", "clear", "reaction", "confirm", "chair", "cancel", "extend")
    for name in (*(f"appointment_{act}" for act in acts), "patient_page_link"):
        assert browser.post(reverse(name, args=[visit.pk]), {"status": "arrived"}).status_code == 403, name
    assert browser.post(reverse("plan_clearances", args=[visit.plan_id]), {"code": "jcv"}).status_code == 403
    assert before.count() == count


def test_it_is_shouted_in_the_trail_and_the_log_with_who_and_why(
    browser: Client, rescuer: User, karen: Patient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="patients.emergency"):
        browser.post(reverse("emergency"), ASKED)
    browser.get(reverse("patient", args=[karen.pk]))

    trail = list(Entry.objects.filter(patient_id=karen.pk, origin__by=rescuer.pk).order_by("id"))
    assert [(one.what, one.table_name) for one in trail] == [
        ("insert", "patients_emergencyaccess"),
        ("emergency", ""),
        ("seen", ""),
    ]
    assert (trail[1].origin or {})["why"] == WHY
    assert "Emergency access" in caplog.text
    assert "Olson" not in caplog.text
    assert str(karen.mrn) not in caplog.text


def test_managers_of_the_patients_clinic_are_told_on_every_page_until_one_has_looked(
    browser: Client, rescuer: User, karen: Patient, manager: User, stranger: User, nurse: User
) -> None:
    browser.post(reverse("emergency"), ASKED)
    people = {}
    for user in (manager, stranger, nurse):
        people[user.username] = Client()
        people[user.username].force_login(user)
    told = "1 emergency access</strong>"
    assert "Look at it<" in people["manager"].get(reverse("staff")).content.decode()

    assert told in people["manager"].get(reverse("staff")).content.decode()
    assert told not in people["stranger"].get(reverse("staff")).content.decode()
    assert told not in people["nurse"].get(reverse("patient_search")).content.decode()
    listed = people["manager"].get(reverse("emergencies")).content.decode()
    assert all(words in listed for words in ("Olson, Karen", rescuer.label, WHY))
    assert "Olson" not in people["stranger"].get(reverse("emergencies")).content.decode()
    looked = people["manager"].get(reverse("patient_looked", args=[karen.pk])).content.decode()
    assert "Opened in an emergency" in looked

    reviewed = reverse("emergency_reviewed", args=[EmergencyAccess.objects.get().pk])
    assert people["stranger"].post(reviewed).status_code == 403
    people["manager"].post(reviewed)

    assert told not in people["manager"].get(reverse("staff")).content.decode()
    assert EmergencyAccess.objects.get().reviewed_by == manager


def test_only_those_who_treat_may_and_only_for_an_hour_of_their_role(
    karen: Patient, wausau: Clinic, rescuer: User
) -> None:
    admin = make_user("admin", Role.ADMINISTRATOR, wausau)
    with pytest.raises(Refused, match="role"):
        emergency.open_record(by=admin, known_as="Olson", birth_date=karen.birth_date, reason=WHY)

    emergency.open_record(by=rescuer, known_as="Olson", birth_date=karen.birth_date, reason=WHY)
    rescuer.memberships.all().delete()

    assert emergency.open_now(user=User.objects.get(pk=rescuer.pk), patient=karen) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": "why not"}, "Say in a sentence"),
        ({"known_as": "Ols"}, "No patient has"),
        ({"known_as": "M7700"}, "No patient has"),
        ({"birth_date": "3/15/1975"}, "No patient has"),
        ({"birth_date": "soon"}, "Enter a date such as"),
    ],
)
def test_a_guess_opens_nothing_and_is_in_the_trail(
    browser: Client, karen: Patient, wrong: dict[str, str], said: str
) -> None:
    answer = browser.post(reverse("emergency"), ASKED | wrong)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not EmergencyAccess.objects.exists()
    assert Entry.objects.filter(what=What.REFUSED).exists() == ("No patient" in said)


def test_namesakes_born_on_one_day_are_told_apart_by_their_numbers(rescuer: User, karen: Patient) -> None:
    make_patient(karen.home_clinic, "Olson", birth_date=karen.birth_date)

    with pytest.raises(Refused, match="Several"):
        emergency.open_record(by=rescuer, known_as="Olson", birth_date=karen.birth_date, reason=WHY)
    assert emergency.open_record(by=rescuer, known_as="M77001", birth_date=karen.birth_date, reason=WHY)


def test_nobody_looks_for_people_this_way(browser: Client, karen: Patient) -> None:
    answers = [browser.post(reverse("emergency"), ASKED | {"known_as": f"M{n}"}).status_code for n in range(11)]

    assert answers == [422] * 10 + [429]
    assert browser.post(reverse("emergency"), ASKED).status_code == 429


def test_the_database_knows_no_longer_hour_and_no_emergency_without_a_reason(rescuer: User, karen: Patient) -> None:
    facts = {"patient": karen, "by": rescuer, "reason": WHY, "opened_at": BEFORE, "ends_at": BEFORE}
    for wrong in (
        {"ends_at": BEFORE + timedelta(minutes=61)},
        {"ends_at": BEFORE - timedelta(minutes=1)},
        {"reason": "          "},
        {"reviewed_by": rescuer, "reviewed_at": BEFORE},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            EmergencyAccess.objects.create(**facts | wrong)
