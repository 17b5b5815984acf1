"""Moving an appointment on the board: the places that fit light up, and those alone; confirmed before, undone after."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from clinic.models import Chair, ChairOutage, Clinic, Closure, User
from clinic.quarters import ClinicDate
from scheduling.booking import NotAvailable, move, set_status
from scheduling.chairs import change_chair
from scheduling.engine.day import each
from scheduling.models import Appointment, Status
from scheduling.queries.places import is_same_time, places_of
from scheduling.undoing import BOOKED_BY_MISTAKE
from tests.scheduling.board_html import BoardTable
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(BEFORE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


@pytest.fixture
def busy(madison: Clinic) -> Appointment:
    """A short day with a nurse's break, an outage, a closure and few places left; one appointment to move."""
    on_floor(madison, breaks=[("12:00", "12:30")])
    on_floor(madison, "9:00", "14:00")
    patient = make_patient(madison, "Olson", "Karen")
    olson = booked(madison, "9:00", plan=make_plan(patient), chair=madison.chairs.get(name="Chair 2"))
    for start in ("8:00", "9:30", "10:30"):
        booked(madison, start)
    ChairOutage.objects.create(
        chair=madison.chairs.get(name="Chair 4"), period=(at(madison, "8:00"), at(madison, "11:00")), reason="cleaning"
    )
    Closure.objects.create(clinic=madison, period=(at(madison, "16:00"), at(madison, "17:00")), reason="Meeting")
    return olson


def board(clinic: Clinic, **query: int) -> str:
    return reverse("board", args=[clinic.slug, DAY], query=query)


def here(appointment: Appointment, chair: Chair, clock: str, day=DAY) -> str:
    return reverse("move_here", args=[appointment.pk, appointment.clinic.slug, day, chair.pk, clock])


def succeeds(appointment: Appointment, chair: Chair, quarter: int) -> bool:
    """Whether moving there works; nothing of it is kept."""
    start = ClinicDate(DAY, appointment.clinic.zone).moment_of(quarter)
    try:
        with transaction.atomic():
            if is_same_time(appointment, appointment.clinic, start):
                change_chair(appointment=appointment, chair=chair, by=None)
            else:
                move(appointment=appointment, clinic=appointment.clinic, start=start, chair=chair, by=None)
            transaction.set_rollback(True)
    except NotAvailable:
        return False
    return True


# --- Which places light up ---------------------------------------------------------------------


def test_a_place_is_offered_if_and_only_if_the_move_would_succeed(busy: Appointment, madison: Clinic) -> None:
    starts = places_of(appointment=busy, clinic=madison, day=DAY).starts
    offered = {(chair_id, quarter) for chair_id, quarters in starts.items() for quarter in each(quarters)}

    possible = {
        (chair.pk, quarter)
        for chair in madison.chairs.all()
        for quarter in range(28, 72)
        if succeeds(busy, chair, quarter)
    }

    assert offered == possible
    assert 0 < len(offered) < 4 * 44


def test_the_board_lights_up_those_places_and_nothing_else_can_be_chosen(
    desk: Client, busy: Appointment, madison: Clinic
) -> None:
    places = places_of(appointment=busy, clinic=madison, day=DAY)

    text = desk.get(board(madison, move=busy.pk)).content.decode()

    rows = BoardTable(text).rows
    links = [cell for name, row in rows.items() for cell in row.cells if cell.link and "fit-here" in cell.css]
    assert len(links) == places.count
    assert text.count("data-item") == places.count
    assert f"{places.count} places fit on this day" in " ".join(text.split())
    assert "Move Olson, Karen" in text
    assert {row.width for row in rows.values()} == {36}


def test_a_step_of_a_quarter_hour_is_a_place_although_the_patient_sits_there_now(
    desk: Client, busy: Appointment, madison: Clinic
) -> None:
    cell = BoardTable(desk.get(board(madison, move=busy.pk)).content.decode()).rows["Chair 2"].cell("at 9:15 AM")

    assert cell.link == here(busy, busy.chair, "09:15")
    assert "here" in cell.css.split()


def test_who_has_arrived_only_changes_chairs(desk: Client, busy: Appointment, madison: Clinic, clock) -> None:
    Appointment.objects.exclude(pk=busy.pk).delete()
    clock.move_to(at(madison, "9:05"))
    set_status(appointment=busy, status=Status.ARRIVED, by=None)
    busy.refresh_from_db()

    starts = places_of(appointment=busy, clinic=madison, day=DAY).starts

    assert set(starts.values()) == {1 << 36}, "nine o'clock, and nothing else"


def test_who_sits_stays_and_the_board_says_so(
    desk: Client, busy: Appointment, madison: Clinic, clock, front_desk
) -> None:
    clock.move_to(at(madison, "9:05"))
    desk.force_login(front_desk)
    for status in (Status.ARRIVED, Status.SEATED):
        set_status(appointment=busy, status=status, by=None)

    text = desk.get(board(madison, move=busy.pk)).content.decode()

    assert "only a booked appointment moves" in text
    assert "fit-here" not in text


def test_initials_only_holds_while_moving(desk: Client, busy: Appointment, madison: Clinic) -> None:
    desk.get(board(madison, initials=1))

    text = desk.get(board(madison, move=busy.pk)).content.decode()

    assert "Move KO" in text
    assert "Olson" not in text


def test_the_mode_lives_through_a_poll(desk: Client, busy: Appointment, madison: Clinic) -> None:
    first = desk.get(board(madison, move=busy.pk), headers={"HX-Request": "true"})

    assert board(madison, move=busy.pk).replace("&", "&amp;") in first.content.decode()
    again = desk.get(
        board(madison, move=busy.pk), headers={"HX-Request": "true", "If-None-Match": first.headers["ETag"]}
    )
    plain = desk.get(board(madison), headers={"HX-Request": "true", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, plain.status_code) == (304, 200)


def test_only_who_may_book_moves(
    client: Client, busy: Appointment, madison: Clinic, nurse: User, stranger: User
) -> None:
    client.force_login(nurse)
    assert "fit-here" not in client.get(board(madison, move=busy.pk)).content.decode()
    assert client.get(here(busy, busy.chair, "13:00")).status_code == 403
    client.force_login(stranger)
    answer = client.get(here(busy, busy.chair, "13:00"))
    assert (answer.status_code, "Olson" in answer.content.decode()) == (403, False)


# --- Confirmed before, undone after ------------------------------------------------------------


def test_the_panel_shows_where_it_is_and_where_it_would_go(desk: Client, busy: Appointment, madison: Clinic) -> None:
    chair = madison.chairs.get(name="Chair 4")

    text = " ".join(desk.get(here(busy, chair, "13:00")).content.decode().split())

    assert "Mon Dec 7, 9:00–11:30 AM" in text.split("<dt>New</dt>")[0]
    assert "<strong>Mon Dec 7, 1:00–3:30 PM</strong><br><strong>Madison, Chair 4</strong>" in text
    busy.refresh_from_db()
    assert busy.start == at(madison, "9:00"), "looking moves nothing"


def test_a_place_that_is_gone_says_why(desk: Client, busy: Appointment, madison: Clinic) -> None:
    chair = madison.chairs.get(name="Chair 3")
    booked(madison, "13:00", chair=chair)

    looked = desk.get(here(busy, chair, "13:00"))
    moved = desk.post(here(busy, chair, "13:00"), headers={"HX-Request": "true"})

    assert "Chair 3 is not free for the whole stay" in looked.content.decode()
    assert moved.status_code == 409
    assert "appointment-changed" in moved.headers["HX-Trigger"]


def test_a_move_is_made_and_undone(desk: Client, busy: Appointment, madison: Clinic) -> None:
    chair = madison.chairs.get(name="Chair 4")

    moved = desk.post(here(busy, chair, "13:00"), headers={"HX-Request": "true"})

    busy.refresh_from_db()
    assert (busy.start, busy.chair) == (at(madison, "13:00"), chair)
    assert "appointment-moved" in moved.headers["HX-Trigger-After-Swap"]
    undone = desk.post(reverse("undo"), {"token": token_in(moved)}, headers={"HX-Request": "true"})
    busy.refresh_from_db()
    assert (busy.start, busy.chair.name) == (at(madison, "9:00"), "Chair 2")
    assert "Undone: back at Mon Dec 7, 9:00 AM, Madison, Chair 2" in undone.headers["HX-Trigger-After-Swap"]


def test_another_chair_at_the_same_time_keeps_the_version(desk: Client, busy: Appointment, madison: Clinic) -> None:
    chair = madison.chairs.get(name="Chair 3")
    Appointment.objects.exclude(pk=busy.pk).delete()

    desk.post(here(busy, chair, "09:00"), headers={"HX-Request": "true"})

    before = busy.version
    busy.refresh_from_db()
    assert (busy.chair, busy.version) == (chair, before)


def test_without_scripts_a_move_leads_back_to_the_board_with_its_undo(
    desk: Client, busy: Appointment, madison: Clinic
) -> None:
    answer = desk.post(here(busy, madison.chairs.get(name="Chair 4"), "13:00"), follow=True)

    assert answer.redirect_chain == [(board(madison), 302)]
    undone = desk.post(reverse("undo"), {"token": token_in(answer)}, follow=True)
    assert "Nobody is told." in undone.content.decode()
    busy.refresh_from_db()
    assert busy.start == at(madison, "9:00")


def test_a_day_outside_the_window_asks_why(desk: Client, madison: Clinic) -> None:
    far = DAY + timedelta(days=40)
    on_floor(madison)
    on_floor(madison, day=far)
    patient = make_patient(madison)
    plan = make_plan(patient, given={1: DAY - timedelta(days=28)}, start_on=DAY - timedelta(days=28))
    appointment = booked(madison, plan=plan, dose_number=2)
    chair = madison.chairs.get(name="Chair 1")

    asked = desk.post(here(appointment, chair, "09:00", far))
    moved = desk.post(here(appointment, chair, "09:00", far), {"note": "on holiday"})

    assert (asked.status_code, "Why outside the window?" in asked.content.decode()) == (422, True)
    assert moved.status_code == 302
    appointment.refresh_from_db()
    assert (appointment.start, appointment.note) == (at(madison, "9:00", far), "on holiday")


def test_a_booking_on_the_board_is_undone(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison)
    chair = madison.chairs.get(name="Chair 1")
    place = reverse("book_here", args=["madison", DAY, chair.pk, "09:00"])
    value = f"madison/{int(at(madison, '9:00').timestamp())}/{chair.pk}"

    done = desk.post(place, {"opening": value, "plan": plan.pk, "dose": 1}, headers={"HX-Request": "true"})
    desk.post(reverse("undo"), {"token": token_in(done)}, headers={"HX-Request": "true"})

    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.note) == (Status.CANCELLED, BOOKED_BY_MISTAKE)


def test_a_booking_on_the_book_page_is_undone_from_the_patients_page(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison)
    value = f"madison/{int(at(madison, '9:00').timestamp())}"

    patients_page = desk.post(reverse("book", args=[plan.pk]), {"opening": value, "dose": 1}, follow=True)
    undone = desk.post(reverse("undo"), {"token": token_in(patients_page)})

    assert undone.headers["Location"] == reverse("patient", args=[plan.patient_id])
    assert Appointment.objects.get().status == Status.CANCELLED


def test_a_cancellation_is_undone_from_the_panel(desk: Client, busy: Appointment) -> None:
    url = reverse("appointment_cancel", args=[busy.pk])

    cancelled = desk.post(url, {"reason": "weather"}, headers={"HX-Request": "true"})
    desk.post(reverse("undo"), {"token": token_in(cancelled)}, headers={"HX-Request": "true"})

    busy.refresh_from_db()
    assert (busy.status, busy.reason, busy.chair.name) == (Status.BOOKED, "", "Chair 2")


def test_an_undo_that_comes_too_late_or_from_a_stranger_says_so(
    desk: Client, busy: Appointment, madison: Clinic, stranger: User, clock, front_desk: User
) -> None:
    moved = desk.post(here(busy, madison.chairs.get(name="Chair 4"), "13:00"), headers={"HX-Request": "true"})
    token = token_in(moved)
    other = Client()
    other.force_login(stranger)
    assert other.post(reverse("undo"), {"token": token}).status_code in (302, 403)

    clock.shift(timedelta(seconds=61))
    late = desk.post(reverse("undo"), {"token": token}, headers={"HX-Request": "true"})

    assert (late.status_code, "too late" in late.content.decode()) == (409, True)
    busy.refresh_from_db()
    assert busy.start == at(madison, "13:00")


def token_in(answer) -> str:
    return answer.content.decode().split('name="token" value="')[1].split('"')[0]
