"""The board under hands: moved by keys, mouse and finger, confirmed before, undone after; alive while others work."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from clinic.models import Chair, Clinic, User
from reminders.dispatch import send_due
from reminders.models import Message
from reminders.rules import load_rules, read_rules
from scheduling.booking import confirm, move
from scheduling.models import Appointment
from tests.journeys.desk import TABLET, Keyboard, SitDown, barriers, focused
from tests.reminders.crowd import reachable
from tests.world import DAY, at, booked, make_patient, make_plan

pytestmark = pytest.mark.slow

LATER = DAY + timedelta(days=2)
BOARD = f"/board/madison/{LATER}/"
SAYS_WHO_IS_TOLD = re.compile("told|No message leaves")


@pytest.fixture
def chair(clinics: list[Clinic]) -> Chair:
    """The second chair of Madison."""
    return clinics[0].chairs.get(name="Chair 2")


@pytest.fixture
def olson(clinics: list[Clinic], chair: Chair) -> Appointment:
    """Karen Olson, at nine in the second chair."""
    return booked(
        clinics[0], "9:00", plan=make_plan(make_patient(clinics[0], "Olson", "Karen")), day=LATER, chair=chair
    )


def block(page: Page, appointment: Appointment) -> Locator:
    return page.locator(f"#appointment-{appointment.pk}")


def place(page: Page, name: str) -> Locator:
    """A place that fits."""
    return page.get_by_role("link", name=f"Move to {name}", exact=True)


def test_a_short_stay_shows_the_whole_name_beside_what_wants_a_look(
    clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    """Unconfirmed and not ready; two and a half hours of a desk's screen, and ninety minutes of it."""
    names = ["Fitzgerald", "LaPointe", "Christensen", "Kowalski"]
    for chair, name in zip(clinics[0].chairs.all()[:4], names, strict=True):
        number = 13 if chair.position % 2 else 1
        plan = make_plan(
            make_patient(clinics[0], name, "Mary"), given={12: LATER - timedelta(days=28)} if number > 1 else None
        )
        start = f"{8 + chair.position}:00"
        booked(clinics[0], start, plan=plan, dose_number=number, day=LATER, chair=chair, ready=False)
    page = sit_down(front_desk)
    page.goto(BOARD)

    shown = page.locator(".b-id b")
    expect(shown).to_have_count(4)
    expect(page.locator(".block .flag-unready")).to_have_count(4)
    assert sorted(shown.all_inner_texts()) == sorted(f"{name}, M." for name in names)
    assert shown.evaluate_all("them => them.filter((each) => each.scrollWidth > each.clientWidth).length") == 0


def now_at(appointment: Appointment) -> tuple[str, str]:
    appointment.refresh_from_db()
    return f"{appointment.start.astimezone(appointment.clinic.zone):%-I:%M}", appointment.chair.name


def test_an_appointment_moves_by_keys_and_back_by_one(olson: Appointment, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk)
    page.goto(BOARD)
    keys = Keyboard(page)
    block(page, olson).focus()

    keys.press("m")
    expect(page.get_by_text("Move Olson, Karen")).to_be_visible()
    expect(page.locator("[data-item]:focus")).to_have_attribute("aria-label", re.compile("Move to Chair 2"))
    keys.press("ArrowRight", "ArrowDown")
    chosen = focused(page)
    assert chosen.startswith("Move to Chair 3 at ")
    keys.press("Enter")
    expect(page.locator("#panel .would-tell")).to_contain_text(SAYS_WHO_IS_TOLD)
    expect(page.locator("#panel").get_by_role("button", name="Move", exact=True)).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("moved to")
    expect(block(page, olson)).to_be_focused()
    assert now_at(olson)[1] == "Chair 3"
    assert keys.presses == 5

    keys.press("u")
    expect(page.locator("#toasts")).to_contain_text("Undone")
    assert now_at(olson) == ("9:00", "Chair 2")


def test_nobody_is_told_of_a_move_that_is_undone_and_of_one_that_stays_a_little_later(
    clinics: list[Clinic], chair: Chair, front_desk: User, sit_down: SitDown, clock: time_machine.Traveller
) -> None:
    load_rules(rows=read_rules(), apps=apps)
    patient = reachable(make_patient(clinics[0], "Olson", "Karen"), 1)
    olson = booked(clinics[0], "9:00", plan=make_plan(patient), day=LATER, chair=chair)
    clock.shift(timedelta(minutes=10))
    send_due()
    told = set(Message.objects.filter(sent_at__isnull=False))
    assert told, "Karen Olson knows of nine o'clock"
    page = sit_down(front_desk)

    page.goto(f"{BOARD}?move={olson.pk}")
    move_by_click(page, "Chair 3 at 1:00 PM")
    coming = Message.objects.filter(status="pending", due_at__lt=timezone.now() + timedelta(hours=1))
    assert coming.exists()
    assert not coming.filter(due_at__lt=timezone.now() + timedelta(seconds=10)).exists()
    assert send_due() == {}, "nothing leaves while it can be undone"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Undone")
    clock.shift(timedelta(minutes=10))
    send_due()
    assert set(Message.objects.filter(sent_at__isnull=False)) == told

    page.goto(f"{BOARD}?move={olson.pk}")
    move_by_click(page, "Chair 3 at 1:00 PM")
    clock.shift(timedelta(minutes=10))
    send_due()
    assert Message.objects.filter(sent_at__isnull=False).count() > len(told)


def move_by_click(page: Page, name: str) -> None:
    place(page, name).click()
    page.locator("#panel").get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("moved to")


def test_escape_leaves_everything_as_it_is(olson: Appointment, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk)
    page.goto(BOARD)
    block(page, olson).focus()

    page.keyboard.press("m")
    expect(page.locator("[data-item]:focus")).to_have_attribute("aria-label", re.compile("Move to"))
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator(".fit-here").first).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator(".fit-here")).to_have_count(0)
    expect(block(page, olson)).to_be_focused()
    assert now_at(olson) == ("9:00", "Chair 2")


def test_an_appointment_is_dragged_to_a_place_that_fits(
    olson: Appointment, front_desk: User, sit_down: SitDown
) -> None:
    page = sit_down(front_desk)
    page.goto(BOARD)
    drag_to(page, block(page, olson), "Chair 3 at 1:00 PM")

    panel = page.locator("#panel")
    expect(panel.locator(".from-to")).to_contain_text("9:00–11:30 AM")
    expect(panel.locator(".from-to-new")).to_contain_text("1:00–3:30 PM")
    expect(panel.locator(".would-tell")).to_contain_text(SAYS_WHO_IS_TOLD)
    assert now_at(olson) == ("9:00", "Chair 2"), "nothing has moved yet"
    panel.get_by_role("button", name="Move", exact=True).click()

    expect(page.locator("#toasts")).to_contain_text("moved to")
    assert now_at(olson) == ("1:00", "Chair 3")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Undone")
    assert now_at(olson) == ("9:00", "Chair 2")


def test_a_drag_to_a_place_that_does_not_fit_moves_nothing(
    olson: Appointment, clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    berg = booked(clinics[0], "13:00", day=LATER, chair=clinics[0].chairs.get(name="Chair 3"))
    page = sit_down(front_desk)
    page.goto(BOARD)
    box = block(page, berg).bounding_box()
    assert box

    pick_up(page, block(page, olson))
    expect(page.locator(".fit-here").first).to_be_visible()
    page.mouse.move(box["x"] + 30, box["y"] + 20)
    page.mouse.up()

    expect(page.locator(".fit-here")).to_have_count(0)
    expect(page.locator("#panel")).to_be_hidden()
    assert now_at(olson) == ("9:00", "Chair 2")


def test_a_click_is_no_drag(olson: Appointment, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk)
    page.goto(BOARD)

    block(page, olson).click()

    expect(page.locator("#visit-title")).to_contain_text("Olson")
    expect(page.locator(".fit-here")).to_have_count(0)


def test_a_finger_rests_and_drags(olson: Appointment, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk, TABLET)
    page.goto(BOARD)
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    box = block(page, olson).bounding_box()
    assert box
    touch("touchStart", (box["x"] + 20, box["y"] + 20))
    target = place(page, "Chair 3 at 10:00 AM")
    expect(target).to_be_visible()
    to = target.bounding_box()
    assert to
    touch("touchMove", (to["x"] + 4, to["y"] + 10))
    touch("touchMove", (to["x"] + 8, to["y"] + 14))
    touch("touchEnd")
    page.locator("#panel").get_by_role("button", name="Move", exact=True).click()

    expect(page.locator("#toasts")).to_contain_text("moved to")
    assert now_at(olson) == ("10:00", "Chair 3")


def test_another_desks_change_slips_in_while_a_place_is_chosen(
    olson: Appointment, clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    page = sit_down(front_desk)
    page.goto(BOARD)
    block(page, olson).focus()
    page.keyboard.press("m")
    expect(page.locator("[data-item]:focus")).to_have_attribute("aria-label", re.compile("Move to"))
    place(page, "Chair 3 at 1:00 PM").focus()

    other = booked(clinics[0], "9:15", day=LATER, chair=clinics[0].chairs.get(name="Chair 4"))

    expect(block(page, other)).to_be_visible()
    expect(place(page, "Chair 3 at 1:00 PM")).to_be_focused()
    expect(page.get_by_text("Move Olson, Karen")).to_be_visible()


def test_another_desks_change_slips_in_under_an_open_panel(
    olson: Appointment, clinics: list[Clinic], front_desk: User, sit_down: SitDown
) -> None:
    page = sit_down(front_desk)
    page.goto(BOARD)
    page.get_by_role("link", name=re.compile(r"Book Chair 3 at 1:00 PM")).click()
    page.get_by_label("Who comes?").fill("half a na")

    move(appointment=olson, clinic=clinics[0], start=at(clinics[0], "13:00", LATER), by=None)
    confirm(appointment=olson, by=None)

    expect(block(page, olson)).to_have_attribute("aria-label", re.compile("1:00 PM to 3:30 PM"))
    expect(page.get_by_label("Who comes?")).to_have_value("half a na")
    expect(page.get_by_label("Who comes?")).to_be_focused()


def test_keys_pressed_before_the_scripts_are_there_are_not_lost(
    olson: Appointment, front_desk: User, sit_down: SitDown
) -> None:
    page = sit_down(front_desk)
    waiting = []
    page.route("**/js/app.js", lambda route: waiting.append(route))
    page.goto(BOARD, wait_until="commit")
    expect(page.locator("#search-box")).to_be_visible()
    for key in ("/", "o", "l", "s"):
        page.keyboard.press(key)
    assert len(waiting) == 1, "the scripts are still on their way"
    waiting[0].continue_()

    expect(page.locator("#search-box")).to_have_value("ols")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Olson, Karen")).to_be_visible()


def test_the_places_and_the_panel_keep_nobody_out(olson: Appointment, front_desk: User, sit_down: SitDown) -> None:
    page = sit_down(front_desk)
    page.goto(f"{BOARD}?move={olson.pk}")
    expect(page.locator(".fit-here").first).to_be_visible()
    found = barriers(page)
    place(page, "Chair 3 at 1:00 PM").click()
    expect(page.locator("#panel .would-tell")).to_contain_text(SAYS_WHO_IS_TOLD)

    assert not found + barriers(page)


def pick_up(page: Page, what: Locator) -> None:
    """Press on something and pull it away."""
    box = what.bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 50, box["y"] + 30, steps=4)


def drag_to(page: Page, what: Locator, name: str) -> None:
    """Drag something to a place that fits, named as a screen reader says it."""
    pick_up(page, what)
    target = place(page, name)
    expect(target).to_be_visible()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
