"""Patients who live by another clock than the clinic: quiet hours and days go by theirs, visits by the clinic's."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from clinic.models import Clinic
from patients.models import Patient
from reminders import dispatch
from reminders.links import patient_link
from reminders.models import Message
from reminders.words import clock
from scheduling.models import Appointment
from tests.reminders.crowd import crowd, plan_all
from tests.reminders.servers import Inbox
from tests.reminders.test_sending import run
from tests.world import BEFORE, DAY, at, make_clinic

pytestmark = pytest.mark.django_db

VISIT = DAY + timedelta(days=14)
CHANGES = [
    pytest.param(date(2026, 11, 1), id="back"),
    pytest.param(date(2027, 3, 14), id="forward"),
]


def living_in(zone: str, clinic: Clinic, *, day: date = VISIT, many: int = 1, first: int = 0) -> list[Appointment]:
    """Visits at nine of patients of a zone, with their messages planned."""
    visits = crowd(clinic, many, start=at(clinic, "9:00", day), first=first)
    Patient.objects.filter(pk__in=[visit.patient_id for visit in visits]).update(timezone=zone)
    visits = list(
        Appointment.objects.select_related("plan__therapy", "patient__home_clinic", "clinic", "dose_phase").filter(
            pk__in=[visit.pk for visit in visits]
        )
    )
    plan_all(visits)
    return visits


@pytest.fixture
def booked_then() -> time_machine.travel:
    return time_machine.travel(BEFORE, tick=False)


def week(visit: Appointment, channel: str = "sms") -> Message:
    return Message.objects.get(appointment=visit, rule="week", channel=channel)


@pytest.mark.parametrize(
    ("zone", "leaves"),
    [
        ("", "10:00"),
        ("America/New_York", "10:00"),
        ("America/Denver", "10:00"),
        ("America/Los_Angeles", "11:00"),
        ("Pacific/Honolulu", "13:00"),
    ],
)
def test_a_text_waits_for_the_morning_where_the_patient_is(
    madison: Clinic, phones: Inbox, mailbox: Inbox, booked_then: time_machine.travel, zone: str, leaves: str
) -> None:
    with booked_then:
        (visit,) = living_in(zone, madison)
    Message.objects.exclude(rule="week", channel="sms").delete()
    moment = at(madison, leaves, VISIT - timedelta(days=7))
    assert week(visit).due_at == moment

    run(moment - timedelta(minutes=1))
    assert phones.taken == []

    run(moment)
    assert len(phones.taken) == 1


def test_a_text_that_falls_into_the_patients_night_is_put_off_whatever_was_planned(
    madison: Clinic, phones: Inbox, mailbox: Inbox, booked_then: time_machine.travel
) -> None:
    with booked_then:
        (visit,) = living_in("America/Chicago", madison)
    Message.objects.exclude(rule="week", channel="sms").delete()
    # The patient moved after it was planned.
    Patient.objects.update(timezone="Pacific/Honolulu")

    run(at(madison, "10:00", VISIT - timedelta(days=7)))

    assert phones.taken == []
    assert week(visit).try_after == at(madison, "13:00", VISIT - timedelta(days=7))


def test_texts_are_counted_by_the_patients_days(
    madison: Clinic, phones: Inbox, mailbox: Inbox, booked_then: time_machine.travel
) -> None:
    with booked_then:
        living_in("Asia/Tokyo", madison)
    Message.objects.filter(channel="email").delete()
    Message.objects.exclude(rule__in=["week", "three_days"]).delete()
    # Monday at 23:00 and Tuesday at 1:00 in Madison are one Tuesday in Tokyo.
    monday = at(madison, "23:00", VISIT - timedelta(days=7))
    Message.objects.update(keeps_place=False, due_at=monday, cut_off_at=monday + timedelta(days=2))
    Message.objects.filter(rule="three_days").update(due_at=monday + timedelta(hours=1))
    run(monday)
    assert len(phones.taken) == 1

    run(monday + timedelta(hours=2))
    assert len(phones.taken) == 1

    run(datetime.combine(VISIT - timedelta(days=5), time(9), ZoneInfo("Asia/Tokyo")))
    assert len(phones.taken) == 2


def test_the_zone_is_named_where_the_patients_clock_shows_another_time(
    madison: Clinic, phones: Inbox, mailbox: Inbox, booked_then: time_machine.travel
) -> None:
    with booked_then:
        living_in("America/Denver", madison)
    Message.objects.exclude(rule="week").delete()

    run(at(madison, "10:00", VISIT - timedelta(days=7)))

    (text,) = phones.taken
    assert text.body.startswith("Smart Clinics: visit Mon Dec 21, 9:00 AM CT, Madison. ")
    (mail,) = mailbox.taken
    assert "Monday, December 21, 2026 at 9:00 AM CT, until about 11:30 AM CT" in mail.body
    assert mail.mail is not None
    assert mail.mail["Subject"] == "Your visit on Mon Dec 21, 9:00 AM CT: how to prepare"


def test_the_patients_page_names_the_zone_too(
    madison: Clinic, client: Client, booked_then: time_machine.travel
) -> None:
    with booked_then:
        (visit,) = living_in("America/Denver", madison)
        path = "/a/" + patient_link(visit).rpartition("/a/")[2]
        born = visit.patient.birth_date
        client.post(f"{path}open/", {"month": born.month, "day": born.day, "year": born.year})
        assert "9:00 AM CT" in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("zone", "day", "named"),
    [
        ("", VISIT, False),
        ("America/Indiana/Knox", VISIT, False),
        # Saskatchewan has the clinic's time in winter and its own in summer.
        ("America/Regina", VISIT, False),
        ("America/Regina", date(2027, 7, 12), True),
        ("America/New_York", VISIT, True),
    ],
)
def test_the_zone_is_not_named_where_both_clocks_show_the_same(
    madison: Clinic, phones: Inbox, mailbox: Inbox, zone: str, day: date, named: bool
) -> None:
    with time_machine.travel(at(madison, "9:00", day - timedelta(days=30)), tick=False):
        living_in(zone, madison, day=day)
    Message.objects.exclude(rule="week", channel="sms").delete()
    run(at(madison, "12:00", day - timedelta(days=7)))
    assert ("9:00 AM CT" in phones.taken[0].body) is named


def test_a_patient_without_a_zone_lives_by_the_home_clinics_clock(
    madison: Clinic, phones: Inbox, mailbox: Inbox, booked_then: time_machine.travel
) -> None:
    home = make_clinic("wausau")
    Clinic.objects.filter(pk=home.pk).update(timezone="Pacific/Honolulu")
    with booked_then:
        living_in("", madison)
        Patient.objects.update(home_clinic=home)
    Message.objects.exclude(rule="week", channel="sms").delete()

    run(at(madison, "10:00", VISIT - timedelta(days=7)))
    assert phones.taken == []

    run(at(madison, "13:00", VISIT - timedelta(days=7)))
    assert "9:00 AM CT" in phones.taken[0].body


def test_a_zone_without_letters_is_named_by_its_offset() -> None:
    assert clock(datetime(2026, 12, 21, 9, tzinfo=ZoneInfo("Etc/GMT-5")), named=True) == "9:00 AM UTC+05"
    assert clock(datetime(2026, 7, 21, 9, tzinfo=ZoneInfo("America/Anchorage")), named=True) == "9:00 AM AKT"


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("zone", ["America/Denver", "Pacific/Honolulu"])
def test_around_a_clock_change_texts_come_once_by_day_with_the_clinics_time(
    madison: Clinic, phones: Inbox, mailbox: Inbox, zone: str, change: date
) -> None:
    first, here, many = change - timedelta(days=2), ZoneInfo(zone), 2
    with time_machine.travel(at(madison, "9:00", change - timedelta(days=40)), tick=False):
        for turn in range(9):
            living_in(zone, madison, day=first + timedelta(days=turn), many=many, first=turn * many)
    Message.objects.filter(rule="booked").delete()
    moment, came = at(madison, "0:00", first - timedelta(days=8)), Counter[time]()
    while moment < at(madison, "23:00", first + timedelta(days=9)):
        with time_machine.travel(moment, tick=False):
            dispatch.look()
            before = len(phones.taken)
            dispatch.send_due()
            if sent := len(phones.taken) - before:
                came[moment.astimezone(here).time()] += sent
        moment += timedelta(hours=1)

    assert phones.twice == mailbox.twice == []
    assert (len(phones.taken), len(mailbox.taken)) == (3 * 9 * many, 9 * many)
    # Ten in Madison is nine in Denver, and night in Honolulu.
    assert came == {time(9): 3 * 9 * many}
    assert all("9:00 AM CT" in text.body for text in phones.taken)
    assert not Message.objects.exclude(status__in=["sent", "listed"]).exists()
