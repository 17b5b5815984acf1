"""The book page: which openings it shows, what one press does, and what a refusal keeps."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Chair, Clinic, Role, User
from patients.models import PlanStatus, TreatmentPlan
from scheduling.booking import book
from scheduling.models import Appointment
from tests.scheduling.pages import HTMX, counting, html_of, opening, openings_in
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db

FAR = DAY + timedelta(days=60)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    """The front desk's browser."""
    client.force_login(front_desk)
    return client


@pytest.fixture
def plan(madison: Clinic) -> TreatmentPlan:
    """Tysabri for Karen Olson, dose 1 due on `DAY`, a day with one nurse."""
    on_floor(madison)
    return make_plan(make_patient(madison, "Olson", "Karen", mrn="M77001", alerts="Latex allergy"))


def url(plan: TreatmentPlan, query: str = "") -> str:
    return reverse("book", args=[plan.pk]) + query


def press(browser: Client, plan: TreatmentPlan, value: str, *, dose: int = 1, **typed: str):
    return browser.post(url(plan), {"dose": dose, "opening": value, **typed})


# --- What it shows -----------------------------------------------------------------------------


def test_it_says_who_what_how_long_and_when_it_is_due(desk: Client, plan: TreatmentPlan) -> None:
    page = html_of(desk, url(plan))

    for said in ("Olson, Karen", "3/14/1975", "M77001", "Latex allergy", "Tysabri dose 1", "150 min", "2 h 30"):
        assert said in page
    assert "Mon Dec 7, 2026" in page
    assert "the ordered start" in page


def test_the_openings_of_a_day_lie_well_apart_and_the_rest_is_one_press_away(desk: Client, plan: TreatmentPlan) -> None:
    page = html_of(desk, url(plan))

    assert len(openings_in(page)) == 3
    assert "24 more times this day" in page
    whole = html_of(desk, url(plan, f"?whole=madison/{DAY}"))
    assert len(openings_in(whole)) == 27


def test_every_opening_shown_can_be_booked(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    booked(madison, "9:00")
    for value in openings_in(html_of(desk, url(plan, f"?whole=madison/{DAY}"))):
        press(desk, plan, value)
        assert Appointment.objects.filter(plan=plan).delete()[0], value


def test_only_clinics_where_one_may_book_are_shown(desk: Client, plan: TreatmentPlan, front_desk: User) -> None:
    wausau, eau_claire = (
        Clinic.objects.create(slug="wausau", name="Wausau"),
        Clinic.objects.create(slug="ec", name="EC"),
    )
    front_desk.memberships.create(clinic=wausau, role=Role.NURSE)
    front_desk.memberships.create(clinic=eau_claire, role=Role.FRONT_DESK)

    page = html_of(desk, url(plan))

    assert 'aria-label="Madison"' in page
    assert 'aria-label="EC"' in page
    assert 'aria-label="Wausau"' not in page


def test_a_caller_may_want_mornings_or_a_weekday(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    on_floor(madison, day=DAY + timedelta(days=1))

    mornings = html_of(desk, url(plan, f"?part=morning&whole=madison/{DAY}"))
    tuesdays = html_of(desk, url(plan, "?weekday=1"))

    assert opening(madison, "11:45") in openings_in(mornings)
    assert opening(madison, "12:00") not in openings_in(mornings)
    assert "Tue Dec 8" in tuesdays
    assert "<span>Mon Dec 7</span>" not in tuesdays


def test_another_week_can_be_looked_at(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    on_floor(madison, day=DAY + timedelta(days=9))

    page = html_of(desk, url(plan, "?week=2026-12-14"))

    assert "Week of Mon Dec 14" in page
    assert "<span>Wed Dec 16</span>" in page
    assert "week=2026-12-07" in page
    assert "week=2026-12-21" in page


@pytest.mark.parametrize(
    "query", ["?dose=x&week=soon&weekday=9&part=night&whole=//&clinic=nowhere", "?week=2026-02-30"]
)
def test_an_address_that_makes_no_sense_still_shows_openings(desk: Client, plan: TreatmentPlan, query: str) -> None:
    assert openings_in(html_of(desk, url(plan, query)))


def test_htmx_gets_the_openings_only(desk: Client, plan: TreatmentPlan) -> None:
    part = html_of(desk, url(plan), headers=HTMX)

    assert part.lstrip().startswith('<div id="openings">')
    assert "Latex allergy" not in part


def test_the_best_opening_carries_the_digit_one(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    TreatmentPlan.objects.filter(pk=plan.pk).update(usual_time="10:00")

    page = html_of(desk, url(plan))

    best = page.index('data-digit="1"')
    assert page.rindex(opening(madison, "10:00"), 0, best)


def test_the_next_dose_is_the_first_that_is_neither_given_nor_booked(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison, given={1: date(2026, 11, 9)})
    booked(madison, "9:00", plan=plan, dose_number=2)

    assert "Tysabri dose 3" in html_of(desk, url(plan))


@pytest.mark.parametrize(
    ("status", "said"), [(PlanStatus.PAUSED, "This plan is paused"), (PlanStatus.ENDED, "This plan is ended")]
)
def test_a_plan_that_does_not_run_has_nothing_to_book(
    desk: Client, plan: TreatmentPlan, status: str, said: str
) -> None:
    TreatmentPlan.objects.filter(pk=plan.pk).update(status=status)

    page = html_of(desk, url(plan))

    assert said in page
    assert not openings_in(page)


def test_the_queries_do_not_grow_with_the_book(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    html_of(desk, url(plan))
    with counting() as few:
        html_of(desk, url(plan))
    for days in range(1, 15):
        on_floor(madison, day=DAY + timedelta(days=days))
        booked(madison, "9:00", day=DAY + timedelta(days=days))
    with counting() as many:
        html_of(desk, url(plan))

    assert max(len(few), len(many)) <= 24 + 3, "one round of reading days more, at most"


# --- Booking -----------------------------------------------------------------------------------


def test_one_press_books_and_says_what(desk: Client, plan: TreatmentPlan, madison: Clinic, front_desk: User) -> None:
    answer = desk.post(url(plan), {"dose": 1, "opening": opening(madison, "9:15")}, follow=True)

    [appointment] = Appointment.objects.all()
    assert (appointment.start, appointment.booked_by) == (at(madison, "9:15"), front_desk)
    assert answer.redirect_chain == [(reverse("patient", args=[plan.patient_id]), 302)]
    assert f"Booked: Mon Dec 7, 9:15 AM, Madison, {appointment.chair}." in answer.content.decode()


def test_a_dose_that_a_colleague_booked_is_not_said_to_be_booked_now(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    colleague = make_user("colleague", Role.FRONT_DESK, madison)
    book(plan=plan, dose_number=1, clinic=madison, start=at(madison, "9:15"), by=colleague)

    answer = press(desk, plan, opening(madison, "9:15"))

    assert answer.status_code == 409
    assert "Dose 1 is booked already, on Mon Dec 7, 2026." in answer.content.decode()


def test_a_time_that_was_just_taken_is_refused_with_the_nearest_ones(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    booked(madison, "9:00")

    answer = press(desk, plan, opening(madison, "9:00"), note="Asked for nine")

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "already starts a patient" in page
    assert openings_in(page)[0] == opening(madison, "9:15")
    assert 'data-digit="1"' in page[: page.index(opening(madison, "9:15")) + 200]
    assert "Asked for nine" in page
    assert Appointment.objects.filter(plan=plan).count() == 0


def test_outside_the_window_it_asks_why_and_keeps_the_choice(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    on_floor(madison, day=FAR)
    value = opening(madison, "9:00", day=FAR)

    asked = press(desk, plan, value)
    page = asked.content.decode()

    assert asked.status_code == 422
    assert "This day lies outside the window. Say why, then book." in page
    assert openings_in(page)[0] == value, "the time that was chosen is the first button, so Enter in the note books it"

    told = press(desk, plan, value, note="In hospital until then")
    assert told.status_code == 302
    assert Appointment.objects.get().note == "In hospital until then"


def test_enter_in_the_note_books_nothing_before_a_time_was_chosen(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    on_floor(madison, day=FAR)

    page = html_of(desk, url(plan, f"?week={FAR}"))

    assert page.index('<button type="submit" disabled hidden>') < page.index('name="opening"')


@pytest.mark.parametrize(
    "value", ["", "madison", "madison/x", "madison/9999999999999", "madison/1/2/3", "madison/1/99999"]
)
def test_a_value_that_is_no_time_is_refused(desk: Client, plan: TreatmentPlan, value: str) -> None:
    answer = press(desk, plan, value)

    assert answer.status_code == 422
    assert "Choose one of the times below." in answer.content.decode()


# --- Who may -----------------------------------------------------------------------------------


def test_a_nurse_may_not_book(client: Client, nurse: User, plan: TreatmentPlan) -> None:
    client.force_login(nurse)

    assert client.get(url(plan)).status_code == 403
    assert client.post(url(plan), {"dose": 1}).status_code == 403


def test_staff_of_another_clinic_learn_nothing(client: Client, stranger: User, plan: TreatmentPlan) -> None:
    client.force_login(stranger)

    assert "Olson" not in html_of(client, url(plan), status=403)


def test_nobody_books_at_a_clinic_where_they_may_not(desk: Client, plan: TreatmentPlan, wausau: Clinic) -> None:
    on_floor(wausau)

    answer = press(desk, plan, opening(wausau, "9:00"))

    assert answer.status_code == 422
    assert Appointment.objects.count() == 0


# --- Another time ------------------------------------------------------------------------------


def another(browser: Client, plan: TreatmentPlan, clinic: Clinic, time: str, **changes: object):
    data = {"clinic": clinic.pk, "day": DAY, "time": time, "chair": "", "override_reason": "Long drive"} | changes
    address = reverse("book_another_time", args=[plan.pk])
    return browser.post(address, {f"other-{name}": value for name, value in data.items()})


def test_the_form_for_another_time_is_read_when_it_is_opened(
    client: Client, manager: User, plan: TreatmentPlan, madison: Clinic
) -> None:
    client.force_login(manager)
    address = reverse("book_another_time", args=[plan.pk])

    page = client.get(url(plan)).content.decode()
    form = client.get(address, headers={"HX-Request": "true"}).content.decode()

    assert f'hx-get="{address}' in page
    assert "other-override_reason" not in page
    assert "other-override_reason" in form
    assert f'value="{plan.start_on}"' in form
    assert "<html" not in form


def test_without_scripts_the_form_for_another_time_is_a_page(
    client: Client, manager: User, plan: TreatmentPlan
) -> None:
    client.force_login(manager)

    page = client.get(reverse("book_another_time", args=[plan.pk])).content.decode()

    assert 'class="sheet another" open' in page
    assert "other-override_reason" in page


def test_a_manager_books_past_closing_with_a_reason(
    client: Client, manager: User, plan: TreatmentPlan, madison: Clinic
) -> None:
    on_floor(madison, "15:00", "19:00")
    client.force_login(manager)

    answer = another(client, plan, madison, "16:00")

    assert answer.status_code == 302
    assert Appointment.objects.get().override_reason == "Long drive"


def test_what_the_manager_typed_is_kept_beside_what_is_wrong(
    client: Client, manager: User, plan: TreatmentPlan, madison: Clinic, wausau: Clinic
) -> None:
    client.force_login(manager)
    chair = Chair.objects.filter(clinic=madison)[0]

    answer = another(client, plan, madison, "09:10", chair=chair.pk, override_reason="")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Appointments start on a quarter hour." in page
    assert "Say why it has to be this time." in page
    assert 'value="09:10"' in page
    assert 'class="sheet another" open' in page


def test_what_no_manager_may_is_refused_in_clinic_words(
    client: Client, manager: User, plan: TreatmentPlan, madison: Clinic
) -> None:
    client.force_login(manager)

    answer = another(client, plan, madison, "18:00")

    assert answer.status_code == 409
    assert "At 6:00 PM no nurse is on the floor." in answer.content.decode()


def test_the_front_desk_has_no_override(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    assert "Book another time" not in html_of(desk, url(plan))
    assert another(desk, plan, madison, "16:00").status_code == 403


# --- From a free chair on the board --------------------------------------------------------------


def here(clinic: Clinic, text: str = "09:00", day: date = DAY) -> str:
    return reverse("book_here", args=[clinic.slug, day, Chair.objects.filter(clinic=clinic)[1].pk, text])


def test_from_a_free_chair_to_a_booking_in_three_steps(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    assert "Chair 2, Mon Dec 7, 9:00 AM" in html_of(desk, here(madison))

    found = desk.post(here(madison), {"q": "olson"}).content.decode()
    assert f'name="choose" value="{plan.pk}/1"' in found
    assert "M77001" in found

    fits = desk.post(here(madison), {"q": "olson", "choose": f"{plan.pk}/1"}).content.decode()
    assert "Mon Dec 7, 9:00–11:30 AM" in fits
    [value] = openings_in(fits)

    done = desk.post(here(madison), {"plan": plan.pk, "dose": 1, "opening": value})
    appointment = Appointment.objects.get()
    assert (done.status_code, done["Location"]) == (302, reverse("board", args=["madison", DAY]))
    assert (appointment.chair.name, appointment.start) == ("Chair 2", at(madison, "9:00"))


def test_beside_the_board_it_stays_in_the_panel_and_the_board_hears(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    chair = Chair.objects.filter(clinic=madison)[1]
    asked = {"plan": plan.pk, "dose": 1, "opening": opening(madison, "9:00", chair=chair)}

    done = desk.post(here(madison), asked, headers=HTMX)

    assert done.headers["HX-Trigger"] == "appointment-changed"
    assert "Booked: Mon Dec 7, 9:00 AM, Madison, Chair 2." in done.content.decode()
    assert desk.get(here(madison), headers=HTMX).headers["HX-Push-Url"] == "false"


def test_a_dose_that_does_not_fit_here_is_told_why_and_what_fits(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    answer = desk.post(here(madison, "15:30"), {"choose": f"{plan.pk}/1"}).content.decode()

    assert "The clinic is closed during part of that time" in answer
    assert opening(madison, "14:30") in openings_in(answer)


def test_a_chair_taken_meanwhile_is_refused_and_nothing_is_booked(
    desk: Client, plan: TreatmentPlan, madison: Clinic
) -> None:
    chair = Chair.objects.filter(clinic=madison)[1]
    on_floor(madison)
    booked(madison, "9:00", chair=chair)

    answer = desk.post(here(madison), {"plan": plan.pk, "dose": 1, "opening": opening(madison, "9:00", chair=chair)})

    assert answer.status_code == 409
    assert "Chair 2 is not free" in answer.content.decode()
    assert openings_in(answer.content.decode())


def test_outside_the_window_a_free_chair_asks_why_too(desk: Client, plan: TreatmentPlan, madison: Clinic) -> None:
    on_floor(madison, day=FAR)
    asked = {"plan": plan.pk, "dose": 1, "opening": opening(madison, "9:00", day=FAR)}

    answer = desk.post(here(madison, day=FAR), asked)

    assert answer.status_code == 422
    assert desk.post(here(madison, day=FAR), {**asked, "note": "Was ill"}).status_code == 302


def test_a_free_chair_shows_no_patients_of_other_clinics(desk: Client, madison: Clinic, wausau: Clinic) -> None:
    strange = make_plan(make_patient(wausau, "Olson", "Secret"))

    assert "Secret" not in desk.post(here(madison), {"q": "olson"}).content.decode()
    assert desk.post(here(madison), {"choose": f"{strange.pk}/1"}).status_code == 403


@pytest.mark.parametrize("clock", ["09:10", "24:00"])
def test_a_place_that_is_no_quarter_hour_is_not_there(desk: Client, madison: Clinic, clock: str) -> None:
    chair = Chair.objects.filter(clinic=madison)[0]

    assert desk.get(f"/book/here/madison/{DAY}/{chair.pk}/{clock}/").status_code == 404


def test_a_chair_of_another_clinic_is_not_there(desk: Client, madison: Clinic, wausau: Clinic) -> None:
    chair = Chair.objects.filter(clinic=wausau)[0]

    assert desk.get(reverse("book_here", args=["madison", DAY, chair.pk, "09:00"])).status_code == 404
    assert desk.get(reverse("book_here", args=["wausau", DAY, chair.pk, "09:00"])).status_code == 403
