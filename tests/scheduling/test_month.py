"""The month: days by load over the clinics of the person, closures marked, each day leading to its board."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.models import Clinic, Closure, Role, User
from scheduling.queries.month import DayCell, month_pages
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_user, on_floor

pytestmark = pytest.mark.django_db

URL = "/load/2026-12/"
MONTH = DAY.replace(day=1)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


def cell(clinic: Clinic, number: int = DAY.day) -> DayCell:
    """A day of the month of a clinic."""
    (page,) = month_pages(clinics=[clinic], month=MONTH, today=MONTH)
    return next(one for row in page.rows for one in row.cells if one and one.day.day == number)


def test_a_day_says_how_much_of_what_nurses_and_chairs_can_take_is_booked(madison: Clinic) -> None:
    """One nurse from 8:00 to 17:00 is 27 chair-hours; a stay of 2 h 30 takes 9 percent of them."""
    on_floor(madison)
    booked(madison, "9:00")

    found = cell(madison)

    assert (found.share, found.word, found.height) == (9, "Quiet", 9)
    assert "2.5 of 27 staffed chair-hours booked" in found.spoken
    assert found.url == f"/board/madison/{DAY}/"


def test_chairs_limit_what_nurses_can_take(madison: Clinic) -> None:
    on_floor(madison)
    on_floor(madison)

    assert "of 36 staffed" in cell(madison).spoken


def test_a_day_without_nurses_is_not_quiet_but_bare(madison: Clinic) -> None:
    assert (cell(madison).share, cell(madison).word) == (None, "No nurse")


def test_a_closure_is_marked_with_its_reason(madison: Clinic) -> None:
    for number in (24, 25):
        day = MONTH.replace(day=number)
        period = (at(madison, "0:00", day), at(madison, "0:00", day + timedelta(days=1)))
        Closure.objects.create(clinic=madison, period=period, reason="Holidays")

    assert (cell(madison, 24).word, cell(madison, 24).closed) == ("Closed", "Holidays")
    (page,) = month_pages(clinics=[madison], month=MONTH, today=MONTH)
    assert page.closures == ("Dec 24–25: Holidays",)


def test_somebody_booked_whom_no_nurse_covers_is_pointed_out(madison: Clinic) -> None:
    shift = on_floor(madison)
    booked(madison, "9:00")
    Closure.objects.create(clinic=madison, period=(at(madison, "0:00"), at(madison, "23:00")), reason="Snow")
    assert shift

    assert (cell(madison).word, cell(madison).closed) == ("Booked, not staffed", "Snow")


def test_every_month_has_whole_weeks(madison: Clinic) -> None:
    for month in (MONTH, MONTH.replace(month=2), MONTH.replace(year=2027, month=2), MONTH.replace(month=11)):
        (page,) = month_pages(clinics=[madison], month=month, today=MONTH)
        days = [one.day for row in page.rows for one in row.cells if one]

        assert all(len(row.cells) == 7 for row in page.rows)
        assert days[0] == month
        assert (days[-1] + timedelta(days=1)).day == 1
        assert all(one.day.weekday() == at for row in page.rows for at, one in enumerate(row.cells) if one)


def test_the_page_shows_the_clinics_where_the_person_sees_the_board(
    client: Client, manager: User, madison: Clinic, wausau: Clinic
) -> None:
    client.force_login(manager)

    page = client.get(URL).content.decode()

    assert "Load, December 2026" in page
    assert f"/board/madison/{DAY}/" in page
    assert "wausau" not in page
    assert client.get("/load/", {"date": "2026-12"}).headers["Location"] == URL


def test_who_sees_no_board_sees_no_month(client: Client, madison: Clinic) -> None:
    client.force_login(make_user("nobody", Role.NURSE))

    assert client.get(URL).status_code == 403
    assert client.get("/load/").status_code == 403


@pytest.mark.parametrize("address", ["/load/2026-13/", "/load/2026-00/", "/load/26-12/"])
def test_a_month_that_does_not_exist_is_not_found(client: Client, manager: User, address: str) -> None:
    client.force_login(manager)

    assert client.get(address).status_code == 404


def test_a_full_month_of_three_clinics_costs_no_more_queries_than_an_empty_one(
    client: Client, manager: User, madison: Clinic
) -> None:
    def queries() -> int:
        client.force_login(manager)
        client.get(URL)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(URL).status_code == 200
        return len(seen)

    few = queries()
    for slug in ("wausau", "eau-claire"):
        other = make_clinic(slug)
        manager.memberships.create(clinic=other, role=Role.MANAGER)
        for number in range(3):
            on_floor(other, day=DAY + timedelta(days=number))
            booked(other, day=DAY + timedelta(days=number))

    assert queries() == few
