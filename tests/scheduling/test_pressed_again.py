"""The same button pressed again, because its answer was lost: done once, and answered as it was the first time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from clinic.models import Absence, Chair, Clinic, Press, Role, Shift, User
from clinic.once import presses
from clinic.tasks import forget_old_presses
from patients.models import Authorization, DoseGiven, Patient, TreatmentPlan
from scheduling import waitlist
from scheduling.models import Appointment, WaitlistOffer
from scheduling.undoing import remember
from tests.patients.test_pages import NEW
from tests.scheduling.pages import HTMX, opening
from tests.scheduling.test_series_page import choices_on
from tests.scheduling.test_staffing_page import HOURS, TODAY
from tests.world import (
    BEFORE,
    DAY,
    at,
    booked,
    clock,
    make_nurse,
    make_patient,
    make_plan,
    make_user,
    on_floor,
    therapy,
)

pytestmark = pytest.mark.django_db

KEY = re.compile(r'name="once" value="([^"]+)"')


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def browser(client: Client, manager: User) -> Client:
    """Of the manager, who may do everything here."""
    client.force_login(manager)
    return client


@dataclass(frozen=True)
class Form:
    """A form on a page, and what counts what it writes."""

    page: str
    data: dict[str, Any]
    counted: Callable[[], object]
    address: str = ""
    """Where it is sent, if not to its page."""
    said: str = ""
    asked: dict[str, str] = field(default_factory=dict)
    """What is posted to get the page, if anything."""
    headers: dict[str, str] = field(default_factory=dict)


def count(model: type[Model], **which: Any) -> Callable[[], object]:
    return lambda: model._default_manager.filter(**which).count()


def key_on(browser: Client, form: Form) -> str:
    """The key of the form that is sent to the same address, else of the page's first."""
    ask = partial(browser.post, data=form.asked) if form.asked else browser.get
    html = ask(form.page, headers=form.headers).content.decode()
    forms = re.findall(r"<form\b.*?</form>", html, re.DOTALL)
    mine = [each for each in forms if f'"{form.address or form.page}' in each.split(">")[0]] or forms
    return next(found[1] for each in mine if (found := KEY.search(each)))


def a_dose_on_the_book_page(clinic: Clinic) -> Form:
    page = reverse("book", args=[make_plan(clinic).pk])
    return Form(page, {"dose": 1, "opening": opening(clinic, "9:15")}, count(Appointment), said="Booked: Mon Dec 7")


def a_time_past_closing(clinic: Clinic) -> Form:
    plan = make_plan(clinic)
    data = {
        "other-clinic": clinic.pk,
        "other-day": DAY,
        "other-time": "09:15",
        "other-override_reason": "The patient asked.",
    }
    return Form(
        reverse("book", args=[plan.pk]),
        data,
        count(Appointment),
        reverse("book_another_time", args=[plan.pk]),
        "Booked",
    )


def a_dose_on_the_board(clinic: Clinic) -> Form:
    plan, chair = make_plan(clinic), clinic.chairs.first()
    assert chair
    page = reverse("book_here", args=[clinic.slug, DAY, chair.pk, clock("9:15")])
    data = {"plan": plan.pk, "dose": 1, "opening": opening(clinic, "9:15", chair=chair)}
    return Form(
        page, data, count(Appointment), said="Booked: Mon Dec 7", asked={"choose": f"{plan.pk}/1"}, headers=HTMX
    )


def a_move(clinic: Clinic) -> Form:
    """Each move would tell the patient anew: its version says how often."""
    one = booked(clinic, "9:00")
    return Form(
        reverse("appointment_move", args=[one.pk]),
        {"opening": opening(clinic, "11:00")},
        lambda: Appointment.objects.get().version,
        said="Moved to Mon Dec 7, 11:00 AM",
        headers=HTMX,
    )


def a_cancellation(clinic: Clinic) -> Form:
    one = booked(clinic, "9:00")
    return Form(
        reverse("appointment", args=[one.pk]),
        {"reason": "weather"},
        count(Appointment, status="cancelled"),
        reverse("appointment_cancel", args=[one.pk]),
        "Cancelled. Chair and nurse are free again.",
        headers=HTMX,
    )


def a_longer_stay(clinic: Clinic) -> Form:
    one = booked(clinic, "9:00")
    return Form(
        reverse("appointment", args=[one.pk]),
        {"minutes": "15"},
        lambda: Appointment.objects.get().end == at(clinic, "11:45"),
        reverse("appointment_extend", args=[one.pk]),
        "The stay now ends at 11:45 AM.",
        headers=HTMX,
    )


def an_undoing(clinic: Clinic, manager: User) -> Form:
    one = booked(clinic, "9:00")
    token = remember(done="booked", before=one, after=one, by=manager)
    # The button comes with what was done: any page lends its key.
    page = reverse("book", args=[make_plan(clinic).pk])
    return Form(page, {"token": token}, count(Appointment, status="cancelled"), reverse("undo"), "Undone.")


def a_chair_held(clinic: Clinic) -> Form:
    entry = waitlist.add(plan=make_plan(clinic), dose_number=1, by=None)
    data = {"opening": opening(clinic, "9:15", chair=clinic.chairs.first()), "hold": "120"}
    return Form(reverse("waitlist_entry", args=[entry.pk]), data, count(WaitlistOffer), said="is held until")


def an_offer_accepted(clinic: Clinic) -> Form:
    entry = waitlist.add(plan=make_plan(clinic), dose_number=1, by=None)
    made = waitlist.offer(entry=entry, clinic=clinic, start=at(clinic, "9:15"), by=None)
    return Form(
        reverse("waitlist_entry", args=[entry.pk]),
        {"answer": "yes"},
        count(Appointment),
        reverse("offer_answer", args=[made.pk]),
        "Booked: Mon Dec 7",
    )


def a_patient(clinic: Clinic) -> Form:
    return Form(reverse("patient_new"), {**NEW, "home_clinic": clinic.pk}, count(Patient), said="is registered")


def a_plan(clinic: Clinic) -> Form:
    return Form(
        reverse("plan_new", args=[make_patient(clinic).pk]),
        {"therapy": therapy().pk, "start_on": "12/7/2026"},
        count(TreatmentPlan),
        said="is started for",
    )


def a_dose_given(clinic: Clinic) -> Form:
    plan = make_plan(clinic)
    data = {"dose_number": "1", "given_on": "11/20/2026"}
    return Form(reverse("dose_given_new", args=[plan.pk]), data, count(DoseGiven), said="is on record")


def an_authorization(clinic: Clinic) -> Form:
    plan = make_plan(clinic)
    data = {
        "plan": plan.pk,
        "payer": "Badger Mutual",
        "number": "PA-1",
        "valid_from": "11/1/2026",
        "valid_until": "6/1/2027",
    }
    return Form(
        reverse("patient_authorizations", args=[plan.patient_id]), data, count(Authorization), said="is on record"
    )


def a_sick_call(clinic: Clinic) -> Form:
    shift = on_floor(clinic)
    data = {"reason": "Sick", "starts": "08:00", "ends": "17:00", **TODAY}
    return Form(reverse("shift_off", args=[shift.pk]), data, count(Absence), said=" is off ", headers=HTMX)


def a_shift(clinic: Clinic) -> Form:
    nurse = make_nurse(clinic)
    page = reverse("shift_add", args=[clinic.slug, DAY])
    return Form(page, {"nurse": nurse.pk, **HOURS}, count(Shift), said=" works ")


def a_shift_removed(clinic: Clinic) -> Form:
    shift = on_floor(clinic)
    return Form(reverse("shift_remove", args=[shift.pk]), {}, count(Shift), said="does not work on")


def a_chair(clinic: Clinic) -> Form:
    page = reverse("chair_add", args=[clinic.slug])
    return Form(page, {"name": "Chair 9", "kind": "recliner"}, count(Chair, name="Chair 9"))


FORMS = (
    a_dose_on_the_book_page,
    a_time_past_closing,
    a_dose_on_the_board,
    a_move,
    a_cancellation,
    a_longer_stay,
    a_chair_held,
    an_offer_accepted,
    a_patient,
    a_plan,
    a_dose_given,
    an_authorization,
    a_sick_call,
    a_shift,
    a_shift_removed,
    a_chair,
)


def press(browser: Client, form: Form, key: str) -> Any:
    return browser.post(form.address or form.page, {**form.data, "once": key}, headers=form.headers)


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
def test_done_once_and_answered_again(browser: Client, madison: Clinic, make: Callable[[Clinic], Form]) -> None:
    on_floor(madison)
    form = make(madison)
    key, before = key_on(browser, form), form.counted()

    first = press(browser, form, key)
    after = form.counted()
    again = press(browser, form, key)

    assert first.status_code in {200, 302}, first.content.decode()
    assert after != before
    assert form.counted() == after
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert what_follows(again) == what_follows(first)
    assert form.said in (again.content.decode() if again.status_code == 200 else said_next(browser, again["Location"]))


def what_follows(answer: Any) -> dict[str, str]:
    """Where an answer leads, and what it sets off in the page."""
    return {name: value for name, value in answer.headers.items() if name == "Location" or name.startswith("HX-")}


def said_next(browser: Client, address: str) -> str:
    return " ".join(browser.get(address).content.decode().split())


def test_undone_once(browser: Client, madison: Clinic, manager: User) -> None:
    on_floor(madison)
    form = an_undoing(madison, manager)
    key = key_on(browser, form)

    first, again = (press(browser, form, key) for _ in range(2))

    assert form.counted() == 1
    assert again["Location"] == first["Location"] == reverse("patient", args=[Appointment.objects.get().patient_id])
    assert said_next(browser, again["Location"]).count("Undone. The dose is not booked") == 2


def test_a_whole_series_is_booked_once(browser: Client, madison: Clinic) -> None:
    for days in range(90):
        on_floor(madison, day=DAY + timedelta(days=days))
    plan = make_plan(madison)
    page = reverse("book_series", args=[plan.pk]) + "?count=2"
    form = Form(page, choices_on(browser.get(page).content.decode()), count(Appointment), said="Booked 2 doses")
    key = key_on(browser, form)

    first, again = (press(browser, form, key) for _ in range(2))

    assert form.counted() == 2
    assert again["Location"] == first["Location"]
    assert said_next(browser, again["Location"]).count("Booked 2 doses of Tysabri") == 2


def test_without_a_key_a_move_moves_and_tells_again(browser: Client, madison: Clinic) -> None:
    """What the key is for. If this fails, something else holds now, and the key is one guard too many."""
    on_floor(madison)
    form = a_move(madison)

    for _ in range(3):
        browser.post(form.page, form.data, headers=HTMX)

    assert form.counted() == 1 + 3


# --- What is the same press ----------------------------------------------------------------------


@pytest.fixture
def form(browser: Client, madison: Clinic) -> Form:
    return a_patient(madison)


def test_other_words_behind_the_same_key_are_another_press(browser: Client, form: Form) -> None:
    key = key_on(browser, form)
    press(browser, form, key)

    twin = {**form.data, "given_name": "Berta", "mrn": "A1022"}
    browser.post(form.page, {**twin, "once": key})

    assert form.counted() == 2


def test_the_key_of_somebody_else_is_of_no_use(browser: Client, form: Form, madison: Clinic) -> None:
    key = key_on(browser, form)
    press(browser, form, key)
    other = Client()
    other.force_login(make_user("other", Role.FRONT_DESK, madison))

    answer = press(other, form, key)

    assert answer.status_code == 422, "refused as any second patient with this MRN"
    assert "Another patient has this MRN" in answer.content.decode()


def test_what_is_refused_can_be_put_right_and_sent_with_the_same_key(browser: Client, form: Form) -> None:
    key = key_on(browser, form)
    wrong = browser.post(form.page, {**form.data, "family_name": "", "once": key})
    assert wrong.status_code == 422
    assert Press.objects.count() == 0

    assert press(browser, form, key).status_code == 302


def test_sent_again_from_behind_a_locked_screen_it_is_the_same_press(browser: Client, form: Form) -> None:
    key = key_on(browser, form)
    first = press(browser, form, key)

    again = browser.post(form.page, {**form.data, "once": key, "csrfmiddlewaretoken": "another", "unlock": "1234"})

    assert (again.status_code, again["Location"]) == (302, first["Location"])


def test_every_form_has_a_key_of_its_own(browser: Client, form: Form) -> None:
    assert key_on(browser, form) != key_on(browser, form)


# --- What is kept --------------------------------------------------------------------------------


def test_when_the_change_is_taken_back_so_is_the_press(
    browser: Client, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.raise_request_exception = False
    key = key_on(browser, form)
    with monkeypatch.context() as broken:
        broken.setattr(presses, "_kept", lambda *_, **__: 1 / 0)
        assert press(browser, form, key).status_code == 500

    assert (form.counted(), Press.objects.count()) == (0, 0)
    assert press(browser, form, key).status_code == 302


def test_an_answer_that_shows_a_patient_again_is_in_the_trail_again(browser: Client, madison: Clinic) -> None:
    from clinic.audit.models import Entry

    on_floor(madison)
    form = a_move(madison)
    key = key_on(browser, form)
    looks = Entry.objects.filter(what="seen", patient_id=Appointment.objects.get().patient_id)
    before = looks.count()

    press(browser, form, key)
    once = looks.count() - before
    press(browser, form, key)

    assert once == 1
    assert looks.count() - before == 2


def test_answers_are_forgotten_after_a_day(browser: Client, form: Form, clock_hand: time_machine.Traveller) -> None:
    press(browser, form, key_on(browser, form))
    clock_hand.shift(presses.KEPT - timedelta(minutes=1))
    forget_old_presses()
    assert Press.objects.count() == 1

    clock_hand.shift(timedelta(minutes=2))
    forget_old_presses()

    assert Press.objects.count() == 0
