"""One appointment: what it says, each action in the panel and without scripts, refusals, and who may."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Chair, Clinic, User
from patients.models import DoseGiven
from scheduling.booking import confirm, set_status
from scheduling.models import Appointment, Status
from scheduling.restaffing import take_off
from tests.scheduling.pages import HTMX, counting, html_of, opening, openings_in
from tests.world import BEFORE, DAY, at, booked, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

FAR = DAY + timedelta(days=60)


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    """Stand before `DAY`."""
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    """Karen Olson's first Tysabri, 9:00 to 11:30 on `DAY`, cared for by Ana Lopez."""
    on_floor(madison, nurse=make_nurse(madison, "Ana Lopez"))
    return booked(madison, "9:00", plan=make_plan(make_patient(madison, "Olson", "Karen", mrn="M77001")))


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    """The front desk's browser."""
    client.force_login(front_desk)
    return client


@pytest.fixture
def on_the_day(
    clock_hand: time_machine.Traveller, desk: Client, front_desk: User, visit: Appointment, madison: Clinic
) -> Client:
    """The front desk at 9:00 on `DAY`."""
    clock_hand.move_to(at(madison, "9:00"))
    desk.force_login(front_desk)
    return desk


def url(visit: Appointment, action: str = "") -> str:
    return reverse(f"appointment{'_' if action else ''}{action}", args=[visit.pk])


def act(browser: Client, visit: Appointment, action: str, **data: object):
    """An action in the panel beside the board."""
    return browser.post(url(visit, action), data, headers=HTMX)


def said(answer) -> str:
    return answer.content.decode()


# --- What it says ------------------------------------------------------------------------------


def test_it_says_who_what_when_where_and_who_cares(desk: Client, visit: Appointment) -> None:
    page = html_of(desk, url(visit))

    for words in ("Olson, Karen", "3/14/1975", "M77001", "Mon Dec 7", "9:00–11:30 AM", "2 h 30", "Chair 1", "Tysabri"):
        assert words in page
    assert "<strong>Ana Lopez</strong> cares throughout" in page


def test_the_phases_stand_with_their_clock_times(desk: Client, visit: Appointment) -> None:
    page = html_of(desk, url(visit))

    for words in ("9:00–9:15 AM", "9:15–10:15 AM", "10:15–11:15 AM", "11:15–11:30 AM", "Discharge and cleaning"):
        assert words in page


def test_it_says_who_covers_the_break(desk: Client, madison: Clinic) -> None:
    on_floor(madison, breaks=[("12:00", "12:30")], nurse=make_nurse(madison, "Ana Lopez"))
    on_floor(madison, "12:00", "12:30", nurse=make_nurse(madison, "Ben Kurz"))
    page = html_of(desk, url(booked(madison, "11:00")))

    assert "<strong>Ben Kurz</strong> covers the break" in page
    assert "<strong>Ana Lopez</strong> is back" in page


def test_a_stay_that_has_no_nurse_says_from_when_to_when(
    desk: Client, visit: Appointment, madison: Clinic, manager: User
) -> None:
    [care] = visit.assignments.all()
    take_off(nurse=care.nurse, start=at(madison, "10:00"), end=at(madison, "17:00"), reason="Sick", by=manager)

    page = html_of(desk, url(visit))

    assert "No nurse 10:00–11:30 AM" in page
    assert "flag-short" in page


def test_the_panel_gets_the_card_without_the_frame(desk: Client, visit: Appointment) -> None:
    card = html_of(desk, url(visit), headers=HTMX)

    assert card.lstrip().startswith('<section class="visit"')
    assert "<html" not in card


def test_the_queries_are_the_same_for_a_long_story(
    desk: Client, visit: Appointment, madison: Clinic, clock_hand: time_machine.Traveller, front_desk: User
) -> None:
    with counting() as few:
        html_of(desk, url(visit))
    clock_hand.move_to(at(madison, "9:00"))
    for status in (Status.ARRIVED, Status.BOOKED, Status.ARRIVED, Status.SEATED, Status.INFUSING):
        set_status(appointment=visit, status=status, by=front_desk)
    on_floor(madison)
    desk.force_login(front_desk)
    html_of(desk, url(visit))
    with counting() as many:
        html_of(desk, url(visit))

    assert len(few) == len(many) <= 12


# --- Following the visit -------------------------------------------------------------------------


def test_a_day_that_has_not_come_has_no_status_buttons(desk: Client, visit: Appointment) -> None:
    assert 'name="status"' not in html_of(desk, url(visit))


def test_each_press_moves_the_patient_on_and_the_board_hears(on_the_day: Client, visit: Appointment) -> None:
    for status, next_button in (("arrived", "seated"), ("seated", "infusing"), ("infusing", "observing")):
        answer = act(on_the_day, visit, "status", status=status)
        assert answer.status_code == 200
        assert answer.headers["HX-Trigger"] == "appointment-changed"
        assert f'name="status" value="{next_button}"' in said(answer)
    visit.refresh_from_db()
    assert visit.status == Status.INFUSING


def test_done_puts_the_dose_on_record(on_the_day: Client, visit: Appointment) -> None:
    for status in ("arrived", "seated", "infusing", "done"):
        act(on_the_day, visit, "status", status=status)

    assert DoseGiven.objects.get().given_on == DAY


def test_without_scripts_it_comes_back_to_the_page_and_says_so(on_the_day: Client, visit: Appointment) -> None:
    answer = on_the_day.post(url(visit, "status"), {"status": "arrived"}, follow=True)

    assert answer.redirect_chain == [(url(visit), 302)]
    assert "Arrived at 9:00 AM." in said(answer)


def test_a_step_that_a_colleague_was_faster_with_is_refused_kindly(
    on_the_day: Client, visit: Appointment, front_desk: User
) -> None:
    set_status(appointment=visit, status=Status.ARRIVED, by=front_desk)
    set_status(appointment=visit, status=Status.SEATED, by=front_desk)

    answer = act(on_the_day, visit, "status", status="no_show", reason="weather")

    assert answer.status_code == 409
    assert "The patient is seated" in said(answer)
    assert 'name="status" value="infusing"' in said(answer), "the card shows how it stands now"


def test_a_missed_visit_needs_its_reason(on_the_day: Client, visit: Appointment) -> None:
    asked = act(on_the_day, visit, "status", status="no_show", note="Phone is off")
    assert asked.status_code == 422
    assert "Choose the reason." in said(asked)
    assert 'value="Phone is off"' in said(asked)

    act(on_the_day, visit, "status", status="no_show", reason="unreached", note="Phone is off")
    visit.refresh_from_db()
    assert (visit.status, visit.reason, visit.note) == (Status.NO_SHOW, "unreached", "Phone is off")


# --- Confirming, cancelling, running longer ----------------------------------------------------------


def test_the_patient_said_they_will_come(desk: Client, visit: Appointment) -> None:
    answer = act(desk, visit, "confirm")

    assert "Confirmed" in said(answer)
    assert "Unconfirmed" not in said(answer)
    visit.refresh_from_db()
    assert visit.confirmed_at is not None


def test_cancelling_takes_a_coded_reason_and_keeps_the_note(desk: Client, visit: Appointment) -> None:
    asked = act(desk, visit, "cancel", reason="", note="Called at noon")
    assert asked.status_code == 422
    assert 'value="Called at noon"' in said(asked)

    answer = act(desk, visit, "cancel", reason="transport", note="Called at noon")
    assert "Cancelled. Chair and nurse are free again." in said(answer)
    assert "No transport" in said(answer)
    visit.refresh_from_db()
    assert (visit.status, visit.note) == (Status.CANCELLED, "Called at noon")


def test_a_stay_runs_longer_when_chair_and_nurse_are_free(on_the_day: Client, visit: Appointment) -> None:
    answer = act(on_the_day, visit, "extend", minutes=30)

    assert "The stay now ends at 12:00 PM." in said(answer)
    assert "Runs longer" in said(answer)


def test_who_is_in_the_way_of_running_longer_is_named_and_linked(
    on_the_day: Client, visit: Appointment, madison: Clinic
) -> None:
    other = booked(madison, "11:30", plan=make_plan(make_patient(madison, "Lund", "Ida")), chair=visit.chair)

    answer = act(on_the_day, visit, "extend", minutes=15)

    assert answer.status_code == 409
    assert "Lund, Ida at 11:30 AM" in said(answer)
    assert url(other) in said(answer)


@pytest.mark.parametrize("minutes", ["", "7", "600", "x"])
def test_only_the_lengths_on_the_buttons_are_taken(on_the_day: Client, visit: Appointment, minutes: str) -> None:
    assert act(on_the_day, visit, "extend", minutes=minutes).status_code == 409


# --- Moving ------------------------------------------------------------------------------------


def test_the_times_near_the_present_one_come_first_but_not_that_one(
    desk: Client, visit: Appointment, madison: Clinic
) -> None:
    offered = openings_in(html_of(desk, url(visit, "move")))

    assert offered
    assert opening(madison, "9:00") not in offered
    assert opening(madison, "9:15") in offered


def test_moving_says_where_to_and_takes_the_confirmation_away(
    desk: Client, visit: Appointment, madison: Clinic, front_desk: User
) -> None:
    confirm(appointment=visit, by=front_desk)

    answer = act(desk, visit, "move", opening=opening(madison, "13:00"))

    visit.refresh_from_db()
    assert "Moved to Mon Dec 7, 1:00 PM, Madison" in said(answer)
    assert answer.headers["HX-Trigger"] == "appointment-changed"
    assert (visit.start, visit.confirmed_at) == (at(madison, "13:00"), None)


def test_a_move_that_cannot_be_leaves_everything_and_shows_other_times(
    desk: Client, visit: Appointment, madison: Clinic
) -> None:
    booked(madison, "13:00")

    answer = act(desk, visit, "move", opening=opening(madison, "13:00"))

    assert answer.status_code == 409
    assert "already starts a patient" in said(answer)
    assert openings_in(said(answer))
    visit.refresh_from_db()
    assert visit.start == at(madison, "9:00")


def test_moving_outside_the_window_asks_why(desk: Client, visit: Appointment, madison: Clinic) -> None:
    on_floor(madison, day=FAR)
    value = opening(madison, "9:00", day=FAR)

    asked = act(desk, visit, "move", opening=value)
    assert asked.status_code == 422
    assert openings_in(said(asked))[0] == value

    assert act(desk, visit, "move", opening=value, note="Surgery first").status_code == 200
    visit.refresh_from_db()
    assert (visit.start, visit.note) == (at(madison, "9:00", FAR), "Surgery first")


def test_another_chair_at_the_same_time(desk: Client, visit: Appointment, madison: Clinic, front_desk: User) -> None:
    confirm(appointment=visit, by=front_desk)
    on_floor(madison)
    taken = booked(madison, "10:00", chair=Chair.objects.get(name="Chair 2"))
    free = Chair.objects.get(name="Chair 3")

    page = html_of(desk, url(visit, "move"))
    assert f'name="chair" value="{free.pk}"' in page
    assert f'name="chair" value="{taken.chair_id}"' not in page

    answer = act(desk, visit, "chair", chair=free.pk)
    visit.refresh_from_db()
    assert "Now in Chair 3." in said(answer)
    assert visit.chair == free
    assert visit.confirmed_at is not None
    assert visit.version == 1


def test_a_chair_that_is_taken_is_refused(desk: Client, visit: Appointment, madison: Clinic) -> None:
    on_floor(madison)
    taken = booked(madison, "10:00", chair=Chair.objects.get(name="Chair 2"))

    answer = act(desk, visit, "chair", chair=taken.chair_id)

    assert answer.status_code == 409
    assert "Chair 2 is not free for the whole stay." in said(answer)


def test_a_patient_who_arrived_may_still_change_chairs(on_the_day: Client, visit: Appointment) -> None:
    act(on_the_day, visit, "status", status="arrived")
    free = Chair.objects.get(name="Chair 3")

    assert "Another chair…" in html_of(on_the_day, url(visit))
    act(on_the_day, visit, "chair", chair=free.pk)
    visit.refresh_from_db()
    assert visit.chair == free


# --- Who may -----------------------------------------------------------------------------------

ACTIONS = ("status", "confirm", "cancel", "extend", "chair", "move")


def test_staff_of_another_clinic_learn_nothing_and_change_nothing(
    client: Client, stranger: User, visit: Appointment
) -> None:
    client.force_login(stranger)

    assert "Olson" not in html_of(client, url(visit), status=403)
    for action in ACTIONS:
        assert client.post(url(visit, action), {"status": "arrived"}).status_code == 403


def test_staff_who_know_the_patient_from_elsewhere_see_but_do_not_act(
    client: Client, stranger: User, visit: Appointment, wausau: Clinic
) -> None:
    on_floor(wausau, day=FAR)
    booked(wausau, "9:00", plan=visit.plan, dose_number=2, day=FAR)
    client.force_login(stranger)

    assert "Move…" not in html_of(client, url(visit))
    for action in ACTIONS:
        assert client.post(url(visit, action), {"status": "arrived"}).status_code == 403


def test_a_nurse_marks_the_steps_and_nothing_else(
    client: Client, nurse: User, visit: Appointment, madison: Clinic, clock_hand: time_machine.Traveller
) -> None:
    clock_hand.move_to(at(madison, "9:00"))
    client.force_login(nurse)
    page = html_of(client, url(visit))

    assert 'value="arrived"' in page
    assert "Cancel…" not in page
    assert "Move…" not in page
    assert act(client, visit, "status", status="arrived").status_code == 200
    for action in ACTIONS[1:]:
        assert act(client, visit, action).status_code == 403


def test_nothing_is_changed_by_looking(desk: Client, visit: Appointment) -> None:
    for action in ("status", "confirm", "cancel", "extend", "chair"):
        assert desk.get(url(visit, action)).status_code == 405


def test_nobody_moves_to_a_clinic_where_they_may_not(desk: Client, visit: Appointment, wausau: Clinic) -> None:
    on_floor(wausau)

    assert act(desk, visit, "move", opening=opening(wausau, "9:00")).status_code == 422
    visit.refresh_from_db()
    assert visit.clinic.slug == "madison"
