"""The nurse roster: what each sheet says at which time, one tap to the next step, and who may see it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinic.models import Clinic, Nurse, User
from clinic.quarters import ClinicDate
from scheduling import restaffing
from scheduling.booking import cancel, confirm, set_status
from scheduling.models import Appointment, Status
from scheduling.roster.cards import Card, Step
from scheduling.roster.page import Roster, Sheet, roster
from tests.world import DAY, at, booked, make_clinic, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

URL = f"/roster/madison/{DAY}/"


@pytest.fixture(autouse=True)
def clock(madison: Clinic) -> Iterator[object]:
    """Early in the morning of the day."""
    with time_machine.travel(at(madison, "7:00"), tick=False) as clock:
        yield clock


def laid_out(clinic: Clinic, *, nurse: Nurse | None = None, may_step: bool = True, now: str = "") -> Roster:
    moment = at(clinic, now) if now else at(clinic, "7:00")
    return roster(clinic=clinic, day=DAY, now=moment, nurse_id=nurse.pk if nurse else None, may_step=may_step)


def groups(sheet: Sheet) -> dict[str, list[int]]:
    return {group.title: [card.id for card in group.cards] for group in sheet.groups}


def phases(card: Card) -> list[tuple[str, str, str]]:
    return [(phase.name, phase.clock, phase.state) for phase in card.phases]


def test_a_card_says_who_where_what_and_what_to_do_when(madison: Clinic) -> None:
    on_floor(madison)
    patient = make_patient(madison, "Olson", "Kari", birth_date=date(1975, 3, 14), mrn="SI77", alerts="Latex allergy")
    booked(madison, "9:00", plan=make_plan(patient))

    [card] = laid_out(madison).sheets[0].groups[0].cards

    assert (card.chair_word, card.chair, card.time) == ("Chair", "1", "9:00–11:30")
    assert (card.name, card.born, card.mrn, card.alerts) == ("Olson, Kari", "3/14/1975", "SI77", "Latex allergy")
    assert (card.treatment, card.dose) == ("Tysabri dose 1", "300 mg")
    assert phases(card) == [
        ("Set-up", "9:00", "ahead"),
        ("Infusion", "9:15–10:15", "ahead"),
        ("Observe", "until 11:15", "ahead"),
        ("Leaves", "11:30", "ahead"),
    ]


def test_premedication_has_its_own_time(madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00", plan=make_plan(madison, "ocrevus"))

    [card] = laid_out(madison).sheets[0].groups[0].cards

    assert [name for name, _, _ in phases(card)] == ["Set-up", "Premed", "Infusion", "Observe", "Leaves"]
    assert phases(card)[1] == ("Premed", "9:15", "ahead")


def test_the_times_follow_when_the_infusion_really_began(madison: Clinic, clock: Any) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    clock.move_to(at(madison, "9:20"))
    set_status(appointment=appointment, status=Status.SEATED, by=None)
    clock.move_to(at(madison, "9:50"))
    set_status(appointment=appointment, status=Status.INFUSING, by=None)

    [card] = laid_out(madison, now="10:00").sheets[0].groups[0].cards

    assert phases(card) == [
        ("Set-up", "9:20", "past"),
        ("Infusion", "9:50–10:50", "now"),
        ("Observe", "until 11:50", "ahead"),
        ("Leaves", "11:30", "ahead"),
    ]
    assert "Will run to 11:50" in [flag.word for flag in card.flags]
    assert (card.step, card.step_at) == (Step("observing", "Start observing"), "10:50")


def test_each_step_says_when_it_is_due(madison: Clinic, clock: Any) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00", plan=make_plan(madison, "ocrevus"))
    clock.move_to(at(madison, "9:00"))

    due = []
    for status in (Status.BOOKED, Status.ARRIVED, Status.SEATED, Status.INFUSING, Status.OBSERVING):
        if status != Status.BOOKED:
            set_status(appointment=appointment, status=status, by=None)
        due.append(laid_out(madison, now="9:00").sheets[0].groups[0].cards[0].step_at)

    assert due[:3] == ["9:00", "9:00", "9:45"], "premedication before the infusion"
    assert due[3:] == ["11:30", "10:00"], "from when the infusion, and then the observation, really began"


def test_a_step_that_was_taken_back_no_longer_moves_the_times(madison: Clinic, clock: Any) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    for status in (Status.ARRIVED, Status.SEATED, Status.ARRIVED, Status.BOOKED):
        set_status(appointment=appointment, status=status, by=None)

    [card] = laid_out(madison).sheets[0].groups[0].cards

    assert phases(card)[0] == ("Set-up", "9:00", "ahead")


def test_patients_stand_by_now_next_later_and_done(madison: Clinic) -> None:
    shift = on_floor(madison)
    done, here, soon, later = (booked(madison, start) for start in ("8:00", "9:45", "10:30", "13:00"))
    for status in (Status.SEATED, Status.INFUSING, Status.DONE):
        set_status(appointment=done, status=status, by=None)
    set_status(appointment=here, status=Status.SEATED, by=None)

    [sheet] = laid_out(madison, now="10:00").sheets

    assert sheet.id == shift.nurse_id
    assert groups(sheet) == {
        "Now": [here.pk],
        "Next hour": [soon.pk],
        "Later": [later.pk],
        "Done or handed over": [done.pk],
    }
    assert (sheet.now, sheet.total) == (1, 4)


def test_who_comes_early_waits_under_now(madison: Clinic) -> None:
    on_floor(madison)
    set_status(appointment=booked(madison, "13:00"), status=Status.ARRIVED, by=None)

    assert list(groups(laid_out(madison, now="9:00").sheets[0])) == ["Now"]


def test_who_has_not_come_in_time_is_late_and_stands_under_now(madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00")

    [group] = laid_out(madison, now="9:20").sheets[0].groups

    assert group.title == "Now"
    assert [flag.word for flag in group.cards[0].flags] == ["Late 20 min", "Unconfirmed"]


def test_who_confirmed_is_not_flagged(madison: Clinic) -> None:
    on_floor(madison)
    confirm(appointment=booked(madison, "9:00"), by=None)

    assert laid_out(madison).sheets[0].groups[0].cards[0].flags == ()


def test_a_break_says_who_has_whom_meanwhile_and_both_sheets_say_the_hand_over(madison: Clinic) -> None:
    anna = make_nurse(madison, "Anna Berg")
    bea = make_nurse(madison, "Bea Lund")
    on_floor(madison, nurse=anna, breaks=[("12:00", "12:30")])
    on_floor(madison, "12:00", "12:30", nurse=bea)
    appointment = booked(madison, "11:00")

    first, second = laid_out(madison).sheets

    assert [(pause.words, pause.covers) for pause in first.breaks] == [("Lunch 12:00–12:30 PM", ("Bea has Chair 1",))]
    assert first.groups[0].cards[0].hand_overs == ("Bea covers 12:00–12:30",)
    assert second.groups[0].cards[0].cover == "12:00–12:30 for Anna"
    assert {first.groups[0].cards[0].id, second.groups[0].cards[0].id} == {appointment.pk}


def test_a_nurse_who_leaves_early_hands_over_on_both_sheets(madison: Clinic) -> None:
    anna = make_nurse(madison, "Anna Berg")
    on_floor(madison, nurse=anna)
    booked(madison, "9:00")
    on_floor(madison, nurse=make_nurse(madison, "Bea Lund"))
    restaffing.take_off(nurse=anna, start=at(madison, "10:00"), end=at(madison, "17:00"), reason="Ill", by=None)

    first, second = laid_out(madison, now="10:15").sheets

    assert first.away == ("Off 10:00 AM–5:00 PM: Ill",)
    assert groups(first) == {"Done or handed over": [first.groups[0].cards[0].id]}
    assert first.groups[0].cards[0].hand_overs == ("to Bea at 10:00",)
    assert (first.groups[0].cards[0].step, second.groups[0].cards[0].step) == (None, Step("arrived", "Arrived"))
    assert second.groups[0].cards[0].hand_overs == ("from Anna at 10:00",)


def test_whom_nobody_covers_stands_on_top_with_the_time(madison: Clinic) -> None:
    shift = on_floor(madison)
    appointment = booked(madison, "9:00")
    restaffing.take_off(nurse=shift.nurse, start=at(madison, "11:00"), end=at(madison, "17:00"), reason="Ill", by=None)

    [card] = laid_out(madison).short

    assert (card.id, card.bare) == (appointment.pk, "11:00–11:30")


def test_the_nurse_who_looks_at_it_comes_first(madison: Clinic) -> None:
    on_floor(madison, "7:00", "12:00")
    mine = on_floor(madison).nurse

    assert [sheet.is_mine for sheet in laid_out(madison, nurse=mine).sheets] == [True, False]


def test_who_was_cancelled_stands_on_no_sheet(madison: Clinic) -> None:
    on_floor(madison)
    cancel(appointment=booked(madison, "9:00"), reason="weather", by=None)

    assert laid_out(madison).sheets[0].total == 0
    assert [card.status for card in laid_out(madison).gone] == ["cancelled"]


def test_an_infusion_without_observation_goes_straight_to_done(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison, start_on=DAY - timedelta(days=400), given={12: DAY - timedelta(days=28)})
    appointment = booked(madison, "9:00", plan=plan, dose_number=13)
    for status in (Status.SEATED, Status.INFUSING):
        set_status(appointment=appointment, status=status, by=None)

    assert appointment.dose_phase.observation_minutes == 0
    assert laid_out(madison).sheets[0].groups[0].cards[0].step == Step("done", "Done")


def test_nobody_is_marked_arrived_before_the_day(madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00")

    early = roster(
        clinic=madison, day=DAY, now=at(madison, "9:00", DAY - timedelta(days=1)), nurse_id=None, may_step=True
    )

    assert early.sheets[0].groups[0].cards[0].step is None


@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2026, 11, 1)])
def test_the_roster_of_a_day_when_the_clocks_change_says_wall_clock_times(madison: Clinic, day: date) -> None:
    with time_machine.travel(at(madison, "12:00", day - timedelta(days=2)), tick=False):
        on_floor(madison, "8:00", "16:00", day=day)
        booked(madison, "9:00", day=day)
        grid = ClinicDate(day, madison.zone)

        [sheet] = roster(clinic=madison, day=day, now=grid.start, nurse_id=None, may_step=False).sheets

    assert sheet.hours == "8:00 AM–4:00 PM"
    assert sheet.groups[0].cards[0].time == "9:00–11:30"


# --- The page ---


def test_one_tap_takes_a_patient_a_step_on_and_redraws(client: Client, madison: Clinic, nurse: User) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    client.force_login(nurse)

    response = client.post(URL, {"appointment": appointment.pk, "status": "arrived"}, headers={"HX-Request": "true"})

    appointment.refresh_from_db()
    assert appointment.status == Status.ARRIVED
    assert appointment.status_changes.get(status=Status.ARRIVED).by == nurse
    assert 'value="seated"' in response.content.decode()
    assert "arrived." in response.headers["HX-Trigger"]


def test_tapping_twice_is_the_same_as_tapping_once(client: Client, madison: Clinic, nurse: User) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    client.force_login(nurse)

    for _ in range(2):
        response = client.post(URL, {"appointment": appointment.pk, "status": "arrived"}, follow=True)

    assert "Reload" not in response.content.decode()
    assert appointment.status_changes.count() == 2


def test_a_step_that_cannot_be_is_refused_in_words(client: Client, madison: Clinic, nurse: User) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    client.force_login(nurse)

    response = client.post(URL, {"appointment": appointment.pk, "status": "done"}, headers={"HX-Request": "true"})

    assert "The patient is booked" in response.content.decode()
    appointment.refresh_from_db()
    assert appointment.status == Status.BOOKED


def test_a_tap_for_nobody_or_for_another_clinics_patient_is_not_found(
    client: Client, madison: Clinic, wausau: Clinic, nurse: User
) -> None:
    on_floor(wausau)
    elsewhere = booked(wausau, "9:00")
    client.force_login(nurse)

    for appointment in (elsewhere.pk, 0, "x", ""):
        assert client.post(URL, {"appointment": appointment, "status": "arrived"}).status_code == 404
    elsewhere.refresh_from_db()
    assert elsewhere.status == Status.BOOKED


def test_a_nurse_sees_her_own_patients_and_everyone_on_demand(client: Client, madison: Clinic, nurse: User) -> None:
    mine = make_nurse(madison, "Anna Berg")
    Nurse.objects.filter(pk=mine.pk).update(user=nurse)
    on_floor(madison, nurse=mine)
    on_floor(madison, nurse=make_nurse(madison, "Bea Lund"))
    client.force_login(nurse)

    assert "Bea Lund" not in client.get(URL).content.decode()
    everyone = client.get(f"{URL}?show=everyone", follow=True).content.decode()
    assert everyone.index("Anna Berg") < everyone.index("Bea Lund")
    assert "Bea Lund" in client.get(URL).content.decode()


def test_an_unchanged_roster_is_not_sent_again(client: Client, madison: Clinic, nurse: User) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    client.force_login(nurse)
    poll = {"HX-Request": "true", "If-None-Match": client.get(URL).headers["ETag"]}

    unchanged = client.get(URL, headers=poll)
    set_status(appointment=appointment, status=Status.ARRIVED, by=None)
    changed = client.get(URL, headers=poll)

    assert (unchanged.status_code, changed.status_code) == (304, 200)
    assert "<html" not in changed.content.decode()


def test_a_full_roster_takes_as_many_queries_as_an_empty_one(
    client: Client, madison: Clinic, front_desk: User, django_assert_num_queries: Any
) -> None:
    clinic = make_clinic("busy", chairs=9)
    front_desk.memberships.create(clinic=clinic, role="front_desk")
    for hour in (11, 12, 13):
        on_floor(clinic, breaks=[(f"{hour}:00", f"{hour}:30")])
    on_floor(madison)
    for number in range(6):
        booked(clinic, f"{8 + number // 3}:{number % 3 * 15:02}")
    booked(madison, "9:00")
    client.force_login(front_desk)
    counts = []
    for slug in ("busy", "madison"):
        client.get(f"/roster/{slug}/{DAY}/")
        with django_assert_num_queries(11):  # one of them notes in the trail who looked
            counts.append(client.get(f"/roster/{slug}/{DAY}/").content.decode().count("card-of"))

    assert counts[0] > counts[1] > 0


@pytest.mark.parametrize(
    ("who", "status"),
    [("front_desk", 200), ("nurse", 200), ("charge_nurse", 200), ("manager", 200), ("stranger", 403)],
)
def test_only_staff_of_the_clinic_see_the_roster(
    client: Client, madison: Clinic, request: pytest.FixtureRequest, who: str, status: int
) -> None:
    on_floor(madison)
    booked(madison, "9:00", plan=make_plan(make_patient(madison, "Secretname", mrn="SECRET1")))
    client.force_login(request.getfixturevalue(who))

    for headers in ({}, {"HX-Request": "true"}):
        response = client.get(URL, headers=headers)
        assert response.status_code == status
        assert ("SECRET1" in response.content.decode()) == (status == 200)


def test_a_stranger_changes_no_status(client: Client, madison: Clinic, stranger: User) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    client.force_login(stranger)

    assert client.post(URL, {"appointment": appointment.pk, "status": "arrived"}).status_code == 403
    assert Appointment.objects.get().status == Status.BOOKED


def test_without_signing_in_the_roster_asks_for_it(client: Client, madison: Clinic) -> None:
    assert client.get(URL).headers["Location"].startswith("/login/")


def test_a_day_without_nurses_says_what_to_do(client: Client, madison: Clinic, nurse: User) -> None:
    client.force_login(nurse)

    assert "No nurse is rostered" in client.get(URL).content.decode()
