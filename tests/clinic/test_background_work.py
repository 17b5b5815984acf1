"""How carefully background work is done, and that the broker never learns anything about a patient."""

import base64
import inspect
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from celery import Task
from celery.backends.base import DisabledBackend
from django.conf import settings
from django.utils import timezone
from redis import Redis

from clinic.celery import VISIBILITY_TIMEOUT, app
from clinic.embedded import valkey
from clinic.models import Clinic
from reminders.models import MessageStatus
from reminders.tasks import look
from tests.reminders.desk import texted, visit_of, with_mobile
from tests.world import BEFORE, on_floor

app.loader.import_default_modules()
OURS = [task for name, task in sorted(app.tasks.items()) if not name.startswith(("celery.", "tests."))]

COMES_AGAIN = {"clinic.backup.tasks.back_up"}
"""May run for longer than a lost task waits, and is asked for again by the clock whenever it is missing."""


@pytest.mark.parametrize("task", OURS, ids=lambda task: task.name)
def test_a_task_is_done_again_when_its_worker_is_lost_and_leaves_no_result(task: Task) -> None:
    again = task.name not in COMES_AGAIN
    assert task.acks_late == again
    assert task.reject_on_worker_lost
    assert task.ignore_result


@pytest.mark.parametrize("task", OURS, ids=lambda task: task.name)
def test_a_task_takes_nothing_but_ids(task: Task) -> None:
    assert all(each.annotation is int for each in inspect.signature(task.run).parameters.values())


def test_no_result_is_kept_anywhere() -> None:
    assert app.conf.result_backend is None
    assert isinstance(app.backend, DisabledBackend)


def test_a_task_that_was_lost_is_given_out_again_only_when_it_cannot_be_running_any_more() -> None:
    places = [
        app.conf.broker_transport_options["visibility_timeout"],
        app.conf.result_backend_transport_options["visibility_timeout"],
        app.conf.visibility_timeout,
    ]
    assert places == [VISIBILITY_TIMEOUT] * 3
    assert app.conf.task_time_limit < VISIBILITY_TIMEOUT
    assert app.conf.worker_prefetch_multiplier == 1


def test_beat_knows_only_tasks_that_there_are_and_sends_none_of_them_words() -> None:
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in {task.name for task in OURS}
        assert not entry.get("args")
        assert not entry.get("kwargs")


@pytest.fixture
def broker() -> Iterator[Redis]:
    """The tests' own Valkey, and nothing in it."""
    assert settings.EMBEDDED_BROKER
    valkey.ensure(settings.EMBEDDED_BROKER)
    client = Redis(unix_socket_path=str(valkey.socket_path(settings.EMBEDDED_BROKER)))
    client.flushall()
    yield client
    client.flushall()
    client.close()


@time_machine.travel(BEFORE)
@pytest.mark.django_db
def test_what_lies_in_the_broker_names_nobody(broker: Redis, madison: Clinic) -> None:
    patient = with_mobile(madison, "Quillfeather", given_name="Ottoline", mrn="ZQ70441")
    on_floor(madison)
    late = timezone.now() - timedelta(minutes=10)
    texted(visit_of(madison, patient), status=MessageStatus.PENDING, due_at=late, sent_at=None, sending_at=None)

    for entry in app.conf.beat_schedule.values():
        app.send_task(entry["task"], **entry.get("options", {}))
    look()

    lying = [json.loads(each) for each in broker.lrange("celery", 0, -1)]
    assert "reminders.tasks.send_due" in {each["headers"]["task"] for each in lying}
    assert len(lying) == len(app.conf.beat_schedule) + 1
    for message in lying:
        arguments, named, _ = json.loads(base64.b64decode(message["body"]))
        assert all(type(each) is int for each in [*arguments, *named.values()])
    everything = _all_of(broker)
    assert not any(word in everything for word in ("Quillfeather", "Ottoline", "ZQ70441", "5550123", "1975"))


def _all_of(broker: Redis) -> str:
    """Every key and every value, of whatever kind, bodies unpacked."""
    readers: dict[Any, Any] = {
        b"list": lambda key: broker.lrange(key, 0, -1),
        b"hash": broker.hgetall,
        b"set": broker.smembers,
        b"zset": lambda key: broker.zrange(key, 0, -1),
        b"string": broker.get,
    }
    found = []
    for key in broker.keys("*"):
        value = readers[broker.type(key)](key)
        found.append(f"{key!r} {value!r}")
        if key == b"celery":
            found += [base64.b64decode(json.loads(each)["body"]).decode() for each in value]
    return "\n".join(found)
