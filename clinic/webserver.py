"""gunicorn's configuration: gunicorn -c python:clinic.webserver clinic.wsgi"""

import gc
import logging.config
import os
import shutil
from typing import Any

import psutil
from gunicorn.glogging import Logger

from clinic.embedded.process import die_with_parent
from clinic.environment import data_directory, env_int
from clinic.logs import lines

workers = env_int("WEB_WORKERS", 2, least=1, most=64)
worker_class = "sync"
timeout = 30
graceful_timeout = 10
# Its default is one socket per user: two checkouts would share it, and nobody here talks to it.
control_socket_disable = True
loglevel = "warning"
accesslog = None


class Lines(Logger):
    """gunicorn's own lines, written like all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logging.config.dictConfig(lines.from_environment())

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """It puts what it could not read into its words before they come here."""
        if msg.startswith("Invalid request from"):
            msg = "A request could not be read and was refused."
        super().warning(msg, *args, **kwargs)


logger_class = Lines


def on_starting(server: object) -> None:
    """A place for the numbers of this server's processes. What a killed server left is thrown away."""
    home = data_directory() / "metrics"
    for left in home.glob("*"):
        if not psutil.pid_exists(int(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    mine = home / str(os.getpid())
    mine.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(mine)


def when_ready(server: Any) -> None:
    """The program is read once, before there are workers, and never written to again: they share its memory."""
    server.app.wsgi()
    # Django reads the pages when the first one is asked for. Not above: it needs the settings.
    from django.db import connections
    from django.urls import get_resolver

    get_resolver().check()
    connections.close_all()
    gc.collect()
    gc.freeze()


def on_exit(server: object) -> None:
    """Its numbers go with the server."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server: object, worker: Any) -> None:
    """What a process counted stays; what it was doing does not."""
    # Not above: it looks for the place when it is first imported, and the place is made by then.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def post_fork(server: object, worker: object) -> None:
    """A worker whose master was killed ends at once, not at its next time-out."""
    die_with_parent()
