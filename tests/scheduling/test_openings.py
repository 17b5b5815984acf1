"""Openings: offered if and only if they can be booked, and best first as the front desk sees it."""

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.models import Chair, Clinic
from patients.models import PlanStatus, TreatmentPlan
from scheduling.booking import NotAvailable, book
from scheduling.load import ROUNDS
from scheduling.openings import Opening, find
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_patient, make_plan, on_floor
from therapies.models import DosePhase

pytestmark = pytest.mark.django_db

EVERYTHING = 10_000
LAST = DAY + timedelta(days=13)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


def openings(
    plan: TreatmentPlan, *clinics: Clinic, dose: int = 1, limit: int = EVERYTHING, **asked: object
) -> list[Opening]:
    """What is offered, by default on `DAY` alone."""
    days = {"first_day": DAY, "last_day": DAY} | asked
    return find(plan=plan, dose_number=dose, clinics=clinics, limit=limit, **days)  # type: ignore[arg-type]


def clocks(offered: list[Opening]) -> list[str]:
    """The wall-clock times of some openings."""
    return [f"{one.start.astimezone(one.clinic.zone):%-H:%M}" for one in offered]


def that_at(offered: list[Opening], clock: str) -> Opening:
    """The opening at a wall-clock time."""
    return offered[clocks(offered).index(clock)]


def test_each_opening_is_booked_as_it_was_offered(madison: Clinic, wausau: Clinic) -> None:
    on_floor(madison, "8:00", "12:00", breaks=[("10:00", "10:30")])
    on_floor(madison, "9:00", "17:00", breaks=[("12:30", "13:00")])
    on_floor(wausau)
    booked(madison, "9:00")
    plan = make_plan(madison)
    offered = openings(plan, madison, wausau)
    assert len(offered) > 20

    for one in offered:
        with transaction.atomic():
            made = book(plan=plan, dose_number=1, clinic=one.clinic, start=one.start, by=None)
            assert (made.start, made.end, made.chair_id) == (one.start, one.end, one.chair_id)
            assert made.assignments.count() - 1 == one.hand_overs
            transaction.set_rollback(True)


# What is never offered


def test_nothing_is_offered_in_the_past(madison: Clinic) -> None:
    on_floor(madison)
    on_floor(madison, day=DAY - timedelta(days=1))
    plan = make_plan(madison)

    with time_machine.travel(at(madison, "10:01"), tick=False):
        offered = openings(plan, madison, first_day=DAY - timedelta(days=1))

    assert min(one.start for one in offered) == at(madison, "10:15")


def test_this_very_quarter_hour_is_still_offered(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison)

    with time_machine.travel(at(madison, "10:00"), tick=False):
        assert min(one.start for one in openings(plan, madison)) == at(madison, "10:00")


def test_nothing_is_offered_before_the_minimum_gap_is_over(madison: Clinic) -> None:
    for number in range(14):
        on_floor(madison, day=DAY + timedelta(days=number))
    plan = make_plan(madison, start_on=DAY - timedelta(days=16), given={1: DAY - timedelta(days=16)})

    days = {one.day for one in openings(plan, madison, dose=2, last_day=LAST)}

    assert min(days) == DAY + timedelta(days=5)
    assert max(days) == LAST


def test_nothing_is_offered_too_close_to_the_next_dose_that_is_booked(madison: Clinic) -> None:
    for number in range(14):
        on_floor(madison, day=DAY + timedelta(days=number))
    after = DAY + timedelta(days=28)
    on_floor(madison, day=after)
    plan = make_plan(madison)
    booked(madison, plan=plan, dose_number=2, day=after)

    days = {one.day for one in openings(plan, madison, last_day=LAST)}

    assert (min(days), max(days)) == (DAY, DAY + timedelta(days=7))


def test_two_doses_are_never_offered_on_one_day_even_without_a_minimum_gap(madison: Clinic) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    for day in days:
        on_floor(madison, day=day)
    plan = make_plan(madison)
    DosePhase.objects.update(min_gap_days=0)
    booked(madison, plan=plan, dose_number=2, day=days[1])

    assert {one.day for one in openings(plan, madison, last_day=days[2])} == {days[0]}


@pytest.mark.parametrize("dose", [1, 2])
def test_a_dose_that_was_given_or_passed_over_is_not_offered(madison: Clinic, dose: int) -> None:
    on_floor(madison)
    plan = make_plan(madison, given={2: DAY - timedelta(days=40)})

    with pytest.raises(NotAvailable) as caught:
        openings(plan, madison, dose=dose)

    assert caught.value.code == "given"


def test_a_dose_that_the_course_does_not_have_is_not_offered(madison: Clinic) -> None:
    plan = make_plan(madison, "lemtrada")

    with pytest.raises(NotAvailable) as caught:
        openings(plan, madison, dose=99)

    assert caught.value.code == "plan"


def test_nothing_is_offered_for_a_plan_that_has_ended(madison: Clinic) -> None:
    with pytest.raises(NotAvailable) as caught:
        openings(make_plan(madison, status=PlanStatus.ENDED), madison)

    assert caught.value.code == "plan"


def test_while_the_patient_sits_elsewhere_nothing_is_offered(madison: Clinic, wausau: Clinic) -> None:
    on_floor(madison)
    on_floor(wausau)
    patient = make_patient(madison)
    other = booked(wausau, "11:00", plan=make_plan(patient, "vedolizumab"))
    plan = make_plan(patient)

    offered = openings(plan, madison)

    assert offered
    assert all(one.end <= other.start or other.end <= one.start for one in offered)
    assert other.start in {one.end for one in offered}
    assert other.end in {one.start for one in offered}
    with pytest.raises(NotAvailable) as caught:
        book(plan=plan, dose_number=1, clinic=madison, start=at(madison, "10:00"), by=None)
    assert caught.value.reason == "The patient has another appointment at that time."


def test_a_patient_who_needs_more_time_is_offered_longer_stays(madison: Clinic) -> None:
    on_floor(madison)
    usual, slow = make_plan(madison), make_plan(make_patient(madison, extra_minutes=20))

    assert {one.end - one.start for one in openings(usual, madison)} == {timedelta(minutes=150)}
    assert {one.end - one.start for one in openings(slow, madison)} == {timedelta(minutes=165)}
    assert max(one.end for one in openings(slow, madison)) == at(madison, "17:00")


def test_a_patient_who_needs_a_bed_is_offered_beds(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(make_patient(madison, chair_kind="bed"))
    assert openings(plan, madison) == []

    bed = Chair.objects.create(clinic=madison, name="Bed 1", kind="bed", position=9)

    assert {one.chair_id for one in openings(plan, madison)} == {bed.pk}


def test_a_bed_is_kept_for_who_needs_it_while_a_recliner_is_free(madison: Clinic) -> None:
    on_floor(madison)
    bed = Chair.objects.create(clinic=madison, name="Bed 0", kind="bed", position=0)

    assert bed.pk not in {one.chair_id for one in openings(make_plan(madison), madison)}


def test_a_chair_that_is_retired_is_not_offered(madison: Clinic) -> None:
    on_floor(madison)
    madison.chairs.update(is_active=False)

    assert openings(make_plan(madison), madison) == []


# Best first


def test_the_days_nearest_to_the_due_day_come_first(madison: Clinic) -> None:
    days = [DAY + timedelta(days=number) for number in range(7)]
    for day in days:
        on_floor(madison, day=day)
    plan = make_plan(madison, start_on=days[2])

    ranked = [one.day for one in openings(plan, madison, last_day=days[-1], per_day=1)]

    assert [(day - days[2]).days for day in ranked] in [[0, -1, 1, -2, 2, 3, 4], [0, 1, -1, 2, -2, 3, 4]]


def test_days_outside_the_green_window_come_after_all_that_are_inside(madison: Clinic) -> None:
    for number in range(-10, 11):
        on_floor(madison, day=DAY + timedelta(days=number + 28))
    plan = make_plan(madison, given={1: DAY})
    due = DAY + timedelta(days=28)

    with time_machine.travel(at(madison, "18:00"), tick=False):
        ranked = openings(
            plan, madison, dose=2, per_day=1, first_day=due - timedelta(days=10), last_day=due + timedelta(days=10)
        )

    windows = [one.window for one in ranked]
    assert windows == sorted(windows, key=["green", "amber", "red"].index)
    assert {"green", "amber"} <= set(windows)


def test_the_patients_own_clinic_comes_first_but_not_at_any_price(madison: Clinic, wausau: Clinic) -> None:
    later = [DAY + timedelta(days=number) for number in (1, 10)]
    for day in later:
        on_floor(madison, day=day)
    on_floor(wausau, day=DAY)
    plan = make_plan(madison)

    ranked = [(one.clinic, one.day) for one in openings(plan, madison, wausau, last_day=later[-1], per_day=1)]

    assert ranked == [(madison, later[0]), (wausau, DAY), (madison, later[1])]


def test_the_usual_weekday_comes_before_a_day_that_is_as_near(madison: Clinic) -> None:
    days = [DAY + timedelta(days=number) for number in (1, 3)]
    for day in days:
        on_floor(madison, day=day)
    middle = DAY + timedelta(days=2)

    for usual in days:
        plan = make_plan(madison, start_on=middle, usual_weekday=usual.weekday())
        [first, second] = openings(plan, madison, last_day=days[1], per_day=1)
        assert first.day == usual
        assert "usual weekday" in first.why
        assert "usual weekday" not in second.why


def test_the_usual_hour_comes_first(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison, usual_time=time(13, 0))

    ranked = openings(plan, madison)

    assert clocks(ranked)[0] == "13:00"
    assert "usual hour" in ranked[0].why
    assert "usual hour" not in that_at(ranked, "8:00").why
    assert that_at(ranked, "12:00").score < that_at(ranked, "10:00").score


def test_without_an_order_the_latest_appointment_says_what_is_usual(madison: Clinic) -> None:
    last = DAY - timedelta(days=27)
    on_floor(madison, day=last)
    for number in range(3):
        on_floor(madison, day=DAY + timedelta(days=number))
    plan = make_plan(madison, start_on=last)
    with time_machine.travel(at(madison, "7:00", last), tick=False):
        booked(madison, "13:15", plan=plan, day=last)

    best = openings(plan, madison, dose=2, last_day=DAY + timedelta(days=2))[0]

    # Due on the Tuesday; the patient came on a Tuesday at 13:15.
    assert last.weekday() == 1
    assert (best.day, clocks([best])) == (DAY + timedelta(days=1), ["13:15"])
    assert best.why[:2] == ("on the due day", "usual weekday")


def test_the_same_nurse_throughout_comes_before_a_hand_over(madison: Clinic) -> None:
    on_floor(madison, "8:00", "11:00")
    on_floor(madison, "11:00", "17:00")

    ranked = openings(make_plan(madison, usual_time=time(10, 45)), madison)

    with_one, without = that_at(ranked, "10:30"), that_at(ranked, "11:00")
    assert (with_one.hand_overs, without.hand_overs) == (1, 0)
    assert "1 hand-over" in with_one.why
    assert "same nurse throughout" in without.why
    # Both are as far from the usual hour.
    assert without.score < with_one.score


def test_quiet_hours_come_before_busy_ones(madison: Clinic) -> None:
    on_floor(madison)
    for start in ("10:00", "10:15"):
        booked(madison, start)

    ranked = openings(make_plan(madison), madison)

    busy, quiet = that_at(ranked, "10:30"), that_at(ranked, "13:00")
    assert "adds to the busy hours" in busy.why
    assert "adds to the busy hours" not in quiet.why
    assert quiet.score < busy.score


def test_a_start_that_leaves_a_gap_too_short_to_sell_comes_later() -> None:
    clinic = make_clinic("madison", chairs=1)
    on_floor(clinic)

    ranked = openings(make_plan(clinic), clinic)

    assert clocks(ranked)[0] == "8:00"
    for clock, words in {"8:15": "leaves 15 min unused", "8:45": "leaves 45 min unused"}.items():
        assert words in that_at(ranked, clock).why
        assert that_at(ranked, "9:00").score < that_at(ranked, clock).score
    assert not any("unused" in words for words in that_at(ranked, "9:00").why)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (0, "on the due day"),
        (1, "1 day before due"),
        (-1, "1 day after due"),
        (3, "3 days before due"),
        (-3, "3 days after due"),
    ],
)
def test_every_opening_says_how_far_it_is_from_the_due_day(madison: Clinic, due: int, words: str) -> None:
    on_floor(madison)
    plan = make_plan(madison, start_on=DAY + timedelta(days=due))

    assert {one.why[0] for one in openings(plan, madison)} == {words}


def test_a_lower_score_is_never_listed_after_a_higher_one(madison: Clinic, wausau: Clinic) -> None:
    for number in range(10):
        on_floor(madison, day=DAY + timedelta(days=number), breaks=[("12:00", "12:30")])
        on_floor(wausau, "9:00", "15:00", day=DAY + timedelta(days=number))
    plan = make_plan(madison, start_on=DAY + timedelta(days=4), usual_time=time(10, 0))

    everything = openings(plan, madison, wausau, last_day=DAY + timedelta(days=9))

    scores = [one.score for one in everything]
    assert scores == sorted(scores)
    for limit in (1, 7, 40):
        few = openings(plan, madison, wausau, last_day=DAY + timedelta(days=9), limit=limit)
        assert few == everything[:limit]


def test_a_few_of_each_day_are_the_best_of_each_day(madison: Clinic) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    for day in days:
        on_floor(madison, day=day)
    plan = make_plan(madison, usual_time=time(10, 0))

    few = openings(plan, madison, last_day=days[-1], per_day=2)

    for day in days:
        best = [one for one in openings(plan, madison, last_day=days[-1]) if one.day == day][:2]
        assert [one for one in few if one.day == day] == best


def test_near_a_moment_the_closest_come_first_whenever_the_dose_is_due(madison: Clinic) -> None:
    days = [DAY + timedelta(days=number) for number in range(5)]
    for day in days:
        on_floor(madison, day=day)
    plan = make_plan(madison, start_on=days[4], usual_weekday=days[4].weekday(), usual_time=time(8, 0))

    ranked = openings(plan, madison, last_day=days[-1], near=at(madison, "11:00", days[1]))

    assert (ranked[0].day, clocks(ranked[:1])) == (days[1], ["11:00"])
    assert ranked[0].why[0] == "the same day"
    by_day = list(
        dict.fromkeys(
            one.day for one in openings(plan, madison, last_day=days[-1], near=at(madison, "11:00", days[1]), per_day=1)
        )
    )
    assert by_day[0] == days[1]
    assert set(by_day[1:3]) == {days[0], days[2]}
    words = {one.day: one.why[0] for one in ranked}
    assert words[days[0]] == "1 day earlier"
    assert words[days[3]] == "2 days later"


# Asking


def test_the_number_of_queries_is_bounded_whatever_the_days_and_the_clinics(madison: Clinic, wausau: Clinic) -> None:
    """Rows are read in rounds: of a few days first, of all that are left at the latest in the last round."""
    plan = make_plan(madison)
    for number in range(0, 90, 9):
        for clinic in (madison, wausau):
            on_floor(clinic, day=DAY + timedelta(days=number))
            booked(clinic, "9:00", day=DAY + timedelta(days=number))

    def count(days: int, *clinics: Clinic) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert openings(plan, *clinics, last_day=DAY + timedelta(days=days - 1))
        return len(asked)

    one_round = count(1, madison)
    rounds = len(ROUNDS) + 2
    for more in (count(90, madison), count(90, madison, wausau), count(2000, madison, wausau)):
        assert one_round <= more <= one_round + 2 * (rounds - 1)


def test_days_that_are_read_late_are_read_all_the_same(madison: Clinic) -> None:
    """Far more days than one round holds, and only the last of them has a nurse."""
    plan = make_plan(madison)
    last = DAY + timedelta(days=150)
    on_floor(madison, day=last)

    assert {one.day for one in openings(plan, madison, last_day=last)} == {last}


def test_without_clinics_or_days_nothing_is_offered(madison: Clinic) -> None:
    on_floor(madison)
    plan = make_plan(madison)

    assert openings(plan) == []
    assert openings(plan, madison, first_day=date(2026, 12, 9), last_day=date(2026, 12, 8)) == []
