"""The staffing week: who may see it, and who may change what."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import Absence, ChairOutage, Clinic, Closure, Shift, User
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
    return [
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
