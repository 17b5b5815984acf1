"""Opening hours from a day on, chairs, and holidays decided."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic import places
from clinic.closing import ClosingConflict, close_clinic
from clinic.holidays import Holiday, close_for, decide_again, decisions, holidays_between, stay_open
from clinic.hours import open_periods, weekly_hours
from clinic.models import Clinic, Closure, OpenHoliday, OpeningHours
from tests.world import DAY, at

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
CHRISTMAS = date(2026, 12, 25)


def hours_on(clinic: Clinic, day: date) -> tuple[time, time] | None:
    return weekly_hours(clinics=[clinic])[clinic.pk].on(day)


def a_week(opens: int, closes: int) -> dict[int, tuple[time, time] | None]:
    return {**{weekday: (time(opens), time(closes)) for weekday in range(6)}, 6: None}


def state(clinic: Clinic, holiday: Holiday) -> str:
    return decisions(clinics=[clinic], holidays=[holiday])[holiday.day][0].state


def christmas() -> Holiday:
    [found] = holidays_between(CHRISTMAS, CHRISTMAS)
    return found


def test_other_hours_hold_from_their_day_on(madison: Clinic) -> None:
    places.change_hours(clinic=madison, from_day=DAY + WEEK, week=a_week(9, 15))

    assert hours_on(madison, DAY + WEEK - timedelta(days=1)) == (time(8), time(17))
    assert hours_on(madison, DAY + WEEK) == (time(9), time(15))
    assert hours_on(madison, DAY + WEEK + timedelta(days=6)) is None
    opened = open_periods(clinics=[madison], first_day=DAY, last_day=DAY + 2 * WEEK)
    assert opened[madison.pk, DAY] == [(at(madison, "8:00"), at(madison, "17:00"))]
    assert opened[madison.pk, DAY + WEEK] == [(at(madison, "9:00", DAY + WEEK), at(madison, "15:00", DAY + WEEK))]
    assert (madison.pk, DAY + 2 * WEEK - timedelta(days=1)) not in opened


def test_a_change_replaces_those_planned_for_later(madison: Clinic) -> None:
    places.change_hours(clinic=madison, from_day=DAY + 2 * WEEK, week=a_week(6, 22))
    places.change_hours(clinic=madison, from_day=DAY + WEEK, week=a_week(9, 15))

    assert hours_on(madison, DAY + 3 * WEEK) == (time(9), time(15))
    assert weekly_hours(clinics=[madison])[madison.pk].as_of(DAY)[0] == (time(8), time(17))
    assert weekly_hours(clinics=[madison])[madison.pk].open_weekdays(DAY + WEEK) == frozenset(range(6))


def test_the_database_wants_both_times_or_none(madison: Clinic) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        OpeningHours.objects.create(clinic=madison, weekday=0, opens=time(8), valid_from=DAY)


def test_hours_that_end_before_they_begin_are_refused(madison: Clinic) -> None:
    with pytest.raises(ClosingConflict, match="closes after it opens"):
        places.change_hours(clinic=madison, from_day=DAY, week=a_week(15, 9))


def test_chairs_are_added_last_renamed_taken_away_and_brought_back(madison: Clinic) -> None:
    chair = places.add_chair(clinic=madison, name="Bed 5", kind="bed")
    assert list(madison.chairs.all())[-1] == chair

    places.change_chair(chair=chair, name="Bed 6", kind="private")
    places.take_chair_away(chair=chair)
    chair.refresh_from_db()
    assert (chair.name, chair.kind, chair.is_active) == ("Bed 6", "private", False)
    with pytest.raises(ClosingConflict, match="which was taken away: bring it back"):
        places.add_chair(clinic=madison, name="bed 6", kind="bed")
    places.bring_chair_back(chair=chair)
    chair.refresh_from_db()
    assert chair.is_active


def test_a_chair_keeps_its_own_name_but_not_that_of_another(madison: Clinic) -> None:
    chair = madison.chairs.earliest("pk")
    places.change_chair(chair=chair, name="Chair 1", kind="bed")

    with pytest.raises(ClosingConflict, match="has a chair of that name"):
        places.change_chair(chair=chair, name="chair 2", kind="bed")


def test_the_holidays_are_those_of_the_country_and_of_wisconsin() -> None:
    found = {one.day: (one.name, one.by_whom) for one in holidays_between(date(2026, 11, 1), date(2027, 1, 31))}

    assert found == {
        date(2026, 11, 11): ("Veterans Day", "Federal and Wisconsin"),
        date(2026, 11, 26): ("Thanksgiving Day", "Federal and Wisconsin"),
        date(2026, 12, 24): ("Christmas Eve", "Wisconsin"),
        date(2026, 12, 25): ("Christmas Day", "Federal and Wisconsin"),
        date(2026, 12, 31): ("New Year's Eve", "Wisconsin"),
        date(2027, 1, 1): ("New Year's Day", "Federal and Wisconsin"),
        date(2027, 1, 18): ("Martin Luther King Jr. Day", "Federal and Wisconsin"),
    }


def test_a_holiday_is_due_until_the_clinic_closes_or_says_that_it_stays_open(madison: Clinic, wausau: Clinic) -> None:
    assert state(madison, christmas()) == ""

    stay_open(clinic=madison, holiday=christmas(), by=None)
    stay_open(clinic=madison, holiday=christmas(), by=None)
    close_for(clinic=wausau, holiday=christmas())

    assert (state(madison, christmas()), state(wausau, christmas())) == ("open", "closed")
    assert Closure.objects.get().reason == "Christmas Day"

    decide_again(clinic=madison, holiday=christmas())
    assert state(madison, christmas()) == ""


def test_closing_after_all_forgets_that_the_clinic_stayed_open(madison: Clinic) -> None:
    stay_open(clinic=madison, holiday=christmas(), by=None)

    close_for(clinic=madison, holiday=christmas())

    assert state(madison, christmas()) == "closed"
    assert not OpenHoliday.objects.exists()


def test_closed_for_half_a_holiday_is_not_decided_and_two_halves_are(madison: Clinic) -> None:
    noon = at(madison, "12:00", CHRISTMAS)
    close_clinic(clinic=madison, start=at(madison, "7:00", CHRISTMAS), end=noon, reason="Snow")
    assert state(madison, christmas()) == ""

    close_clinic(clinic=madison, start=noon, end=at(madison, "18:00", CHRISTMAS), reason="Ice")
    assert state(madison, christmas()) == "closed"


def test_a_weekday_when_a_clinic_never_opens_asks_nothing(madison: Clinic) -> None:
    OpeningHours.objects.filter(clinic=madison, weekday=CHRISTMAS.weekday()).delete()

    assert state(madison, christmas()) == "not_open"
