"""The page of a new plan: who may see it, what it says, accepting all or one, and a day that changed meanwhile."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import Chair, Clinic, Nurse, Role, User
from scheduling import closing, replan_day, restaffing
from scheduling.engine.replan import Limit
from scheduling.models import Appointment, CallToMake
from scheduling.views import replan as views
from tests.scheduling.pages import HTMX, counting
from tests.world import BEFORE, DAY, at, booked, make_nurse, make_patient, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db

URL = f"/replan/madison/{DAY}/"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # However busy the machine, the solver comes to its end.
    monkeypatch.setattr(replan_day, "SECONDS", 600.0)
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def anna(madison: Clinic) -> Nurse:
    """One of two nurses, both there for a fortnight; she is ill on the day, when patients hold both nurses' starts."""
    Chair.objects.create(clinic=madison, name="Chair 5", kind="recliner", position=5)
    team = [make_nurse(madison, "Anna Berg"), make_nurse(madison, "Ben Cole")]
    for number in range(14):
        for one in team:
            on_floor(madison, day=DAY + timedelta(days=number), nurse=one)
    for number, clock in enumerate(("8:00", "8:15", "8:30", "9:00", "9:15")):
        booked(madison, clock, plan=make_plan(make_patient(madison, f"Olson{number}", "Karen")))
    restaffing.take_off(nurse=team[0], start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Ill", by=None)
    return team[0]


@pytest.fixture
def charge(client: Client, charge_nurse: User) -> Client:
    client.force_login(charge_nurse)
    return client


def text(response: Any) -> str:
    return unescape(response.content.decode())


def plan_in(html: str) -> str:
    [plan] = set(re.findall(r'name="plan" value="([^"]+)"', html))
    return plan


def test_the_page_answers_at_once_and_asks_for_the_plan_by_itself(charge: Client, anna: Nurse) -> None:
    html = text(charge.get(URL))

    assert "Looking for the plan that disturbs the fewest" in html
    assert f'hx-get="{URL}" hx-trigger="load"' in html
    assert "Olson" not in html


def test_the_plan_shows_today_beside_the_proposal_with_the_reason(charge: Client, anna: Nurse) -> None:
    html = text(charge.get(URL, headers=HTMX))

    assert "Another time, same day" in html
    assert "9:15–11:45 AM" in html
    assert "10:30 AM–1:00 PM" in html
    assert "the nurses can take 3." in html
    assert "Proved: no other plan disturbs fewer patients." in html
    assert "Accept all 2" in html
    assert "<html" not in html


def test_without_scripts_the_plan_is_on_a_page_of_its_own(charge: Client, anna: Nurse) -> None:
    html = text(charge.get(f"{URL}?now"))
    assert "Accept all 2" in html

    answer = charge.post(URL, {"plan": plan_in(html)}, follow=True)

    assert answer.redirect_chain == [(f"{URL}?now", 302)]
    assert "2 were moved" in text(answer)
    assert "Nothing to change" in text(answer)


def test_accepted_again_because_the_answer_was_lost_it_is_said_again(charge: Client, anna: Nurse) -> None:
    html = text(charge.get(URL, headers=HTMX))
    [key] = re.findall(r'name="once" value="([^"]+)"', html)
    pressed = {"plan": plan_in(html), "once": key}

    answers = [text(charge.post(URL, pressed, headers=HTMX)) for _ in range(2)]

    assert all("2 were moved" in answer for answer in answers)
    assert CallToMake.objects.count() == 2
    assert "The day has changed" in text(charge.post(URL, {**pressed, "once": "another"}, headers=HTMX))


def test_all_are_accepted_at_once_and_the_calls_stand_on_the_worklist(charge: Client, anna: Nurse) -> None:
    plan = plan_in(text(charge.get(URL, headers=HTMX)))

    said = text(charge.post(URL, {"plan": plan}, headers=HTMX))

    assert "2 were moved" in said
    assert "Nothing to change" in said
    assert not Appointment.objects.filter(short_staffed=True).exists()
    page = text(charge.get("/worklists/"))
    assert "Moved, to call" in page
    assert "Was Mon Dec 7, 9:15 AM" in page
    call = CallToMake.objects.earliest("pk")
    assert "the nurses can take 3" in call.why
    ticked = charge.post(f"/worklists/calls/{call.pk}/", {"act": "called"}, headers=HTMX)
    assert ticked.status_code == 200
    call.refresh_from_db()
    assert call.called_by == call.asked_by


def test_one_is_accepted_alone_and_the_rest_proposed_again(charge: Client, anna: Nurse) -> None:
    html = text(charge.get(URL, headers=HTMX))
    [only, *_] = re.findall(r'name="only" value="(\d+)"', html)

    said = text(charge.post(URL, {"plan": plan_in(html), "only": only}, headers=HTMX))

    assert "was moved." in said
    assert "Accept all 1" in said
    assert CallToMake.objects.get().appointment_id == int(only)


def test_a_day_that_changed_says_so_and_brings_a_new_plan(charge: Client, anna: Nurse, madison: Clinic) -> None:
    plan = plan_in(text(charge.get(URL, headers=HTMX)))
    booked(madison, "14:00")

    answer = charge.post(URL, {"plan": plan}, headers=HTMX)

    assert answer.status_code == 409
    assert "The day has changed meanwhile. Nothing was moved. Here is a new plan." in text(answer)
    assert "Accept all 2" in text(answer)
    assert not CallToMake.objects.exists()


@pytest.mark.parametrize("made_up", ["", "nonsense", "eyJvZiI6WzFdfQ:1abc:xyz"])
def test_a_plan_that_we_did_not_make_is_refused(charge: Client, anna: Nurse, made_up: str) -> None:
    answer = charge.post(URL, {"plan": made_up}, headers=HTMX)

    assert answer.status_code == 409
    assert "too old" in text(answer)


def test_the_plan_of_another_day_is_refused(charge: Client, anna: Nurse) -> None:
    plan = plan_in(text(charge.get(URL, headers=HTMX)))

    assert charge.post(f"/replan/madison/{DAY + timedelta(days=1)}/", {"plan": plan}, headers=HTMX).status_code == 409
    assert not CallToMake.objects.exists()


def test_when_time_runs_out_the_page_says_how_far_the_plan_may_be_off(
    charge: Client, anna: Nurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = views.propose

    def hasty(**asked: Any) -> Any:
        return honest(**asked, limit=Limit(seconds=60, work=0.0))

    monkeypatch.setattr(views, "propose", hasty)

    html = text(charge.get(URL, headers=HTMX))

    assert "There was not time to be sure that this is the best." in html
    assert "Perhaps up to" in html
    assert "fewer would have to leave the day" in html


def test_who_can_go_nowhere_is_named_and_stays(charge: Client, madison: Clinic) -> None:
    on_floor(madison)
    visit = booked(madison, "9:00")
    closing.close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Snow")

    html = text(charge.get(URL, headers=HTMX))

    assert "1 cannot stay, and no day in the window has room" in html
    assert f"/appointments/{visit.pk}/move/" in html
    assert "The clinic is closed 9:00–11:30 AM." in html
    assert "Accept all" not in html


def test_a_day_that_is_over_is_not_planned_again(charge: Client, madison: Clinic) -> None:
    past = BEFORE.date() - timedelta(days=1)

    assert "This day is over" in text(charge.get(f"/replan/madison/{past}/?now"))


@pytest.mark.parametrize("who", ["front_desk", "nurse", "stranger"])
def test_who_does_not_plan_days_here_sees_and_moves_nothing(
    client: Client, anna: Nurse, charge_nurse: User, request: pytest.FixtureRequest, who: str
) -> None:
    client.force_login(charge_nurse)
    plan = plan_in(text(client.get(URL, headers=HTMX)))
    client.force_login(request.getfixturevalue(who))

    for answer in (
        client.get(URL),
        client.get(f"{URL}?now"),
        client.get(URL, headers=HTMX),
        client.post(URL, {"plan": plan}, headers=HTMX),
    ):
        assert answer.status_code == 403
        assert "Olson" not in text(answer)
    assert not CallToMake.objects.exists()


def test_a_manager_may(client: Client, anna: Nurse, manager: User) -> None:
    client.force_login(manager)

    assert client.get(URL, headers=HTMX).status_code == 200


def test_the_board_leads_those_who_may_to_the_plan(client: Client, anna: Nurse, madison: Clinic) -> None:
    for role, is_led in ((Role.CHARGE_NURSE, True), (Role.NURSE, False)):
        client.force_login(make_user(f"some{role}", role, madison))

        assert (URL in text(client.get(f"/board/madison/{DAY}/"))) == is_led


def test_a_change_that_leaves_somebody_without_a_place_leads_to_the_plan(charge: Client, anna: Nurse) -> None:
    answer = charge.post(
        f"/staffing/madison/{DAY}/close/",
        {
            "first_day": DAY.isoformat(),
            "last_day": DAY.isoformat(),
            "starts": "09:00",
            "ends": "17:00",
            "reason": "Snow",
        },
        headers=HTMX,
    )

    assert f'href="{URL}"' in text(answer)


def test_drawing_the_plan_takes_as_many_queries_for_many_as_for_few(
    charge: Client, anna: Nurse, madison: Clinic
) -> None:
    def cost() -> int:
        charge.get(URL, headers=HTMX)
        with counting() as queries:
            charge.get(URL, headers=HTMX)
        return len(queries)

    few = cost()
    for clock in ("12:00", "12:15", "13:30"):
        booked(madison, clock)

    assert cost() == few
