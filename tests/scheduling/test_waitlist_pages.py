"""The waitlist's pages: put on, offer, answer; from the patient and from an appointment; who may."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, Role, User
from scheduling import waitlist
from scheduling.booking import cancel
from scheduling.models import Appointment, OfferOutcome, Reason, WaitlistEntry, WaitlistOffer
from scheduling.queries.openings import value_of
from scheduling.waitlist import Wishes
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, make_ready, make_user, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Stand before `DAY`."""
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    """The front desk's browser."""
    client.force_login(front_desk)
    return client


def page(browser: Client, name: str, *args: object) -> str:
    answer = browser.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_dose_is_put_on_the_waitlist_and_its_wishes_are_said(desk: Client, madison: Clinic) -> None:
    plan = make_plan(make_patient(madison, "Olson"))
    add = reverse("waitlist_add", args=[plan.pk, 1])
    assert add in page(desk, "patient", plan.patient_id)

    wishes = {
        "clinics": [madison.pk],
        "weekdays": [1, 3],
        "part": "morning",
        "last_day": "2026-12-18",
        "note": "Retired",
    }
    answer = desk.post(add, wishes)

    entry = WaitlistEntry.objects.get()
    assert answer.headers["Location"] == reverse("waitlist_entry", args=[entry.pk])
    text = page(desk, "waitlist")
    assert "Madison, Tuesdays or Thursdays, mornings, until Fri Dec 18" in text
    assert "Retired" in text
    assert 'value="2026-12-18"' in page(desk, "waitlist_add", plan.pk, 1), "asking again starts from these"


def test_a_wish_that_cannot_be_is_refused_at_its_field(desk: Client, madison: Clinic) -> None:
    plan = make_plan(madison)

    answer = desk.post(reverse("waitlist_add", args=[plan.pk, 1]), {"last_day": "2026-11-01", "note": "kept"})

    assert answer.status_code == 422
    assert "This day has passed." in answer.content.decode()
    assert 'value="kept"' in answer.content.decode()
    assert not WaitlistEntry.objects.exists()


def test_a_dose_that_is_booked_is_told_so(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")

    answer = desk.post(reverse("waitlist_add", args=[appointment.plan_id, 1]), {})

    assert "Dose 1 is booked already" in answer.content.decode()


def test_who_wants_earlier_is_offered_a_time_and_accepts(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "13:00")
    earlier = reverse("waitlist_earlier", args=[appointment.pk])
    assert earlier in page(desk, "appointment", appointment.pk)
    desk.post(earlier, {})
    entry = WaitlistEntry.objects.get()
    assert "8:00 AM" in page(desk, "waitlist_entry", entry.pk)

    value = value_of(madison, at(madison, "8:00"))
    desk.post(reverse("waitlist_entry", args=[entry.pk]), {"opening": value, "hold": "60"})
    held = WaitlistOffer.objects.get()
    assert held.held_until == BEFORE + timedelta(hours=1)
    assert "Held until 10:00 AM" in page(desk, "waitlist_entry", entry.pk)
    answer = desk.post(reverse("offer_answer", args=[held.pk]), {"answer": "yes"})

    assert answer.headers["Location"] == reverse("appointment", args=[appointment.pk])
    appointment.refresh_from_db()
    assert appointment.start == at(madison, "8:00")


def test_a_no_lets_the_chair_go_and_the_patient_waits_on(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    entry = waitlist.add(plan=make_plan(madison), dose_number=1, by=None)
    held = waitlist.offer(entry=entry, clinic=madison, start=at(madison, "9:00"), by=None)

    desk.post(reverse("offer_answer", args=[held.pk]), {"answer": "no"})

    held.refresh_from_db()
    assert held.outcome == OfferOutcome.LET_GO
    assert list(waitlist.waiting()) == [entry]
    again = desk.post(reverse("offer_answer", args=[held.pk]), {"answer": "yes"}, follow=True)
    assert "This offer was let go already." in again.content.decode()


def test_a_time_that_is_taken_meanwhile_is_refused_in_words(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    entry = waitlist.add(plan=make_plan(madison), dose_number=1, by=None)
    booked(madison, "9:00")

    answer = desk.post(reverse("waitlist_entry", args=[entry.pk]), {"opening": value_of(madison, at(madison, "9:00"))})

    assert answer.status_code == 409
    assert "Every nurse on the floor already starts a patient at that time." in answer.content.decode()


def test_who_is_taken_off_is_off(desk: Client, madison: Clinic) -> None:
    entry = waitlist.add(plan=make_plan(make_patient(madison, "Olson")), dose_number=1, by=None)

    desk.post(reverse("waitlist_close", args=[entry.pk]))

    assert "Nobody waits for a time that is not there." in page(desk, "waitlist")
    assert desk.get(reverse("waitlist_entry", args=[entry.pk])).status_code == 404


def test_a_cancelled_appointment_names_who_could_come(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    gone = booked(madison, "9:00")
    waitlist.add(plan=make_ready(make_plan(make_patient(madison, "Olson"))), dose_number=1, by=None)
    cancel(appointment=gone, reason=Reason.WEATHER, by=None)
    part = reverse("who_fits", args=[gone.pk])
    assert part in page(desk, "appointment", gone.pk)

    text = desk.get(part).content.decode()

    assert "Olson, Pat" in text
    assert "Mon Dec 7, 9:00 AM" in text
    assert "fills the time" in text


def test_a_booked_appointment_names_nobody(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    waitlist.add(plan=make_plan(make_patient(madison, "Olson")), dose_number=1, by=None)

    assert "Olson" not in page(desk, "who_fits", booked(madison, "9:00").pk)


def test_a_free_place_of_the_board_names_who_could_come(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    chair = madison.chairs.get(name="Chair 2")
    here = ("madison", DAY, chair.pk, at(madison, "9:00").astimezone(madison.zone).time())
    part = reverse("who_fits_here", args=here)
    assert part in page(desk, "book_here", *here)
    assert desk.get(part).content.decode().strip() == ""

    waitlist.add(plan=make_ready(make_plan(make_patient(madison, "Olson"))), dose_number=1, by=None)

    text = desk.get(part).content.decode()
    assert "Olson, Pat" in text
    assert value_of(madison, at(madison, "9:00"), chair.pk) in text


# --- Who may -----------------------------------------------------------------------------------


def test_nurses_do_not_work_the_waitlist(client: Client, nurse: User, madison: Clinic) -> None:
    on_floor(madison)
    entry = waitlist.add(plan=make_plan(madison), dose_number=1, by=None)
    held = waitlist.offer(entry=entry, clinic=madison, start=at(madison, "9:00"), by=None)
    client.force_login(nurse)

    assert client.get(reverse("waitlist")).status_code == 403
    assert client.get(reverse("waitlist_entry", args=[entry.pk])).status_code == 403
    for name, number in (("waitlist_close", entry.pk), ("offer_answer", held.pk)):
        assert client.post(reverse(name, args=[number]), {"answer": "yes"}).status_code == 403
    assert not Appointment.objects.exists()


def test_staff_of_another_clinic_neither_see_nor_touch_who_waits(
    client: Client, stranger: User, madison: Clinic, wausau: Clinic
) -> None:
    on_floor(madison)
    plan = make_plan(make_patient(madison, "Olson"))
    entry = waitlist.add(plan=plan, dose_number=1, by=None, wishes=Wishes(clinics=[wausau]))
    held = waitlist.offer(entry=entry, clinic=madison, start=at(madison, "9:00"), by=None)
    gone = booked(madison, "12:00")
    client.force_login(stranger)

    assert "Olson" not in page(client, "waitlist")
    assert client.get(reverse("waitlist_entry", args=[entry.pk])).status_code == 404
    assert client.post(reverse("waitlist_close", args=[entry.pk])).status_code == 404
    assert client.post(reverse("offer_answer", args=[held.pk]), {"answer": "yes"}).status_code == 404
    for name, args in (("waitlist_add", [plan.pk, 1]), ("waitlist_earlier", [gone.pk]), ("who_fits", [gone.pk])):
        assert client.get(reverse(name, args=args)).status_code == 403
    here = ["madison", DAY, madison.chairs.get(name="Chair 1").pk, at(madison, "9:00").astimezone(madison.zone).time()]
    assert client.get(reverse("who_fits_here", args=here)).status_code == 403
    held.refresh_from_db()
    assert held.outcome == ""


def test_a_time_at_a_clinic_where_one_does_not_work_cannot_be_offered(
    desk: Client, madison: Clinic, wausau: Clinic
) -> None:
    on_floor(wausau)
    entry = waitlist.add(plan=make_plan(madison), dose_number=1, by=None)

    answer = desk.post(reverse("waitlist_entry", args=[entry.pk]), {"opening": value_of(wausau, at(wausau, "9:00"))})

    assert answer.status_code == 422
    assert not WaitlistOffer.objects.exists()


def test_an_offer_at_another_clinic_is_answered_by_who_works_there(
    client: Client, madison: Clinic, wausau: Clinic
) -> None:
    on_floor(wausau)
    entry = waitlist.add(plan=make_plan(madison), dose_number=1, by=None)
    held = waitlist.offer(entry=entry, clinic=wausau, start=at(wausau, "9:00"), by=None)
    client.force_login(make_user("somebody", Role.FRONT_DESK, madison))

    assert client.post(reverse("offer_answer", args=[held.pk]), {"answer": "yes"}).status_code == 403

    client.force_login(make_user("both", Role.FRONT_DESK, madison, wausau))
    client.post(reverse("offer_answer", args=[held.pk]), {"answer": "yes"})
    assert Appointment.objects.get().clinic == wausau
    assert held.start.date() == DAY
