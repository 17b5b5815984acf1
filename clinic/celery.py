"""Background work: the Celery app, how carefully it works, and what runs by the clock.

Nothing in a web request publishes a task: the rows in the database are the queue, and the schedule below
makes the worker look at them. So the broker may be down, and booking does not notice.
"""

import os
import warnings
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, before_task_publish, worker_init, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from django.conf import settings

# A worker that dies with a task in hand: how long until somebody else gets it. Longer than any task takes
# that is taken off the broker only at its end.
VISIBILITY_TIMEOUT = 15 * 60

# What runs by the clock. Schedules only; countdown and ETA are never used, since Redis would deliver those twice.
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # A look that nobody took in time is of no use: the next one sees the same rows.
    "messages": {
        "task": "reminders.tasks.look",
        "schedule": settings.DISPATCH_EVERY,
        "options": {"expires": settings.DISPATCH_EVERY},
    },
    "offers": {"task": "scheduling.tasks.write_down_lapsed_offers", "schedule": 60.0, "options": {"expires": 60.0}},
    "audit": {"task": "clinic.audit.tasks.seal", "schedule": 60.0, "options": {"expires": 60.0}},
    "backup": {"task": "clinic.backup.tasks.back_up", "schedule": 600.0, "options": {"expires": 600.0}},
    # In the small hours of every clinic's zone.
    "presses": {"task": "clinic.tasks.forget_old_presses", "schedule": crontab(hour="8", minute="15")},
    "rosters": {"task": "scheduling.tasks.top_up_rosters", "schedule": crontab(hour="8", minute="30")},
}

if not settings.PRODUCTION:
    # The demonstration may run as root; a worker that reads only JSON is no danger there.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("chairside")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT},
    result_backend_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT},
    visibility_timeout=VISIBILITY_TIMEOUT,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    task_time_limit=VISIBILITY_TIMEOUT - 60,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
    timezone="UTC",
    beat_schedule=BEAT_SCHEDULE,
    beat_schedule_filename=str(settings.DATA_DIR / "beat-schedule"),
)
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
@before_task_publish.connect
def start_embedded_broker(**_: Any) -> None:
    """The embedded broker starts when it is first needed, and never by an import."""
    if settings.EMBEDDED_BROKER:
        from clinic.embedded import valkey

        valkey.ensure(settings.EMBEDDED_BROKER)


@worker_process_init.connect
def end_with_the_worker(**_: Any) -> None:
    """A pool process whose worker was killed ends too, instead of waiting for work forever."""
    from clinic.embedded.process import die_with_parent

    die_with_parent()
