"""The ledger of numbers and addresses: what was said last holds, for everybody who shares them, at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from clinic.models import Clinic, User
from patients import consent
from patients.models import ContactEntry, ContactKind, ContactPoint, ContactSource
from patients.registering import Contacts, Person, change
from tests.world import make_patient

pytestmark = pytest.mark.django_db

MOBILE = "+17155550100"


@pytest.fixture
def point(madison: Clinic) -> ContactPoint:
    return ContactPoint.objects.create(patient=make_patient(madison), kind=ContactKind.MOBILE, value=MOBILE)


def stop() -> bool:
    return consent.withdraw(value=MOBILE, channel="sms", source=ContactSource.REPLY, words="STOP")


def test_a_number_that_the_patient_gave_may_be_used_until_they_say_no(point: ContactPoint) -> None:
    assert consent.is_allowed(contact_point=point, channel="sms")
    assert stop()
    assert not consent.is_allowed(contact_point=point, channel="sms")


def test_agreeing_again_lifts_an_opt_out(point: ContactPoint, front_desk: User) -> None:
    stop()
    consent.give(
        value=MOBILE, channel="sms", source=ContactSource.STAFF, words="By phone", patient=point.patient, by=front_desk
    )
    assert consent.is_allowed(contact_point=point, channel="sms")
    told = [(entry.change, entry.source, entry.by) for entry in consent.ways_of(patient=point.patient)[0].history]
    assert told == [("given", "staff", front_desk), ("withdrawn", "reply", None)]


def test_an_opt_out_from_texts_leaves_calls_and_email_alone(point: ContactPoint) -> None:
    stop()
    assert consent.is_allowed(contact_point=point, channel="call")


def test_a_second_opt_out_is_no_news(point: ContactPoint) -> None:
    assert stop()
    assert not stop()
    assert ContactEntry.objects.count() == 1


def test_an_opt_out_holds_for_everybody_who_shares_the_number(point: ContactPoint, madison: Clinic) -> None:
    child = ContactPoint.objects.create(patient=make_patient(madison), kind=ContactKind.MOBILE, value=MOBILE)
    stop()
    assert not consent.is_allowed(contact_point=child, channel="sms")


def test_an_opt_out_outlives_the_numbers_removal(point: ContactPoint) -> None:
    stop()
    patient = point.patient
    person = Person.of(patient)
    change(patient=patient, person=person, contacts=Contacts())
    change(patient=patient, person=person, contacts=Contacts(mobile=MOBILE))
    assert not consent.is_allowed(contact_point=patient.contact_points.get(), channel="sms")


def test_a_dead_number_stays_allowed_but_is_not_usable_until_it_works_again(point: ContactPoint) -> None:
    consent.mark_dead(value=MOBILE, channel="sms", source=ContactSource.PROVIDER, words="30005")
    consent.mark_dead(value=MOBILE, channel="sms", source=ContactSource.PROVIDER, words="30005")
    standing = consent.standing_of(value=MOBILE, channel="sms")
    assert (standing.is_allowed, standing.is_usable) == (True, False)
    assert ContactEntry.objects.count() == 1
    consent.mark_alive(value=MOBILE, channel="sms", source=ContactSource.STAFF)
    assert consent.standing_of(value=MOBILE, channel="sms").is_usable


def test_many_numbers_are_looked_up_in_one_query(point: ContactPoint, django_assert_num_queries) -> None:
    stop()
    values = [MOBILE, *(f"+1715555{number:04}" for number in range(50))]
    with django_assert_num_queries(1):
        found = consent.standings(values=values)
    assert not found[MOBILE, "sms"].is_allowed
    assert found["+17155550001", "sms"].is_usable


@pytest.mark.django_db(transaction=True)
def test_two_opt_outs_at_once_are_one_entry_and_wait_for_whoever_holds_the_number(point: ContactPoint) -> None:
    held = threading.Event()

    def from_another_session() -> bool:
        held.wait(5)
        try:
            return stop()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            consent.lock(MOBILE)
            both = [pool.submit(from_another_session) for _ in range(2)]
            held.set()
            assert not any(each.done() for each in both)
        assert sorted(each.result(10) for each in both) == [False, True]
    assert ContactEntry.objects.count() == 1
