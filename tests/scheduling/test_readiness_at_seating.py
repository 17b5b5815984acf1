"""Readiness where visits are: refused at the chair, marked at the panel, said on every page; an earlier reaction."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Clinic, User
from patients import authorizations, clearances
from patients.authorizations import Terms
from patients.models import Clearance, TreatmentPlan
from scheduling.booking import NotAvailable, book, move, set_status
from scheduling.models import Appointment, Status
from scheduling.needs import needs_of
from scheduling.readying import Planned, note_reaction, readiness_of, unready
from tests.scheduling.pages import HTMX, html_of
from tests.world import DAY, at, booked, make_patient, make_plan, make_ready, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock_hand() -> Iterator[time_machine.Traveller]:
    """The morning of `DAY`."""
    with time_machine.travel("2026-12-07T08:30:00-06:00", tick=False) as hand:
        yield hand


@pytest.fixture
def visit(madison: Clinic) -> Appointment:
    """Karen Olson's first Tysabri at 9:00 on `DAY`, with all papers but no check of the day."""
    on_floor(madison)
    plan = make_plan(make_patient(madison, "Olson", "Karen"))
    make_ready(plan, without={"touch-status", "touch-checklist", "infection-check"})
    return booked(madison, "9:00", plan=plan, ready=False)


def check(visit: Appointment, *codes: str) -> None:
    for code in codes:
        clearances.record(plan=visit.plan, code=code, cleared_on=DAY, for_day=DAY, by=None)


def refused(visit: Appointment, status: Status = Status.SEATED) -> NotAvailable:
    with pytest.raises(NotAvailable) as caught:
        set_status(appointment=visit, status=status, by=None)
    return caught.value


def state(visit: Appointment) -> str:
    return readiness_of(planned={0: Planned.of(visit)})[0].state


# --- At the chair ------------------------------------------------------------------------------


def test_nobody_sits_down_before_the_hard_checks_are_made(visit: Appointment) -> None:
    set_status(appointment=visit, status=Status.ARRIVED, by=None)
    refusal = refused(visit)

    assert refusal.code == "not_ready"
    assert refusal.reason == (
        "Not ready. TOUCH pre-infusion checklist: not checked yet;"
        " TOUCH status reads Authorized today: not checked yet."
        " Make the checks and mark them done, then seat the patient."
    )
    check(visit, "touch-status")
    assert "checklist" in refused(visit).reason
    check(visit, "touch-checklist")
    assert set_status(appointment=visit, status=Status.SEATED, by=None).status == Status.SEATED
    assert state(visit) == "at_risk", "the infection check is not hard"


def test_a_program_authorization_that_ran_out_refuses_the_chair(visit: Appointment) -> None:
    check(visit, "touch-status", "touch-checklist")
    Clearance.objects.filter(code="touch-enrollment").update(expires_on=DAY - timedelta(days=1))

    assert refused(visit).reason == (
        "Not ready. TOUCH program authorization: expired Dec 6, 2026."
        " Do not start. Enter what has come in, or call the prescriber and move the visit."
    )


def test_an_infusion_is_not_begun_when_a_check_is_taken_back(visit: Appointment) -> None:
    check(visit, "touch-status", "touch-checklist")
    set_status(appointment=visit, status=Status.SEATED, by=None)
    clearances.withdraw(clearance=Clearance.objects.get(code="touch-checklist"), by=None)

    assert refused(visit, Status.INFUSING).code == "not_ready"
    check(visit, "touch-checklist")
    set_status(appointment=visit, status=Status.INFUSING, by=None)


def test_a_step_back_that_corrects_a_slip_is_never_refused(visit: Appointment) -> None:
    check(visit, "touch-status", "touch-checklist")
    for status in (Status.SEATED, Status.INFUSING, Status.OBSERVING):
        set_status(appointment=visit, status=status, by=None)
    Clearance.objects.all().delete()

    for status in (Status.INFUSING, Status.SEATED, Status.ARRIVED):
        assert set_status(appointment=visit, status=status, by=None).status == status


def test_a_visit_that_came_too_close_to_a_dose_given_since_is_refused(visit: Appointment, madison: Clinic) -> None:
    check(visit, "touch-status", "touch-checklist")
    plan = make_plan(madison, given={1: DAY - timedelta(days=28)})
    make_ready(plan)
    second = booked(madison, "10:00", plan=plan, dose_number=2)
    plan.doses_given.update(given_on=DAY - timedelta(days=20))

    refusal = refused(second)

    assert refusal.code == "not_ready"
    assert "Too soon: this dose may be given from Dec 8, 2026 on. Move the visit to a later day." in refusal.reason


def test_checks_of_another_day_do_not_count_after_a_move(visit: Appointment, madison: Clinic) -> None:
    check(visit, "touch-status", "touch-checklist")
    on_floor(madison, day=DAY + timedelta(days=1))
    moved = move(appointment=visit, clinic=madison, start=at(madison, "9:00", DAY + timedelta(days=1)), by=None)

    assert refused(moved).code == "not_ready"


def test_seating_ahead_of_the_day_asks_for_the_checks_of_the_day(visit: Appointment, clock_hand) -> None:
    clock_hand.move_to("2026-12-06T12:00:00-06:00")

    assert state(visit) == "ready"
    assert refused(visit).code == "not_ready"


def test_a_drug_without_hard_prerequisites_is_seated_at_risk(madison: Clinic) -> None:
    on_floor(madison)
    steroid = booked(madison, "9:00", plan=make_plan(madison, "methylprednisolone"), ready=False)

    assert state(steroid) == "at_risk"
    assert set_status(appointment=steroid, status=Status.SEATED, by=None).status == Status.SEATED


# --- Lists -------------------------------------------------------------------------------------


def test_what_is_not_ready_is_worked_out_as_it_is_asked_for(madison: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduling.readying.AT_FIRST", 2)
    on_floor(madison)
    on_floor(madison)
    visits = [booked(madison, clock, ready=clock == "9:45") for clock in ("8:45", "9:45", "11:15", "12:15", "13:45")]
    planned = [(visit.pk, Planned.of(visit)) for visit in visits]

    with CaptureQueriesContext(connection) as seen:
        listed = unready(planned=planned)
        assert next(listed)[0] == visits[0].pk
        assert len(seen) == 1, "the first two"
        assert [pk for pk, _ in listed] == [visit.pk for visit in visits[2:]]
    assert len(seen) == 2, "and all others at once"


def test_booked_doses_of_the_plan_count_against_an_authorization(madison: Clinic) -> None:
    plan = make_ready(make_plan(madison), without={"authorization"})
    terms = Terms(payer="P", number="1", valid_from=DAY, valid_until=DAY + timedelta(days=99), doses_allowed=1)
    authorizations.add(plan=plan, terms=terms, by=None)
    later = DAY + timedelta(days=28)
    for day in (DAY, later):
        on_floor(madison, day=day)
    first = booked(madison, "9:00", plan=plan, ready=False)
    second = booked(madison, "9:00", plan=plan, dose_number=2, day=later, ready=False)

    found = readiness_of(planned={one.pk: Planned.of(one) for one in (first, second)})

    assert "authorization" not in {check.code for check in found[first.pk].reasons}
    assert "all 1 authorized doses are used" in {check.why for check in found[second.pk].reasons}


# --- An earlier reaction -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "variant", "dose", "instead", "quarters"),
    [("ocrevus", "fast", 4, "", 22), ("tysabri", "", 13, "observed", 10), ("tysabri", "", 5, "", 10)],
)
def test_a_reaction_forbids_the_short_stays(
    madison: Clinic, slug: str, variant: str, dose: int, instead: str, quarters: int
) -> None:
    long_ago = DAY - timedelta(days=200)
    plan = make_plan(madison, slug, variant=variant, given={dose - 1: long_ago})
    short = needs_of(plan=plan, dose_number=dose)
    plan.had_reaction = True
    careful = needs_of(plan=plan, dose_number=dose)

    assert (careful.phase.variant, careful.quarters) == (instead, quarters)
    assert not careful.phase.needs_prior_tolerance
    assert bool(careful.caution) == (short.phase != careful.phase) == (dose != 5)
    assert (careful.due, careful.earliest) == (short.due, short.earliest)


def test_the_change_is_said_in_words(madison: Clinic) -> None:
    plan = make_plan(madison, "ocrevus", variant="fast", had_reaction=True, given={3: DAY - timedelta(days=200)})

    assert needs_of(plan=plan, dose_number=4).caution == (
        "A reaction is on record, so this dose is booked as the standard course, not as “fast”."
    )


def test_a_visit_booked_fast_is_refused_after_a_reaction_until_it_is_moved(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison, "ocrevus", variant="fast", given={3: DAY - timedelta(days=175)})
    fast = booked(madison, "9:00", plan=plan, dose_number=4)
    note_reaction(appointment=fast)

    assert refused(fast).reason == (
        "Not ready. Earlier reaction: a reaction is on record, so this stay is too short."
        " Move the visit: the same time with the longer stay, or another."
    )
    moved = move(appointment=fast, clinic=madison, start=at(madison, "9:00"), by=None)
    assert moved.end - moved.start == timedelta(minutes=330)
    assert set_status(appointment=moved, status=Status.SEATED, by=None).status == Status.SEATED


def test_a_drug_that_has_no_longer_stay_is_for_the_prescriber(madison: Clinic) -> None:
    plan = make_plan(madison, "ocrevus", had_reaction=True, given={3: DAY - timedelta(days=175)})
    plan.therapy.versions.get().phases.update(needs_prior_tolerance=True)

    with pytest.raises(NotAvailable) as caught:
        book(plan=plan, dose_number=4, clinic=madison, start=at(madison, "9:00"), by=None)

    assert caught.value.code == "reaction"


# --- Pages -------------------------------------------------------------------------------------


@pytest.fixture
def browser(client: Client, nurse: User) -> Client:
    """The nurse's tablet."""
    client.force_login(nurse)
    return client


def address(visit: Appointment, action: str = "") -> str:
    return reverse(f"appointment{action}", args=[visit.pk])


def panel(browser: Client, visit: Appointment) -> str:
    return html_of(browser, address(visit), headers=HTMX)


def test_the_panel_lists_what_is_asked_and_marks_a_check_with_one_tap(
    browser: Client, visit: Appointment, nurse: User
) -> None:
    before = panel(browser, visit)
    answer = browser.post(address(visit, "_clear"), {"code": "touch-status"}, headers=HTMX)

    assert "Checks to do" in before
    assert 'id="clear-touch-status"' in before
    assert answer.status_code == 200
    assert answer.headers["HX-Trigger"] == "appointment-changed"
    assert 'id="clear-touch-status"' not in answer.content.decode()
    made = Clearance.objects.get(code="touch-status")
    assert (made.for_day, made.cleared_on, made.by) == (DAY, DAY, nurse)


def test_a_slip_at_the_panel_is_taken_back(browser: Client, visit: Appointment, nurse: User) -> None:
    check(visit, "touch-status")
    answer = browser.post(address(visit, "_clear"), {"undo": "touch-status"}, headers=HTMX)

    assert 'id="clear-touch-status"' in answer.content.decode()
    assert Clearance.objects.get(code="touch-status").withdrawn_by == nurse


def test_a_lab_is_entered_at_the_panel_with_its_day(browser: Client, visit: Appointment) -> None:
    Clearance.objects.filter(code="jcv-antibody").delete()
    typed = {"code": "jcv-antibody", "cleared_on": "11/30/2026"}
    browser.post(address(visit, "_clear"), typed, headers=HTMX)

    assert Clearance.objects.get(code="jcv-antibody").expires_on == date(2027, 5, 31)


@pytest.mark.parametrize(
    ("typed", "status", "says"),
    [
        ({"code": "jcv-antibody", "cleared_on": "soon"}, 422, "Enter a date such as"),
        ({"code": "jcv-antibody", "cleared_on": "12/8/2026"}, 409, "has not come yet"),
        ({"code": "hepatitis-b"}, 409, "does not ask for this"),
        ({}, 409, "does not ask for this"),
    ],
)
def test_what_cannot_be_marked_is_said(
    browser: Client, visit: Appointment, typed: dict[str, str], status: int, says: str
) -> None:
    answer = browser.post(address(visit, "_clear"), typed, headers=HTMX)

    assert answer.status_code == status
    assert says in answer.content.decode()


def test_before_the_day_nothing_can_be_ticked_but_the_drug(browser: Client, visit: Appointment, clock_hand) -> None:
    clock_hand.move_to("2026-12-03T12:00:00-06:00")
    Clearance.objects.filter(code="drug-on-hand").delete()
    browser.force_login(User.objects.get(username="nurse"))

    page = panel(browser, visit)

    assert 'id="clear-drug-on-hand"' in page
    assert 'id="clear-touch-status"' not in page
    answer = browser.post(address(visit, "_clear"), {"code": "touch-status"}, headers=HTMX)
    assert "This is checked on the day of the visit, Dec 7, 2026." in answer.content.decode()


def test_the_refusal_at_the_panel_says_what_to_do(browser: Client, visit: Appointment) -> None:
    answer = browser.post(address(visit, "_status"), {"status": "seated"}, headers=HTMX)

    assert answer.status_code == 409
    assert "Make the checks and mark them done, then seat the patient." in answer.content.decode()


def test_staff_of_another_clinic_mark_nothing(client: Client, stranger: User, visit: Appointment) -> None:
    client.force_login(stranger)

    for action in ("_clear", "_reaction"):
        assert client.post(address(visit, action), {"code": "touch-status"}).status_code in (403, 404)
    assert not Clearance.objects.filter(code="touch-status").exists()


def test_a_guest_of_another_clinic_is_checked_here_but_their_papers_are_kept_at_home(
    browser: Client, madison: Clinic, wausau: Clinic
) -> None:
    on_floor(madison)
    guest = booked(madison, "9:00", plan=make_plan(wausau), ready=False)
    page = panel(browser, guest)

    assert 'id="clear-touch-status"' in page
    assert reverse("plan_clearances", args=[guest.plan_id]) not in page
    assert reverse("patient_authorizations", args=[guest.patient_id]) not in page
    browser.post(address(guest, "_clear"), {"code": "touch-status"}, headers=HTMX)
    assert Clearance.objects.get().for_day == DAY


def test_a_nurse_notes_a_reaction_at_the_chair(browser: Client, visit: Appointment) -> None:
    check(visit, "touch-status", "touch-checklist")
    assert "Had a reaction" not in panel(browser, visit)
    for status in (Status.SEATED, Status.INFUSING):
        set_status(appointment=visit, status=status, by=None)
    assert "Had a reaction" in panel(browser, visit)
    browser.post(address(visit, "_reaction"), headers=HTMX)

    assert TreatmentPlan.objects.get(pk=visit.plan_id).had_reaction
    assert "Reaction on record" in panel(browser, visit)


def test_who_is_not_ready_stands_on_board_and_roster_with_a_word(
    browser: Client, visit: Appointment, madison: Clinic
) -> None:
    booked(madison, "10:00", plan=make_plan(make_patient(madison, "Riskman")), ready=False)
    fine = booked(madison, "11:00", plan=make_plan(make_patient(madison, "Goodman")))

    board = html_of(browser, reverse("board", args=["madison", DAY]))
    roster = html_of(browser, reverse("roster", args=["madison", DAY]))

    assert "Booked, Not ready" in board
    assert "Booked, ready" in board
    assert f'id="appointment-{fine.pk}"' in board
    assert "TOUCH program authorization: not on record" in roster
    assert "TOUCH pre-infusion checklist: not checked yet" in roster


def test_marking_a_check_makes_the_board_new_at_once(browser: Client, visit: Appointment) -> None:
    poll = reverse("board", args=["madison", DAY])
    etag = browser.get(poll, headers={"HX-Request": "true"}).headers["ETag"]
    assert browser.get(poll, headers={"HX-Request": "true", "If-None-Match": etag}).status_code == 304

    check(visit, "touch-status")

    assert browser.get(poll, headers={"HX-Request": "true", "If-None-Match": etag}).status_code == 200


@pytest.fixture
def book_page(client: Client, front_desk: User) -> Callable[[TreatmentPlan], str]:
    """The book page of a plan, as the front desk sees it."""
    client.force_login(front_desk)
    return lambda plan: html_of(client, reverse("book", args=[plan.pk]))


def test_the_book_page_says_what_is_missing_for_the_due_day(
    book_page: Callable[[TreatmentPlan], str], madison: Clinic
) -> None:
    on_floor(madison)
    plan = make_plan(madison)

    page = book_page(plan)

    assert "Not ready for the due day." in page
    assert page.count("Payer authorization: not on record") == 1, "not again at each day"
    assert "TOUCH pre-infusion checklist" not in page, "that is for the day itself"
    assert "Drug on hand" not in page
    assert "for the due day." not in book_page(make_ready(plan))


def test_openings_after_an_authorization_ends_are_flagged_before_they_are_booked(
    book_page: Callable[[TreatmentPlan], str], madison: Clinic
) -> None:
    plan = make_ready(make_plan(madison), without={"authorization"})
    ends = DAY + timedelta(days=1)
    authorizations.add(
        plan=plan, terms=Terms(payer="P", number="1", valid_from=DAY - timedelta(days=9), valid_until=ends), by=None
    )
    for days in range(4):
        on_floor(madison, day=DAY + timedelta(days=days))

    page = book_page(plan)

    sections = {part.split('"')[0]: part for part in page.split('id="day-madison-')[1:]}
    flagged = {day for day, text in sections.items() if "Payer authorization: ends Dec 8, 2026" in text}
    assert flagged == {"2026-12-09", "2026-12-10"}
    assert "for the due day." not in page


def test_a_series_is_flagged_from_the_dose_on_that_its_authorization_does_not_reach(
    client: Client, front_desk: User, madison: Clinic
) -> None:
    client.force_login(front_desk)
    plan = make_ready(make_plan(madison), without={"authorization"})
    terms = Terms(payer="P", number="1", valid_from=DAY, valid_until=DAY + timedelta(days=365), doses_allowed=2)
    authorizations.add(plan=plan, terms=terms, by=None)
    for days in (0, 28, 56):
        on_floor(madison, day=DAY + timedelta(days=days))

    page = html_of(client, reverse("book_series", args=[plan.pk]) + "?count=3")

    flagged = ["all 2 authorized doses are used" in part for part in page.split('class="series-number"')[1:]]
    assert flagged == [False, False, True]


def test_a_free_chair_says_what_is_missing_before_it_is_booked(
    client: Client, front_desk: User, madison: Clinic
) -> None:
    client.force_login(front_desk)
    on_floor(madison)
    plan = make_plan(madison)
    here = reverse("book_here", args=["madison", DAY, madison.chairs.all()[0].pk, "09:00"])

    answer = client.post(here, {"plan": plan.pk, "dose": 1, "choose": f"{plan.pk}/1"}, headers=HTMX)

    assert "TOUCH program authorization: not on record" in answer.content.decode()
