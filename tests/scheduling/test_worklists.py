"""The worklists: who stands in which list, who works on whom, what sleeps, and who may see it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Chair, Clinic, Closure, Role, User
from patients.authorizations import Terms
from patients.authorizations import add as authorize
from patients.course import next_doses, phases_in_force
from patients.models import ContactKind, PlanStatus, TreatmentPlan
from scheduling import waitlist
from scheduling.booking import NotAvailable, book, cancel, confirm, set_status
from scheduling.models import (
    Appointment,
    CallOutcome,
    FollowUpCall,
    PatientClaim,
    Reason,
    Snooze,
    Status,
    WaitlistOffer,
)
from scheduling.queries.dose import booked_of
from scheduling.restaffing import take_off
from scheduling.worklists import Row, Worklist, lists, register
from scheduling.worklists.due import LONG_AHEAD, SHORT_AHEAD, due_doses
from scheduling.worklists.page import reading_for, row_of
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, make_ready, make_user, on_floor
from therapies.series import phase_for

pytestmark = pytest.mark.django_db

TODAY = BEFORE.date()


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    """Stand on Tuesday, Dec 1, the week before `DAY`."""
    with time_machine.travel(BEFORE, tick=False) as hand:
        yield hand


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    """The front desk's browser."""
    client.force_login(front_desk)
    return client


@pytest.fixture
def ann(madison: Clinic) -> User:
    """A colleague at the front desk."""
    return make_user("ann", Role.FRONT_DESK, madison)


def rows(name: str, *clinics: Clinic) -> list[Row]:
    worklist = lists.named(name)
    assert worklist
    return list(worklist.read(reading_for(clinics)))


def post(browser: Client, name: str, key: str, act: str, *, htmx: bool = True, **form: str):
    headers = {"HX-Request": "true"} if htmx else {}
    return browser.post(reverse("worklist_row", args=[name, key]), {"act": act, **form}, headers=headers)


def page(browser: Client, **query: str) -> str:
    answer = browser.get(reverse("worklists"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def section(text: str, name: str) -> str:
    """The part of the page that is one list."""
    found = re.search(rf'<section [^>]*id="list-{name}".*?</section>', text, re.DOTALL)
    assert found, name
    return found[0]


def chairs(clinic: Clinic) -> list[Chair]:
    return list(clinic.chairs.all())


def weeks_ago(count: int) -> date:
    return TODAY - timedelta(weeks=count)


# --- Due and not booked ------------------------------------------------------------------------


def test_the_most_overdue_dose_stands_first(madison: Clinic) -> None:
    late = make_plan(madison, given={1: weeks_ago(6)})
    later = make_plan(madison, given={1: weeks_ago(8)})
    soon = make_plan(madison, given={1: weeks_ago(3)})

    found = rows("due", madison)

    assert [row.key for row in found] == [f"{later.pk}-2", f"{late.pk}-2", f"{soon.pk}-2"]
    assert [row.states[0].word for row in found] == ["Overdue by 28 days", "Overdue by 14 days", "Due in 7 days"]
    assert [row.is_urgent for row in found] == [True, True, False]
    assert found[0].buttons[0].url == f"/book/{later.pk}/?dose=2"


def test_a_half_yearly_dose_is_listed_sixty_days_ahead(madison: Clinic) -> None:
    def ocrevus(target_in: int) -> TreatmentPlan:
        third = TODAY + timedelta(days=target_in - 168)
        return make_plan(
            madison, "ocrevus", given={1: third - timedelta(days=182), 2: third - timedelta(days=168), 3: third}
        )

    listed, _ = ocrevus(60), ocrevus(61)

    assert [row.key for row in rows("due", madison)] == [f"{listed.pk}-4"]


def test_a_dose_that_is_booked_is_not_listed_and_the_one_after_is(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison, given={1: weeks_ago(4)})
    booked(madison, "9:00", plan=plan, dose_number=2)
    assert rows("due", madison) == []

    with time_machine.travel(BEFORE + timedelta(days=(DAY - TODAY).days), tick=False):
        assert [row.key for row in rows("due", madison)] == [f"{plan.pk}-3"]


def test_who_is_not_treated_any_more_is_not_listed(madison: Clinic, wausau: Clinic) -> None:
    make_plan(madison, given={1: weeks_ago(8)}, status=PlanStatus.PAUSED)
    make_plan(madison, given={1: weeks_ago(8)}, doses_ordered=1)
    make_plan(make_patient(madison, is_active=False), given={1: weeks_ago(8)})
    make_plan(wausau, given={1: weeks_ago(8)})

    assert rows("due", madison) == []


@pytest.mark.parametrize("seed", range(6))
def test_the_list_holds_exactly_the_doses_that_are_due(madison: Clinic, seed: int) -> None:
    """Against every plan worked out by itself: therapies, variants, ordered intervals, bookings with holes."""
    rng = Random(seed)
    for day in range(0, 80, 8):
        on_floor(madison, day=DAY + timedelta(days=day))
    for _ in range(25):
        _random_plan(madison, rng)
    plans = TreatmentPlan.objects.select_related("therapy")
    due = next_doses(plans=plans, booked=booked_of(plans), on=TODAY)
    phases = phases_in_force(therapy_ids={plan.therapy_id for plan in plans}, on=TODAY)

    expected = []
    for plan in plans:
        if dose := due[plan.pk]:
            interval = phase_for(phases[plan.therapy_id], dose.dose_number, plan.variant).target_days
            if (dose.target - TODAY).days <= (LONG_AHEAD if interval >= 120 else SHORT_AHEAD):
                expected.append((plan.pk, replace(dose, anchor="")))

    found = due_doses(clinics=[madison], today=TODAY)
    assert [(plan.pk, replace(dose, anchor="")) for plan, dose in found] == sorted(
        expected, key=lambda one: (one[1].target, one[0])
    )
    assert expected


def _random_plan(clinic: Clinic, rng: Random) -> None:
    slug = rng.choice(["tysabri", "ocrevus", "vedolizumab", "infliximab", "briumvi"])
    first = TODAY - timedelta(days=rng.randrange(0, 400))
    gap = 28 if slug == "tysabri" else 60
    count = rng.randrange(0, 6)
    last = 13 if slug == "tysabri" and rng.random() < 0.3 else count
    numbers = range(last - count + 1, last + 1)
    given = {number: first + timedelta(days=gap * index) for index, number in enumerate(numbers) if number >= 1}
    given = {number: day for number, day in given.items() if day <= TODAY and rng.random() < 0.9}
    plan = make_plan(
        clinic,
        slug,
        given=given,
        start_on=first,
        interval_days=rng.choice([None, None, 42]),
        variant="fast" if slug == "ocrevus" and rng.random() < 0.5 else "",
        doses_ordered=rng.choice([None, None, 4]),
    )
    for ahead in rng.sample(range(1, 4), k=rng.randrange(0, 3)):
        try:
            book(
                plan=plan,
                dose_number=max(given, default=0) + ahead,
                clinic=clinic,
                start=at(clinic, "9:00", DAY + timedelta(days=8 * rng.randrange(0, 10))),
                by=None,
            )
        except NotAvailable:  # too soon, or full: this dose stays unbooked
            continue


def test_a_dose_of_a_course_taken_over_halfway_counts_from_the_one_on_record(madison: Clinic) -> None:
    """Dose 3 counts from dose 1, which nobody here has put on record."""
    plan = make_plan(madison, "ocrevus", given={2: weeks_ago(24)})

    [(found, dose)] = due_doses(clinics=[madison], today=TODAY)

    expected = next_doses(plans=[plan], booked={}, on=TODAY)[plan.pk]
    assert expected
    assert (found, dose) == (plan, replace(expected, anchor=""))


# --- Visits ------------------------------------------------------------------------------------


def test_unconfirmed_visits_of_the_next_three_open_days_are_asked(madison: Clinic) -> None:
    Closure.objects.create(
        clinic=madison,
        period=(at(madison, "0:00", date(2026, 12, 3)), at(madison, "23:45", date(2026, 12, 3))),
        reason="-",
    )
    days = [TODAY, *(date(2026, 12, day) for day in (2, 4, 5, 6))]
    visits = []
    for day in days:
        on_floor(madison, day=day)
        visits.append(booked(madison, "13:00", day=day))
    confirm(appointment=visits[1], by=None)

    found = rows("unconfirmed", madison)

    assert [row.key for row in found] == [str(visits[n].pk) for n in (0, 2, 3)]
    assert [row.states[0].word for row in found] == ["Today", "In 3 days", "In 4 days"]


def test_confirming_takes_the_row_away(desk: Client, madison: Clinic) -> None:
    on_floor(madison, day=TODAY)
    visit = booked(madison, "13:00", day=TODAY)

    answer = post(desk, "unconfirmed", str(visit.pk), "confirm")

    assert answer.status_code == 200
    assert "Everybody who comes in the next days has confirmed." in answer.content.decode()
    assert 'id="count-unconfirmed" hx-swap-oob="true"' in answer.content.decode()
    assert "comes Tue Dec 1, 1:00 PM" in answer.headers["HX-Trigger"]
    visit.refresh_from_db()
    assert visit.confirmed_at


def test_visits_that_something_is_missing_for_are_listed_with_the_reason(madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "9:00")
    plan = make_plan(madison)
    make_ready(plan, without={"touch-authorization"})
    lacking = booked(madison, "11:00", plan=plan, ready=False)
    other = booked(madison, "13:00", plan=make_plan(madison), ready=False)

    found = {row.key: row for row in rows("not-ready", madison)}

    assert str(other.pk) in found
    assert set(found) <= {str(lacking.pk), str(other.pk)}
    assert found[str(other.pk)].notes


def test_what_is_missing_is_listed_for_visits_of_the_coming_week_only(madison: Clinic, wausau: Clinic) -> None:
    on_floor(wausau)
    next_week, later = (TODAY + timedelta(days=days) for days in (7, 8))
    for day in (next_week, later):
        on_floor(madison, day=day)
    listed = booked(madison, "13:00", day=next_week, ready=False)
    booked(madison, "13:00", day=later, ready=False)
    booked(wausau, "13:00", ready=False)
    gone = booked(madison, "9:00", day=next_week, ready=False)
    cancel(appointment=gone, reason=Reason.OTHER, by=None)

    assert [row.key for row in rows("not-ready", madison)] == [str(listed.pk)]


def test_short_staffed_visits_are_listed_until_they_are_over(
    madison: Clinic, clock_hand: time_machine.Traveller
) -> None:
    shift = on_floor(madison)
    visit = booked(madison, "9:00")
    take_off(nurse=shift.nurse, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="ill", by=None)

    [row] = rows("short-staffed", madison)
    assert (row.key, row.is_urgent) == (str(visit.pk), True)

    clock_hand.move_to(at(madison, "12:00"))
    assert rows("short-staffed", madison) == []


def test_a_past_visit_that_nobody_closed_is_not_forgotten(madison: Clinic, clock_hand: time_machine.Traveller) -> None:
    on_floor(madison)
    visit = booked(madison, "9:00")
    clock_hand.move_to(at(madison, "18:00"))
    assert rows("left-open", madison) == []

    clock_hand.move_to(at(madison, "8:00", DAY + timedelta(days=1)))
    [row] = rows("left-open", madison)
    assert (row.key, row.states[0].word) == (str(visit.pk), "Still booked")


def test_authorizations_that_run_out_are_listed(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison)
    until = TODAY + timedelta(days=200)
    terms = Terms(payer="Badger", number="B1", valid_from=weeks_ago(20), valid_until=until, doses_allowed=3)
    authorize(plan=plan, terms=terms, by=None)
    assert rows("authorizations", madison) == []

    booked(madison, "9:00", plan=plan)

    [row] = rows("authorizations", madison)
    assert "2 doses left" in row.when


# --- Missed visits -----------------------------------------------------------------------------


@pytest.fixture
def missed(madison: Clinic, clock_hand: time_machine.Traveller) -> Appointment:
    """A visit that the patient did not come to. It is noon of its day."""
    on_floor(madison)
    on_floor(madison, day=DAY + timedelta(days=1))
    visit = booked(madison, "9:00")
    clock_hand.move_to(at(madison, "12:00"))
    return set_status(appointment=visit, status=Status.NO_SHOW, reason=Reason.UNREACHED, by=None)


def test_a_missed_visit_is_called_in_one_list_only(missed: Appointment, madison: Clinic) -> None:
    [row] = rows("missed", madison)

    assert (row.key, row.is_urgent) == (str(missed.pk), True)
    assert row.notes == ("Not reached, reason unknown",)
    assert rows("due", madison) == []


def test_a_call_without_an_answer_is_counted_and_one_with_an_answer_ends_it(
    missed: Appointment, madison: Clinic, client: Client, front_desk: User
) -> None:
    client.force_login(front_desk)

    first = post(client, "missed", str(missed.pk), "called", value=CallOutcome.NO_ANSWER)
    post(client, "missed", str(missed.pk), "called", value=CallOutcome.LEFT_MESSAGE, note="with her son")
    [row] = rows("missed", madison)

    assert "1 call, last Mon Dec 7, 12:00 PM, Frontdesk: no answer" in first.content.decode()
    assert row.notes[-1] == "2 calls, last Mon Dec 7, 12:00 PM, Frontdesk: left a message (with her son)"
    assert not row.is_urgent

    post(client, "missed", str(missed.pk), "called", value=CallOutcome.DECLINED)

    assert rows("missed", madison) == []
    assert [row.patient for row in rows("due", madison)] == [missed.patient], "still due, and not out of sight"
    assert FollowUpCall.objects.count() == 3


def test_a_call_needs_a_coded_outcome_and_keeps_what_was_typed(
    missed: Appointment, client: Client, front_desk: User
) -> None:
    client.force_login(front_desk)

    answer = post(client, "missed", str(missed.pk), "called", value="", note="rang twice")

    assert answer.status_code == 422
    assert "Choose what came of the call." in answer.content.decode()
    assert 'value="rang twice"' in answer.content.decode()
    assert not FollowUpCall.objects.exists()


def test_who_is_booked_again_need_not_be_called(missed: Appointment, madison: Clinic) -> None:
    book(plan=missed.plan, dose_number=1, clinic=madison, start=at(madison, "9:00", DAY + timedelta(days=1)), by=None)

    assert rows("missed", madison) == []


def test_who_missed_a_dose_twice_is_called_once(
    missed: Appointment, madison: Clinic, clock_hand: time_machine.Traveller
) -> None:
    tomorrow = DAY + timedelta(days=1)
    again = book(plan=missed.plan, dose_number=1, clinic=madison, start=at(madison, "9:00", tomorrow), by=None)
    clock_hand.move_to(at(madison, "12:00", tomorrow))
    set_status(appointment=again, status=Status.NO_SHOW, reason=Reason.UNREACHED, by=None)

    assert [row.key for row in rows("missed", madison)] == [str(again.pk)]


# --- The waitlist ------------------------------------------------------------------------------


def test_a_cancelled_time_is_held_offered_and_accepted_from_the_list(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    gone = booked(madison, "9:00")
    entry = waitlist.add(plan=make_ready(make_plan(madison)), dose_number=1, by=None)
    cancel(appointment=gone, reason=Reason.WEATHER, by=None)

    [fits] = rows("waitlist", madison)
    answer = post(desk, "waitlist", fits.key, "offer", value=fits.buttons[0].value)
    [held] = rows("waitlist", madison)

    assert answer.status_code == 200
    assert held.key == f"offer-{WaitlistOffer.objects.get().pk}"
    assert held.states[0].word == "Held until 11:00 AM"

    post(desk, "waitlist", held.key, "accept")

    assert rows("waitlist", madison) == []
    assert Appointment.objects.get(plan=entry.plan).start == at(madison, "8:00")


def test_a_time_that_went_meanwhile_is_not_offered_as_another(desk: Client, madison: Clinic) -> None:
    on_floor(madison)
    waitlist.add(plan=make_plan(madison), dose_number=1, by=None)
    [fits] = rows("waitlist", madison)
    booked(madison, "8:00")

    answer = post(desk, "waitlist", fits.key, "offer", value=fits.buttons[0].value)

    assert answer.status_code == 409
    assert "That time is gone. Here is the next that fits." in answer.content.decode()
    assert not WaitlistOffer.objects.exists()


# --- Claims and snoozes ------------------------------------------------------------------------


def test_a_claim_says_who_works_on_the_patient_in_every_list(desk: Client, ann: User, madison: Clinic) -> None:
    plan = make_plan(madison, given={1: weeks_ago(6)})
    plan.patient.contact_points.create(kind=ContactKind.MOBILE, value="+16085550142")
    second = make_plan(plan.patient, "vedolizumab", given={1: weeks_ago(20)})
    desk.force_login(ann)
    post(desk, "due", f"{plan.pk}-2", "claim")
    assert "You’re on it" in page(desk)

    desk.force_login(User.objects.get(username="frontdesk"))
    text = page(desk)

    assert text.count("Ann, since 9:00 AM") == 2, "both courses of this patient"
    assert "tel:+16085550142" not in text
    refused = post(desk, "due", f"{second.pk}-2", "claim")
    assert refused.status_code == 409
    assert "Ann works on this patient since 9:00 AM." in refused.content.decode()


def test_nobody_acts_on_what_a_colleague_works_on(desk: Client, ann: User, madison: Clinic) -> None:
    on_floor(madison, day=TODAY)
    visit = booked(madison, "13:00", day=TODAY)
    PatientClaim.objects.create(patient=visit.patient, by=ann, at=BEFORE)

    assert post(desk, "unconfirmed", str(visit.pk), "confirm").status_code == 409
    assert post(desk, "unconfirmed", str(visit.pk), "snooze", until="2026-12-02").status_code == 409
    post(desk, "unconfirmed", str(visit.pk), "release")

    visit.refresh_from_db()
    assert visit.confirmed_at is None
    assert PatientClaim.objects.get().by == ann


def test_a_claim_lapses_after_half_an_hour(
    desk: Client, front_desk: User, ann: User, madison: Clinic, clock_hand: time_machine.Traveller
) -> None:
    plan = make_plan(madison, given={1: weeks_ago(6)})
    PatientClaim.objects.create(patient=plan.patient, by=ann, at=BEFORE)
    clock_hand.shift(timedelta(minutes=30))

    assert "Ann, since" not in page(desk)
    assert post(desk, "due", f"{plan.pk}-2", "claim").status_code == 200
    assert PatientClaim.objects.get().by == front_desk


def test_a_snoozed_row_sleeps_until_its_day_and_can_be_looked_at(
    desk: Client, front_desk: User, madison: Clinic, clock_hand: time_machine.Traveller
) -> None:
    plan = make_plan(make_patient(madison, "Olson"), given={1: weeks_ago(6)})

    post(desk, "due", f"{plan.pk}-2", "snooze", until="2026-12-02", note="calls back tomorrow")

    due = section(page(desk), "due")
    assert "Olson" not in due
    assert "1 snoozed" in due
    asleep = section(page(desk, snoozed="due"), "due")
    assert "Olson" in asleep
    assert "Until Wed Dec 2" in asleep
    clock_hand.move_to(at(madison, "7:00", date(2026, 12, 2)))
    desk.force_login(front_desk)
    assert "Frontdesk: calls back tomorrow" in section(page(desk), "due")


@pytest.mark.parametrize("day", ["", "2026-12-01", "2027-12-01", "soon"])
def test_a_row_sleeps_until_a_day_that_can_be(desk: Client, madison: Clinic, day: str) -> None:
    plan = make_plan(madison, given={1: weeks_ago(6)})

    answer = post(desk, "due", f"{plan.pk}-2", "snooze", until_day=day, note="kept")

    assert answer.status_code == 422
    assert 'value="kept"' in answer.content.decode()
    assert not Snooze.objects.exists()


def test_it_works_without_scripts(desk: Client, madison: Clinic) -> None:
    plan = make_plan(madison, given={1: weeks_ago(6)})

    answer = post(desk, "due", f"{plan.pk}-2", "snooze", htmx=False, until="2026-12-02")

    assert answer.headers["Location"] == "/worklists/#list-due"
    assert "comes back to the list on Wed Dec 2." in page(desk)


def test_a_row_that_somebody_has_seen_to_says_so(desk: Client, madison: Clinic) -> None:
    answer = post(desk, "due", "999-2", "claim")

    assert answer.status_code == 409
    assert "somebody has just seen to it" in answer.content.decode()


# --- Who sees it -------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "status"), [(Role.NURSE, 403), (Role.CHARGE_NURSE, 200), (Role.MANAGER, 200)])
def test_the_lists_are_for_the_front_desk_charge_nurses_and_managers(
    client: Client, madison: Clinic, role: str, status: int
) -> None:
    client.force_login(make_user("somebody", role, madison))
    plan = make_plan(madison, given={1: weeks_ago(6)})

    assert client.get(reverse("worklists")).status_code == status
    assert post(client, "due", f"{plan.pk}-2", "claim").status_code == status


def test_patients_of_other_clinics_are_neither_seen_nor_touched(
    client: Client, stranger: User, madison: Clinic, wausau: Clinic
) -> None:
    on_floor(madison, day=TODAY)
    plan = make_plan(make_patient(madison, "Olson"), given={1: weeks_ago(6)})
    visit = booked(madison, "13:00", day=TODAY, plan=make_plan(make_patient(madison, "Olsen"), start_on=TODAY))
    waitlist.add(plan=make_plan(make_patient(madison, "Olsson")), dose_number=1, by=None)
    client.force_login(stranger)

    assert "Ols" not in page(client)
    assert "Ols" not in page(client, clinic="madison")
    for name, key, act in (("due", f"{plan.pk}-2", "claim"), ("unconfirmed", str(visit.pk), "confirm")):
        answer = post(client, name, key, act)
        assert answer.status_code == 409
        assert "Ols" not in answer.content.decode()
    visit.refresh_from_db()
    assert visit.confirmed_at is None
    assert not PatientClaim.objects.exists()


def test_one_clinic_at_a_time_can_be_looked_at(client: Client, madison: Clinic, wausau: Clinic) -> None:
    client.force_login(make_user("both", Role.FRONT_DESK, madison, wausau))
    make_plan(make_patient(madison, "Olson"), given={1: weeks_ago(6)})
    make_plan(make_patient(wausau, "Berg"), given={1: weeks_ago(6)})

    assert {"Olson", "Berg"} <= set(re.findall("Olson|Berg", page(client)))
    assert set(re.findall("Olson|Berg", page(client, clinic="wausau"))) == {"Berg"}


# --- The page ----------------------------------------------------------------------------------


def test_a_room_to_the_right_registers_a_list_of_its_own(
    desk: Client, madison: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_LISTS", dict(lists._LISTS))
    patient = make_patient(madison, "Olson")
    done: list[str] = []

    def mark_read(row: Row, by: User, form: Mapping[str, str]) -> str:
        done.append(row.key)
        return f"Read by {by.label}."

    replies = Worklist(
        name="replies",
        title="Replies to read",
        icon="info",
        nothing="Every reply is read.",
        position=70,
        read=lambda _: [Row(key="7", patient=patient, clinic="Madison", what="“Can I come later?”")],
        do={"read": mark_read},
    )
    register(replies)

    assert "Can I come later?" in section(page(desk), "replies")
    assert "Read by Frontdesk." in post(desk, "replies", "7", "read").headers["HX-Trigger"]
    assert done == ["7"]
    assert row_of(worklist=replies, key="8", clinics=[madison]) is None


def test_what_a_list_cannot_do_is_not_found(desk: Client, madison: Clinic) -> None:
    plan = make_plan(madison, given={1: weeks_ago(6)})

    assert post(desk, "due", f"{plan.pk}-2", "delete").status_code == 404
    assert post(desk, "nonsense", "1", "claim").status_code == 404


def test_a_long_list_shows_its_head_and_all_on_request(desk: Client, madison: Clinic) -> None:
    for _ in range(10):
        make_plan(madison, given={1: weeks_ago(6)})

    assert section(page(desk), "due").count('<li class="wl-row') == 8
    assert "Show all 10" in section(page(desk), "due")
    assert section(page(desk, all="due"), "due").count('<li class="wl-row') == 10


@pytest.mark.parametrize("name", ["due", "unconfirmed", "not-ready"])
def test_the_head_of_a_long_list_is_that_of_the_whole(madison: Clinic, ann: User, name: str) -> None:
    """First rows and numbers, without those that sleep; a visit's row is found by its key alone."""
    worklist = lists.named(name)
    assert worklist
    assert worklist.glimpse
    for number in range(6):
        on_floor(madison, day=TODAY + timedelta(days=number // 2))
        make_plan(madison, given={1: weeks_ago(3 + number)})
    for number in range(6):
        booked(
            madison, "12:00", day=TODAY + timedelta(days=number // 2), ready=False, chair=chairs(madison)[number % 2]
        )
    whole = rows(name, madison)
    for row in (whole[1], whole[4]):
        Snooze.objects.create(worklist=name, subject=row.key, until=BEFORE + timedelta(days=1), by=ann)
    awake = [row for row in whole if row not in (whole[1], whole[4])]

    found = worklist.glimpse(reading_for([madison]), 3)

    assert [row.key for row in found.rows] == [row.key for row in awake[:3]]
    assert list(found.rows) == awake[:3]
    assert (found.awake, found.asleep) == (len(awake), 2)
    assert found.urgent == sum(row.is_urgent for row in awake)
    assert not found.is_more
    assert row_of(worklist=worklist, key=awake[-1].key, clinics=[madison]) == awake[-1]


def test_what_takes_working_out_is_not_counted_to_the_end(
    desk: Client, madison: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.worklists.visits.COUNTED", 2)
    monkeypatch.setattr("scheduling.worklists.page.SHOWN", 1)
    for number in range(4):
        on_floor(madison, day=TODAY + timedelta(days=number))
        booked(madison, "12:00", day=TODAY + timedelta(days=number), ready=False)

    unready = section(page(desk), "not-ready")

    assert unready.count('<li class="wl-row') == 1
    assert '<span class="wl-number number">2+</span>' in unready
    assert "Show 100 of 2+" in unready
    assert section(page(desk, all="not-ready"), "not-ready").count('<li class="wl-row') == 4


def test_a_very_long_list_is_shown_page_by_page(desk: Client, madison: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduling.worklists.page.PAGE", 3)
    monkeypatch.setattr("scheduling.views.worklists.PAGE", 3)
    for _ in range(10):
        make_plan(madison, given={1: weeks_ago(6)})

    assert "Show 3 of 10" in section(page(desk), "due")
    first = section(page(desk, all="due", rows="3"), "due")
    assert first.count('<li class="wl-row') == 3
    assert 'href="/worklists/?all=due&amp;rows=6#list-due">Show 6 of 10</a>' in first
    assert section(page(desk, all="due", rows="6"), "due").count('<li class="wl-row') == 6
    assert section(page(desk, all="due", rows="nine"), "due").count('<li class="wl-row') == 3


def test_the_number_of_queries_does_not_grow_with_the_rows(desk: Client, madison: Clinic, ann: User) -> None:
    for day in (TODAY, TODAY + timedelta(days=1), DAY):
        for _ in range(2):
            on_floor(madison, day=day)

    def fill(count: int) -> None:
        for number in range(count):
            plan = make_plan(madison, given={1: weeks_ago(6)})
            plan.patient.contact_points.create(kind=ContactKind.MOBILE, value=f"+1608555{plan.pk:04}")
            PatientClaim.objects.create(patient=plan.patient, by=ann, at=BEFORE)
            Snooze.objects.create(worklist="due", subject=f"{plan.pk}-1", until=BEFORE, by=ann)
            booked(madison, f"{11 + number}:00", day=TODAY, ready=False)
            again = make_plan(madison)
            waitlist.add(plan=again, dose_number=1, by=None)
            authorize(
                plan=again, terms=Terms(payer="B", number="1", valid_from=weeks_ago(9), valid_until=TODAY), by=None
            )

    def cost() -> int:
        desk.get(reverse("worklists"))
        with CaptureQueriesContext(connection) as seen:
            desk.get(reverse("worklists"))
        return len(seen)

    fill(1)
    few = cost()
    fill(3)

    assert cost() == few
    assert few < 40


def test_lists_with_nothing_in_them_are_not_asked_one_by_one(desk: Client, madison: Clinic) -> None:
    """Three lists with rows, and all the others empty."""
    for number in range(3):
        on_floor(madison, day=TODAY + timedelta(days=number))
        booked(madison, "12:00", day=TODAY + timedelta(days=number), ready=False)
        make_plan(madison, given={1: weeks_ago(6)})
    desk.get(reverse("worklists"))

    with CaptureQueriesContext(connection) as seen:
        desk.get(reverse("worklists"))

    assert len(seen) <= 12
