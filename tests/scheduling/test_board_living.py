"""What the board sees coming: who runs over into whom, and what still fits on the day."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Chair, ChairOutage, Clinic, Closure, User
from clinic.quarters import ClinicDate
from scheduling import waitlist
from scheduling.board.fits import engine_day
from scheduling.board.overruns import ends_at_least
from scheduling.board.rows import Stay, read_day
from scheduling.booking import set_status
from scheduling.load import load_day
from scheduling.models import Appointment, Status
from scheduling.readying import Planned
from tests.scheduling.board_html import BoardTable
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

Show = Callable[..., str]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(BEFORE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def show(client: Client, front_desk: User, madison: Clinic, clock: time_machine.Traveller) -> Show:
    """The board of `DAY` as the front desk sees it at a time of it."""

    def look(text: str, **query: int) -> str:
        clock.move_to(at(madison, text))
        client.force_login(front_desk)
        if query:
            client.get(reverse("board", args=[madison.slug, DAY], query=query))
        return " ".join(client.get(reverse("board", args=[madison.slug, DAY])).content.decode().split())

    return look


@pytest.fixture
def olson(madison: Clinic) -> Appointment:
    """Olson sits in Chair 2 from 9:00 to 11:30, and Berg comes right after."""
    on_floor(madison)
    chair = madison.chairs.get(name="Chair 2")
    first = booked(madison, "9:00", plan=make_plan(make_patient(madison, "Olson", "Karen")), chair=chair)
    booked(madison, "11:30", plan=make_plan(make_patient(madison, "Berg", "Per")), chair=chair)
    return first


def goes(appointment: Appointment, *statuses: str) -> None:
    for status in statuses:
        set_status(appointment=appointment, status=status, by=None)


# --- Overruns ----------------------------------------------------------------------------------


def test_nobody_runs_over_while_all_goes_as_planned(olson: Appointment, show: Show, madison: Clinic, clock) -> None:
    assert "running over" not in show("9:00")
    goes(olson, Status.ARRIVED, Status.SEATED)
    assert "running over" not in show("9:15")
    goes(olson, Status.INFUSING)
    assert "running over" not in show("10:15")


def test_who_starts_late_is_seen_to_run_into_the_next_hours_before(olson: Appointment, show: Show) -> None:
    show("9:40")
    goes(olson, Status.ARRIVED)

    text = show("9:40")

    assert "1 running over" in text
    assert "Olson, K.</a> runs over into Berg, P. 11:30 AM in Chair 2, until 12:00 PM at least" in text
    cells = BoardTable(text).rows["Chair 2"]
    assert "Runs into Berg, P. 11:30 AM" in cells.cell("Olson, K.,").label
    assert "Chair taken until 12:00 PM" in cells.cell("Berg, P.,").label


def test_who_is_still_in_the_chair_at_the_end_runs_into_the_next(olson: Appointment, show: Show) -> None:
    show("9:00")
    goes(olson, Status.ARRIVED, Status.SEATED, Status.INFUSING, Status.OBSERVING)

    assert "runs over into Berg, P. 11:30 AM in Chair 2, until 11:45 AM at least" in show("11:31")


def test_an_overrun_that_meets_nobody_is_no_collision(olson: Appointment, show: Show) -> None:
    Appointment.objects.exclude(pk=olson.pk).delete()
    show("9:00")
    goes(olson, Status.ARRIVED, Status.SEATED, Status.INFUSING)

    text = show("11:40")

    assert "Over 10 min" in text
    assert "running over" not in text


def test_with_initials_only_a_collision_names_nobody(olson: Appointment, show: Show) -> None:
    show("9:00")
    goes(olson, Status.ARRIVED, Status.SEATED, Status.INFUSING)

    text = show("11:40", initials=1)

    assert "runs over into PB 11:30 AM" in text
    assert not {"Olson", "Karen", "Berg"} & set(text.replace(",", " ").replace("<", " ").replace(">", " ").split())


@pytest.mark.parametrize(
    ("status", "minute", "end"),
    [
        ("booked", 9 * 60 + 10, 11 * 60 + 30),
        ("booked", 9 * 60 + 30, 9 * 60 + 30 + 135),
        ("seated", 9 * 60 + 20, 11 * 60 + 30),
        ("seated", 10 * 60, 12 * 60),
        ("infusing", 10 * 60 + 45, 11 * 60 + 45),
        ("infusing", 10 * 60, 11 * 60 + 30),
        ("observing", 11 * 60, 11 * 60 + 30),
        ("observing", 12 * 60, 12 * 60),
    ],
)
def test_a_stay_ends_no_sooner_than_what_is_left_of_it(status: str, minute: int, end: int) -> None:
    stay = Stay(
        id=1, chair_id=1, start=36, end=46, status=status, short_staffed=False, confirmed=True, family_name="O",
        given_name="K", therapy="T", dose_number=1, dose="", acuity=1, minutes=(15, 0, 60, 60), care=(),
        planned=Planned(1, 1, DAY),
    )  # fmt: skip

    assert ends_at_least(stay, minute=minute, late_after=15) == end


# --- What still fits ---------------------------------------------------------------------------


def test_the_first_place_for_an_add_on_is_named_and_can_be_booked(show: Show, madison: Clinic) -> None:
    on_floor(madison)
    for start in ("8:00", "8:15", "8:30"):
        booked(madison, start)

    text = show("9:00")

    chair = madison.chairs.get(name="Chair 1")
    assert f'<strong>1 h 30</strong> <a href="{place(madison, chair, "10:30")}"' in text
    assert "10:30 AM, Chair 1" in text


def test_when_nothing_is_left_it_says_so(show: Show, madison: Clinic) -> None:
    on_floor(madison, "8:00", "12:00")

    text = show("10:30")

    assert "10:30 AM, Chair 1" in text
    assert "<strong>3 h</strong> none" in text


def test_a_day_that_is_over_or_closed_offers_nothing(show: Show, madison: Clinic, clock) -> None:
    on_floor(madison)
    Closure.objects.create(clinic=madison, period=(at(madison, "0:00"), at(madison, "23:45")), reason="Snow")

    assert "Still fits" not in show("9:00")


def test_the_board_and_the_engine_see_the_same_day(madison: Clinic) -> None:
    on_floor(madison, breaks=[("12:00", "12:30")])
    on_floor(madison, "9:00", "14:00", breaks=[("11:00", "11:15"), ("12:30", "13:00")])
    for start in ("8:00", "9:30", "10:30"):
        booked(madison, start)
    Chair.objects.create(clinic=madison, name="Attic", is_active=False)
    ChairOutage.objects.create(
        chair=madison.chairs.get(name="Chair 4"), period=(at(madison, "8:00"), at(madison, "9:00")), reason="cleaning"
    )
    Closure.objects.create(clinic=madison, period=(at(madison, "15:00"), at(madison, "15:30")), reason="Meeting")
    entry = waitlist.add(plan=make_plan(madison), dose_number=1, by=None)
    waitlist.offer(entry=entry, clinic=madison, start=at(madison, "12:00"), by=None)

    mine = engine_day(read_day(clinic=madison, day=DAY), ClinicDate(DAY, madison.zone))
    engines = load_day(clinic=madison, day=DAY)

    for length in (4, 6, 10, 20):
        assert mine.starts(length) == engines.starts(length)
        assert mine.starts(length), "the comparison compares something"


def place(clinic: Clinic, chair: Chair, clock: str) -> str:
    return reverse("book_here", args=[clinic.slug, DAY, chair.pk, clock])
