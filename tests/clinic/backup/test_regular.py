"""Backups by the clock: made when due, by one worker, old ones removed; what is wrong shows."""

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from clinic.backup import regular
from clinic.backup.making import backups_in
from clinic.backup.models import BackupRun
from clinic.backup.tasks import back_up
from clinic.celery import BEAT_SCHEDULE, app
from tests.world import BEFORE

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    settings.BACKUP_DIR = tmp_path / "backups"
    return tmp_path / "backups"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(BEFORE, tick=False) as clock:
        yield clock


def run(*, hours_ago: float, error: str = "") -> BackupRun:
    """A run of so long ago."""
    at = timezone.now() - hours_ago * HOUR
    return BackupRun.objects.create(started_at=at, ended_at=at, error=error, file="" if error else "chairside.age")


def backups(client: Client) -> str:
    """What `/readyz` says of them; it answers 200 all the same."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    return str(answer.json()["backups"])


def test_the_clock_makes_one_when_the_last_is_four_hours_old(place: Path, client: Client) -> None:
    assert backups(client) == "none yet"

    back_up()
    back_up()

    made = BackupRun.objects.get()
    assert [path.name for path in backups_in(place)] == [made.file]
    assert (made.error, made.bytes > 10_000, made.rows > 50) == ("", True, True)
    assert backups(client) == "ok"


def test_one_is_due_every_so_many_hours_and_sooner_after_a_failure(clock: Any, settings: Any) -> None:
    now = timezone.now()
    run(hours_ago=4)
    assert regular.is_due(now)
    assert not regular.is_due(now - timedelta(seconds=1))

    run(hours_ago=0.2, error="No room.")
    assert not regular.is_due(now)
    assert regular.is_due(now + HOUR)

    settings.BACKUP_EVERY_HOURS = 0
    assert not regular.is_due(now + 100 * HOUR)
    assert regular.in_words() == "off"


def test_a_failure_shows_in_the_log_and_in_readyz_until_one_succeeds(
    place: Path, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    run(hours_ago=5)
    good = BackupRun.objects.get()
    place.write_text("in the way")

    with caplog.at_level(logging.ERROR):
        back_up()

    said = f"{place} cannot be written: File exists."
    assert caplog.messages == [f"backup failed: {said}"]
    failed = BackupRun.objects.get(error=said)
    when, last = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (failed.ended_at, good.started_at))
    assert backups(client) == f"failed at {when}, the log says why. The last good one is of {last}."
    back_up()
    assert BackupRun.objects.exclude(error="").count() == 1

    place.unlink()
    regular.back_up()
    assert backups(client) == "ok"
    [number] = regular.numbers()
    assert [sample.value for sample in number.samples] == [BackupRun.objects.all()[0].started_at.timestamp()]


def test_one_that_does_not_come_is_overdue(clock: Any, client: Client) -> None:
    run(hours_ago=8)
    assert backups(client) == "ok"

    clock.shift(timedelta(minutes=1))
    assert backups(client) == "overdue. The last good one is of 2026-12-01 07:00 UTC."


def test_old_ones_go_half_written_ones_too_and_nothing_else(place: Path, settings: Any) -> None:
    settings.BACKUP_KEEP_DAYS, settings.BACKUP_KEEP_WEEKS, settings.BACKUP_KEEP_MONTHS = 1, 1, 2
    place.mkdir()
    kept_, removed = "chairside-2025-11-30T030000Z.age", "chairside-2025-11-20T030000Z.age"
    dead, living = ".chairside-2025-11-20T030000Z.age.part", ".chairside-2026-11-20T030000Z.age.part"
    for name in (kept_, removed, dead, living, "chairside-notes.txt"):
        (place / name).touch()
    long_ago = timezone.now().timestamp() - regular.LONGEST.total_seconds() - 60
    os.utime(place / dead, (long_ago, long_ago))

    made = regular.back_up()

    assert {path.name for path in place.iterdir()} == {made.file, kept_, living, "chairside-notes.txt"}


def test_a_failure_removes_nothing(place: Path, settings: Any) -> None:
    place.mkdir()
    for day in range(10, 20):
        (place / f"chairside-2025-11-{day}T030000Z.age").touch()
    settings.POSTGRES_PROGRAMS = str(place)

    assert regular.back_up().error
    assert len(backups_in(place)) == 10


def test_beat_knows_it_and_the_broker_lets_go_of_it_at_its_start() -> None:
    [entry] = [one for one in BEAT_SCHEDULE.values() if one["task"] == back_up.name]
    assert entry["schedule"] < regular.TRY_AGAIN.total_seconds()
    task = app.tasks[back_up.name]
    assert (task.acks_late, task.time_limit) == (False, regular.LONGEST.total_seconds())
