"""Signing in with a second step, a screen that locks, and somebody new, as people live through it."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.accounts import own
from clinic.accounts.models import StaffSession
from clinic.models import Clinic, User
from tests.clinic.accounts.conftest import code_at, with_app
from tests.journeys.desk import TABLET, SitDown, barriers
from tests.world import DAY, booked

pytestmark = pytest.mark.slow

PIN = "280419"
GOOD = "seven quiet otters swim"


@pytest.fixture(autouse=True)
def _nobody_tried_yet(transactional_db: None) -> None:
    cache.clear()


def rest(user: User, *, left: int) -> None:
    """Let somebody's screens have so many seconds left before they lock."""
    StaffSession.objects.filter(user=user).update(
        idle_seconds=300, seen_at=timezone.now() - timedelta(seconds=300 - left)
    )


def look_again(page: Page) -> None:
    """As when somebody comes back to the tab."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def type_in(page: Page, name: str, password: str) -> None:
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def unlock(page: Page, secret: str) -> None:
    page.locator("#lock").get_by_label("PIN or password").fill(secret)
    page.locator("#lock").get_by_role("button", name="Unlock").click()


def test_the_code_of_the_app_is_asked_after_the_password(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    with_app(front_desk)
    page = sit_down(None)
    type_in(page, "frontdesk", "chairside-demo")
    code = page.get_by_label("Code of your authenticator app")
    expect(code).to_be_focused()
    assert not barriers(page)
    code.fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("That did not fit.")).to_be_visible()
    page.get_by_label("Code of your authenticator app").fill(code_at(timezone.now()))
    page.keyboard.press("Enter")
    expect(page.locator("[data-board]")).to_be_visible()


def test_a_passkey_is_added_and_then_signs_in_alone(clinics: list[Clinic], front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto("/account/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What you call it").fill("Desk computer")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("list", name="Your recovery codes").get_by_role("listitem")).to_have_count(10)
    page.get_by_role("link", name="I have them").click()
    expect(page.locator("[data-board]")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("[data-board]")).to_be_visible()
    page.goto("/account/")
    expect(page.get_by_text("Desk computer, added")).to_be_visible()


def test_where_everybody_needs_one_the_app_is_set_up_first(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown, settings
) -> None:
    settings.SECOND_STEP_REQUIRED = True
    page = sit_down(None)
    type_in(page, "frontdesk", "chairside-demo")
    expect(page.get_by_role("heading", name="Set up your second step")).to_be_visible()
    assert not barriers(page)
    page.get_by_role("link", name="Use an authenticator app").click()
    expect(page.get_by_alt_text("The square for the camera of your phone")).to_be_visible()
    assert not barriers(page)


def test_a_screen_locks_and_opens_with_what_was_typed_still_there(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    own.set_pin(user=front_desk, pin=PIN)
    page = sit_down(front_desk)
    page.goto("/patients/new/")
    page.get_by_label("Family name").fill("Olson-Half-Typed")

    rest(front_desk, left=55)
    look_again(page)
    expect(page.get_by_text("This screen locks in a minute.")).to_be_visible()
    page.keyboard.press("Shift")
    expect(page.get_by_text("This screen locks in a minute.")).to_be_hidden()

    rest(front_desk, left=0)
    look_again(page)
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert not barriers(page)
    unlock(page, "000000")
    expect(page.get_by_text("That is neither your PIN nor your password.")).to_be_visible()
    unlock(page, PIN)
    expect(page.get_by_role("heading", name="Locked")).to_be_hidden()
    expect(page.get_by_label("Family name")).to_have_value("Olson-Half-Typed")


def test_what_was_asked_for_while_locked_is_done_after_unlocking(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    visit = booked(clinics[0], "9:00")
    page = sit_down(front_desk)
    page.goto(f"/board/madison/{DAY}/")
    rest(front_desk, left=0)
    page.locator(".stay a", has_text=visit.patient.family_name).first.click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    unlock(page, "chairside-demo")
    expect(page.locator("#visit-title")).to_be_visible()


def test_a_nurse_locks_the_tablet_by_hand(clinics: list[Clinic], nurse: User, sit_down: SitDown) -> None:
    page = sit_down(nurse, TABLET)
    page.goto(f"/roster/madison/{DAY}/")
    with page.expect_response(re.compile("/account/lock/")):
        page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert not barriers(page)
    page.get_by_label("PIN or password").fill("chairside-demo")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("heading", name="Locked")).to_have_count(0)
    assert page.url.endswith(f"/roster/madison/{DAY}/")


def test_a_manager_invites_and_the_newcomer_signs_in(clinics: list[Clinic], manager: User, sit_down: SitDown) -> None:
    page = sit_down(manager)
    page.goto("/")
    page.get_by_role("link", name="Staff", exact=True).click()
    expect(page.get_by_role("heading", name="Staff", level=1)).to_be_visible()
    assert not barriers(page)
    page.get_by_role("link", name="Invite somebody").click()
    for label, text in (("First name", "Mia"), ("Last name", "Lind"), ("User name", "mlind")):
        page.get_by_label(label).fill(text)
    page.get_by_label("Madison").select_option("Front desk")
    assert not barriers(page)
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("The link").input_value()
    assert not barriers(page)

    newcomer = sit_down(None)
    newcomer.goto(link[link.index("/welcome/") :])
    expect(newcomer.get_by_role("heading", name="Welcome, Mia")).to_be_visible()
    assert not barriers(newcomer)
    newcomer.get_by_label("New password").fill(GOOD)
    newcomer.get_by_label("Show what I type").check()
    expect(newcomer.get_by_label("New password")).to_have_attribute("type", "text")
    assert not barriers(newcomer)
    newcomer.get_by_role("button", name="Set the password").click()
    expect(newcomer.get_by_text("Your password is set, Mia.")).to_be_visible()
    type_in(newcomer, "mlind", GOOD)
    expect(newcomer.locator("[data-board]")).to_be_visible()

    page.goto("/staff/")
    page.get_by_role("link", name="Mia Lind").click()
    assert not barriers(page)
    page.get_by_label("Signed out everywhere at once").fill("Only a test")
    page.get_by_role("button", name="Remove Mia Lind").click()
    expect(page.get_by_text("Mia Lind is removed")).to_be_visible()
    newcomer.reload()
    expect(newcomer.get_by_label("User name")).to_be_visible()


def test_ones_own_account(clinics: list[Clinic], front_desk: User, sit_down: SitDown) -> None:
    with_app(front_desk)
    page = sit_down(front_desk)
    for address in ("/account/", "/account/password/", "/account/pin/", "/account/passkeys/add/"):
        page.goto(address)
        assert not barriers(page), address
