"""After a restore nothing is sent twice: what was due by now may have been sent after the backup."""

from datetime import timedelta

import pytest
import time_machine

from clinic.models import Clinic
from reminders import dispatch
from reminders.models import FOR_PEOPLE, Message, MessageStatus
from reminders.restored import doubt_what_was_due
from tests.reminders.crowd import reachable
from tests.world import BEFORE, DAY, at, booked, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db

VISIT = DAY + timedelta(days=14)


def test_a_message_that_was_due_since_the_backup_is_shown_and_not_sent(madison: Clinic) -> None:
    on_floor(madison, day=VISIT)
    with time_machine.travel(BEFORE, tick=False):
        booked(madison, plan=make_plan(reachable(make_patient(madison), 1), start_on=VISIT), day=VISIT)
    planned = list(Message.objects.filter(status=MessageStatus.PENDING))
    restored_at = at(madison, "10:30", VISIT - timedelta(days=7))

    with time_machine.travel(restored_at, tick=False):
        said = doubt_what_was_due(BEFORE)
        dispatch.look()
        sent = dispatch.send_due()

    due = {one.pk for one in planned if one.due_at <= restored_at}
    assert 0 < len(due) < len(planned)
    assert sent == {}
    assert said == f"{len(due)} messages that were due by now may have been sent: they are on the worklist."
    doubted = Message.objects.filter(status=MessageStatus.UNKNOWN)
    assert set(doubted.values_list("pk", flat=True)) == due
    assert MessageStatus.UNKNOWN in FOR_PEOPLE
    assert Message.objects.filter(status=MessageStatus.PENDING).count() == len(planned) - len(due)
