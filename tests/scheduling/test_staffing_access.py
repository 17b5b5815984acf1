"""The staffing week: who may see it, and who may change what."""

from datetime import time, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import Absence, ChairOutage, Clinic, Closure, Shift, ShiftPattern, User
from scheduling import closing, restaffing
from tests.world import BEFORE, DAY, at, make_nurse, make_user, on_floor

pytestmark = pytest.mark.django_db

URL = f"/staffing/madison/{DAY}/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(BEFORE, tick=False):
        yield


def text(response: Any) -> str:
    return unescape(response.content.decode())


def _places(madison: Clinic) -> list[str]:
    """Every address that changes something in Madison."""
    shift = on_floor(madison)
    absent = on_floor(madison, day=DAY + timedelta(days=1))
    restaffing.take_off(nurse=absent.nurse, start=absent.period.lower, end=absent.period.upper, reason="Ill", by=None)
    closing.close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "9:00"), reason="Snow")
    closing.put_chair_out(
        chair=madison.chairs.earliest("pk"), start=at(madison, "8:00"), end=at(madison, "9:00"), reason="Motor"
    )
    pattern = ShiftPattern.objects.create(
        nurse=shift.nurse, clinic=madison, weekday=0, starts=time(8), ends=time(16), valid_from=DAY, valid_until=DAY
    )
    chair = madison.chairs.latest("pk")
    return [
        f"{URL}copy/",
        f"{URL}fill/",
        f"{URL}breaks/",
        "/staffing/madison/weekly/add/",
        f"/weekly-shifts/{pattern.pk}/",
        f"/weekly-shifts/{pattern.pk}/end/",
        "/staffing/madison/places/hours/",
        "/staffing/madison/places/chair/",
        f"/chairs/{chair.pk}/",
        f"/chairs/{chair.pk}/remove/",
        f"/chairs/{chair.pk}/return/",
        f"{URL}shift/",
        f"{URL}close/",
        f"{URL}chair/",
        f"/shifts/{shift.pk}/",
        f"/shifts/{shift.pk}/off/",
        f"/shifts/{shift.pk}/remove/",
        f"/absences/{Absence.objects.get().pk}/end/",
        f"/closures/{Closure.objects.get().pk}/end/",
        f"/outages/{ChairOutage.objects.get().pk}/end/",
    ]


@pytest.mark.parametrize("who", ["front_desk", "nurse", "stranger"])
def test_who_does_not_plan_shifts_here_changes_nothing(
    client: Client, madison: Clinic, request: pytest.FixtureRequest, who: str
) -> None:
    client.force_login(request.getfixturevalue(who))

    for place in _places(madison):
        for answer in (client.get(place), client.post(place), client.post(f"{place}?look", headers=HTMX)):
            assert answer.status_code == 403
    assert (Shift.objects.count(), Absence.objects.count(), Closure.objects.count()) == (2, 1, 1)


@pytest.mark.parametrize("who", ["charge_nurse", "manager"])
def test_charge_nurse_and_manager_open_every_form(
    client: Client, madison: Clinic, request: pytest.FixtureRequest, who: str
) -> None:
    client.force_login(request.getfixturevalue(who))

    for place in _places(madison):
        assert client.get(place).status_code == 200
        assert client.get(place, headers=HTMX).status_code == 200
        assert client.post(f"{place}?look", headers=HTMX).status_code == 200


@pytest.mark.parametrize(
    ("who", "status", "edits"),
    [
        ("front_desk", 200, False),
        ("nurse", 200, False),
        ("charge_nurse", 200, True),
        ("manager", 200, True),
        ("stranger", 403, False),
    ],
)
def test_only_staff_of_the_clinic_see_its_week_and_only_planners_see_the_forms(
    client: Client, madison: Clinic, request: pytest.FixtureRequest, who: str, status: int, edits: bool
) -> None:
    shift = on_floor(madison, nurse=make_nurse(madison, "Secretname"))
    client.force_login(request.getfixturevalue(who))

    page = client.get(URL)

    assert page.status_code == status
    assert ("Secretname" in text(page)) == (status == 200)
    assert (f"/shifts/{shift.pk}/" in text(page)) == edits


@pytest.mark.parametrize("page", ["/staffing/madison/weekly/", "/staffing/madison/places/"])
@pytest.mark.parametrize(
    ("who", "status", "edits"),
    [("front_desk", 200, False), ("nurse", 200, False), ("charge_nurse", 200, True), ("stranger", 403, False)],
)
def test_weekly_shifts_hours_and_chairs_are_seen_by_staff_and_changed_by_planners(
    client: Client, madison: Clinic, request: pytest.FixtureRequest, page: str, who: str, status: int, edits: bool
) -> None:
    make_nurse(madison, "Secretname")
    client.force_login(request.getfixturevalue(who))

    answer = client.get(page)

    assert answer.status_code == status
    assert ("/add/" in text(answer) or "/chair/" in text(answer)) == edits
    assert status == 200 or "Secretname" not in text(answer)


@pytest.mark.parametrize(("who", "status"), [("front_desk", 403), ("nurse", 403), ("charge_nurse", 200)])
def test_holidays_are_decided_by_planners(
    client: Client, request: pytest.FixtureRequest, who: str, status: int, madison: Clinic, wausau: Clinic
) -> None:
    client.force_login(request.getfixturevalue(who))

    assert client.get("/holidays/").status_code == status
    assert client.post("/holidays/2026-12-25/?look", {}, headers=HTMX).status_code == status
    if status == 200:
        assert "Wausau" not in text(client.get("/holidays/"))
        client.post("/holidays/2026-12-25/", {f"clinic_{madison.pk}": "close", f"clinic_{wausau.pk}": "close"})
        assert list(Closure.objects.values_list("clinic", flat=True)) == [madison.pk]


def test_a_nurse_is_lent_only_to_where_one_plans(
    client: Client, madison: Clinic, wausau: Clinic, charge_nurse: User
) -> None:
    shift = on_floor(madison)
    place = f"/shifts/{shift.pk}/lend/"
    facts = {"clinic": wausau.pk, "starts": "08:00", "ends": "12:00", "road": "0"}

    client.force_login(charge_nurse)
    assert client.get(place).status_code == client.post(place, facts).status_code == 403
    client.force_login(make_user("there", "charge_nurse", wausau))
    assert client.post(place, facts).status_code == 403
    client.force_login(make_user("both", "charge_nurse", madison, wausau))
    assert client.post(place, facts).status_code == 302
    assert Shift.objects.get(clinic=wausau).nurse == shift.nurse


def test_an_absence_felt_at_another_clinic_too_is_ended_by_somebody_who_plans_both(
    client: Client, madison: Clinic, wausau: Clinic, charge_nurse: User
) -> None:
    anna = on_floor(madison).nurse
    on_floor(wausau, day=DAY + timedelta(days=1), nurse=anna)
    restaffing.take_off(
        nurse=anna, start=at(madison, "8:00"), end=at(madison, "17:00", DAY + timedelta(days=2)), reason="Flu", by=None
    )
    place = f"/absences/{Absence.objects.get().pk}/end/"

    client.force_login(charge_nurse)
    assert client.post(place).status_code == 403
    client.force_login(make_user("both", "manager", madison, wausau))
    assert client.post(place).status_code == 302
    assert not Absence.objects.exists()


def test_without_signing_in_the_week_asks_for_it(client: Client, madison: Clinic) -> None:
    assert client.get(URL).headers["Location"].startswith("/login/")
