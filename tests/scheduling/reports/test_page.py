"""The report's page and its downloads: who may see which clinic, which weeks, and what a download holds."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import Clinic, User
from scheduling.booking import cancel
from scheduling.models import Reason
from scheduling.taking_over import take_over_day
from tests.scheduling.pages import counting, html_of
from tests.scheduling.reports.test_facts import past, treated
from tests.world import DAY, at, booked, make_plan, make_user, on_floor

pytestmark = pytest.mark.django_db

WEEK = f"from={DAY}&to={DAY + timedelta(days=6)}"


@pytest.fixture(autouse=True)
def now(db: None, madison: Clinic) -> Iterator[time_machine.Traveller]:
    """The Wednesday after the week of `DAY`."""
    with time_machine.travel(at(madison, "9:00", DAY + timedelta(days=9)), tick=False) as now:
        yield now


@pytest.fixture
def boss(client: Client, manager: User) -> Client:
    """The manager's browser."""
    client.force_login(manager)
    return client


def live_through(clinic: Clinic, count: int, *, day: Any = DAY) -> None:
    """A day of `count` patients, one after the other in four chairs, all treated."""
    for _ in range(2):
        on_floor(clinic, day=day)
    visits = []
    for number in range(count):
        hour = 8 + number // 4 * 2
        start = f"{hour}:{number % 4 * 15:02}"
        steps = treated(start, f"{hour + 1}:{number % 4 * 15:02}")
        visits.append(past(clinic, start, f"{hour + 1}:{number % 4 * 15:02}", steps, chair=number % 4, day=day))
    take_over_day(clinic=clinic, day=day, visits=visits, by=None)


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


def test_only_managers_see_reports_and_only_of_their_clinics(
    client: Client, front_desk: User, nurse: User, charge_nurse: User, manager: User, wausau: Clinic
) -> None:
    live_through(wausau, 4)
    for user in (front_desk, nurse, charge_nurse):
        client.force_login(user)
        for address in ("/reports/", "/reports/attendance.csv"):
            assert client.get(address).status_code == 403
    client.logout()
    assert client.get("/reports/").status_code == 302

    client.force_login(manager)
    for address in ("/reports/", "/reports/chairs.csv"):
        assert client.get(f"{address}?{WEEK}&clinic=wausau").status_code == 403
        assert client.get(f"{address}?{WEEK}&clinic=nowhere").status_code == 404
        mine = client.get(f"{address}?{WEEK}").content.decode()
        assert "Wausau" not in mine
    assert "No visits in these weeks" in html_of(client, f"/reports/?{WEEK}")


def test_who_manages_one_clinic_and_works_the_desk_of_another_sees_one(
    client: Client, madison: Clinic, wausau: Clinic
) -> None:
    live_through(madison, 4)
    live_through(wausau, 8)
    user = make_user("both", "manager", madison)
    user.memberships.create(clinic=wausau, role="front_desk")
    client.force_login(user)

    rows = rows_of(client.get(f"/reports/chairs.csv?{WEEK}"))

    visits = rows[0].index("Visits")
    assert [(row[0], row[visits]) for row in rows[1:]] == [("Madison", "4")]


def test_the_page_shows_figures_definitions_and_benchmarks(boss: Client, madison: Clinic) -> None:
    live_through(madison, 12)

    html = html_of(boss, f"/reports/?{WEEK}")

    assert "Dec 7 – Dec 13, 2026, 1 week" in html
    assert "12 of 252 h" in html  # seven days of nine hours, four chairs
    assert "12 of 36 h" in html  # staffed on one day
    for words in ("median 80 %", "median 70 %", "median 5 %", "Neither came nor cancelled", "advisory.com"):
        assert words in html
    assert html.count("<svg viewBox") >= 10
    assert "style=" not in html
    assert "not enough cancellations" in html


def test_too_few_visits_are_not_made_a_percentage(boss: Client, madison: Clinic) -> None:
    live_through(madison, 4)

    html = html_of(boss, f"/reports/?{WEEK}")

    assert "not enough visits" in html
    assert "0 of 4" in html


def test_a_visit_nobody_marked_is_told(boss: Client, madison: Clinic) -> None:
    with time_machine.travel(at(madison, "6:00"), tick=False):
        on_floor(madison)
        booked(madison, "9:00")

    assert "1 visit of these weeks was never marked" in html_of(boss, f"/reports/?{WEEK}")


def test_reasons_are_listed(boss: Client, madison: Clinic) -> None:
    with time_machine.travel(at(madison, "6:00"), tick=False):
        on_floor(madison)
        cancel(appointment=booked(madison, "9:00"), reason=Reason.TRANSPORT, by=None)

    html = html_of(boss, f"/reports/?{WEEK}")

    assert "<td>1</td><td>0</td><td>0</td>" in html.split("No transport")[1]


@pytest.mark.parametrize(
    ("query", "words", "field"),
    [
        (f"from={DAY}&to={DAY - timedelta(days=9)}", "The last day comes before the first", "report-to"),
        ("from=2024-01-01&to=2026-12-06", "At most 53 weeks", "report-from"),
        ("from=2026-12-14&to=2026-12-20", "Weeks are reported once they are over", "report-from"),
        ("from=soon&to=2026-12-06", "Choose a day.", "report-from"),
    ],
)
def test_weeks_that_cannot_be_are_refused_beside_the_field(boss: Client, query: str, words: str, field: str) -> None:
    html = html_of(boss, f"/reports/?{query}", status=422)

    assert words in html
    assert f'aria-describedby="{field}-problem"' in html
    assert boss.get(f"/reports/doses.csv?{query}").status_code == 422


@pytest.mark.parametrize("split", ["clinic", "therapy", "week"])
def test_every_table_of_the_page_downloads_as_it_stands(boss: Client, madison: Clinic, split: str) -> None:
    live_through(madison, 12)
    for section in ("chairs", "attendance", "day", "nurses", "doses"):
        answer = boss.get(f"/reports/{section}.csv?{WEEK}&by={split}")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/csv")
        kind = "clinic" if (section, split) == ("nurses", "therapy") else split
        assert f"{section}-by-{kind}-2026-12-07-2026-12-13.csv" in answer.headers["Content-Disposition"]
        rows = rows_of(answer)
        assert rows[0][0] == kind.capitalize()
        assert len({len(row) for row in rows}) == 1
    assert boss.get("/reports/secrets.csv").status_code == 404


def test_a_clinic_named_like_a_formula_is_a_text_in_the_download(boss: Client, madison: Clinic) -> None:
    Clinic.objects.filter(pk=madison.pk).update(name='=HYPERLINK("http://x")')
    live_through(madison, 4)

    rows = rows_of(boss.get(f"/reports/chairs.csv?{WEEK}"))

    assert rows[1][0] == '\'=HYPERLINK("http://x")'


def test_many_visits_take_as_many_queries_as_few(boss: Client, manager: User, madison: Clinic, wausau: Clinic) -> None:
    manager.memberships.create(clinic=wausau, role="manager")
    live_through(madison, 2)
    counts = []
    for query in (WEEK, f"{WEEK}&by=week", f"from={DAY - timedelta(weeks=51)}&to={DAY}"):
        with counting() as queries:
            html_of(boss, f"/reports/?{query}")
        counts.append(len(queries))
    for clinic, days in ((madison, range(1, 4)), (wausau, range(3))):
        for number in days:
            live_through(clinic, 14, day=DAY + timedelta(days=number))
    make_plan(madison, "ocrevus")
    with counting() as queries:
        html_of(boss, f"/reports/?{WEEK}")

    assert len(queries) == counts[0] == counts[1] == counts[2]
