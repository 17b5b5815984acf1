"""One background task: lines of it say which, and it has a line of its own when it is over."""

import logging.config
from time import perf_counter
from typing import Any

import structlog
from celery import signals
from django.conf import settings

from clinic.logs import lines

log = structlog.stdlib.get_logger("chairside.tasks")

_began: dict[str, float] = {}


def listen() -> None:
    """Hear of tasks, and keep Celery from writing lines in its own way."""
    signals.setup_logging.connect(_set_up)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)


def _set_up(**_: Any) -> None:
    logging.config.dictConfig(settings.LOGGING)


def _begin(*, task_id: str, task: Any, **_: Any) -> None:
    _began[task_id] = perf_counter()
    lines.begin(lambda: {"task": task.name, "task_id": task_id})


def _end(*, task_id: str, state: str, **_: Any) -> None:
    took = perf_counter() - _began.pop(task_id, perf_counter())
    log.info("task done", status=state, ms=round(took * 1000, 1))
    lines.end()
