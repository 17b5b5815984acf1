"""Hundreds of messages around both clock changes of a year: each at its wall-clock time, once, none at night."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from clinic.models import Clinic
from clinic.quarters import at_wall_clock
from reminders import dispatch
from reminders.models import Message
from tests.reminders.crowd import crowd, number, plan_all
from tests.reminders.servers import Inbox
from tests.world import at

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PATIENTS = 5


@pytest.mark.parametrize("change", [date(2026, 11, 1), date(2027, 3, 14)], ids=["back", "forward"])
def test_every_message_comes_once_at_its_wall_clock_time(
    madison: Clinic, phones: Inbox, mailbox: Inbox, change: date
) -> None:
    first = change - timedelta(days=2)
    with time_machine.travel(at(madison, "9:00", change - timedelta(days=40)), tick=False):
        for turn in range(9):
            visits = crowd(
                madison, PATIENTS, start=at(madison, "9:00", first + timedelta(days=turn)), first=turn * PATIENTS
            )
            plan_all(visits)
    Message.objects.filter(rule="booked").delete()
    moment, came = at(madison, "0:00", first - timedelta(days=8)), []
    while moment < at(madison, "23:00", first + timedelta(days=9)):
        with time_machine.travel(moment, tick=False):
            dispatch.look()
            before = len(phones.taken) + len(mailbox.taken)
            dispatch.send_due()
            came += [moment.astimezone(madison.zone)] * (len(phones.taken) + len(mailbox.taken) - before)
        moment += timedelta(hours=1)

    assert phones.twice == mailbox.twice == []
    assert (len(phones.taken), len(mailbox.taken)) == (3 * 9 * PATIENTS, 9 * PATIENTS)
    assert {each.time() for each in came} == {time(10)}
    assert Message.objects.exclude(status__in=["sent", "listed"]).count() == 0
    assert Counter(text.to for text in phones.taken) == {number(n): 3 for n in range(9 * PATIENTS)}
    for message in Message.objects.filter(rule="day"):
        day = message.visit_start.astimezone(madison.zone).date() - timedelta(days=1)
        assert message.sent_at == at_wall_clock(day, time(10), madison.zone)


def test_a_clock_set_back_sends_nothing_again(madison: Clinic, phones: Inbox, mailbox: Inbox) -> None:
    start = datetime(2026, 12, 21, 15, tzinfo=UTC)
    with time_machine.travel(start - timedelta(days=20), tick=False):
        plan_all(crowd(madison, 20, start=start))
    noon = at(madison, "12:00", date(2026, 12, 14))
    for moment in (noon, noon - timedelta(hours=2), noon + timedelta(hours=1), noon - timedelta(days=1), noon):
        with time_machine.travel(moment, tick=False):
            dispatch.look()
            dispatch.send_due()
    assert phones.twice == mailbox.twice == []
    assert (len(phones.taken), len(mailbox.taken)) == (20, 20)
