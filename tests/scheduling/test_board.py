"""The day board: who sees it, what stands where, and what it costs."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Chair, ChairOutage, Clinic, Closure, OpeningHours, User
from scheduling import waitlist
from scheduling.booking import cancel, confirm, move, set_status
from scheduling.models import Appointment, Reason, Status
from scheduling.restaffing import take_off
from tests.scheduling.board_html import BoardTable
from tests.world import BEFORE, DAY, at, booked, clock, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

Travel = Callable[..., None]


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    """Stand before `DAY`."""
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    """The front desk's browser."""
    client.force_login(front_desk)
    return client


@pytest.fixture
def travel(clock_hand: time_machine.Traveller, desk: Client, front_desk: User, madison: Clinic) -> Travel:
    """Go to a moment, by default a time of `DAY`, and sign in there: sessions do not last for days."""

    def go(text: str, day: date = DAY) -> None:
        clock_hand.move_to(at(madison, text, day))
        desk.force_login(front_desk)

    return go


def url(clinic: Clinic, day: date = DAY) -> str:
    return reverse("board", args=[clinic.slug, day])


def page(browser: Client, clinic: Clinic, day: date = DAY) -> str:
    answer = browser.get(url(clinic, day))
    assert answer.status_code == 200
    return answer.content.decode()


def table(browser: Client, clinic: Clinic, day: date = DAY) -> BoardTable:
    return BoardTable(page(browser, clinic, day))


def poll(browser: Client, clinic: Clinic, etag: str = ""):
    return browser.get(url(clinic), headers={"HX-Request": "true", "If-None-Match": etag})


# --- Who sees it -------------------------------------------------------------------------------


def test_staff_of_another_clinic_are_refused(client: Client, stranger: User, madison: Clinic) -> None:
    client.force_login(stranger)
    booked_name = make_patient(madison, "Olson", "Karen").family_name

    answer = client.get(url(madison))

    assert answer.status_code == 403
    assert booked_name not in answer.content.decode()
    assert "You do not work at Madison" in answer.content.decode()


def test_nobody_sees_it_without_signing_in(client: Client, madison: Clinic) -> None:
    assert client.get(url(madison)).headers["Location"].startswith("/login/")


def test_a_clinic_or_a_date_that_does_not_exist_is_not_found(desk: Client) -> None:
    assert desk.get("/board/atlantis/2026-12-07/").status_code == 404
    assert desk.get("/board/madison/2026-02-30/").status_code == 404


def test_a_clinic_without_a_day_opens_today_and_a_date_goes_there(desk: Client, madison: Clinic) -> None:
    assert desk.get("/board/madison/").headers["Location"] == "/board/madison/2026-12-01/"
    assert desk.get("/board/madison/?date=2026-12-07").headers["Location"] == "/board/madison/2026-12-07/"


def test_only_clinics_of_the_person_are_offered(desk: Client, madison: Clinic, wausau: Clinic) -> None:
    assert url(wausau) not in page(desk, madison)


# --- What stands where -------------------------------------------------------------------------


def test_a_patient_stands_in_her_chair_from_start_to_end(desk: Client, madison: Clinic) -> None:
    shift = on_floor(madison, nurse=make_nurse(madison, "Kim Orr"))
    chair = madison.chairs.get(name="Chair 3")
    patient = make_patient(madison, "Olson", "Karen")
    appointment = booked(madison, "9:15", plan=make_plan(patient), chair=chair)

    cell = table(desk, madison).rows["Chair 3"].cell("Olson")

    assert (cell.first, cell.last) == (5, 15), "9:15 to 11:45 of a day that begins at 8:00"
    assert cell.link == reverse("appointment", args=[appointment.pk])
    assert cell.label == "Olson, K., Tysabri dose 1, 9:15 AM to 11:45 AM, nurse KO, Booked, ready"
    assert shift.nurse.name == "Kim Orr"
    for word in ("Olson, K.", "Tysabri", "#1", "300 mg", "9:15–11:45", "KO", "Booked"):
        assert word in cell.text


def test_a_chair_that_is_held_for_somebody_says_until_when(desk: Client, madison: Clinic, travel: Travel) -> None:
    on_floor(madison)
    entry = waitlist.add(plan=make_plan(madison), dose_number=1, by=None)
    waitlist.offer(
        entry=entry, clinic=madison, start=at(madison, "9:00"), by=None, chair=madison.chairs.get(name="Chair 2")
    )

    cell = table(desk, madison).rows["Chair 2"].cell("Held")

    assert (cell.first, cell.last) == (4, 14), "9:00 to 11:30"
    assert cell.text == "Held until 11:00 AM"
    travel("11:00", BEFORE.date())
    assert "Held" not in page(desk, madison)


def test_two_patients_of_one_short_name_get_their_whole_names(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    for given, start in (("Karen", "9:00"), ("Karl", "12:00")):
        booked(madison, start, plan=make_plan(make_patient(madison, "Olson", given)))

    text = page(desk, madison)

    assert "Olson, Karen" in text
    assert "Olson, Karl" in text


def test_every_row_covers_the_whole_day(desk: Client, madison: Clinic, travel: Travel) -> None:
    on_floor(madison, breaks=[("12:00", "12:30")])
    on_floor(madison, "8:30", "16:30", breaks=[("12:30", "13:00")])
    for start in ("8:00", "9:00", "10:30", "13:15"):
        booked(madison, start)
    ChairOutage.objects.create(
        chair=madison.chairs.get(name="Chair 4"), period=(at(madison, "7:00"), at(madison, "8:30")), reason="cleaning"
    )
    travel("10:20")

    board = table(desk, madison)

    assert len(board.quarters) == 36
    assert {name: row.width for name, row in board.rows.items()} == dict.fromkeys(board.rows, 36)


def test_a_free_quarter_leads_to_booking_that_chair_at_that_time(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    chair = madison.chairs.get(name="Chair 2")

    cell = table(desk, madison).rows["Chair 2"].cell("Book Chair 2 at 9:15 AM")

    assert (cell.first, cell.last) == (5, 6)
    assert cell.link == reverse("book_here", args=["madison", DAY, chair.pk, "09:15"])


def test_a_nurse_who_may_not_book_is_offered_no_time(client: Client, nurse: User, madison: Clinic) -> None:
    on_floor(madison)
    client.force_login(nurse)

    assert not any(cell.link for cell in table(client, madison).rows["Chair 1"].cells)


def test_what_is_over_is_not_offered(desk: Client, madison: Clinic, travel: Travel) -> None:
    on_floor(madison)
    travel("10:20")

    board = table(desk, madison)

    assert board.now == 9
    assert board.quarters[9] == "10:15 AM"
    past, *free = board.rows["Chair 1"].cells
    assert (past.first, past.last, past.css, past.link) == (0, 9, "past", "")
    assert free[0].label == "Book Chair 1 at 10:15 AM"


def test_a_time_when_every_nurse_has_three_patients_is_not_offered(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    for start in ("8:00", "8:15", "8:30"):
        booked(madison, start)

    free_chair = table(desk, madison).rows["Chair 4"]

    full = free_chair.cell("Nurses full")
    assert (full.first, full.last, full.link) == (2, 10, ""), "from 8:30, when the third sits, to 10:30"


def test_a_chair_out_of_service_is_hatched_and_says_why(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    ChairOutage.objects.create(
        chair=madison.chairs.get(name="Chair 4"),
        period=(at(madison, "8:00"), at(madison, "12:00")),
        reason="pump broken",
    )

    cell = table(desk, madison).rows["Chair 4"].cell("pump broken")

    assert (cell.first, cell.last, cell.css, cell.link) == (0, 16, "out", "")


def test_a_closure_is_hatched_in_every_chair(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    Closure.objects.create(clinic=madison, period=(at(madison, "16:00"), at(madison, "17:00")), reason="Staff meeting")

    rows = table(desk, madison).rows

    cells = [row.cell("Staff meeting") for name, row in rows.items() if name.startswith("Chair")]
    assert [(cell.first, cell.last, cell.css) for cell in cells] == [(32, 36, "shut")] * 4


def test_the_day_grows_only_for_a_patient_outside_the_hours(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "8:00", chair=madison.chairs.get(name="Chair 1"))
    OpeningHours.objects.update(opens=clock("9:00"))

    board = table(desk, madison)

    assert board.quarters[0] == "8:00 AM"
    shut = board.rows["Chair 2"].cells[0]
    assert (shut.first, shut.last, shut.css, shut.text) == (0, 4, "shut", "Not open")


def test_a_day_without_hours_says_so(desk: Client, madison: Clinic) -> None:
    OpeningHours.objects.filter(weekday=DAY.weekday()).delete()

    text = page(desk, madison)

    assert "The clinic does not open on this weekday." in text
    assert "Nobody is booked" in text


def test_a_holiday_says_why(desk: Client, madison: Clinic) -> None:
    Closure.objects.create(clinic=madison, period=(at(madison, "0:00"), at(madison, "23:45")), reason="Snow")

    assert "The clinic is closed: Snow." in page(desk, madison)


def test_a_cancelled_patient_frees_the_chair_and_stays_in_sight(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    chair = madison.chairs.get(name="Chair 1")
    appointment = booked(madison, "9:00", plan=make_plan(make_patient(madison, "Olson", "Karen")), chair=chair)
    cancel(appointment=appointment, reason=Reason.WEATHER, by=None)

    text = page(desk, madison)

    assert BoardTable(text).rows["Chair 1"].cell("Book Chair 1 at 9:00 AM")
    assert "Off the board" in text
    assert "9:00–11:30 Cancelled" in text


# --- Nurses ------------------------------------------------------------------------------------


def test_the_load_is_patients_against_places(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    on_floor(madison, "9:00")
    booked(madison, "8:00")

    load = table(desk, madison).rows["Patients / places"]

    assert [load.at(3).text, load.at(4).text] == ["1/3", "1/4"], "two nurses could take 6, but there are 4 chairs"
    assert load.at(10).text == "0/4"
    assert load.at(10) is load.at(14), "what stays the same is written once"


def test_lunch_is_labelled_with_who_covers(desk: Client, madison: Clinic) -> None:
    on_floor(madison, nurse=make_nurse(madison, "Kim Orr"), breaks=[("12:00", "12:30")])
    on_floor(madison, "12:00", "12:30", nurse=make_nurse(madison, "Maria Bauer"))
    booked(madison, "11:00")

    rows = table(desk, madison).rows

    lunch = rows["KO Kim Orr"].cell("Lunch")
    assert (lunch.first, lunch.last, lunch.css.strip()) == (16, 18, "r-break")
    assert lunch.text == "Lunch › MB covers"
    cover = rows["MB Maria Bauer"].cell("1")
    assert (cover.first, cover.last, cover.css) == (16, 18, "r-floor n1")


def test_a_nurse_gone_home_is_away_and_her_patient_is_in_red_on_top(
    desk: Client, madison: Clinic, manager: User
) -> None:
    shift = on_floor(madison, nurse=make_nurse(madison, "Kim Orr"))
    booked(
        madison,
        "9:00",
        plan=make_plan(make_patient(madison, "Olson", "Karen")),
        chair=madison.chairs.get(name="Chair 2"),
    )
    take_off(nurse=shift.nurse, start=at(madison, "11:00"), end=at(madison, "17:00"), reason="ill", by=manager)

    text = page(desk, madison)

    assert "1 short-staffed" in text
    assert " ".join(text.split("Olson, K.</a>")[1].split()).startswith("Chair 2, no nurse 11:00–11:30")
    board = BoardTable(text)
    assert "No nurse" in board.rows["Chair 2"].cell("Olson").text
    away = board.rows["KO Kim Orr"].cell("Away")
    assert (away.first, away.last) == (12, 36)


def test_nurses_of_the_same_initials_are_told_apart(desk: Client, madison: Clinic) -> None:
    on_floor(madison, nurse=make_nurse(madison, "Kim Orr"))
    on_floor(madison, nurse=make_nurse(madison, "Kai Olson"))

    assert {"KOr Kim Orr", "KOl Kai Olson"} <= set(table(desk, madison).rows)


# --- What wants a look -------------------------------------------------------------------------


def test_who_has_not_come_is_late_after_the_clinics_minutes(desk: Client, madison: Clinic, travel: Travel) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    confirm(appointment=appointment, by=None)

    travel("9:14")
    assert "Late 14 min" not in page(desk, madison)
    travel("9:20")
    assert "Late 20 min" in page(desk, madison)


def test_an_unconfirmed_booking_is_pointed_out_three_days_before(desk: Client, madison: Clinic, travel: Travel) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")

    assert 'Unconfirmed"' not in page(desk, madison)
    travel("8:00", DAY - timedelta(days=3))
    assert 'Booked, ready, Unconfirmed"' in page(desk, madison)
    confirm(appointment=appointment, by=None)
    assert 'Unconfirmed"' not in page(desk, madison)


def test_a_stay_that_runs_over_says_by_how_much(
    desk: Client, madison: Clinic, front_desk: User, travel: Travel
) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    travel("9:00")
    for status in (Status.ARRIVED, Status.SEATED, Status.INFUSING):
        set_status(appointment=appointment, status=status, by=front_desk)
    travel("11:40")

    cell = table(desk, madison).rows[appointment.chair.name].cell("Over 10 min")

    assert "s-infusing" in cell.css
    assert "Infusing" in cell.text


def test_the_counts_add_up(desk: Client, madison: Clinic, front_desk: User, travel: Travel) -> None:
    on_floor(madison)
    first = booked(madison, "9:00")
    booked(madison, "9:15")
    gone = booked(madison, "9:30")
    travel("9:30")
    set_status(appointment=first, status=Status.ARRIVED, by=front_desk)
    set_status(appointment=gone, status=Status.NO_SHOW, by=front_desk, reason=Reason.UNREACHED)

    text = " ".join(page(desk, madison).split())

    for number, word in ((1, "to come"), (1, "arrived"), (0, "in a chair"), (0, "done"), (1, "no-show")):
        assert f"<strong>{number}</strong>{word}" in text


def test_initials_only_hides_every_name_until_it_is_taken_back(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00", plan=make_plan(make_patient(madison, "Olson", "Karen")))

    answer = desk.get(url(madison), {"initials": "1"})
    assert answer.headers["Location"] == url(madison)
    hidden = page(desk, madison)
    assert "Olson" not in hidden
    assert "Karen" not in hidden
    assert "KO, Tysabri dose 1" in hidden

    desk.get(url(madison), {"initials": "0"})
    assert "Olson, K." in page(desk, madison)


# --- Polling and cost --------------------------------------------------------------------------


def test_an_unchanged_poll_is_not_modified(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00")

    first = poll(desk, madison)
    again = poll(desk, madison, first.headers["ETag"])

    assert "<html" not in first.content.decode()
    assert first.content.decode().startswith('<section id="board-live"')
    assert (again.status_code, again.content) == (304, b"")


def test_a_change_or_the_next_minute_is_a_new_board(desk: Client, madison: Clinic, travel: Travel) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    etag = poll(desk, madison).headers["ETag"]

    move(appointment=appointment, clinic=madison, start=at(madison, "10:00"), by=None)

    changed = poll(desk, madison, etag)
    assert changed.status_code == 200
    assert "10:00–12:30" in changed.content.decode()
    travel("7:59")
    assert poll(desk, madison, changed.headers["ETag"]).status_code == 200


def test_the_page_is_kept_by_no_cache(desk: Client, madison: Clinic) -> None:
    assert "no-store" in desk.get(url(madison)).headers["Cache-Control"]


def test_a_full_board_costs_no_more_queries_than_an_empty_one(desk: Client, madison: Clinic) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            page(desk, madison)
        return len(seen)

    page(desk, madison)
    on_floor(madison)
    booked(madison, "8:00")
    few = queries()
    for number in range(5, 13):
        Chair.objects.create(clinic=madison, name=f"Chair {number}", position=number)
    for start in ("8:00", "8:00", "8:30", "9:00"):
        on_floor(madison, start, breaks=[("12:00", "12:30")])
    for start in ("8:15", "8:30", "9:00", "9:15", "10:00", "11:00", "11:30", "13:00", "13:30", "14:00"):
        booked(madison, start)
    ChairOutage.objects.create(
        chair=madison.chairs.get(name="Chair 4"), period=(at(madison, "8:00"), at(madison, "9:00")), reason="cleaning"
    )
    assert Appointment.objects.count() == 11

    assert queries() == few
    assert few <= 12


def test_a_poll_that_finds_nothing_new_reads_no_appointments(desk: Client, madison: Clinic) -> None:
    etag = poll(desk, madison).headers["ETag"]

    with CaptureQueriesContext(connection) as seen:
        poll(desk, madison, etag)

    assert len(seen) <= 4
    assert not any("scheduling_appointment" in query["sql"] for query in seen)


# --- When the clocks change --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "columns", "hours"),
    [
        (date(2027, 3, 14), 20, ["12 AM", "1 AM", "3 AM", "4 AM", "5 AM"]),
        (date(2026, 11, 1), 28, ["12 AM", "1 AM", "1 AM", "2 AM", "3 AM", "4 AM", "5 AM"]),
        (date(2026, 11, 2), 24, ["12 AM", "1 AM", "2 AM", "3 AM", "4 AM", "5 AM"]),
    ],
)
def test_the_day_has_the_columns_that_its_clock_has(
    desk: Client, madison: Clinic, day: date, columns: int, hours: list[str]
) -> None:
    OpeningHours.objects.update(opens=clock("0:00"), closes=clock("6:00"))

    text = page(desk, madison, day)

    board = BoardTable(text)
    assert len(board.quarters) == columns
    heads = text.split('class="board-hours"')[1].split("</tr>")[0]
    assert [piece.split(">")[1].split("<")[0] for piece in heads.split("<th")[1:]] == hours
