"""Due dates against the published schedules."""

from datetime import date, timedelta

import pytest

from tests.therapies.published import SHIPPED
from therapies.series import DueDose, NoPhase, PhaseFacts, due_dose, faults_of, phase_for, series, window_of

START = date(2026, 1, 5)


def day(number: int) -> date:
    """The day so many days after the start."""
    return START + timedelta(days=number)


def due(slug: str, dose_number: int, dates: dict[int, date], **order) -> DueDose:
    return due_dose(phases=SHIPPED[slug], dose_number=dose_number, dates=dates, start_on=START, **order)


@pytest.mark.parametrize(
    ("slug", "days"),
    [
        ("tysabri", [0, 28, 56, 84, 112, 140, 168, 196, 224, 252, 280, 308, 336, 364]),
        ("tyruko", [0, 28, 56]),
        ("ocrevus", [0, 14, 168, 336, 504, 672]),
        ("ocrevus-zunovo", [0, 182, 364, 546]),
        ("briumvi", [0, 14, 168, 336, 504]),
        ("lemtrada", [0, 1, 2, 3, 4, 365, 366, 367, 732, 733, 734]),
        ("methylprednisolone", [0, 1, 2, 3, 4]),
        ("infliximab", [0, 14, 42, 98, 154, 210]),
        ("vedolizumab", [0, 14, 42, 98, 154, 210]),
        ("ferric-carboxymaltose", [0, 7]),
        ("iron-sucrose", [0, 3, 6, 9, 12]),
        ("ivig", [0, 1, 2, 3, 4, 21, 42, 63]),
    ],
)
def test_an_undisturbed_course_falls_on_the_published_days(slug, days):
    course = series(phases=SHIPPED[slug], dose_number=1, dates={}, start_on=START, count=len(days))
    assert [dose.target for dose in course] == [day(number) for number in days]
    assert [dose.dose_number for dose in course] == list(range(1, len(days) + 1))


def test_a_two_day_load_of_immunoglobulin_is_followed_three_weeks_after_its_first_day():
    course = series(phases=SHIPPED["ivig"], dose_number=1, dates={}, start_on=START, count=4, variant="load-2")
    assert [dose.target for dose in course] == [day(0), day(1), day(21), day(42)]


class TestOcrelizumab:
    def test_dose_3_counts_from_dose_1(self):
        third = due("ocrevus", 3, {1: day(0), 2: day(16)})
        assert third.target == day(168)
        assert third.anchor == "168 days after dose 1"
        assert (third.green_from, third.green_until) == (day(168), day(182))
        assert (third.amber_from, third.amber_until) == (day(156), day(196))

    def test_its_windows_are_those_proposed(self):
        fourth = due("ocrevus", 4, {3: day(0)})
        assert (fourth.green_from, fourth.green_until) == (day(168), day(182))
        assert (fourth.amber_from, fourth.amber_until) == (day(154), day(196))
        assert fourth.earliest == day(140)

    def test_when_dose_2_slips_to_day_28_day_168_is_exactly_20_weeks_later(self):
        third = due("ocrevus", 3, {1: day(0), 2: day(28)})
        assert third.target == third.earliest == third.green_from == third.amber_from == day(168)
        assert window_of(third, day(167)) == "too_soon"
        assert window_of(third, day(168)) == "green"

    def test_when_dose_2_slips_further_dose_3_and_its_window_wait_for_the_minimum_gap(self):
        third = due("ocrevus", 3, {1: day(0), 2: day(40)})
        assert third.target == day(180)
        assert third.anchor == "140 days after dose 2, the minimum gap"
        assert (third.green_until, third.amber_until) == (day(194), day(208))

    def test_a_late_dose_re_anchors_those_after_it(self):
        given = {1: day(0), 2: day(14), 3: day(168 + 45)}
        assert due("ocrevus", 4, given).target == day(168 + 45 + 168)

    def test_a_late_first_dose_carries_the_third_along(self):
        assert due("ocrevus", 3, {1: day(9), 2: day(23)}).target == day(9 + 168)

    def test_the_fast_variant_follows_the_standard_course_until_dose_3(self):
        phases = SHIPPED["ocrevus"]
        assert phase_for(phases, 2, "fast").variant == ""
        assert phase_for(phases, 3, "fast").variant == "fast"
        assert due("ocrevus", 3, {1: day(0), 2: day(14)}, variant="fast").target == day(168)

    def test_changing_to_fast_later_counts_from_the_dose_before(self):
        assert due("ocrevus", 6, {5: day(700)}, variant="fast").target == day(868)

    def test_an_ordered_interval_leaves_the_first_three_doses_alone(self):
        course = series(phases=SHIPPED["ocrevus"], dose_number=1, dates={}, start_on=START, count=5, interval_days=182)
        assert [dose.target for dose in course] == [day(0), day(14), day(168), day(350), day(532)]
        assert course[3].anchor == "182 days after dose 3, as ordered"

    def test_an_import_that_knows_only_dose_2_aims_dose_3_as_far_from_it_as_published(self):
        third = due("ocrevus", 3, {2: day(14)})
        assert third.target == day(168)
        assert third.anchor == "154 days after dose 2"


class TestNatalizumab:
    def test_its_windows_are_those_proposed(self):
        second = due("tysabri", 2, {1: day(0)})
        assert [window_of(second, day(n)) for n in (20, 21, 23)] == ["too_soon", "red", "red"]
        assert [window_of(second, day(n)) for n in (24, 25)] == ["amber", "amber"]
        assert [window_of(second, day(n)) for n in (26, 28, 30)] == ["green", "green", "green"]
        assert [window_of(second, day(n)) for n in (31, 35)] == ["amber", "amber"]
        assert [window_of(second, day(n)) for n in (36, 57)] == ["red", "red"]

    def test_the_phase_changes_at_dose_13(self):
        assert phase_for(SHIPPED["tysabri"], 12).last_dose == 12
        assert phase_for(SHIPPED["tysabri"], 13).first_dose == 13

    def test_dose_13_still_counts_from_dose_12(self):
        assert due("tysabri", 13, {12: day(0)}).target == day(28)

    def test_an_extended_interval_moves_the_windows(self):
        dose = due("tysabri", 21, {20: day(0)}, interval_days=42)
        assert dose.target == day(42)
        assert (dose.green_from, dose.green_until) == (day(40), day(44))
        assert (dose.amber_from, dose.amber_until) == (day(38), day(49))
        assert dose.earliest == day(21)
        assert dose.anchor == "42 days after dose 20, as ordered"

    def test_an_interval_shorter_than_the_minimum_gap_waits_for_the_gap(self):
        assert due("tysabri", 5, {4: day(0)}, interval_days=14).target == day(21)

    def test_doses_between_that_have_no_day_are_projected(self):
        dose = due("tysabri", 8, {5: day(0)})
        assert dose.target == day(3 * 28)
        assert dose.anchor == "28 days after dose 7 (expected)"
        assert dose.earliest == day(21)

    def test_a_hole_in_what_was_imported_does_not_matter(self):
        assert due("tysabri", 8, {1: day(-300), 7: day(0)}).target == day(28)

    def test_a_booked_dose_counts_with_the_day_it_is_booked_for(self):
        course = series(
            phases=SHIPPED["tysabri"], dose_number=3, dates={1: day(0), 2: day(28), 4: day(90)}, start_on=START, count=3
        )
        assert [dose.target for dose in course] == [day(56), day(84), day(118)]

    def test_the_course_crosses_leap_day_by_counting_days(self):
        second = due("tysabri", 2, {1: date(2028, 2, 1)})
        assert second.target == date(2028, 2, 29)


class TestAlemtuzumab:
    def test_course_2_waits_a_whole_year_when_the_first_was_interrupted(self):
        given = {1: day(0), 2: day(1), 3: day(2), 4: day(9), 5: day(10)}
        sixth = due("lemtrada", 6, given)
        assert sixth.target == sixth.earliest == day(371)

    def test_a_leap_year_does_not_shorten_the_365_days(self):
        assert due("lemtrada", 6, {1: date(2028, 1, 3), 5: date(2028, 1, 7)}).target == date(2029, 1, 2)

    def test_a_missed_day_within_a_course_is_the_prescribers_to_decide(self):
        third = due("lemtrada", 3, {1: day(0), 2: day(1)})
        assert window_of(third, day(2)) == "green"
        assert window_of(third, day(3)) == "red"

    def test_an_ordered_interval_does_not_stretch_consecutive_days(self):
        assert due("lemtrada", 3, {2: day(1)}, interval_days=42).target == day(2)


class TestBriumvi:
    def test_dose_3_waits_five_months_for_a_late_dose_2(self):
        third = due("briumvi", 3, {1: day(0), 2: day(28)})
        assert third.target == day(178)
        assert third.anchor == "150 days after dose 2, the minimum gap"


def test_dose_1_is_due_on_the_ordered_start_and_nothing_forbids_an_earlier_day():
    first = due("tysabri", 1, {})
    assert (first.target, first.earliest, first.anchor) == (START, None, "the ordered start")
    assert window_of(first, START - timedelta(days=60)) == "red"


def test_later_doses_and_the_dose_itself_do_not_change_when_it_is_due():
    assert due("tysabri", 3, {2: day(28)}) == due("tysabri", 3, {2: day(28), 3: day(50), 4: day(60)})


def test_without_any_day_on_record_a_later_dose_is_projected_from_the_ordered_start():
    third = due("ocrevus", 3, {})
    assert third.target == day(168)
    assert third.earliest is None


def test_two_doses_never_share_a_day_even_without_a_minimum_gap():
    phases = [PhaseFacts(first_dose=1, target_days=0)]
    second = due_dose(phases=phases, dose_number=2, dates={1: START}, start_on=START)
    assert second.earliest == second.target == day(1)


def test_a_course_that_ends_gives_fewer_doses_than_asked_for():
    course = series(phases=SHIPPED["iron-sucrose"], dose_number=4, dates={3: day(6)}, start_on=START, count=6)
    assert [dose.dose_number for dose in course] == [4, 5]


def test_a_dose_beyond_the_course_is_refused_in_words():
    with pytest.raises(NoPhase, match="no dose 3"):
        due("ferric-carboxymaltose", 3, {2: day(7)})


def test_a_dose_300_visits_into_a_course_is_found_without_recursion():
    assert due("tysabri", 3000, {}).target == day(2999 * 28)


@pytest.mark.parametrize("slug", SHIPPED)
def test_every_shipped_therapy_is_a_whole_course(slug):
    assert faults_of(SHIPPED[slug]) == []


@pytest.mark.parametrize(
    ("doses", "fault"),
    [
        ([(2, None, "")], "The standard course says nothing about dose 1."),
        ([(1, 3, ""), (3, None, "")], "The standard course covers dose 3 twice."),
        ([(1, None, ""), (3, None, "")], "The standard course covers dose 3 twice."),
        ([(1, 2, ""), (4, None, "")], "The standard course says nothing about dose 3."),
        ([(1, None, ""), (3, 5, "fast"), (5, None, "fast")], "The fast variant covers dose 5 twice."),
        ([(3, None, "fast")], "There is no standard course: leave the variant of its phases empty."),
        ([], "There is no standard course: leave the variant of its phases empty."),
    ],
)
def test_phases_that_make_no_course_are_named(doses, fault):
    phases = [
        PhaseFacts(first_dose=first, last_dose=last, variant=variant, target_days=28) for first, last, variant in doses
    ]
    assert faults_of(phases) == [fault]


def test_a_variant_may_speak_of_single_doses_only():
    phases = [
        PhaseFacts(first_dose=1, target_days=28),
        PhaseFacts(first_dose=2, last_dose=2, variant="slow", target_days=28),
        PhaseFacts(first_dose=5, variant="slow", target_days=28),
    ]
    assert faults_of(phases) == []
    assert phase_for(phases, 3, "slow").variant == ""
