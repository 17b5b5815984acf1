"""Who is on the floor: shifts minus breaks minus absences, and weekly patterns in wall-clock time."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from clinic import staffing
from clinic.models import Clinic, FloorPeriod, Nurse, Shift, ShiftBreak, ShiftPattern, User
from clinic.staffing import RosterConflict
from tests.world import DAY, at, make_nurse, on_floor

pytestmark = pytest.mark.django_db

SPRING = date(2027, 3, 14)
"""The Sunday when the clocks go forward in Wisconsin."""
AUTUMN = date(2026, 11, 1)
"""The Sunday when they go back."""


def floor(nurse: Nurse, clinic: Clinic) -> list[tuple[str, ...]]:
    """The nurse's floor periods as wall-clock times."""
    periods = FloorPeriod.objects.filter(nurse=nurse).order_by("period").values_list("period", flat=True)
    return [tuple(f"{moment.astimezone(clinic.zone):%-H:%M}" for moment in (p.lower, p.upper)) for p in periods]


def pattern(clinic: Clinic, weekday: int, *, nurse: Nurse | None = None, **facts: object) -> ShiftPattern:
    given = {
        "starts": time(8),
        "ends": time(16, 30),
        "break_starts": time(12),
        "break_minutes": 30,
        "valid_from": date(2026, 1, 1),
        **facts,
    }
    return ShiftPattern.objects.create(nurse=nurse or make_nurse(clinic), clinic=clinic, weekday=weekday, **given)


def roster(clinic: Clinic, first: date, last: date) -> int:
    return staffing.roster_from_patterns(clinics=[clinic], first_day=first, last_day=last)


def hours(clinic: Clinic) -> list[tuple[str, str]]:
    """Every shift as local date and wall-clock times."""
    found = []
    for period in Shift.objects.order_by("period").values_list("period", flat=True):
        start, end = period.lower.astimezone(clinic.zone), period.upper.astimezone(clinic.zone)
        found.append((f"{start:%Y-%m-%d}", f"{start:%-H:%M}–{end:%-H:%M}"))
    return found


def test_the_floor_is_the_shift_without_its_breaks(madison: Clinic) -> None:
    shift = on_floor(madison, "8:00", "16:30", breaks=[("10:00", "10:15"), ("12:00", "12:30")])

    assert floor(shift.nurse, madison) == [("8:00", "10:00"), ("10:15", "12:00"), ("12:30", "16:30")]


def test_a_break_at_the_end_of_a_shift_leaves_no_empty_floor_time(madison: Clinic) -> None:
    shift = on_floor(madison, "8:00", "12:00", breaks=[("11:30", "12:00")])

    assert floor(shift.nurse, madison) == [("8:00", "11:30")]


def test_an_absence_takes_its_time_off_the_floor_and_gives_it_back(madison: Clinic, manager: User) -> None:
    shift = on_floor(madison, "8:00", "16:00", breaks=[("12:00", "12:30")])

    absence = staffing.record_absence(
        nurse=shift.nurse, start=at(madison, "10:00"), end=at(madison, "12:15"), reason="Dentist", by=manager
    )
    assert floor(shift.nurse, madison) == [("8:00", "10:00"), ("12:30", "16:00")]

    staffing.end_absence(absence=absence)
    assert floor(shift.nurse, madison) == [("8:00", "12:00"), ("12:30", "16:00")]


def test_an_absence_recorded_before_the_roster_is_made_holds_when_it_is(madison: Clinic) -> None:
    repeated = pattern(madison, DAY.weekday())
    staffing.record_absence(
        nurse=repeated.nurse, start=at(madison, "0:00"), end=at(madison, "12:00"), reason="Training", by=None
    )

    roster(madison, DAY, DAY)

    assert floor(repeated.nurse, madison) == [("12:30", "16:30")]


def test_a_nurse_has_one_shift_at_a_time_over_all_clinics(madison: Clinic, wausau: Clinic) -> None:
    shift = on_floor(madison, "8:00", "12:00")

    with pytest.raises(RosterConflict, match="already has a shift at Madison"):
        on_floor(wausau, "11:45", "16:00", nurse=shift.nurse)

    assert on_floor(wausau, "12:00", "16:00", nurse=shift.nurse)


def test_changing_a_shift_rewrites_its_floor_time(madison: Clinic) -> None:
    shift = on_floor(madison, breaks=[("12:00", "12:30")])

    staffing.change_shift(
        shift=shift,
        start=at(madison, "9:00"),
        end=at(madison, "15:00"),
        breaks=[(at(madison, "11:00"), at(madison, "11:30"))],
    )

    assert floor(shift.nurse, madison) == [("9:00", "11:00"), ("11:30", "15:00")]


def test_a_shift_that_was_removed_meanwhile_is_not_changed(madison: Clinic) -> None:
    shift = on_floor(madison)
    staffing.remove_shift(shift=Shift.objects.get(pk=shift.pk))

    with pytest.raises(RosterConflict, match="removed meanwhile"):
        staffing.change_shift(shift=shift, start=at(madison, "9:00"), end=at(madison, "15:00"), breaks=[])


@pytest.mark.parametrize(
    ("start", "end", "breaks", "reason"),
    [
        ("8:10", "12:00", [], "quarter hour"),
        ("12:00", "8:00", [], "ends after it starts"),
        ("8:00", "12:00", [("7:45", "8:15")], "inside the shift"),
        ("8:00", "12:00", [("10:00", "10:10")], "quarter hour"),
        ("8:00", "12:00", [("10:00", "10:30"), ("10:15", "10:45")], "can't overlap"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_in_words(
    madison: Clinic, start: str, end: str, breaks: list[tuple[str, str]], reason: str
) -> None:
    with pytest.raises(RosterConflict, match=reason):
        on_floor(madison, start, end, breaks=breaks)


def test_a_shift_may_end_at_midnight_and_no_later(madison: Clinic) -> None:
    midnight = at(madison, "0:00", DAY + timedelta(days=1))
    nurse = make_nurse(madison)

    with pytest.raises(RosterConflict, match="by midnight"):
        staffing.add_shift(
            nurse=nurse, clinic=madison, start=at(madison, "20:00"), end=midnight + timedelta(minutes=15)
        )

    assert staffing.add_shift(nurse=nurse, clinic=madison, start=at(madison, "20:00"), end=midnight)


@pytest.mark.parametrize("changes", [SPRING, AUTUMN])
def test_a_weekly_pattern_keeps_its_wall_clock_time_when_the_clocks_change(madison: Clinic, changes: date) -> None:
    before, after = changes - timedelta(days=6), changes + timedelta(days=1)
    repeated = pattern(madison, before.weekday())

    roster(madison, before, after)

    assert hours(madison) == [(before.isoformat(), "8:00–16:30"), (after.isoformat(), "8:00–16:30")]
    assert floor(repeated.nurse, madison) == [("8:00", "12:00"), ("12:30", "16:30")] * 2
    first, second = Shift.objects.order_by("period")
    assert second.period.lower - first.period.lower != timedelta(days=7)


@pytest.mark.parametrize(("changes", "really"), [(SPRING, 7.5), (AUTUMN, 9.5)])
def test_a_night_pattern_on_the_day_of_the_change_is_really_shorter_or_longer(
    madison: Clinic, changes: date, really: float
) -> None:
    pattern(madison, changes.weekday(), starts=time(0), ends=time(8, 30), break_starts=None)

    roster(madison, changes, changes)

    [shift] = Shift.objects.all()
    assert (shift.period.upper - shift.period.lower) == timedelta(hours=really)


def test_patterns_run_over_the_ends_of_months_and_leap_days(madison: Clinic) -> None:
    pattern(madison, date(2028, 2, 29).weekday())

    roster(madison, date(2028, 2, 20), date(2028, 3, 8))

    assert [day for day, _ in hours(madison)] == ["2028-02-22", "2028-02-29", "2028-03-07"]


def test_a_pattern_holds_from_its_first_to_its_last_day_both_included(madison: Clinic) -> None:
    pattern(madison, 0, valid_from=DAY, valid_until=DAY + timedelta(days=14))

    assert roster(madison, DAY - timedelta(days=30), DAY + timedelta(days=60)) == 3
    assert hours(madison)[0][0] == "2026-12-07"
    assert hours(madison)[-1][0] == "2026-12-21"


def test_a_shift_changed_or_removed_by_hand_is_not_made_again(madison: Clinic) -> None:
    pattern(madison, 0)
    roster(madison, DAY, DAY + timedelta(days=7))
    staffing.remove_shift(shift=Shift.objects.order_by("period")[0])

    assert roster(madison, DAY, DAY + timedelta(days=14)) == 1
    assert [day for day, _ in hours(madison)] == ["2026-12-14", "2026-12-21"]


def test_a_nurse_who_works_elsewhere_that_day_keeps_that_shift(madison: Clinic, wausau: Clinic) -> None:
    nurse = make_nurse(madison)
    pattern(madison, 0, nurse=nurse)
    on_floor(wausau, "9:00", "15:00", nurse=nurse)

    assert roster(madison, DAY, DAY) == 0
    assert Shift.objects.get().clinic == wausau


def test_a_nurse_who_left_is_not_rostered(madison: Clinic) -> None:
    repeated = pattern(madison, 0)
    Nurse.objects.filter(pk=repeated.nurse_id).update(is_active=False)

    assert roster(madison, DAY, DAY) == 0


def test_the_roster_of_many_weeks_is_made_with_a_few_queries(
    madison: Clinic, django_assert_max_num_queries: Any
) -> None:
    for weekday in range(5):
        pattern(madison, weekday)

    with django_assert_max_num_queries(16):
        assert roster(madison, DAY, DAY + timedelta(weeks=40)) == 201

    assert ShiftBreak.objects.count() == 201


def test_floor_time_is_stored_in_utc(madison: Clinic) -> None:
    on_floor(madison, "8:00", "9:00")

    assert FloorPeriod.objects.get().period.lower == datetime.fromisoformat("2026-12-07T14:00:00+00:00")


@pytest.mark.parametrize(
    "times", [{"starts": "8:10"}, {"ends": "16:20"}, {"break_starts": "12:05"}, {"break_minutes": 20}]
)
def test_a_weekly_pattern_off_the_quarter_hour_is_refused(madison: Clinic, times: dict[str, object]) -> None:
    usual: dict[str, Any] = {"starts": "8:00", "ends": "16:00", "break_starts": "12:00", "break_minutes": 30}

    with pytest.raises(IntegrityError):
        ShiftPattern.objects.create(
            nurse=make_nurse(madison), clinic=madison, weekday=0, valid_from=DAY, **{**usual, **times}
        )
