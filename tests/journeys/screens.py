"""`make screens`: the pictures in docs/pictures/, taken of the demonstration on one fixed morning.

The server's clock stands on that morning, so the same program gives the same pictures on any day. The demonstration
made for it lies in a data directory of its own. Names of pictures take only those, of the demonstration as it lies.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import django
import time_machine
from playwright.sync_api import Browser, Page

MORNING = "2026-12-08T10:40:00-06:00"
TODAY = date(2026, 12, 8)
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 250_000

Sight = Callable[[Page], None]
"""Opens what a picture shows."""


def main() -> None:
    """Make the demonstration, serve it, take every picture. Says which one is too big."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    os.environ.setdefault("CHAIRSIDE_DATA", str(ROOT / "var" / "screens"))
    # Playwright keeps an event loop running in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()
    from django.core.management import call_command

    from tests.journeys.chromium import chromium

    with time_machine.travel(MORNING, tick=True):
        call_command("migrate", verbosity=0)
        if not (chosen := sys.argv[1:]):
            call_command("seed_demo", "--again", verbosity=0)
        with _served() as address, chromium() as browser:
            sights = {name: how for name, how in _sights().items() if not chosen or name in chosen}
            sizes = {name: _picture(browser, address, name, *how) for name, how in sights.items()}
    for name, size in sizes.items():
        print(f"{size // 1000:4} kB  docs/pictures/{name}.png")
    if too_big := [name for name, size in sizes.items() if size > MOST_BYTES]:
        sys.exit(f"More than {MOST_BYTES // 1000} kB: {', '.join(too_big)}. Show less of the page.")


def _sights() -> dict[str, tuple[str, tuple[int, int], Sight]]:
    """By name of the picture: who looks, at which size of screen, at what."""
    from reminders.links import token_of
    from scheduling.models import Appointment

    plan = _plan_to_book()
    visit = Appointment.objects.filter(
        clinic__slug="madison", status="booked", period__startswith__gt=f"{TODAY + timedelta(days=2)}T06:00Z"
    ).earliest("period")
    token, born = token_of(visit), visit.patient.birth_date
    wide, tablet, phone = (1440, 900), (820, 1180), (390, 844)
    return {
        "board": ("frontdesk", wide, lambda page: _open(page, f"/board/madison/{TODAY}/")),
        "visit": ("frontdesk", (1280, 800), _visit),
        "search": ("frontdesk", wide, _search),
        "book": ("frontdesk", wide, lambda page: _open(page, f"/book/{plan.pk}/")),
        "series": ("frontdesk", wide, lambda page: _open(page, f"/book/{plan.pk}/series/")),
        "patient": ("frontdesk", wide, lambda page: _open(page, f"/patients/{plan.patient_id}/")),
        "worklists": ("frontdesk", wide, lambda page: _open(page, "/worklists/")),
        "roster": ("nurse", tablet, lambda page: _open(page, f"/roster/madison/{TODAY}/")),
        "week": ("charge", wide, lambda page: _open(page, f"/staffing/madison/{TODAY}/")),
        "sick-call": ("charge", wide, _sick_call),
        "import": ("manager", wide, _import),
        "phone": ("", phone, lambda page: _patient_page(page, token, born)),
    }


def _plan_to_book():
    """A course under way in Madison whose next dose is due soon and not booked."""
    from django.db.models import Max

    from patients.models import TreatmentPlan

    return (
        TreatmentPlan.objects.filter(therapy__slug="tysabri", status="active", patient__home_clinic__slug="madison")
        .exclude(appointments__status="booked")
        .annotate(last=Max("doses_given__given_on"))
        .filter(last__range=(TODAY - timedelta(days=27), TODAY - timedelta(days=12)))
        .earliest("last", "pk")
    )


def _picture(browser: Browser, address: str, name: str, who: str, size: tuple[int, int], sight: Sight) -> int:
    """Take one picture. Returns its size in bytes."""
    from clinic.models import User
    from tests.journeys.desk import sign_in

    width, height = size
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, timezone_id="America/Chicago", locale="en-US"
    )
    if who:
        sign_in(context, User.objects.get(username=who), address)
    page = context.new_page()
    sight(page)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide")
    context.close()
    return len(picture)


def _open(page: Page, path: str) -> None:
    answer = page.goto(path)
    if not answer or not answer.ok:
        sys.exit(f"{path} answers {answer and answer.status}.")


def _visit(page: Page) -> None:
    _open(page, f"/board/madison/{TODAY}/")
    page.locator(".stay .block", has_text="Unconfirmed").first.click()
    page.locator("#visit-title").wait_for()


def _search(page: Page) -> None:
    _open(page, "/patients/")
    page.locator("#find-box").press_sequentially("ols")
    page.locator("[data-found]").first.wait_for()


def _sick_call(page: Page) -> None:
    _open(page, f"/staffing/madison/{TODAY}/")
    page.locator("td.is-today a.shift").first.click()
    page.get_by_role("link", name="Sick or leaves early").click()
    page.locator(".change-seen > *").first.wait_for()


def _import(page: Page) -> None:
    _open(page, "/patients/import/")
    text = (
        (ROOT / "docs" / "import-example.csv")
        .read_text()
        .replace("1/31/2000", "1/32/2000")
        .replace("tysabri", "tisabry", 1)
    )
    page.locator("input[type=file]").set_input_files(
        {"name": "december.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Look at the file").click()
    page.locator("ul.counts").wait_for()


def _patient_page(page: Page, token: str, born: date) -> None:
    _open(page, f"/a/{token}/")
    for name, value in (("month", born.month), ("day", born.day), ("year", born.year)):
        page.locator(f"[name={name}]").fill(str(value))
    page.locator("form button").first.click()
    page.wait_for_load_state("load")


@contextmanager
def _served() -> Iterator[str]:
    """The program on a free port of this machine."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.test.testcases import LiveServerThread

    thread = LiveServerThread("localhost", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    try:
        yield f"http://{thread.host}:{thread.port}"
    finally:
        thread.terminate()


if __name__ == "__main__":
    main()
