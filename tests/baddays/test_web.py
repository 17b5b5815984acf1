"""The web server's bad days: its database is restarted under it, its workers are killed in the worst moment.

Real gunicorn, real PostgreSQL, and no broker at all: booking needs none. Counted is what desks were told against what
is there.
"""

import random
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import pytest
import requests
from django.db import connection
from django.urls import reverse

from clinic.models import Press
from patients.models import Patient, TreatmentPlan
from scheduling.models import HELD, Appointment
from tests.baddays.conftest import Ward
from tests.baddays.desk import Desk, Fields, Page
from tests.baddays.dying import BEFORE_ANSWER, BEFORE_COMMIT
from tests.clinic.processes import wait_until
from tests.patients.test_pages import NEW
from tests.races.verdict import broken

pytestmark = pytest.mark.slow


def booking_form(desk: Desk, plan: TreatmentPlan) -> tuple[str, Fields]:
    """The form on the book page, with one of its best times chosen: those further off may ask for a reason."""
    path = reverse("book", args=[plan.pk])
    page = desk.get(path)
    assert page.status == 200, page.text
    return path, [*page.form(path), ("opening", random.choice(page.openings[:6]))]


def book(desk: Desk, plan: TreatmentPlan) -> Page:
    """Book a dose as somebody would: when the time was taken, another one."""
    while True:
        path, fields = booking_form(desk, plan)
        page = desk.press_until_told(path, fields)
        if page.status != 409:
            return page


def booked(plan: TreatmentPlan) -> int:
    """How many appointments a plan has."""
    return Appointment.objects.filter(plan=plan, status__in=HELD).count()


@dataclass
class Bookings:
    """What three desks were told, while others count along."""

    told: dict[int, Page] = field(default_factory=dict)
    desks: list[Desk] = field(default_factory=list)

    def work(self, desk: Desk, plans: list[TreatmentPlan]) -> None:
        self.desks.append(desk)
        for plan in plans:
            self.told[plan.pk] = book(desk, plan)

    def are(self, many: int) -> bool:
        """Whether so many are made."""
        return len(self.told) >= many

    @property
    def seen(self) -> dict[str, int]:
        return {what: sum(desk.seen[what] for desk in self.desks) for what in ("302", "409", "503", "nothing")}


def test_the_database_is_restarted_in_the_middle_of_bookings(ward: Ward) -> None:
    plans = ward.plans(30)
    shares, desks, bookings = [plans[number::3] for number in range(3)], [ward.desk() for _ in range(3)], Bookings()
    connection.close()

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(bookings.work, desk, share) for desk, share in zip(desks, shares, strict=True)]
        for enough, how in ((5, signal.SIGINT), (12, signal.SIGQUIT), (19, signal.SIGINT)):
            assert wait_until(partial(bookings.are, enough), within=60)
            ward.database.restart(how)
        for work in working:
            work.result(120)

    strange = [page for page in bookings.told.values() if page.status != 302]
    counts = {plan.pk: booked(plan) for plan in plans}
    print(
        f"\n{len(plans)} bookings, {ward.database.restarts} restarts of the database, desks saw {bookings.seen}: "
        f"{sum(count == 0 for count in counts.values())} lost, {sum(count > 1 for count in counts.values())} doubled"
    )
    assert strange == []
    assert set(counts.values()) == {1}
    assert bookings.seen["503"] >= ward.database.restarts == 3
    assert broken() == {}


@pytest.mark.parametrize("when", [BEFORE_COMMIT, BEFORE_ANSWER])
def test_a_worker_is_killed_at_the_worst_moment_and_the_desk_presses_again(ward: Ward, when: str) -> None:
    """Killed before the commit nothing was written, after it all was. The desk cannot know, and need not."""
    desk, plans = ward.desk(), ward.plans(3)
    for plan in plans:
        path, fields = booking_form(desk, plan)
        assert desk.press(path, fields, die=when).status == 0, "the answer is lost"
        assert booked(plan) == (0 if when == BEFORE_COMMIT else 1)

        page = desk.press_until_told(path, fields)

        assert (page.status, page.to) == (302, reverse("patient", args=[plan.patient_id]))
        assert "Booked: " in desk.get(page.to).text
        assert booked(plan) == 1
        another = [(name, "another" if name == "once" else value) for name, value in fields]
        assert desk.press(path, another).status == 409, "what the desk would have read without the key"
    print(f"\n{len(plans)} bookings, {len(plans)} workers killed {when}: 0 lost, 0 doubled")
    assert broken() == {}


@pytest.mark.parametrize("when", [BEFORE_COMMIT, BEFORE_ANSWER])
def test_a_patient_is_registered_once_though_the_worker_was_killed(ward: Ward, when: str) -> None:
    desk, path, mrn = ward.desk(), reverse("patient_new"), f"K{Press.objects.count():05}"
    html = desk.get(path).text
    form = html[html.index('<form class="sheet"') :]
    hidden = Page(200, form.replace('<form class="sheet"', f'<form action="{path}"', 1)).form(path)
    fields = [*hidden, *{**NEW, "mrn": mrn, "home_clinic": str(ward.clinic.pk)}.items()]

    assert desk.press(path, fields, die=when).status == 0
    page = desk.press_until_told(path, fields)

    assert page.to == reverse("patient", args=[Patient.objects.get(mrn=mrn).pk])
    assert "is registered" in desk.get(page.to).text


def test_while_the_database_is_away_pages_say_what_to_do_and_come_back_by_themselves(ward: Ward) -> None:
    desk, [plan] = ward.desk(), ward.plans(1)
    path, fields = booking_form(desk, plan)
    connection.close()
    ward.database.stop(signal.SIGINT)

    looked, pressed = desk.ask("GET", path), desk.press(path, fields)
    part = desk.ask("POST", path, fields, {"HX-Request": "true"})
    health = requests.get(f"{ward.web.url}/healthz", timeout=10)

    assert (looked.status, pressed.status, part.status, health.status_code) == (503, 503, 503, 200)
    assert "This page tries again by itself" in looked.text
    assert set(fields) - {each for each in fields if each[0] == "csrfmiddlewaretoken"} <= set(pressed.form(path))
    ward.database.start()
    assert desk.ask("GET", path).status == 200, "with the same workers: nobody has to restart them"
    assert desk.press(path, pressed.form(path)).status == 302
    assert booked(plan) == 1
