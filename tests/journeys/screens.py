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
MOST_BYTES = 300_000
WIDE, TABLET, PHONE = (1440, 900), (820, 1180), (390, 844)

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
            sights = {name: how for name, how in SIGHTS.items() if not chosen or name in chosen}
            sizes = {name: _picture(browser, address, name, *how) for name, how in sights.items()}
    for name, size in sizes.items():
        print(f"{size // 1000:4} kB  docs/pictures/{name}.png")
    if too_big := [name for name, size in sizes.items() if size > MOST_BYTES]:
        sys.exit(f"More than {MOST_BYTES // 1000} kB: {', '.join(too_big)}. Show less of the page.")


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


def _at(path: str) -> Sight:
    return lambda page: _open(page, path)


def _of_the_plan(path: str) -> Sight:
    """A page about the course under way whose next dose is to be booked."""

    def sight(page: Page) -> None:
        plan = _plan_to_book()
        _open(page, path.format(plan=plan.pk, patient=plan.patient_id))

    return sight


def _visit(page: Page) -> None:
    _open(page, f"/board/madison/{TODAY}/")
    page.locator(".stay .block", has_text="Unconfirmed").first.click()
    page.locator("#visit-title").wait_for()


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


def _phone(page: Page) -> None:
    from reminders.links import token_of
    from scheduling.models import Appointment

    visit = Appointment.objects.filter(
        clinic__slug="madison", status="booked", period__startswith__gt=f"{TODAY + timedelta(days=2)}T06:00Z"
    ).earliest("period")
    born = visit.patient.birth_date
    _open(page, f"/a/{token_of(visit)}/")
    for name, value in (("month", born.month), ("day", born.day), ("year", born.year)):
        page.locator(f"[name={name}]").fill(str(value))
    page.locator("form button").first.click()
    page.wait_for_load_state("load")


def _reports(page: Page) -> None:
    _open(page, "/reports/")
    page.get_by_role("link", name="4 weeks", exact=True).click()
    page.wait_for_load_state("load")


def _replan(page: Page) -> None:
    """Tomorrow, when the nurse with the most patients calls in sick."""
    from django.db.models import Count, F, Q

    from clinic.models import Shift
    from scheduling import restaffing

    tomorrow = TODAY + timedelta(days=1)
    shift = (
        Shift.objects.filter(clinic__slug="madison", period__startswith__date=tomorrow)
        .annotate(
            patients=Count(
                "nurse__assignments",
                filter=Q(nurse__assignments__period__overlap=F("period")),
            )
        )
        .latest("patients", "pk")
    )
    restaffing.take_off(nurse=shift.nurse, start=shift.period.lower, end=shift.period.upper, reason="Sick", by=None)
    _open(page, f"/replan/madison/{tomorrow}/")
    page.get_by_role("button", name="Accept all").wait_for()


SIGHTS: dict[str, tuple[str, tuple[int, int], Sight]] = {
    "board": ("frontdesk", WIDE, _at(f"/board/madison/{TODAY}/")),
    "visit": ("frontdesk", (1280, 800), _visit),
    "book": ("frontdesk", WIDE, _of_the_plan("/book/{plan}/")),
    "series": ("frontdesk", WIDE, _of_the_plan("/book/{plan}/series/")),
    "patient": ("frontdesk", WIDE, _of_the_plan("/patients/{patient}/")),
    "worklists": ("frontdesk", WIDE, _at("/worklists/")),
    "roster": ("nurse", TABLET, _at(f"/roster/madison/{TODAY}/")),
    "week": ("charge", WIDE, _at(f"/staffing/madison/{TODAY}/")),
    "sick-call": ("charge", WIDE, _sick_call),
    "reports": ("manager", WIDE, _reports),
    "import": ("manager", WIDE, _import),
    "phone": ("", PHONE, _phone),
    "replan": ("charge", WIDE, _replan),
}
"""By name of the picture: who looks, at which size of screen, at what. The last one changes the demonstration."""


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
