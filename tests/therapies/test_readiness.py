"""When a dose is ready, at risk, not ready: prerequisite by prerequisite, without a database."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapies.readiness import (
    Check,
    Cleared,
    Dossier,
    Grant,
    Readiness,
    Requirement,
    may_be_cleared,
    readiness,
    uses_of,
)
from therapies.series import PhaseFacts

DAY = date(2026, 12, 7)
LAB = Requirement("jcv-antibody", "JCV antibody test", "periodic")
ENROLMENT = Requirement("touch-enrollment", "TOUCH program authorization", "periodic", is_hard=True)
SCREEN = Requirement("hepatitis-b", "Hepatitis B screen", "once", is_hard=True)
MRI = Requirement("mri", "Baseline MRI", "once")
CHECKLIST = Requirement("touch-checklist", "TOUCH checklist", "each_visit", is_hard=True)
INFECTION = Requirement("infection-check", "No active infection", "each_visit")
DRUG = Requirement("drug-on-hand", "Drug on hand", "each_visit")
PAYER = Requirement("authorization", "Payer authorization", "periodic")
FOUR_WEEKLY = PhaseFacts(
    first_dose=1,
    target_days=28,
    min_gap_days=21,
    green_before=2,
    green_after=2,
    amber_before=4,
    amber_after=7,
)


def days(count: int) -> timedelta:
    return timedelta(days=count)


def of(*requirements: Requirement, dose: int = 1, today: date = DAY, **facts: Any) -> Readiness:
    more = {name: facts.pop(name) for name in ("needs_tolerance",) if name in facts}
    dossier = Dossier(requirements=requirements, **facts)
    return readiness(dossier=dossier, dose_number=dose, day=DAY, today=today, **more)


def only(found: Readiness) -> Check:
    [check] = found.checks
    return check


@pytest.mark.parametrize(("asked", "state"), [(SCREEN, "not_ready"), (MRI, "at_risk")])
def test_what_is_asked_once_is_missing_before_the_first_dose(asked: Requirement, state: str) -> None:
    assert of(asked).state == state
    assert only(of(asked)).words == f"{asked.name}: not on record"
    assert of(asked, cleared=[Cleared(asked.code, on=date(2025, 1, 3))]).state == "ready"


def test_what_is_asked_once_counts_as_done_when_a_dose_was_given_before() -> None:
    assert of(SCREEN, dose=2, given={1: DAY - days(28)}).state == "ready"
    assert of(SCREEN, dose=14, given={13: DAY - days(28)}).state == "ready", "imported in mid-course"
    assert of(SCREEN, dose=2, booked={1: DAY - days(28)}).state == "not_ready", "booked is not given"


@pytest.mark.parametrize(("asked", "state"), [(ENROLMENT, "not_ready"), (LAB, "at_risk")])
def test_what_is_renewed_must_hold_on_the_day_of_the_visit(asked: Requirement, state: str) -> None:
    def until(day: date, today: date = DAY) -> Readiness:
        return of(asked, cleared=[Cleared(asked.code, on=DAY - days(200), until=day)], today=today)

    assert of(asked).state == state
    assert until(DAY).state == "ready"
    assert until(DAY - days(1)).state == state
    assert only(until(DAY - days(1))).why == "expired Dec 6, 2026"
    assert only(until(DAY - days(1), today=DAY - days(3))).why == "runs out Dec 6, 2026, before this visit"


def test_what_runs_out_soon_after_the_visit_is_ready_and_says_so() -> None:
    found = of(LAB, cleared=[Cleared(LAB.code, on=DAY - days(170), until=DAY + days(14))])

    assert found.state == "ready"
    assert only(found).why == "runs out soon after, Dec 21, 2026"
    assert only(of(LAB, cleared=[Cleared(LAB.code, on=DAY, until=DAY + days(15))])).why == "until Dec 22, 2026"


def test_the_latest_result_counts_and_of_one_day_the_one_recorded_last() -> None:
    old, new = Cleared(LAB.code, on=DAY - days(10)), Cleared(LAB.code, on=DAY - days(5), until=DAY - days(1))

    assert of(LAB, cleared=[new, old]).state == "at_risk"
    assert of(LAB, cleared=[new, Cleared(LAB.code, on=new.on, until=DAY)]).state == "ready"
    assert of(LAB, cleared=[old]).state == "ready", "not asked again"


def test_checks_of_the_visit_say_nothing_before_its_day() -> None:
    for today in (DAY - days(100), DAY - days(1)):
        found = of(CHECKLIST, INFECTION, today=today)
        assert found.state == "ready"
        assert {check.why for check in found.checks} == {"on the day"}
        assert not any(check.is_done for check in found.checks)


def test_checks_of_the_visit_are_missing_on_its_day_until_they_are_made() -> None:
    def made(*codes: str) -> Readiness:
        return of(CHECKLIST, INFECTION, cleared=[Cleared(code, on=DAY, for_day=DAY) for code in codes])

    assert made().state == "not_ready"
    assert made().waits_for_checks
    assert made("touch-checklist").state == "at_risk"
    assert made("touch-checklist", "infection-check").state == "ready"
    other_day = Cleared("touch-checklist", on=DAY - days(28), for_day=DAY - days(28))
    assert of(CHECKLIST, cleared=[other_day]).state == "not_ready"


def test_the_drug_should_be_there_two_days_before() -> None:
    assert of(DRUG, today=DAY - days(3)).state == "ready"
    assert only(of(DRUG, today=DAY - days(3))).why == "due Dec 5, 2026"
    assert of(DRUG, today=DAY - days(2)).state == "at_risk"
    assert not of(DRUG, today=DAY - days(2)).waits_for_checks
    assert of(DRUG, today=DAY - days(2), cleared=[Cleared(DRUG.code, on=DAY - days(5), for_day=DAY)]).state == "ready"


def test_a_check_can_be_made_on_its_day_and_the_drug_put_aside_two_weeks_before() -> None:
    assert not may_be_cleared(CHECKLIST, day=DAY, today=DAY - days(1))
    assert may_be_cleared(CHECKLIST, day=DAY, today=DAY)
    assert not may_be_cleared(DRUG, day=DAY, today=DAY - days(15))
    assert may_be_cleared(DRUG, day=DAY, today=DAY - days(14))
    assert may_be_cleared(LAB, day=DAY, today=DAY - days(300))


# --- Gap, window, reaction ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since_last", "state", "code"),
    [
        (20, "not_ready", "minimum-gap"),
        (21, "at_risk", "window"),
        (23, "at_risk", "window"),
        (24, "ready", ""),
        (28, "ready", ""),
        (35, "ready", ""),
        (36, "at_risk", "window"),
    ],
)
def test_too_soon_is_not_ready_and_outside_the_window_is_at_risk(since_last: int, state: str, code: str) -> None:
    found = of(dose=2, given={1: DAY - days(since_last)}, phases=[FOUR_WEEKLY])

    assert found.state == state
    assert [check.code for check in found.reasons] == ([code] if code else [])


def test_too_soon_says_from_when_on() -> None:
    found = of(dose=2, booked={1: DAY - days(7)}, phases=[FOUR_WEEKLY])

    assert found.reasons[0].words == "Too soon: this dose may be given from Dec 21, 2026 on"


def test_a_reaction_forbids_what_needs_prior_tolerance() -> None:
    assert of(needs_tolerance=True).state == "ready"
    assert of(had_reaction=True).state == "ready"
    assert of(had_reaction=True, needs_tolerance=True).state == "not_ready"


def test_the_worst_stands_first() -> None:
    found = of(LAB, CHECKLIST, MRI, ENROLMENT, cleared=[Cleared("mri", on=DAY)])

    assert [check.code for check in found.checks] == ["touch-enrollment", "touch-checklist", "jcv-antibody", "mri"]
    assert [check.code for check in found.forbids] == ["touch-enrollment", "touch-checklist"]
    assert not found.waits_for_checks


# --- Authorizations ----------------------------------------------------------------------------

YEAR = Grant(1, DAY - days(300), DAY + days(60))


@pytest.mark.parametrize(
    ("grant", "why"),
    [
        (Grant(1, DAY - days(90), DAY - days(1)), "ended Dec 6, 2026"),
        (Grant(1, DAY + days(1), DAY + days(90)), "begins Dec 8, 2026, after this visit"),
        (Grant(1, DAY - days(90), DAY + days(90), doses_allowed=2), "all 2 authorized doses are used"),
    ],
)
def test_an_authorization_must_hold_on_the_day_with_a_dose_left(grant: Grant, why: str) -> None:
    found = of(PAYER, dose=3, given={1: DAY - days(56)}, booked={2: DAY - days(28)}, grants=[grant])

    assert found.state == "at_risk"
    assert only(found).why == why


def test_an_authorization_that_will_end_before_the_visit_says_so_ahead() -> None:
    found = of(PAYER, today=DAY - days(30), grants=[Grant(1, DAY - days(90), DAY - days(1))])

    assert only(found).why == "ends Dec 6, 2026, before this visit"


def test_an_authorization_that_covers_makes_ready() -> None:
    assert only(of(PAYER, grants=[YEAR])).why == "until Feb 5, 2027"
    assert of(PAYER, dose=3, given={2: DAY - days(28)}, grants=[Grant(1, YEAR.valid_from, DAY, 2)]).state == "ready"
    assert of(PAYER).state == "at_risk"


def test_a_payer_that_asks_for_none_is_a_clearance() -> None:
    needs_none = Cleared("authorization", on=DAY - days(30), until=DAY + days(300))
    ended = Grant(1, DAY - days(90), DAY - days(40))

    assert of(PAYER, cleared=[needs_none]).state == "ready"
    assert of(PAYER, cleared=[needs_none], grants=[ended]).state == "ready"


def test_a_renewal_is_used_when_the_one_before_is_used_up() -> None:
    first, second = Grant(1, DAY, DAY + days(100), 2), Grant(2, DAY + days(30), DAY + days(400), 2)
    doses = {number: DAY + days(28 * number) for number in range(1, 5)}

    assert uses_of(grants=[second, first], doses=doses) == {1: [1, 2], 2: [3, 4]}


@given(
    grants=st.lists(
        st.builds(
            lambda number, start, length, allowed: Grant(
                number, DAY + days(start), DAY + days(start + length), allowed
            ),
            st.integers(1, 10**6),
            st.integers(0, 200),
            st.integers(0, 200),
            st.none() | st.integers(1, 4),
        ),
        max_size=4,
        unique_by=lambda grant: grant.id,
    ),
    offsets=st.lists(st.integers(-10, 420), max_size=12, unique=True),
)
def test_no_authorization_pays_for_more_doses_or_other_days_than_it_says(
    grants: list[Grant], offsets: list[int]
) -> None:
    doses = {number: DAY + days(offset) for number, offset in enumerate(sorted(offsets), start=1)}

    uses = uses_of(grants=grants, doses=doses)

    paid = [number for numbers in uses.values() for number in numbers]
    assert len(paid) == len(set(paid))
    for grant in grants:
        assert grant.doses_allowed is None or len(uses[grant.id]) <= grant.doses_allowed
        assert all(grant.valid_from <= doses[number] <= grant.valid_until for number in uses[grant.id])
        if grant.doses_allowed is None or len(uses[grant.id]) < grant.doses_allowed:
            inside = {n for n, day in doses.items() if grant.valid_from <= day <= grant.valid_until}
            assert inside <= set(paid), "with room left, nothing inside its days stays unpaid"
