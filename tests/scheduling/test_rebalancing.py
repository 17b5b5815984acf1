"""Evening out the nurses of a day: shown first, done with one click, taken back while nothing has changed."""

from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.models import Clinic, Nurse, User
from reminders.models import Message
from scheduling.booking import NotAvailable, set_status
from scheduling.models import Appointment, NurseAssignment, Status
from scheduling.rebalancing import Evened, even_out, propose, take_back
from scheduling.restaffing import take_off
from tests.races.verdict import broken
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

URL = f"/roster/madison/{DAY}/balance/"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def lopsided(madison: Clinic) -> Clinic:
    """Four patients of Anna's, one after the other; Bea, who came to the roster later, has nobody."""
    on_floor(madison, nurse=make_nurse(madison, "Anna Alm"))
    for number, name in enumerate(("Berg", "Chen", "Dahl", "Ekman")):
        booked(madison, f"{8 + 2 * number}:00", plan=make_plan(make_patient(madison, name), "vedolizumab"))
    on_floor(madison, nurse=make_nurse(madison, "Bea Boe"))
    return madison


def nurses_of(clinic: Clinic) -> dict[str, list[str]]:
    """The patients that each nurse starts."""
    rows = NurseAssignment.objects.filter(clinic=clinic, is_start=True).order_by("period")
    found: dict[str, list[str]] = {}
    for nurse, name in rows.values_list("nurse__name", "appointment__patient__family_name"):
        found.setdefault(nurse, []).append(name)
    return found


def named(name: str) -> Appointment:
    return Appointment.objects.get(patient__family_name=name)


def evened(clinic: Clinic) -> Evened:
    """Even the day out as it stands."""
    return even_out(clinic=clinic, date=DAY, version=propose(clinic=clinic, date=DAY).version)


def test_each_nurse_gets_half_of_the_patients(lopsided: Clinic) -> None:
    messages = Message.objects.count()

    evened(lopsided)

    assert sorted(len(names) for names in nurses_of(lopsided).values()) == [2, 2]
    assert broken() == {}
    assert Message.objects.count() == messages


def test_who_has_arrived_keeps_the_nurse(lopsided: Clinic) -> None:
    with time_machine.travel(at(lopsided, "7:50"), tick=False):
        for name in ("Berg", "Chen", "Dahl"):
            set_status(appointment=named(name), status=Status.ARRIVED, by=None)

        evened(lopsided)

    assert nurses_of(lopsided) == {"Anna Alm": ["Berg", "Chen", "Dahl"], "Bea Boe": ["Ekman"]}


def test_what_was_shown_is_refused_when_the_day_has_changed(lopsided: Clinic) -> None:
    shown = propose(clinic=lopsided, date=DAY)
    booked(lopsided, "15:00", plan=make_plan(lopsided, "vedolizumab"))
    before = nurses_of(lopsided)

    with pytest.raises(NotAvailable, match="has changed since"):
        even_out(clinic=lopsided, date=DAY, version=shown.version)

    assert nurses_of(lopsided) == before


def test_it_is_taken_back(lopsided: Clinic) -> None:
    before = nurses_of(lopsided)
    done = evened(lopsided)

    take_back(clinic=lopsided, date=DAY, evened=done)

    assert nurses_of(lopsided) == before
    assert broken() == {}


def test_it_is_not_taken_back_once_a_patient_who_changed_nurses_is_here(lopsided: Clinic) -> None:
    done = evened(lopsided)
    after = nurses_of(lopsided)
    with time_machine.travel(at(lopsided, "7:50"), tick=False):
        moved = Appointment.objects.get(pk=next(iter(done.after)))
        set_status(appointment=moved, status=Status.ARRIVED, by=None)

    with pytest.raises(NotAvailable, match="has arrived"):
        take_back(clinic=lopsided, date=DAY, evened=done)

    assert nurses_of(lopsided) == after


def test_it_is_not_taken_back_to_a_nurse_who_is_not_there_any_more(lopsided: Clinic) -> None:
    done = evened(lopsided)
    anna = Nurse.objects.get(name="Anna Alm")
    take_off(nurse=anna, start=at(lopsided, "8:00"), end=at(lopsided, "17:00"), reason="Sick", by=None)

    with pytest.raises(NotAvailable, match="can't be as it was"):
        take_back(clinic=lopsided, date=DAY, evened=done)


def test_it_is_not_taken_back_where_the_nurse_starts_somebody_else_by_now(lopsided: Clinic) -> None:
    done = evened(lopsided)
    moved = Appointment.objects.get(pk=next(iter(done.after)))
    clock = f"{moved.start.astimezone(lopsided.zone):%-H:%M}"
    booked(lopsided, clock, plan=make_plan(lopsided, "vedolizumab"))

    with pytest.raises(NotAvailable, match="can't be as it was"):
        take_back(clinic=lopsided, date=DAY, evened=done)

    assert broken() == {}


# The page


def test_the_charge_nurse_looks_does_it_and_takes_it_back(client: Client, charge_nurse: User, lopsided: Clinic) -> None:
    client.force_login(charge_nurse)
    before = nurses_of(lopsided)

    shown = client.get(URL)

    page = shown.content.decode()
    assert "2 patients would get another nurse" in page
    assert "Anna Alm" in page
    assert nurses_of(lopsided) == before

    done = client.post(URL, {"version": shown.context["page"].version}, follow=True).content.decode()

    assert "2 patients have another nurse now." in done
    assert "Nothing to even out" in done
    assert nurses_of(lopsided) != before

    back = client.post(URL + "undo/", follow=True).content.decode()

    assert "Everybody has the nurse from before again." in back
    assert nurses_of(lopsided) == before
    assert "Take it back" not in back


def test_a_page_that_is_out_of_date_changes_nothing_and_shows_the_day_as_it_is(
    client: Client, charge_nurse: User, lopsided: Clinic
) -> None:
    client.force_login(charge_nurse)
    before = nurses_of(lopsided)

    refused = client.post(URL, {"version": "1"})

    assert refused.status_code == 409
    assert "The day has changed since" in refused.content.decode()
    assert nurses_of(lopsided) == before


def test_the_roster_leads_there_for_those_who_may(
    client: Client, charge_nurse: User, nurse: User, lopsided: Clinic
) -> None:
    roster = f"/roster/madison/{DAY}/"
    client.force_login(charge_nurse)
    assert URL in client.get(roster).content.decode()

    client.force_login(nurse)
    assert URL not in client.get(roster).content.decode()


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger"])
def test_others_may_not_even_out(client: Client, who: str, lopsided: Clinic, request: pytest.FixtureRequest) -> None:
    client.force_login(request.getfixturevalue(who))
    version = propose(clinic=lopsided, date=DAY).version

    for answer in (client.get(URL), client.post(URL, {"version": version}), client.post(URL + "undo/")):
        assert answer.status_code == 403
        assert "Berg" not in answer.content.decode()
    assert len(nurses_of(lopsided)["Anna Alm"]) == 4


def test_a_full_day_costs_no_more_queries_than_an_empty_one(
    client: Client, charge_nurse: User, madison: Clinic
) -> None:
    client.force_login(charge_nurse)

    def queries() -> int:
        client.get(URL)
        with CaptureQueriesContext(connection) as seen:
            client.get(URL)
        return len(seen)

    on_floor(madison)
    booked(madison, "9:00")
    on_floor(madison)
    few = queries()
    for number in range(3):
        booked(madison, f"{10 + number}:00")
    assert queries() == few


def test_another_clinics_day_is_left_alone(lopsided: Clinic) -> None:
    other = make_clinic("wausau")
    on_floor(other)
    booked(other, "9:00")
    before = nurses_of(other)

    evened(lopsided)

    assert nurses_of(other) == before
