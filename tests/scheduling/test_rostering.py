"""Many shifts at once, nurses lent, lunches, hours and chairs: what each change does to the patients."""

from datetime import datetime, time, timedelta

import pytest
import time_machine

from clinic.models import Chair, Clinic, Shift, ShiftPattern
from clinic.patterns import Times
from clinic.staffing import RosterConflict
from scheduling import closing, restaffing, rostering
from scheduling.consequence import of_roster
from scheduling.engine.day import PATIENTS_PER_NURSE
from scheduling.load import load_day
from scheduling.lunches import propose
from scheduling.models import Appointment
from scheduling.queries.load_by_quarter import load_by_quarter
from tests.scheduling.test_restaffing import carers, check_the_day
from tests.world import BEFORE, DAY, at, booked, make_clinic, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
TIMES = Times(time(8), time(17), None, 30)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(BEFORE, tick=False):
        yield


def short(*appointments: Appointment) -> list[bool]:
    return list(
        Appointment.objects.filter(pk__in=[one.pk for one in appointments])
        .order_by("pk")
        .values_list("short_staffed", flat=True)
    )


def left_alone(clinic: Clinic) -> Appointment:
    """An appointment a week after `DAY` whose nurse has gone."""
    shift = on_floor(clinic, day=DAY + WEEK)
    appointment = booked(clinic, "9:00", day=DAY + WEEK)
    restaffing.remove_shift(shift=shift)
    return appointment


def proposed(clinic: Clinic, *, now: datetime = BEFORE) -> dict[str, str]:
    """The lunch proposed for each nurse by name."""
    found = {}
    for one in propose(clinic=clinic, day=DAY, now=now).lunches:
        found[one.shift.nurse.name] = f"{one.lunch[0].astimezone(clinic.zone):%-H:%M}" if one.lunch else ""
    return found


def save_lunches(clinic: Clinic) -> rostering.Changed:
    """Save the lunches as they are proposed."""
    breaks = {
        one.shift: [*one.others, *([one.lunch] if one.lunch else [])]
        for one in propose(clinic=clinic, day=DAY, now=BEFORE).lunches
    }
    return rostering.set_breaks(clinic=clinic, day=DAY, breaks=breaks)


# --- Weeks ---


def test_a_copied_week_covers_who_was_without_a_nurse(madison: Clinic) -> None:
    appointment = left_alone(madison)
    anna = on_floor(madison).nurse

    changed = rostering.copy_week(clinic=madison, day=DAY, to=DAY + WEEK, weeks=1)

    seen = of_roster(changed)
    assert [one.id for one in seen.healed] == [appointment.pk]
    assert seen.added == (f"{anna}, Mon Dec 14, 8:00 AM–5:00 PM",)
    assert carers(appointment) == [(anna.pk, "9:00", "11:30")]


def test_a_copied_week_warns_of_a_break_that_nobody_covers(madison: Clinic) -> None:
    on_floor(madison, breaks=[("12:00", "12:30")])
    on_floor(madison, breaks=[("12:00", "12:30")], day=DAY + timedelta(days=1))

    seen = of_roster(rostering.copy_week(clinic=madison, day=DAY, to=DAY + WEEK, weeks=1))

    assert [words.split(":")[0] for words in seen.warnings] == ["Madison, Mon Dec 14", "Madison, Tue Dec 15"]


def test_weeks_filled_from_weekly_shifts_cover_again(madison: Clinic) -> None:
    anna = make_nurse(madison)
    rostering.begin_pattern(nurse=anna, clinic=madison, weekdays=[0], times=TIMES, first_day=DAY, last_day=None)
    appointment = booked(madison, "9:00")
    restaffing.remove_shift(shift=Shift.objects.earliest("period"))
    assert short(appointment) == [True]

    changed = rostering.fill_weeks(clinic=madison, first_day=DAY, last_day=DAY + timedelta(days=6))

    assert changed.redealt.healed == {appointment.pk}
    assert len(changed.rostered.added) == 1


def test_ending_a_weekly_shift_leaves_its_patients_to_the_others_or_without_a_nurse(madison: Clinic) -> None:
    anna = make_nurse(madison)
    rostering.begin_pattern(nurse=anna, clinic=madison, weekdays=[0], times=TIMES, first_day=DAY, last_day=None)
    alone, helped = booked(madison, "9:00", day=DAY + WEEK), booked(madison, "9:00", day=DAY + 2 * WEEK)
    bea = on_floor(madison, day=DAY + 2 * WEEK).nurse

    changed = rostering.end_pattern(pattern=ShiftPattern.objects.get(), last_day=DAY)

    assert changed.redealt.uncovered == {alone.pk}
    assert carers(helped) == [(bea.pk, "9:00", "11:30")]
    assert of_roster(changed).removed[0] == f"{anna}, Mon Dec 14, 8:00 AM–5:00 PM"
    assert short(alone) == [True]


def test_other_hours_of_a_weekly_shift_touch_only_who_lies_outside_them(madison: Clinic) -> None:
    anna = make_nurse(madison)
    rostering.begin_pattern(nurse=anna, clinic=madison, weekdays=[0], times=TIMES, first_day=DAY, last_day=None)
    early, late = booked(madison, "8:00", day=DAY + WEEK), booked(madison, "13:00", day=DAY + WEEK)

    changed = rostering.change_pattern(
        pattern=ShiftPattern.objects.get(), times=Times(time(12), time(17), None, 30), from_day=DAY + WEEK
    )

    assert changed.redealt.uncovered == {early.pk}
    assert short(early, late) == [True, False]
    assert carers(late) == [(anna.pk, "13:00", "15:30")]


# --- Lending ---


def test_lending_a_nurse_is_felt_at_both_clinics(madison: Clinic, wausau: Clinic) -> None:
    there = on_floor(wausau, day=DAY)
    waits = booked(wausau, "9:00")
    restaffing.remove_shift(shift=there)
    anna = on_floor(madison)
    stays = booked(madison, "9:00")

    changed = rostering.lend(shift=anna, clinic=wausau, start=at(wausau, "8:00"), end=at(wausau, "12:00"))

    seen = of_roster(changed)
    assert ([one.id for one in seen.uncovered], [one.id for one in seen.healed]) == ([stays.pk], [waits.pk])
    assert seen.names_clinics
    assert [(one.clinic_slug, one.date) for one in seen.to_replan] == [("madison", DAY)]
    assert carers(waits) == [(anna.nurse_id, "9:00", "11:30")]
    check_the_day(madison)
    check_the_day(wausau)


def test_a_refused_lending_changes_nothing(madison: Clinic, wausau: Clinic) -> None:
    anna = on_floor(madison, "8:00", "12:00")
    on_floor(wausau, "13:00", "17:00", nurse=anna.nurse)
    appointment = booked(madison, "9:00")

    with pytest.raises(RosterConflict):
        rostering.lend(shift=anna, clinic=wausau, start=at(wausau, "10:00"), end=at(wausau, "14:00"))

    assert carers(appointment) == [(anna.nurse_id, "9:00", "11:30")]


# --- Lunches ---


def test_lunches_at_the_same_time_are_staggered_so_that_nobody_is_without_cover(madison: Clinic) -> None:
    shifts = [on_floor(madison), on_floor(madison)]
    appointments = [booked(madison, start) for start in ("11:00", "11:15", "11:30")]
    noon = (at(madison, "12:00"), at(madison, "12:30"))
    for shift in shifts:
        restaffing.change_shift(shift=shift, start=shift.period.lower, end=shift.period.upper, breaks=[noon])
    assert any(short(*appointments))

    changed = save_lunches(madison)

    assert short(*appointments) == [False, False, False]
    assert changed.redealt.healed
    starts = sorted(pause.period.lower for shift in Shift.objects.all() for pause in shift.breaks.all())
    assert starts[1] - starts[0] >= timedelta(minutes=30)
    check_the_day(madison)


def test_lunches_that_hold_stay_as_they_are(madison: Clinic) -> None:
    on_floor(madison, breaks=[("11:30", "12:00")], nurse=make_nurse(madison, "Anna"))
    on_floor(madison, breaks=[("12:15", "12:45")], nurse=make_nurse(madison, "Bea"))

    assert proposed(madison) == {"Anna": "11:30", "Bea": "12:15"}


def test_a_long_shift_without_a_break_is_given_one_and_a_short_one_is_not(madison: Clinic) -> None:
    on_floor(madison, nurse=make_nurse(madison, "Anna"))
    on_floor(madison, "8:00", "12:00", nurse=make_nurse(madison, "Bea"))

    assert list(proposed(madison)) == ["Anna"]


def test_a_lone_nurse_who_cannot_leave_is_named(madison: Clinic) -> None:
    on_floor(madison, breaks=[("12:00", "12:30")])

    [one] = propose(clinic=madison, day=DAY, now=BEFORE).lunches

    assert one.alone == "12:00–12:30 PM"


def test_a_break_that_has_begun_and_a_short_one_stay(madison: Clinic) -> None:
    on_floor(madison, breaks=[("11:00", "11:30")], nurse=make_nurse(madison, "Anna"))
    on_floor(madison, breaks=[("9:00", "9:15"), ("12:00", "12:30")], nurse=make_nurse(madison, "Bea"))

    assert list(proposed(madison, now=at(madison, "11:05"))) == ["Bea"]
    save_lunches(madison)
    bea = Shift.objects.get(nurse__name="Bea")
    assert f"{bea.breaks.earliest('period').period.lower.astimezone(madison.zone):%-H:%M}" == "9:00"


def test_a_nurse_who_is_away_all_day_is_not_asked_to_lunch(madison: Clinic) -> None:
    shift = on_floor(madison, breaks=[("12:00", "12:30")])
    restaffing.take_off(nurse=shift.nurse, start=shift.period.lower, end=shift.period.upper, reason="Ill", by=None)

    assert proposed(madison) == {}


def test_lunch_keeps_the_ratio_on_a_full_day_of_three_nurses(db: None) -> None:
    clinic = make_clinic("madison", chairs=6)
    nurses = [make_nurse(clinic, name) for name in ("Anna", "Bea", "Cora")]
    for nurse in nurses:
        on_floor(clinic, nurse=nurse)
    for start in ("10:00", "10:15", "10:30", "12:30", "12:45", "13:00", "10:45", "11:00"):
        booked(clinic, start)

    save_lunches(clinic)

    day = load_day(clinic=clinic, day=DAY)
    loads = load_by_quarter(day)
    assert all(load.booked <= load.nurses * PATIENTS_PER_NURSE for load in loads)
    assert not Appointment.objects.filter(short_staffed=True).exists()
    assert sum(pause.period.upper - pause.period.lower == timedelta(minutes=30) for shift in Shift.objects.all()
               for pause in shift.breaks.all()) == 3  # fmt: skip


# --- Hours and chairs ---


def test_other_hours_name_who_lies_outside_them_from_their_day_on(madison: Clinic) -> None:
    for number in (0, 7):
        on_floor(madison, day=DAY + timedelta(days=number))
    booked(madison, "8:00")
    early, late = booked(madison, "8:00", day=DAY + WEEK), booked(madison, "14:00", day=DAY + WEEK)
    booked(madison, "10:00", day=DAY + WEEK)
    week = {weekday: (time(9), time(16)) for weekday in range(7)}

    outside = closing.change_hours(clinic=madison, from_day=DAY + WEEK, week=week)

    assert outside == [early, late]
    assert short(early, late) == [False, False]


def test_a_weekday_closed_for_good_names_everybody_on_it(madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")
    week = {0: None, **{weekday: (time(8), time(17)) for weekday in range(1, 7)}}

    assert closing.change_hours(clinic=madison, from_day=DAY, week=week) == [appointment]


def test_who_was_outside_the_hours_already_is_not_touched_by_new_ones(madison: Clinic) -> None:
    on_floor(madison)
    booked(madison, "8:00")
    week = {weekday: (time(9), time(17)) for weekday in range(7)}
    assert len(closing.change_hours(clinic=madison, from_day=DAY, week=week)) == 1

    assert closing.change_hours(clinic=madison, from_day=DAY, week=week) == []


def test_a_chair_taken_away_names_who_is_booked_on_it_and_books_nobody(madison: Clinic) -> None:
    on_floor(madison)
    appointment = booked(madison, "9:00")

    assert closing.take_chair_away(chair=appointment.chair) == [appointment]

    assert all(chair.id != appointment.chair_id for chair in load_day(clinic=madison, day=DAY).chairs)
    assert booked(madison, "13:00").chair_id != appointment.chair_id
    closing.bring_chair_back(chair=Chair.objects.get(pk=appointment.chair_id))
    assert booked(madison, "13:15").chair_id == appointment.chair_id


def test_another_kind_of_chair_names_who_needs_the_old_one(madison: Clinic) -> None:
    on_floor(madison)
    chair = madison.chairs.earliest("pk")
    closing.change_chair(chair=chair, name="Bed 1", kind="bed")
    lies = booked(madison, "9:00", plan=make_plan(make_patient(madison, chair_kind="bed")), chair=chair)
    booked(madison, "12:00", chair=chair)

    assert closing.change_chair(chair=chair, name="Chair 1", kind="recliner") == [lies]
    assert closing.change_chair(chair=chair, name="Chair 1a", kind="recliner") == []
