"""What somebody at a browser sees while the database is away or broken, and does about it: press again."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect

from clinic.quarters import at_wall_clock
from patients.models import Patient
from scheduling.booking import book
from scheduling.models import Appointment, Status
from tests.baddays.conftest import Ward
from tests.journeys.desk import DESK, barriers, sign_in
from tests.world import clock

pytestmark = pytest.mark.slow


@pytest.fixture
def page(ward: Ward, browser: Browser) -> Iterator[Page]:
    """The front desk's."""
    context = browser.new_context(base_url=ward.web.url, viewport=DESK)
    context.set_default_timeout(30_000)
    sign_in(context, ward.user, ward.web.url)
    yield context.new_page()
    context.close()
    ward.database.start()


@pytest.fixture
def visit(ward: Ward) -> Appointment:
    [plan] = ward.plans(1)
    start = at_wall_clock(ward.first_day + timedelta(days=4), clock("8:00"), ward.clinic.zone)
    return book(plan=plan, dose_number=1, clinic=ward.clinic, start=start, by=ward.user)


def go_away(ward: Ward) -> None:
    connection.close()
    ward.database.stop(signal.SIGINT)


def test_a_form_is_kept_on_the_page_that_says_so_and_is_done_once(ward: Ward, page: Page) -> None:
    page.goto(reverse("patient_new"))
    typed = {"family_name": "Lind", "given_name": "Astrid", "birth_date": "3/14/1975", "mrn": "B7001"}
    for field, words in typed.items():
        page.locator(f"#id_{field}").fill(words)
    go_away(ward)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("What you entered is kept here.")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="Press again").click()
    expect(page.get_by_text("What you entered is kept here.")).to_be_visible()

    ward.database.start()
    page.get_by_role("button", name="Press again").click()

    expect(page.get_by_text("Lind, Astrid is registered.")).to_be_visible()
    assert Patient.objects.filter(mrn="B7001").count() == 1


def test_beside_the_board_what_was_typed_stays_and_a_notice_says_to_press_again(
    ward: Ward, page: Page, visit: Appointment
) -> None:
    page.goto(reverse("appointment", args=[visit.pk]))
    page.get_by_text("Cancel…").click()
    page.locator("#cancel-reason").select_option("weather")
    page.locator("#cancel-note").fill("Snow in Portage")
    go_away(ward)
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.get_by_text("The schedule can’t be reached just now. What you entered stays here")).to_be_visible()
    assert page.locator("#cancel-note").input_value() == "Snow in Portage"

    ward.database.start()
    page.get_by_role("button", name="Cancel the appointment").click()

    expect(page.get_by_text("Cancelled. Chair and nurse are free again.")).to_be_visible()
    visit.refresh_from_db()
    assert (visit.status, visit.note) == (Status.CANCELLED, "Snow in Portage")


def test_a_locked_screen_says_that_nobody_can_open_it_and_opens_later(ward: Ward, page: Page) -> None:
    page.goto(reverse("patient_new"))
    page.locator("#id_family_name").fill("Half-Typed")
    with page.expect_response(re.compile("/account/lock/")):
        page.get_by_role("button", name="Lock", exact=True).click()
    lock = page.locator("#lock")
    expect(lock.get_by_role("heading", name="Locked")).to_be_visible()
    go_away(ward)

    unlock(lock)
    expect(lock.get_by_text("The schedule can’t be reached just now.")).to_be_visible()
    expect(lock.get_by_label("PIN or password")).to_be_focused()
    assert barriers(page) == []
    ward.database.start()
    unlock(lock)

    expect(lock).to_be_hidden()
    expect(page.locator("#id_family_name")).to_have_value("Half-Typed")


def test_what_breaks_is_said_with_a_reference_that_finds_it_in_the_log(
    ward: Ward, page: Page, visit: Appointment
) -> None:
    page.goto(reverse("board", args=[ward.clinic.slug, ward.first_day + timedelta(days=4)]))
    block = page.locator(f"#appointment-{visit.pk}")
    with missing("scheduling_statuschange"):
        block.click()
        toast = page.locator("#toasts .message-error")
        expect(toast).to_contain_text("Something broke on our side; nothing was half saved. Try again. Reference: ")
    reference = toast.inner_text().rsplit(" ", 1)[1]
    assert re.search(rf"ERROR.*{reference}", ward.web.log)

    block.click()
    expect(page.locator("#visit-title")).to_be_visible()


def unlock(lock: Locator) -> None:
    lock.get_by_label("PIN or password").fill("chairside-demo")
    lock.get_by_role("button", name="Unlock").click()


@contextmanager
def missing(table: str) -> Iterator[None]:
    """As if a table had never been made."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_elsewhere")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table}_elsewhere RENAME TO {table}")
