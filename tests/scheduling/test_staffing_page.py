"""The staffing week: what it shows, changes with their consequence first, and who may make them."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.models import Absence, Chair, ChairOutage, Clinic, Closure, Nurse, OpeningHours, Shift, User
from clinic.quarters import local_date
from scheduling import closing, restaffing
from scheduling.models import Appointment
from scheduling.week.page import Week, WeekDay, monday_of, week
from scheduling.week.strips import Bar
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

URL = f"/staffing/madison/{DAY}/"
HTMX = {"HX-Request": "true"}
HOURS = {"starts": "08:00", "ends": "16:30", "break_0": "12:00", "minutes_0": "30", "minutes_1": "30"}
TODAY = {"first_day": DAY, "last_day": DAY}


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def charge(client: Client, charge_nurse: User) -> Client:
    """The browser of the charge nurse."""
    client.force_login(charge_nurse)
    return client


def laid_out(clinic: Clinic) -> Week:
    return week(clinic=clinic, day=DAY + timedelta(days=2), now=at(clinic, "7:00"))


def bars(day: WeekDay) -> tuple[Bar, ...]:
    """What is drawn of a day's load."""
    assert day.strip
    return day.strip.bars


def text(response: Any) -> str:
    return unescape(response.content.decode())


# --- The week ---


def test_the_week_runs_from_monday_to_sunday_and_marks_today(madison: Clinic) -> None:
    shown = laid_out(madison)

    assert [day.day for day in shown.days] == [DAY + timedelta(days=n) for n in range(7)]
    assert [day.is_today for day in shown.days] == [True, *[False] * 6]
    assert shown.title == "December 7–13, 2026"
    assert monday_of(DAY + timedelta(days=6)) == DAY


def test_a_shift_shows_its_hours_breaks_and_absences(madison: Clinic) -> None:
    shift = on_floor(madison, "8:00", "16:30", breaks=[("12:00", "12:30")])
    restaffing.take_off(nurse=shift.nurse, start=at(madison, "14:00"), end=at(madison, "17:00"), reason="Ill", by=None)

    [row] = laid_out(madison).nurses
    [block] = row.cells[0].shifts

    assert (row.hours, block.time, block.breaks) == ("8 h", "8:00–4:30", ("12:00–12:30",))
    assert [away.words for away in block.away] == ["Off 2:00–4:30: Ill"]
    assert not block.is_all_away


def test_a_day_shows_its_peak_and_when_it_is_full(madison: Clinic) -> None:
    on_floor(madison)
    for start in ("9:00", "9:15", "9:30"):
        booked(madison, start)

    day = laid_out(madison).days[0]

    assert (day.peak, day.full) == ("3 at 9:30", "9:30–11:30")
    assert [bar.height for bar in bars(day) if bar.css == "s-booked"] == [1, 2, 3, 2, 1]


def test_patients_beyond_what_the_nurses_can_do_are_drawn_and_counted(madison: Clinic) -> None:
    shift = on_floor(madison)
    booked(madison, "9:00")
    restaffing.take_off(nurse=shift.nurse, start=at(madison, "10:00"), end=at(madison, "17:00"), reason="Ill", by=None)

    day = laid_out(madison).days[0]

    assert day.short == 1
    [over] = [bar for bar in bars(day) if bar.css == "s-over"]
    assert (over.width, over.height) == (6, 1)


def test_a_break_of_the_only_nurse_is_pointed_out(madison: Clinic) -> None:
    lone = make_nurse(madison, "Anna Berg")
    on_floor(madison, nurse=lone, breaks=[("12:00", "12:30")])

    [warning] = laid_out(madison).days[0].lone
    assert warning.words == "Nobody covers Anna Berg's break 12:00–12:30 PM: Nobody can be booked across it."

    on_floor(madison, "11:00", "13:00")
    assert laid_out(madison).days[0].lone == ()


def test_closures_and_chairs_out_show_on_their_days(madison: Clinic) -> None:
    tomorrow = DAY + timedelta(days=1)
    closing.close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00", tomorrow), reason="Snow")
    closing.put_chair_out(
        chair=Chair.objects.earliest("pk"), start=at(madison, "9:00"), end=at(madison, "10:00"), reason="Motor"
    )

    first, second, third, *_ = laid_out(madison).days

    assert [notice.words for notice in first.closures] == ["Closed: Snow"]
    assert [notice.words for notice in second.closures] == ["Closed: Snow"]
    assert (first.hours, third.closures) == ("", ())
    assert [notice.words for notice in first.outages] == ["Chair 1 out: Motor"]


def test_a_nurse_lent_to_another_clinic_shows_where_she_is(madison: Clinic, wausau: Clinic) -> None:
    anna = make_nurse(madison, "Anna Berg")
    on_floor(wausau, nurse=anna)

    assert laid_out(madison).nurses[0].cells[0].shifts[0].elsewhere == "Wausau"
    assert laid_out(wausau).nurses[0].home == "Madison"


def test_a_full_week_takes_as_many_queries_as_an_empty_one(madison: Clinic, django_assert_num_queries: Any) -> None:
    busy = make_clinic("busy", chairs=6)
    for day in range(5):
        for _ in range(2):
            on_floor(busy, breaks=[("12:00", "12:30")], day=DAY + timedelta(days=day))
        on_floor(busy, day=DAY + timedelta(days=day))
        booked(busy, "9:00", day=DAY + timedelta(days=day))
    on_floor(madison)
    for clinic in (madison, busy):
        with django_assert_num_queries(6):
            laid_out(clinic)


def test_a_weekday_without_hours_is_closed(madison: Clinic) -> None:
    OpeningHours.objects.filter(clinic=madison, weekday=6).delete()

    assert laid_out(madison).days[6].hours == ""
    assert laid_out(madison).days[6].strip is None


# --- Changes ---


def test_a_shift_is_added_and_the_answer_says_so(charge: Client, madison: Clinic) -> None:
    nurse = make_nurse(madison, "Anna Berg")

    answer = charge.post(f"{URL}shift/", {"nurse": nurse.pk, **HOURS}, headers=HTMX)

    [shift] = Shift.objects.all()
    assert (shift.period.lower, shift.period.upper) == (at(madison, "8:00"), at(madison, "16:30"))
    assert shift.breaks.get().period.lower == at(madison, "12:00")
    assert "Anna Berg works 8:00 AM–4:30 PM on Mon Dec 7." in text(answer)
    assert answer.headers["HX-Trigger"] == '{"staffing-changed": {}}'


def test_a_shift_may_last_until_midnight(charge: Client, madison: Clinic) -> None:
    nurse = make_nurse(madison)

    charge.post(f"{URL}shift/", {"nurse": nurse.pk, "starts": "16:00", "ends": "00:00"})

    assert local_date(Shift.objects.get().period.upper, madison.zone) == DAY + timedelta(days=1)


def test_looking_first_changes_nothing(charge: Client, madison: Clinic) -> None:
    shift = on_floor(madison, nurse=make_nurse(madison, "Anna Berg"))
    appointment = booked(madison, "9:00", plan=make_plan(make_patient(madison, "Olson", "Kari")))
    facts = {**TODAY, "starts": "10:00", "ends": "17:00"}

    seen = charge.post(f"/shifts/{shift.pk}/off/?look", facts, headers=HTMX)

    assert "1 without a nurse for part of the stay" in text(seen)
    assert "Olson, Kari" in text(seen)
    assert "No nurse 10:00–11:30 AM" in text(seen)
    assert not Absence.objects.exists()
    appointment.refresh_from_db()
    assert not appointment.short_staffed
    assert appointment.assignments.get().period == appointment.period


def test_a_sick_call_is_taken_and_names_whom_to_move(charge: Client, madison: Clinic, charge_nurse: User) -> None:
    shift = on_floor(madison, nurse=make_nurse(madison, "Anna Berg"))
    appointment = booked(madison, "9:00")
    facts = {**TODAY, "starts": "10:00", "ends": "17:00", "reason": "Sick"}

    answer = charge.post(f"/shifts/{shift.pk}/off/", facts, headers=HTMX)

    absence = Absence.objects.get()
    assert (absence.reason, absence.recorded_by) == ("Sick", charge_nurse)
    assert "Anna Berg is off on Mon Dec 7, 10:00 AM–5:00 PM." in text(answer)
    assert reverse("appointment_move", args=[appointment.pk]) in text(answer)
    assert reverse("absence_end", args=[absence.pk]) in text(answer)


def test_without_scripts_the_answer_is_a_message_on_the_week(charge: Client, madison: Clinic) -> None:
    shift = on_floor(madison, nurse=make_nurse(madison, "Anna Berg"))
    booked(madison, "9:00", plan=make_plan(make_patient(madison, "Olson", "Kari")))
    facts = {**TODAY, "starts": "10:00", "ends": "17:00", "reason": "Sick"}

    page = charge.post(f"/shifts/{shift.pk}/off/", facts, follow=True)

    assert page.redirect_chain == [(URL, 302)]
    assert "Anna Berg is off on Mon Dec 7, 10:00 AM–5:00 PM." in text(page)
    assert "Without a nurse for part of the stay: Olson, Kari, Mon Dec 7, 9:00–11:30 AM." in text(page)


def test_a_nurse_comes_back(charge: Client, madison: Clinic) -> None:
    shift = on_floor(madison)
    booked(madison, "9:00")
    restaffing.take_off(nurse=shift.nurse, start=shift.period.lower, end=shift.period.upper, reason="Sick", by=None)

    answer = charge.post(f"/absences/{Absence.objects.get().pk}/end/", headers=HTMX)

    assert "1 has a nurse again" in text(answer)
    assert not Absence.objects.exists()
    assert not Appointment.objects.get().short_staffed


def test_breaks_are_moved_and_taken_away(charge: Client, madison: Clinic) -> None:
    shift = on_floor(madison, breaks=[("12:00", "12:30"), ("15:00", "15:15")])

    charge.post(f"/shifts/{shift.pk}/", {**HOURS, "break_0": "11:15", "minutes_0": "45"})

    [pause] = shift.breaks.all()
    assert (pause.period.lower, pause.period.upper) == (at(madison, "11:15"), at(madison, "12:00"))


def test_a_shift_with_many_breaks_keeps_them_all_when_saved_as_shown(charge: Client, madison: Clinic) -> None:
    shift = on_floor(madison, breaks=[("10:00", "10:15"), ("12:00", "12:40".replace("40", "45")), ("15:00", "15:15")])
    form = charge.get(f"/shifts/{shift.pk}/").context["form"]
    shown = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}

    charge.post(f"/shifts/{shift.pk}/", shown)

    assert [f"{pause.period.lower.astimezone(madison.zone):%H:%M}" for pause in shift.breaks.order_by("period")] == [
        "10:00", "12:00", "15:00",
    ]  # fmt: skip


def test_a_removed_shift_is_gone_and_its_patients_are_named(charge: Client, madison: Clinic) -> None:
    shift = on_floor(madison)
    booked(madison, "9:00")

    answer = charge.post(f"/shifts/{shift.pk}/remove/", headers=HTMX)

    assert "1 without a nurse" in text(answer)
    assert not Shift.objects.exists()


def test_a_nurse_who_works_elsewhere_is_refused_beside_her_name_and_the_input_is_kept(
    charge: Client, madison: Clinic, wausau: Clinic
) -> None:
    anna = on_floor(wausau, nurse=make_nurse(wausau, "Anna Berg")).nurse

    page = charge.post(f"{URL}shift/", {"nurse": anna.pk, **HOURS, "starts": "09:15"}, headers=HTMX)

    assert page.status_code == 422
    assert page.context["form"].errors["nurse"] == [
        "Anna Berg already has a shift at Wausau at that time. Change that shift first."
    ]
    assert 'value="09:15"' in text(page)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("starts", "08:10", "Choose a quarter hour: :00, :15, :30 or :45."),
        ("ends", "07:00", "A shift ends after it starts."),
        ("break_0", "16:15", "The break lies outside the shift."),
        ("break_1", "12:15", "This break overlaps the other."),
        ("starts", "", "Enter when the shift starts."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    charge: Client, madison: Clinic, field: str, value: str, error: str
) -> None:
    page = charge.post(f"{URL}shift/", {"nurse": make_nurse(madison).pk, **HOURS, field: value})

    assert page.status_code == 422
    assert page.context["form"].errors[field] == [error]
    assert not Shift.objects.exists()


def test_a_nurse_is_not_taken_off_where_one_does_not_plan(charge: Client, madison: Clinic, wausau: Clinic) -> None:
    shift = on_floor(madison, nurse=make_nurse(madison, "Anna Berg"))
    on_floor(wausau, nurse=shift.nurse, day=DAY + timedelta(days=1))
    facts = {"first_day": DAY, "starts": "08:00", "last_day": DAY + timedelta(days=2), "ends": "17:00", "reason": "Flu"}

    page = charge.post(f"/shifts/{shift.pk}/off/", facts)

    assert "Anna Berg works at Wausau on Tuesday" in page.context["form"].errors["last_day"][0]
    assert not Absence.objects.exists()


def test_a_closure_is_saved_and_names_whom_to_move(charge: Client, madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    booked(madison, "13:00")
    facts = {**TODAY, "starts": "08:00", "ends": "12:00", "reason": "Snow"}

    looked = charge.post(f"{URL}close/?look", {**facts, "reason": ""}, headers=HTMX)
    assert "1 appointment to move" in text(looked)
    assert not Closure.objects.exists()

    answer = charge.post(f"{URL}close/", facts, headers=HTMX)
    assert reverse("appointment_move", args=[appointment.pk]) in text(answer)
    assert Closure.objects.get().reason == "Snow"
    assert madison.days.get(date=DAY).version == 3

    assert "is open again" in text(charge.post(f"/closures/{Closure.objects.get().pk}/end/", headers=HTMX))
    assert not Closure.objects.exists()


def test_a_chair_goes_out_and_comes_back(charge: Client, madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    facts = {"chair": appointment.chair_id, **TODAY, "starts": "08:00", "ends": "12:00", "reason": "Motor"}

    answer = charge.post(f"{URL}chair/", facts, headers=HTMX)
    assert "Chair 1 is out of service on Mon Dec 7, 8:00 AM–12:00 PM." in text(answer)
    assert "1 appointment to move" in text(answer)

    again = charge.post(f"{URL}chair/", facts, headers=HTMX)
    assert "out of service at that time already: Motor" in again.context["form"].errors["chair"][0]

    charge.post(f"/outages/{ChairOutage.objects.get().pk}/end/")
    assert not ChairOutage.objects.exists()


def test_a_chair_of_another_clinic_is_not_taken_out(charge: Client, madison: Clinic, wausau: Clinic) -> None:
    elsewhere = Chair.objects.filter(clinic=wausau).earliest("pk")
    facts = {"chair": elsewhere.pk, **TODAY, "starts": "08:00", "ends": "12:00", "reason": "Motor"}

    assert charge.post(f"{URL}chair/", facts).status_code == 422
    assert not ChairOutage.objects.exists()


def test_a_week_without_nurses_says_what_to_do(charge: Client, madison: Clinic) -> None:
    assert not Nurse.objects.exists()
    assert "No nurses yet" in text(charge.get(URL))
