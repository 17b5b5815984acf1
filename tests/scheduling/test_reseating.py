"""A time for which others get another chair: offered as such, and booked with it in one go."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from clinic.models import Chair, ChairOutage, Clinic, Role
from patients.models import TreatmentPlan
from reminders.models import Message
from scheduling import waitlist
from scheduling.booking import NotAvailable, book, check, move, set_status
from scheduling.chairs import change_chair
from scheduling.models import Appointment, Status
from scheduling.openings import Opening, find
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_patient, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def clinic() -> Clinic:
    """Berg is here, in chair 1 until 10:30; Olson comes at 11:00, to chair 2. No chair is free from 10:15 to 12:45."""
    found = make_clinic("madison", chairs=2)
    on_floor(found)
    on_floor(found)
    first, second = found.chairs.order_by("position")
    booked(found, "8:00", plan=make_plan(make_patient(found, "Berg")), chair=first)
    booked(found, "11:00", plan=make_plan(make_patient(found, "Olson")), chair=second)
    Appointment.objects.filter(patient__family_name="Berg").update(status=Status.ARRIVED)
    return found


def named(name: str) -> Appointment:
    return Appointment.objects.select_related("chair", "patient", "clinic").get(patient__family_name=name)


def offered(plan: TreatmentPlan, clinic: Clinic, **asked: object) -> dict[str, Opening]:
    """What is offered on the day, by its clock."""
    found = find(plan=plan, dose_number=1, clinics=[clinic], first_day=DAY, last_day=DAY, limit=1000, **asked)  # type: ignore[arg-type]
    return {f"{one.start.astimezone(clinic.zone):%-H:%M}": one for one in found}


def test_a_time_is_offered_for_which_somebody_else_moves_to_another_chair(clinic: Clinic) -> None:
    plan, olson = make_plan(clinic), named("Olson")

    opening = offered(plan, clinic)["10:15"]

    assert opening.moves == ((olson.pk, clinic.chairs.get(name="Chair 1").pk),)
    assert opening.chair_id == olson.chair_id


def test_booking_it_changes_the_chair_and_nothing_that_a_patient_was_told(clinic: Clinic) -> None:
    before = named("Olson")
    messages = set(Message.objects.filter(appointment=before).values_list("pk", "status", "due_at"))

    made = book(plan=make_plan(clinic), dose_number=1, clinic=clinic, start=at(clinic, "10:15"), by=None)

    after = named("Olson")
    assert (made.chair.name, after.chair.name) == ("Chair 2", "Chair 1")
    assert (after.period, after.version, after.confirmed_at) == (before.period, before.version, before.confirmed_at)
    assert set(Message.objects.filter(appointment=before).values_list("pk", "status", "due_at")) == messages


def test_the_book_page_says_who_moves_where(client: Client, clinic: Clinic) -> None:
    plan = make_plan(clinic)
    client.force_login(make_user("desk", Role.FRONT_DESK, clinic))

    page = client.get(f"/book/{plan.pk}/?whole=madison/{DAY}").content.decode()

    assert "Olson, P. moves to Chair 1, same time" in page
    assert '<path class="load-full"' in page or '<path class="load-some"' in page


def test_openings_that_need_nobody_to_change_come_first(clinic: Clinic) -> None:
    ranked = list(offered(make_plan(clinic), clinic).values())

    assert any(one.moves for one in ranked)
    assert sorted(ranked, key=lambda one: bool(one.moves)) == ranked


def test_who_has_arrived_keeps_the_chair(clinic: Clinic) -> None:
    plan = make_plan(clinic)
    with time_machine.travel(at(clinic, "7:50"), tick=False):
        assert "10:15" in offered(plan, clinic)
        set_status(appointment=named("Olson"), status=Status.ARRIVED, by=None)

        assert "10:15" not in offered(plan, clinic)
        with pytest.raises(NotAvailable, match="No chair is free"):
            book(plan=plan, dose_number=1, clinic=clinic, start=at(clinic, "10:15"), by=None)


def test_a_bed_is_no_chair_to_change_to(clinic: Clinic) -> None:
    plan = make_plan(clinic)
    clinic.chairs.filter(name="Chair 1").update(kind="bed")

    assert "10:15" not in offered(plan, clinic)


def test_nobody_is_sent_to_a_chair_that_is_out_of_service(clinic: Clinic) -> None:
    plan = make_plan(clinic)
    ChairOutage.objects.create(
        chair=clinic.chairs.get(name="Chair 1"), period=(at(clinic, "13:15"), at(clinic, "14:00")), reason="Motor"
    )

    assert "10:15" not in offered(plan, clinic)


def test_a_chair_that_is_asked_for_is_not_cleared(clinic: Clinic) -> None:
    chair = clinic.chairs.get(name="Chair 2")

    with pytest.raises(NotAvailable, match="Chair 2 is not free"):
        book(plan=make_plan(clinic), dose_number=1, clinic=clinic, start=at(clinic, "10:15"), by=None, chair=chair)


def test_a_chair_is_held_for_the_waitlist_only_where_one_is_free(clinic: Clinic) -> None:
    plan = make_plan(clinic)
    entry = waitlist.add(plan=plan, dose_number=1, by=None)
    check(plan=plan, dose_number=1, clinic=clinic, start=at(clinic, "10:15"))

    with pytest.raises(NotAvailable, match="No chair is free"):
        waitlist.offer(entry=entry, clinic=clinic, start=at(clinic, "10:15"), by=None)


def test_nobody_is_sent_to_a_chair_that_is_held_for_an_answer(clinic: Clinic) -> None:
    third = Chair.objects.create(clinic=clinic, name="Chair 3", position=3)
    ChairOutage.objects.create(chair=third, period=(at(clinic, "8:00"), at(clinic, "13:30")), reason="Motor")
    entry = waitlist.add(plan=make_plan(clinic), dose_number=1, by=None)
    plan = make_plan(clinic)
    assert "10:15" in offered(plan, clinic)

    waitlist.offer(
        entry=entry, clinic=clinic, start=at(clinic, "13:00"), by=None, chair=clinic.chairs.get(name="Chair 1")
    )

    assert "10:15" not in offered(plan, clinic)


def test_who_moves_may_swap_chairs_with_another(clinic: Clinic) -> None:
    """Who moves leaves a chair in which another sits down: both are written before the chairs are judged."""
    mover = booked(clinic, "11:15", chair=clinic.chairs.get(name="Chair 1"))
    opening = offered(mover.plan, clinic, moving=mover)["10:15"]

    moved = move(appointment=mover, clinic=clinic, start=opening.start, by=None)

    assert (moved.chair.name, named("Olson").chair.name) == ("Chair 2", "Chair 1")


def test_who_has_changed_chairs_can_change_again(clinic: Clinic) -> None:
    book(plan=make_plan(clinic), dose_number=1, clinic=clinic, start=at(clinic, "10:15"), by=None)
    third = Chair.objects.create(clinic=clinic, name="Chair 3", position=3)

    assert change_chair(appointment=named("Olson"), chair=third, by=None).chair == third
