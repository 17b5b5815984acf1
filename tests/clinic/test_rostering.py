"""Many shifts at once: weeks copied and filled, weekly shifts begun, changed and ended, nurses lent."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import patterns, rostering, staffing
from clinic.closing import close_clinic
from clinic.models import Clinic, FloorPeriod, Nurse, Shift, ShiftPattern
from clinic.patterns import Times
from clinic.quarters import day_bounds
from clinic.staffing import RosterConflict
from tests.world import DAY, at, make_nurse, on_floor

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
TIMES = Times(time(8), time(16, 30), time(12), 30)
UNTIL = DAY + 4 * WEEK - timedelta(days=1)


def copied(clinic: Clinic, *, day: date = DAY, to: date = DAY + WEEK, weeks: int = 1, today: date = DAY) -> list[str]:
    """Copy a week; what was left out, and why."""
    drafts = rostering.of_week(clinic=clinic, day=day, to=to, weeks=weeks)
    done = rostering.add_all(drafts, today=today)
    return [f"{one.draft.day:%a} {one.why}" for one in done.in_the_way]


def hours(nurse: Nurse, clinic: Clinic | None = None) -> list[str]:
    """A nurse's shifts as day, wall-clock times and breaks."""
    shifts = Shift.objects.filter(nurse=nurse, **({"clinic": clinic} if clinic else {})).order_by("period")
    found = []
    for shift in shifts.select_related("clinic").prefetch_related("breaks"):
        zone = shift.clinic.zone
        start, end = (moment.astimezone(zone) for moment in (shift.period.lower, shift.period.upper))
        pauses = "".join(f" {one.period.lower.astimezone(zone):%-H:%M}" for one in shift.breaks.all())
        found.append(f"{start:%m-%d %-H:%M}–{end:%-H:%M}{pauses}")
    return found


def begin(nurse: Nurse, clinic: Clinic, *weekdays: int, first_day: date = DAY, last_day: date | None = None) -> None:
    patterns.begin(
        nurse=nurse,
        clinic=clinic,
        weekdays=weekdays,
        times=TIMES,
        first_day=first_day,
        last_day=last_day,
        rostered_until=UNTIL,
        today=DAY,
    )


def test_a_week_is_copied_with_its_breaks_to_the_weeks_after(madison: Clinic) -> None:
    anna = on_floor(madison, "8:00", "16:30", breaks=[("12:00", "12:30")]).nurse

    assert copied(madison, weeks=2) == []

    assert hours(anna) == ["12-07 8:00–16:30 12:00", "12-14 8:00–16:30 12:00", "12-21 8:00–16:30 12:00"]
    assert FloorPeriod.objects.filter(nurse=anna).count() == 6


def test_a_copied_shift_keeps_its_time_of_day_when_the_clocks_change(madison: Clinic) -> None:
    before = date(2027, 3, 8)
    anna = on_floor(madison, "8:00", "16:30", breaks=[("12:00", "12:30")], day=before).nurse

    copied(madison, day=before, to=before + WEEK)

    assert hours(anna)[1] == "03-15 8:00–16:30 12:00"


def test_what_is_in_the_way_is_said_and_stays(madison: Clinic, wausau: Clinic) -> None:
    anna, bea, cora, dora = (make_nurse(madison) for _ in range(4))
    on_floor(madison, nurse=anna)
    on_floor(wausau, "9:00", "12:00", nurse=anna, day=DAY + WEEK)
    on_floor(madison, nurse=bea, day=DAY + timedelta(days=1))
    on_floor(madison, nurse=cora, day=DAY + timedelta(days=2))
    on_floor(madison, nurse=dora, day=DAY + timedelta(days=3))
    on_floor(madison, nurse=dora, day=DAY + WEEK + timedelta(days=3))
    bea.is_active = False
    bea.save()
    start, end = day_bounds(DAY + WEEK + timedelta(days=2), madison.zone)
    close_clinic(clinic=madison, start=start, end=end, reason="Inventory")

    assert copied(madison) == [
        "Mon already works 9:00–12:00 at Wausau",
        "Tue works here no more",
        "Wed the clinic is closed that day",
    ]
    assert Shift.objects.count() == 6


def test_nothing_is_rostered_on_days_that_are_past(madison: Clinic) -> None:
    on_floor(madison)

    assert copied(madison, today=DAY + WEEK + timedelta(days=1)) == ["Mon that day is past"]


def test_copying_takes_the_same_queries_for_one_shift_and_for_twenty(madison: Clinic) -> None:
    def queries(week: date) -> int:
        with CaptureQueriesContext(connection) as seen:
            copied(madison, day=week, to=week + WEEK)
        return len(seen)

    on_floor(madison, breaks=[("12:00", "12:30")])
    few = queries(DAY)
    later = DAY + 4 * WEEK
    for number in range(20):
        on_floor(madison, breaks=[("12:00", "12:30")], day=later + timedelta(days=number % 5))

    assert queries(later) == few


def test_a_weekly_shift_is_rostered_at_once_and_every_week(madison: Clinic) -> None:
    anna = make_nurse(madison)

    begin(anna, madison, 0, 2)

    assert [words[:5] for words in hours(anna)] == [
        "12-07", "12-09", "12-14", "12-16", "12-21", "12-23", "12-28", "12-30",
    ]  # fmt: skip


def test_two_weekly_shifts_of_a_nurse_cannot_overlap(madison: Clinic, wausau: Clinic) -> None:
    anna = make_nurse(madison)
    begin(anna, madison, 0, last_day=DAY + WEEK)

    with pytest.raises(RosterConflict, match="already has a weekly shift on Mondays, 8:00–4:30 at Madison"):
        begin(anna, wausau, 0)
    begin(anna, wausau, 0, first_day=DAY + 2 * WEEK)

    assert ShiftPattern.objects.count() == 2


def test_ending_a_weekly_shift_takes_its_later_shifts_but_not_one_changed_by_hand(madison: Clinic) -> None:
    anna = make_nurse(madison)
    begin(anna, madison, 0)
    by_hand = Shift.objects.get(period__startswith=at(madison, "8:00", DAY + 2 * WEEK))
    staffing.change_shift(
        shift=by_hand,
        start=at(madison, "10:00", DAY + 2 * WEEK),
        end=at(madison, "16:30", DAY + 2 * WEEK),
        breaks=[],
    )

    ended = patterns.end(pattern=ShiftPattern.objects.get(), last_day=DAY, today=DAY)

    assert hours(anna) == ["12-07 8:00–16:30 12:00", "12-21 10:00–16:30"]
    assert (len(ended.removed), [shift.pk for shift in ended.kept]) == (2, [by_hand.pk])
    assert ShiftPattern.objects.get().valid_until == DAY


def test_a_weekly_shift_that_ends_before_it_begins_is_gone(madison: Clinic) -> None:
    anna = make_nurse(madison)
    begin(anna, madison, 0)

    patterns.end(pattern=ShiftPattern.objects.get(), last_day=DAY - timedelta(days=1), today=DAY)

    assert not ShiftPattern.objects.exists()
    assert not Shift.objects.exists()


def test_what_is_past_stays_when_a_weekly_shift_ends(madison: Clinic) -> None:
    anna = make_nurse(madison)
    begin(anna, madison, 0)

    patterns.end(pattern=ShiftPattern.objects.get(), last_day=DAY, today=DAY + 2 * WEEK)

    assert [words[:5] for words in hours(anna)] == ["12-07", "12-14"]


def test_other_hours_hold_from_a_day_on(madison: Clinic) -> None:
    anna = make_nurse(madison)
    begin(anna, madison, 0)

    patterns.change(
        pattern=ShiftPattern.objects.get(),
        times=Times(time(9), time(17), None, 30),
        from_day=DAY + 2 * WEEK,
        rostered_until=UNTIL,
        today=DAY,
    )

    assert hours(anna) == [
        "12-07 8:00–16:30 12:00", "12-14 8:00–16:30 12:00", "12-21 9:00–17:00", "12-28 9:00–17:00",
    ]  # fmt: skip
    assert [(one.valid_from, one.valid_until) for one in ShiftPattern.objects.order_by("valid_from")] == [
        (DAY, DAY + 2 * WEEK - timedelta(days=1)),
        (DAY + 2 * WEEK, None),
    ]


def test_weeks_are_filled_with_what_was_taken_off_by_hand(madison: Clinic) -> None:
    anna = make_nurse(madison)
    begin(anna, madison, 0)
    Shift.objects.filter(period__startswith=at(madison, "8:00", DAY + WEEK)).delete()
    drafts = rostering.of_patterns(ShiftPattern.objects.all(), first_day=DAY, last_day=DAY + 2 * WEEK)

    done = rostering.add_all(drafts, today=DAY)

    assert [draft.day for draft in done.added] == [DAY + WEEK]
    assert done.in_the_way == ()


def test_a_nurse_is_lent_for_the_middle_of_her_day_less_the_road(madison: Clinic, wausau: Clinic) -> None:
    shift = on_floor(madison, "7:00", "17:00", breaks=[("8:00", "8:15"), ("12:00", "12:30")])
    start, end = at(madison, "10:00"), at(madison, "14:00")

    staffing.lend(shift=shift, clinic=wausau, start=start, end=end, on_the_road=timedelta(minutes=30))

    assert hours(shift.nurse, madison) == ["12-07 7:00–9:30 8:00", "12-07 14:30–17:00"]
    assert hours(shift.nurse, wausau) == ["12-07 10:00–14:00 12:00"]


def test_a_nurse_is_lent_for_the_whole_day(madison: Clinic, wausau: Clinic) -> None:
    shift = on_floor(madison, breaks=[("12:00", "12:30")])

    staffing.lend(shift=shift, clinic=wausau, start=shift.period.lower, end=shift.period.upper, on_the_road=timedelta())

    assert hours(shift.nurse, madison) == []
    assert hours(shift.nurse, wausau) == ["12-07 8:00–17:00 12:00"]


def test_a_nurse_is_not_lent_to_where_she_works(madison: Clinic) -> None:
    shift = on_floor(madison)

    with pytest.raises(RosterConflict, match="works at Madison already"):
        staffing.lend(
            shift=shift, clinic=madison, start=shift.period.lower, end=shift.period.upper, on_the_road=timedelta()
        )
