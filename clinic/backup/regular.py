"""The backups that are made by the clock: when one is due, what became of it, which old ones go.

The row of each run is the record: any worker on any machine sees what is due, and `/readyz` what is wrong.
"""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from clinic.backup import BackupError, retention
from clinic.backup.making import HALF_WRITTEN, Busy, Made, backups_in, made_at, make
from clinic.backup.models import BackupRun

LONGEST = timedelta(hours=3)
"""No backup takes longer: then its worker is ended, and what it left behind is removed by the next."""

TRY_AGAIN = timedelta(minutes=50)
"""So long after one that failed the next try comes."""

RECORDED = timedelta(days=400)
"""So long the record of a run is kept."""

log = logging.getLogger(__name__)


def back_up_if_due() -> BackupRun | None:
    """The look of every ten minutes. None: nothing is due, or somebody else is at it."""
    if not is_due(timezone.now()):
        return None
    try:
        return back_up()
    except Busy:
        return None


def back_up() -> BackupRun:
    """Make the next regular backup now, write down what became of it, and remove the old ones that are not kept.

    Raises only `Busy`: what went wrong stands in the run, in the log and in `/readyz`.
    """
    started_at = timezone.now()
    directory: Path = settings.BACKUP_DIR
    try:
        made = make(directory=directory)
    except Busy:
        raise
    except BackupError as error:
        # As words of our own: what is put into a message is hidden by the log.
        words = f"backup failed: {error}"
        log.error(words)
        return _record(started_at, error=str(error))
    except Exception as error:
        log.exception("backup failed")
        _record(started_at, error=f"{type(error).__name__}; see the log.")
        raise
    log.info("backup made: %s rows in %s bytes", made.manifest.total, made.size)
    _clear(directory)
    return _record(started_at, made=made)


def is_due(now: datetime) -> bool:
    """Whether the last backup is old enough, and the last failure long enough ago."""
    if not settings.BACKUP_EVERY_HOURS:
        return False
    last = BackupRun.objects.first()
    if last is None:
        return True
    if last.error:
        return now - last.ended_at >= min(TRY_AGAIN, _every())
    return now - last.started_at >= _every()


def in_words() -> str:
    """For a monitor: ok, or what is wrong. Why is for the log: anybody may ask a monitor's page."""
    if not settings.BACKUP_EVERY_HOURS:
        return "off"
    last, good = BackupRun.objects.first(), BackupRun.objects.filter(error="").first()
    if last is None:
        return "none yet"
    if last.error:
        return f"failed at {last.ended_at:%Y-%m-%d %H:%M} UTC, the log says why. {_last_good(good)}"
    if timezone.now() - last.started_at > 2 * _every():
        return f"overdue. {_last_good(good)}"
    return "ok"


def numbers() -> Iterator[Metric]:
    """For the monitor: when the last good backup began. One query."""
    taken = GaugeMetricFamily("chairside_last_backup_timestamp_seconds", "When the last good regular backup was made")
    if good := BackupRun.objects.filter(error="").first():
        taken.add_metric([], good.started_at.timestamp())
    yield taken


def _last_good(good: BackupRun | None) -> str:
    return f"The last good one is of {good.started_at:%Y-%m-%d %H:%M} UTC." if good else "There is no good one yet."


def _every() -> timedelta:
    return timedelta(hours=settings.BACKUP_EVERY_HOURS)


def _record(started_at: datetime, *, made: Made | None = None, error: str = "") -> BackupRun:
    now = timezone.now()
    BackupRun.objects.filter(ended_at__lt=now - RECORDED).delete()
    facts = {"file": made.path.name, "bytes": made.size, "rows": made.manifest.total} if made else {}
    return BackupRun.objects.create(started_at=started_at, ended_at=now, error=error[:500], **facts)


def _clear(directory: Path) -> None:
    """Remove what is not kept. A file that cannot be removed is said in the log, and spoils no backup."""
    backups = {made_at(path): path for path in backups_in(directory)}
    kept = retention.kept(
        backups,
        now=timezone.now(),
        days=settings.BACKUP_KEEP_DAYS,
        weeks=settings.BACKUP_KEEP_WEEKS,
        months=settings.BACKUP_KEEP_MONTHS,
    )
    for path in [*(path for moment, path in backups.items() if moment not in kept), *_left_behind(directory)]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            words = f"old backup {path.name} cannot be removed: {error.strerror}"
            log.warning(words)


def _left_behind(directory: Path) -> list[Path]:
    """Half-written files of somebody who was killed."""
    long_ago = time.time() - LONGEST.total_seconds()
    return [
        path for path in directory.iterdir() if HALF_WRITTEN.fullmatch(path.name) and path.stat().st_mtime < long_ago
    ]
