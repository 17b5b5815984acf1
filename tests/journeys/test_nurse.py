"""A nurse with a tablet on the floor."""

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from clinic.accounts.models import StaffSession
from clinic.models import Clinic, Role, User
from scheduling.booking import set_status
from scheduling.models import Appointment, StatusChange
from tests.journeys.chromium import PATIENCE
from tests.journeys.desk import TABLET, SitDown, sign_in
from tests.world import DAY, booked, make_patient, make_plan

pytestmark = pytest.mark.slow

FINGER = 44
"""Pixels: what a finger hits without looking twice."""

STEPS = ("arrived", "seated", "infusing", "observing", "done")


@pytest.fixture
def visit(clinics: list[Clinic]) -> Appointment:
    """Karen Olson at nine, with all her papers."""
    return booked(clinics[0], "9:00", plan=make_plan(make_patient(clinics[0], "Olson", "Karen")))


def test_five_taps_lead_a_patient_from_the_door_to_done(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto("/")
    assert page.url.endswith(f"/roster/madison/{DAY}/")
    card = page.locator(".card-of", has_text="Olson, Karen")

    for status in STEPS:
        step = card.locator(".step")
        box = step.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= FINGER
        step.click()
        expect(card).to_have_class(f"card-of s-{status}")

    visit.refresh_from_db()
    assert visit.status == "done"
    assert visit.plan.doses_given.filter(dose_number=1).exists()


def test_a_tap_too_many_is_taken_back(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    card = page.locator(".card-of", has_text="Olson, Karen")

    card.locator(".step").click()
    expect(card).to_have_class("card-of s-arrived")
    card.locator(".step-back").click()

    expect(card).to_have_class("card-of s-booked")
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_nobody_is_seated_without_a_hard_prerequisite_and_the_card_says_why(
    clinics: list[Clinic], nurse: User, sit_down: SitDown
) -> None:
    visit = booked(clinics[0], "9:00", ready=False)
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    card = page.locator(".card-of")

    card.locator(".step").click()
    expect(card).to_have_class("card-of s-arrived")
    card.locator(".step").click()

    expect(card.get_by_role("alert")).to_be_visible()
    visit.refresh_from_db()
    assert visit.status == "arrived"


def test_nothing_on_the_roster_is_smaller_than_a_finger(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/?show=everyone")

    small = page.evaluate(
        """(finger) => [...document.querySelectorAll(".roster a, .roster button")]
        .filter((each) => each.checkVisibility() && Math.min(each.offsetWidth, each.offsetHeight) < finger)
        .map((each) => `${each.offsetWidth} × ${each.offsetHeight} ${each.textContent.trim()}`)""",
        FINGER,
    )
    assert not small


def test_no_page_of_the_roster_needs_scrolling_sideways(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_taps_made_without_a_network_are_sent_once_in_their_order_when_it_is_back(
    clinics: list[Clinic], nurse: User, sit_down: SitDown
) -> None:
    first = booked(clinics[0], "9:00", plan=make_plan(make_patient(clinics[0], "Olson", "Karen")))
    second = booked(clinics[0], "9:15", plan=make_plan(make_patient(clinics[0], "Berg", "Nils")))
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    olson, berg = page.locator(".card-of", has_text="Olson"), page.locator(".card-of", has_text="Berg")

    page.context.set_offline(True)
    berg.locator(".step").click()
    expect(berg.locator("[data-waits]")).to_have_text("Waiting to be sent: Arrived")
    olson.locator(".step").click()
    expect(page.locator("[data-taps]")).to_have_text("2 taps wait for the connection")
    page.context.set_offline(False)

    expect(olson).to_have_class("card-of s-arrived")
    expect(berg).to_have_class("card-of s-arrived")
    expect(page.locator("[data-taps]")).to_be_hidden()
    taps = StatusChange.objects.filter(status="arrived").order_by("pk").values_list("appointment", flat=True)
    assert list(taps) == [second.pk, first.pk]


def test_a_tap_whose_answer_was_lost_is_not_made_twice_and_undoes_no_colleagues_step(
    visit: Appointment, nurse: User, sit_down: SitDown
) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    card = page.locator(".card-of", has_text="Olson")

    lost: list[str] = []
    back: list[bool] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method != "POST" or back:
            return route.continue_()
        if not lost:
            lost.append(route.fetch().text())
        return route.abort()

    page.route("**/roster/**", lose_the_answer)
    card.locator(".step").click()
    expect(card.locator("[data-waits]")).to_be_visible()
    for status in ("seated", "infusing"):
        visit.refresh_from_db()
        set_status(appointment=visit, status=status, by=None)
    back.append(True)

    expect(card).to_have_class("card-of s-infusing")
    expect(card.get_by_role("alert")).to_contain_text("A colleague has gone on meanwhile")
    taps = StatusChange.objects.filter(appointment=visit).order_by("pk").values_list("status", flat=True)
    assert list(taps) == ["booked", "arrived", "seated", "infusing"]


def test_taps_survive_a_reload_without_a_network(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    page.context.set_offline(True)
    tap_unsent(page, "Olson")

    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
    page.context.set_offline(False)
    page.goto(f"/roster/madison/{DAY}/")

    expect(page.locator("#toasts")).to_contain_text("The tap that waited is sent.")
    expect(page.locator(".card-of", has_text="Olson")).to_have_class("card-of s-arrived")
    assert arrivals(visit) == 1


def test_a_tap_that_finds_the_schedule_away_waits_on_its_card_and_is_sent_once(
    visit: Appointment, nurse: User, browser: Browser, live_server: LiveServer
) -> None:
    """What the database's absence looks like from here; what makes it, tests/baddays has."""
    context = browser.new_context(base_url=live_server.url, viewport=TABLET)
    sign_in(context, nurse, live_server.url)
    page = context.new_page()
    page.goto(f"/roster/madison/{DAY}/")
    is_away = [True]

    def answer(route: Route) -> None:
        return route.fulfill(status=503) if is_away and route.request.method == "POST" else route.continue_()

    page.route("**/roster/**", answer)
    card = tap_unsent(page, "Olson")
    expect(page.locator("#toasts .message-error")).to_have_count(0)
    is_away.clear()

    expect(card).to_have_class("card-of s-arrived", timeout=PATIENCE)
    expect(page.locator("#toasts")).to_contain_text("The tap that waited is sent.")
    assert arrivals(visit) == 1
    context.close()


def test_a_tap_that_waits_is_taken_back_and_never_sent(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    page.context.set_offline(True)
    card = tap_unsent(page, "Olson")

    card.get_by_role("button", name="Take back").click()
    expect(card.locator("[data-waits]")).to_be_hidden()
    expect(card.locator(".step")).to_be_focused()
    page.context.set_offline(False)
    page.reload()

    expect(card).to_have_class("card-of s-booked")
    assert not arrivals(visit)


def test_taps_wait_for_whoever_has_to_sign_in_again_first(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    page.context.set_offline(True)
    tap_unsent(page, "Olson")
    StaffSession.objects.filter(user=nurse).delete()
    page.context.set_offline(False)

    expect(page.get_by_text("1 tap on the roster waits. Sign in again")).to_be_visible()
    page.get_by_label("User name").fill("nurse")
    page.get_by_label("Password").fill("chairside-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.locator(".card-of", has_text="Olson")).to_have_class("card-of s-arrived")
    expect(page.locator("#toasts")).to_contain_text("The tap that waited is sent.")


def test_a_tap_of_somebody_signed_out_is_kept_too(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    StaffSession.objects.filter(user=nurse).delete()

    page.locator(".card-of", has_text="Olson").locator(".step").click()

    expect(page.get_by_text("1 tap on the roster waits. Sign in again")).to_be_visible()


def test_taps_wait_until_a_locked_tablet_is_opened(visit: Appointment, nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    page.context.set_offline(True)
    tap_unsent(page, "Olson")
    StaffSession.objects.filter(user=nurse).update(seen_at=None)
    page.context.set_offline(False)

    lock = page.locator("#lock")
    expect(lock.get_by_role("heading", name="Locked")).to_be_visible()
    assert not arrivals(visit)
    lock.get_by_label("PIN or password").fill("chairside-demo")
    lock.get_by_role("button", name="Unlock").click()

    expect(page.locator(".card-of", has_text="Olson")).to_have_class("card-of s-arrived")


def test_a_tap_that_waits_goes_to_the_roster_it_was_made_on(
    visit: Appointment, clinics: list[Clinic], nurse: User, sit_down: SitDown
) -> None:
    nurse.memberships.create(clinic=clinics[1], role=Role.NURSE)
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    page.route("**/roster/**", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    tap_unsent(page, "Olson")
    page.goto(f"/roster/wausau/{DAY}/")
    expect(page.locator("[data-taps]")).to_have_text("1 tap waits for the connection")
    page.unroute("**/roster/**")

    expect(page.locator("#toasts")).to_contain_text("The tap that waited is sent.")
    visit.refresh_from_db()
    assert visit.status == "arrived"


def arrivals(visit: Appointment) -> int:
    """How often somebody was marked as arrived."""
    return StatusChange.objects.filter(appointment=visit, status="arrived").count()


def tap_unsent(page: Page, name: str) -> Locator:
    """Tap the next step of somebody while the network is away. Returns the card."""
    card = page.locator(".card-of", has_text=name)
    card.locator(".step").click()
    expect(card.locator("[data-waits]")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("it waits on its card")
    return card
