"""Pages whose busy parts are put together in Python: whatever people typed stays text in them."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from clinic.models import Chair, Clinic, Nurse, Role, User
from scheduling import closing, restaffing
from scheduling.models import Appointment, Status
from tests.scheduling.pages import html_of
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_patient, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db

TYPED = "<u>'\"&"
WRITTEN = "&lt;u&gt;&#x27;&quot;&amp;"


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def charge(client: Client, charge_nurse: User, madison: Clinic) -> Client:
    """The browser of the charge nurse of a clinic in which everything has a name that would be HTML."""
    client.force_login(charge_nurse)
    Chair.objects.filter(pk=Chair.objects.earliest("pk").pk).update(name=f"Chair {TYPED}")
    shift = on_floor(madison)
    Nurse.objects.filter(pk=shift.nurse_id).update(name=f"Anna {TYPED}")
    patient = make_patient(madison, f"Olson {TYPED}", f"Kari {TYPED}", alerts=f"Latex {TYPED}", mrn=f"1{TYPED}")
    booked(madison, "9:00", plan=make_plan(patient))
    Appointment.objects.update(note=f"Note {TYPED}")
    restaffing.take_off(
        nurse=shift.nurse, start=at(madison, "10:30"), end=at(madison, "17:00"), reason=f"Ill {TYPED}", by=None
    )
    return client


def test_the_roster_writes_names_alerts_and_notes_as_text(charge: Client) -> None:
    page = html_of(charge, f"/roster/madison/{DAY}/")
    assert TYPED[:3] not in page
    assert f"<small>Chair</small> <b>{WRITTEN}</b>" in page
    for word in ("Anna", "Olson", "Kari", "Latex", "Note", "Ill"):
        assert f"{word} {WRITTEN}" in page


def test_the_week_writes_nurses_absences_and_closures_as_text(charge: Client, madison: Clinic) -> None:
    tomorrow = DAY + timedelta(days=1)
    start, end = at(madison, "8:00", tomorrow), at(madison, "17:00", tomorrow)
    closing.close_clinic(clinic=madison, start=start, end=end, reason=f"Snow {TYPED}")
    closing.put_chair_out(chair=Chair.objects.earliest("pk"), start=start, end=end, reason=f"Motor {TYPED}")
    page = html_of(charge, f"/staffing/madison/{DAY}/")
    assert TYPED[:3] not in page
    for word in ("Anna", "Ill", "Snow", "Chair", "Motor"):
        assert f"{word} {WRITTEN}" in page


def test_the_book_page_writes_who_moves_where_as_text(client: Client) -> None:
    clinic = make_clinic("madison", chairs=2)
    on_floor(clinic)
    on_floor(clinic)
    first, second = clinic.chairs.order_by("position")
    booked(clinic, "8:00", plan=make_plan(make_patient(clinic, "Berg")), chair=first)
    Appointment.objects.update(status=Status.ARRIVED)
    booked(clinic, "11:00", plan=make_plan(make_patient(clinic, f"Olson {TYPED}")), chair=second)
    clinic.chairs.filter(pk=first.pk).update(name=f"Chair {TYPED}")
    client.force_login(make_user("desk", Role.FRONT_DESK, clinic))
    page = html_of(client, f"/book/{make_plan(clinic).pk}/?whole=madison/{DAY}")
    assert TYPED[:3] not in page
    assert f"Olson {WRITTEN}, P. moves to Chair {WRITTEN}, same time" in page
