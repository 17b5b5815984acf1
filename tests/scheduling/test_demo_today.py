"""The demonstration is alive whenever somebody looks. Each test seeds its own."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from clinic.models import Clinic
from scheduling.demo.clock import story_clock
from scheduling.demo.places import holidays
from scheduling.demo.seeding import CannotSeed, seed, wipe
from scheduling.demo.today import moment_shown
from scheduling.models import IN_CHAIR, Status
from tests.scheduling.test_demo import SMALL, SUNDAY, TUESDAY, ZONE, at, of_day

pytestmark = pytest.mark.django_db

CHRISTMAS = date(2026, 12, 25)


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        (TUESDAY, "10:05"),
        (TUESDAY, "12:20"),
        (TUESDAY, "15:25"),
        (TUESDAY, "5:45"),
        (TUESDAY, "22:30"),
        (SUNDAY, "13:00"),
    ],
)
def test_today_is_lively_whenever_it_is_seeded(day: date, clock: str) -> None:
    now = at(day, clock)
    seed(now=now, scale=SMALL)

    moment = moment_shown(now=now, zone=ZONE)
    today = of_day(day)
    statuses = [one.status for one in today]
    late = [one for one in today if one.status == Status.BOOKED and one.start + timedelta(minutes=15) < moment]
    assert len(late) == 1
    assert statuses.count(Status.NO_SHOW) == 1
    assert sum(status in IN_CHAIR for status in statuses) >= 2
    assert {Status.INFUSING, Status.OBSERVING} & set(statuses)
    assert of_day(day, "eau-claire")
    assert of_day(day, "wausau")


def test_clinics_open_on_a_holiday_that_is_today() -> None:
    seed(now=at(CHRISTMAS, "11:00"), scale=SMALL)

    assert of_day(CHRISTMAS)
    assert (CHRISTMAS, "Christmas Day") in holidays(first_day=CHRISTMAS, last_day=CHRISTMAS)


def test_nothing_is_seeded_or_wiped_in_production(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]

    with pytest.raises(CommandError, match="never made in production"):
        call_command("seed_demo")
    with pytest.raises(CannotSeed):
        wipe()
    assert not Clinic.objects.exists()


def test_the_clock_of_the_story_ends_with_it() -> None:
    before = timezone.now()
    with story_clock(at(TUESDAY, "8:00")) as clock:
        clock.set(at(SUNDAY, "8:00"))
        assert timezone.now() == at(SUNDAY, "8:00")
        assert timezone.localdate() == SUNDAY
    assert before <= timezone.now() <= before + timedelta(minutes=1)
