"""The pages that change many shifts at once, hours, chairs and holidays: what they show first, and what they save."""

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import Chair, Clinic, Closure, OpenHoliday, OpeningHours, Shift, ShiftPattern, User
from scheduling import restaffing
from scheduling.models import Appointment
from scheduling.week.page import week
from tests.scheduling.pages import counting
from tests.world import BEFORE, DAY, at, booked, make_nurse, make_user, on_floor

pytestmark = pytest.mark.django_db

URL = f"/staffing/madison/{DAY}/"
WEEKLY = "/staffing/madison/weekly/"
PLACES = "/staffing/madison/places/"
HTMX = {"HX-Request": "true"}
WEEK = timedelta(days=7)
PATTERN = {
    "weekdays": ["0", "1"],
    "starts": "08:00",
    "ends": "16:30",
    "break_starts": "12:00",
    "break_minutes": "30",
    "first_day": str(DAY),
    "last_day": str(DAY + 2 * WEEK),
}


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def charge(client: Client, charge_nurse: User) -> Client:
    """The browser of the charge nurse."""
    client.force_login(charge_nurse)
    return client


def text(response: Any) -> str:
    return " ".join(unescape(response.content.decode()).split())


def look(browser: Client, address: str, facts: dict[str, Any]) -> str:
    """What a change would do; nothing is saved."""
    before = [row.objects.count() for row in (Shift, ShiftPattern, Closure, OpenHoliday, Chair, OpeningHours)]
    answer = browser.post(f"{address}?look", facts, headers=HTMX)
    assert answer.status_code == 200
    after = [row.objects.count() for row in (Shift, ShiftPattern, Closure, OpenHoliday, Chair, OpeningHours)]
    assert before == after
    return text(answer)


# --- The week ---


def test_the_week_says_when_more_are_booked_than_nurses_can_take(madison: Clinic) -> None:
    shifts = [on_floor(madison), on_floor(madison)]
    for start in ("10:00", "10:15", "10:30", "10:45"):
        booked(madison, start)
    lunch = (at(madison, "11:30"), at(madison, "12:00"))
    restaffing.change_shift(shift=shifts[0], start=shifts[0].period.lower, end=shifts[0].period.upper, breaks=[lunch])

    monday = week(clinic=madison, day=DAY, now=BEFORE).days[0]

    assert monday.over == ("11:30–12:00: 4 patients, cover for 3",)
    assert monday.strip
    assert "8:00–10:00: 0 patients, cover for 6, 4 chairs; " in monday.strip.spoken
    assert "; 11:30–12:00: 4 patients, cover for 3; " in monday.strip.spoken


def test_the_line_of_the_chairs_steps_down_while_one_is_out(charge: Client, madison: Clinic) -> None:
    on_floor(madison)
    chair = madison.chairs.earliest("pk")
    facts = {"first_day": DAY, "starts": "10:00", "last_day": DAY, "ends": "12:00", "reason": "Motor"}
    charge.post(f"{URL}chair/", {**facts, "chair": chair.pk})

    monday = week(clinic=madison, day=DAY, now=BEFORE).days[0]

    assert monday.strip
    chairs = [(bar.x, bar.width, monday.strip.height - bar.y) for bar in monday.strip.bars if bar.css == "s-chairs"]
    assert chairs == [(0, 8, 4), (8, 8, 3), (16, 20, 4)]


def test_a_week_is_copied_after_a_look_at_what_it_does(charge: Client, madison: Clinic) -> None:
    gone = on_floor(madison, day=DAY + WEEK)
    appointment = booked(madison, "9:00", day=DAY + WEEK)
    restaffing.remove_shift(shift=gone)
    on_floor(madison, nurse=make_nurse(madison, "Anna Berg"))
    on_floor(madison, nurse=make_nurse(madison, "Bea Cole"))
    on_floor(madison, "9:00", "12:00", nurse=Shift.objects.latest("pk").nurse, day=DAY + WEEK)
    facts = {"to": str(DAY + WEEK), "weeks": "1"}

    seen = look(charge, f"{URL}copy/", facts)
    assert "1 shift to add" in seen
    assert "Bea Cole, Mon Dec 14, 8:00 AM–5:00 PM: already works 9:00–12:00 at Madison" in seen

    answer = charge.post(f"{URL}copy/", facts, headers=HTMX)
    assert "1 shift added." in text(answer)
    assert not Appointment.objects.get(pk=appointment.pk).short_staffed


def test_a_week_is_not_copied_onto_itself(charge: Client, madison: Clinic) -> None:
    page = charge.post(f"{URL}copy/", {"to": str(DAY + timedelta(days=3)), "weeks": "1"})

    assert page.status_code == 422
    assert page.context["form"].errors["to"] == ["Choose a later week than the one that you copy."]


def test_weeks_are_filled_from_the_weekly_shifts(charge: Client, madison: Clinic) -> None:
    charge.post(f"{WEEKLY}add/", {**PATTERN, "nurse": make_nurse(madison).pk})
    Shift.objects.all().delete()
    facts = {"to": str(DAY), "weeks": "2"}

    assert "4 shifts to add" in look(charge, f"{URL}fill/", facts)
    assert "4 shifts added." in text(charge.post(f"{URL}fill/", facts, headers=HTMX))


# --- Weekly shifts ---


def test_a_weekly_shift_is_begun_changed_and_ended(charge: Client, madison: Clinic) -> None:
    anna = make_nurse(madison, "Anna Berg")
    facts = {**PATTERN, "nurse": anna.pk}

    assert "6 shifts to add" in look(
        charge, f"{WEEKLY}add/", {**facts, "last_day": str(DAY + 3 * WEEK - WEEK + timedelta(days=1))}
    )
    assert charge.post(f"{WEEKLY}add/", facts).headers["Location"] == WEEKLY
    assert Shift.objects.count() == 5
    page = text(charge.get(WEEKLY))
    assert "Anna Berg" in page
    assert "8:00–4:30" in page

    monday = ShiftPattern.objects.get(weekday=0)
    later = {**PATTERN, "starts": "09:00", "from_day": str(DAY + WEEK)}
    seen = look(charge, f"/weekly-shifts/{monday.pk}/", later)
    assert "2 shifts to remove" in seen
    assert "2 shifts to add" in seen
    charge.post(f"/weekly-shifts/{monday.pk}/", later)
    assert ShiftPattern.objects.filter(weekday=0).count() == 2

    newest = ShiftPattern.objects.latest("pk")
    answer = charge.post(f"/weekly-shifts/{newest.pk}/end/", {"last_day": str(DAY + WEEK)}, headers=HTMX)
    assert "1 shift removed." in text(answer)


def test_a_weekly_shift_that_overlaps_another_is_refused_beside_the_days(charge: Client, madison: Clinic) -> None:
    facts = {**PATTERN, "nurse": make_nurse(madison, "Anna Berg").pk}
    charge.post(f"{WEEKLY}add/", facts)

    page = charge.post(f"{WEEKLY}add/", {**facts, "starts": "10:00"})

    assert page.status_code == 422
    assert "Anna Berg already has a weekly shift on Mondays" in page.context["form"].errors["weekdays"][0]
    assert 'value="10:00"' in text(page)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("ends", "07:00", "A shift ends after it starts."),
        ("break_starts", "16:15", "The break lies outside the shift."),
        ("starts", "08:10", "Choose a quarter hour: :00, :15, :30 or :45."),
        ("weekdays", [], "Choose one weekday at least."),
    ],
)
def test_what_no_weekly_shift_can_be_is_said_beside_its_field(
    charge: Client, madison: Clinic, field: str, value: Any, error: str
) -> None:
    page = charge.post(f"{WEEKLY}add/", {**PATTERN, "nurse": make_nurse(madison).pk, field: value})

    assert page.context["form"].errors[field] == [error]
    assert not ShiftPattern.objects.exists()


# --- Lunches and lending ---


def test_lunches_are_proposed_shown_and_saved(charge: Client, madison: Clinic) -> None:
    for name in ("Anna Berg", "Bea Cole"):
        on_floor(madison, breaks=[("12:00", "12:30")], nurse=make_nurse(madison, name))
    page = charge.get(f"{URL}breaks/")
    form = page.context["form"]
    facts = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    assert len({*facts.values()}) == 2

    assert "Touches no patient." in look(charge, f"{URL}breaks/", facts)
    charge.post(f"{URL}breaks/", facts)

    first, second = sorted(pause.period.lower for shift in Shift.objects.all() for pause in shift.breaks.all())
    assert second - first >= timedelta(minutes=30)


def test_lunches_moved_by_hand_are_kept_inside_the_shift(charge: Client, madison: Clinic) -> None:
    shift = on_floor(madison, breaks=[("12:00", "12:30")])

    page = charge.post(f"{URL}breaks/", {f"lunch_{shift.pk}": "16:45"})

    assert page.context["form"].errors[f"lunch_{shift.pk}"] == ["The break lies outside the shift."]


def test_a_lone_nurse_is_warned_of_before_her_lunch_is_saved(charge: Client, madison: Clinic) -> None:
    on_floor(madison, nurse=make_nurse(madison, "Anna Berg"), breaks=[("12:00", "12:30")])

    assert "Anna Berg cannot leave 12:00–12:30 PM: nobody else is there." in text(charge.get(f"{URL}breaks/"))


def test_lending_shows_both_clinics_first(client: Client, madison: Clinic, wausau: Clinic) -> None:
    client.force_login(make_user("both", "charge_nurse", madison, wausau))
    there = on_floor(wausau)
    booked(wausau, "9:00")
    restaffing.remove_shift(shift=there)
    shift = on_floor(madison)
    booked(madison, "9:00")
    facts = {"clinic": wausau.pk, "starts": "08:00", "ends": "12:00", "road": "60"}

    seen = look(client, f"/shifts/{shift.pk}/lend/", facts)

    assert "1 without a nurse for part of the stay" in seen
    assert "1 has a nurse again" in seen
    assert "Madison, Chair" in seen
    assert "Wausau, Chair" in seen
    client.post(f"/shifts/{shift.pk}/lend/", facts)
    left = Shift.objects.get(clinic=madison)
    assert left.period.lower == at(madison, "13:00")


# --- Hours, chairs, holidays ---


def test_new_hours_name_who_is_outside_and_are_saved_all_the_same(charge: Client, madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "8:00")
    facts = {
        "from_day": str(DAY),
        **{f"opens_{n}": "09:00" for n in range(5)},
        **{f"closes_{n}": "16:00" for n in range(5)},
    }

    seen = look(charge, f"{PLACES}hours/", facts)
    assert "1 appointment to move" in seen
    answer = charge.post(f"{PLACES}hours/", facts, headers=HTMX)

    assert f"/appointments/{appointment.pk}/move/" in text(answer)
    page = text(charge.get(PLACES))
    assert "From Mon Dec 7, 2026 on" in page
    assert "9:00 AM – 4:00 PM" in page
    assert "Closed" in page


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("closes_0", "", "Give both times, or none when it is closed."),
        ("closes_0", "07:00", "It closes after it opens."),
        ("from_day", "2026-11-30", "Choose today or a later day: the record of past days stays."),
    ],
)
def test_hours_that_cannot_be_are_said_beside_their_field(
    charge: Client, madison: Clinic, field: str, value: str, error: str
) -> None:
    page = charge.post(f"{PLACES}hours/", {"from_day": str(DAY), "opens_0": "08:00", "closes_0": "17:00", field: value})

    assert page.context["form"].errors[field] == [error]


def test_chairs_are_added_renamed_taken_away_and_brought_back(charge: Client, madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    chair = appointment.chair_id
    charge.post(f"{PLACES}chair/", {"name": "Bed 5", "kind": "bed"})
    assert charge.post(f"{PLACES}chair/", {"name": "bed 5", "kind": "bed"}).status_code == 422
    charge.post(f"/chairs/{chair}/", {"name": "Window", "kind": "recliner"})

    assert "1 appointment to move" in look(charge, f"/chairs/{chair}/remove/", {})
    answer = charge.post(f"/chairs/{chair}/remove/", headers=HTMX)
    assert "Window can be booked no more." in text(answer)
    assert "1 to move" in text(charge.get(PLACES))
    charge.post(f"/chairs/{chair}/return/")
    assert sorted(Chair.objects.filter(clinic=madison, is_active=True).values_list("name", flat=True)) == [
        "Bed 5", "Chair 2", "Chair 3", "Chair 4", "Window",
    ]  # fmt: skip


def test_a_holiday_is_closed_for_one_clinic_and_open_at_another_and_asked_no_more(
    client: Client, madison: Clinic, wausau: Clinic
) -> None:
    client.force_login(make_user("both", "charge_nurse", madison, wausau))
    eve = date(2026, 12, 24)
    on_floor(madison, day=eve)
    booked(madison, "9:00", day=eve)
    facts = {f"clinic_{madison.pk}": "close", f"clinic_{wausau.pk}": "open"}
    row = 'aria-label="Decide Christmas Eve, Dec 24"'
    assert row in text(client.get("/holidays/"))

    assert "1 appointment to move" in look(client, f"/holidays/{eve}/", facts)
    answer = client.post(f"/holidays/{eve}/", facts, headers=HTMX)

    assert "Christmas Eve, Thu Dec 24: Madison closed; Wausau open." in text(answer)
    page = text(client.get("/holidays/"))
    assert row not in page
    assert "Closed: Christmas Eve" in page
    assert "Stays open" in page


def test_where_every_clinic_is_closed_there_is_nothing_to_save(charge: Client, madison: Clinic) -> None:
    before = text(charge.get("/holidays/2026-12-25/"))
    charge.post("/holidays/2026-12-25/", {f"clinic_{madison.pk}": "close"})
    after, listed = text(charge.get("/holidays/2026-12-25/")), text(charge.get("/holidays/"))

    assert "data-save" in before
    assert "Nothing to decide" in after
    assert "data-save" not in after
    assert 'id="holiday-20261224"' in listed
    assert 'id="holiday-20261225"' not in listed


def test_a_day_that_is_no_holiday_is_not_decided(charge: Client, madison: Clinic) -> None:
    assert charge.get("/holidays/2026-12-09/").status_code == 404


def test_the_pages_take_the_same_queries_for_few_rows_and_for_many(charge: Client, madison: Clinic) -> None:
    def queries(address: str) -> int:
        with counting() as seen:
            assert charge.get(address).status_code == 200
        return len(seen)

    addresses = [WEEKLY, PLACES, "/holidays/", f"{URL}breaks/", URL]
    charge.post(f"{WEEKLY}add/", {**PATTERN, "nurse": make_nurse(madison).pk})
    booked(madison, "9:00")
    few = [queries(address) for address in addresses]
    for number in range(8):
        charge.post(f"{WEEKLY}add/", {**PATTERN, "nurse": make_nurse(madison).pk})
        charge.post(f"{PLACES}chair/", {"name": f"More {number}", "kind": "recliner"})
        if number < 4:
            booked(madison, f"13:{15 * number:02}")
    charge.post("/holidays/2026-12-25/", {f"clinic_{madison.pk}": "open"})

    assert [queries(address) for address in addresses] == few
