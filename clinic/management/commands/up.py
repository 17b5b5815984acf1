"""Everything at once, for this machine: database, broker, demo clinics, web, worker and beat. `make run` calls it.

In production each of web, worker and beat runs under the service manager instead; see README.
"""

import fcntl
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from clinic import supervisor
from clinic.demo import DEMO_PASSWORD, DEMO_PEOPLE, demo_logins
from clinic.embedded import postgres, server, valkey
from clinic.embedded.process import die_with_parent
from clinic.environment import env_bool, env_int, env_str
from clinic.models import Clinic
from clinic.supervisor import Child

START_PATIENCE = 60.0


class Stop(BaseException):
    """Ctrl-C, SIGTERM, the terminal closed, or our parent was killed."""


class Command(BaseCommand):
    help = "Start everything: database, broker, web, worker and beat. Ctrl-C stops all of it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent", type=int, metavar="PID", help="stop when the parent process, which has this id, is gone"
        )

    def handle(self, *args: Any, with_parent: int | None = None, **options: Any) -> None:
        _stop_on_signals()
        children: list[Child] = []
        try:
            if with_parent:
                die_with_parent(signal.SIGTERM, parent=with_parent)
            listener, address = self._claim()
            self._prepare()
            children += _children(listener)
            self._serve(children, address)
        except Stop:
            self._say("Stopping ...")
        except supervisor.KeepsEnding as error:
            raise CommandError(str(error)) from error
        except server.EmbeddedServerError as error:
            raise CommandError(str(error)) from error
        finally:
            _stop_all(children)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _claim(self) -> tuple[socket.socket, str]:
        """The data directory and the port, before anything is started: both are ours, or we say whose they are."""
        host, port = env_str("CHAIRSIDE_BIND", "127.0.0.1"), env_int("PORT", 8000, least=1, most=65535)
        address = f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{port}/"  # noqa: S104
        _claim_data(settings.DATA_DIR, address)
        try:
            return _listen(host, port), address
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Another program has it, perhaps another Chairside.\n"
                f"Choose another port: PORT={port + 1} make run"
            ) from error

    def _prepare(self) -> None:
        self._say("Starting the database ...")
        call_command("migrate", verbosity=0, interactive=False)
        if settings.PRODUCTION or not env_bool("CHAIRSIDE_DEMO", default=True) or "seed_demo" not in get_commands():
            return
        if not Clinic.objects.exists():
            self._say("Loading demo clinics (this once) ...")
            # All or nothing: a start that is killed half-way leaves no half-filled clinics behind.
            with transaction.atomic():
                call_command("seed_demo", verbosity=0)

    def _serve(self, children: list[Child], address: str) -> None:
        connection.close()
        _keep_embedded_servers()
        for child in children:
            child.start()
        give_up = time.monotonic() + START_PATIENCE
        announced = False
        while True:
            for child in children:
                if news := child.keep():
                    self._say(news)
            _keep_embedded_servers()
            if not announced:
                if announced := _answers(address):
                    self._announce(address)
                elif time.monotonic() > give_up:
                    raise CommandError("The web server does not answer; its messages are above.")
            time.sleep(0.1 if not announced else 0.5)

    def _announce(self, address: str) -> None:
        lines = ["", f"Chairside runs at {address}"]
        if demo_logins():
            lines += [f"Log in as {', '.join(DEMO_PEOPLE[:-1])} or {DEMO_PEOPLE[-1]}; password {DEMO_PASSWORD}"]
        connection.close()
        self._say("\n".join([*lines, "Ctrl-C stops it.", ""]))


def _stop_on_signals() -> None:
    """Turn the first signal that means "stop" into Stop. After it only Ctrl-C counts, and means: at once.

    A hang-up that our caller ignores (nohup) stays ignored.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stop

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def _claim_data(data: Path, address: str) -> None:
    """One `up` per data directory, until this process ends."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = server.lock(data / "up.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if descriptor is None:
        other = (data / "up.lock").read_text() or "an address it has not said yet"
        raise CommandError(
            f"Chairside already runs from {data}, at {other}\n"
            "A second one needs its own data: CHAIRSIDE_DATA=var/second PORT=8001 make run"
        )
    os.ftruncate(descriptor, 0)
    os.write(descriptor, address.encode())


def _listen(host: str, port: int) -> socket.socket:
    """Listen already now: whoever asks early waits a moment instead of being refused."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


def _children(listener: socket.socket) -> list[Child]:
    celery = [sys.executable, "-m", "celery", "-A", "clinic.celery", "--quiet"]
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:clinic.webserver", "clinic.wsgi"]
    return [
        Child("web server", [*gunicorn, "--bind", f"fd://{listener.fileno()}"], [listener.fileno()]),
        Child(
            "worker", [*celery, "worker", "--concurrency=2", "--without-gossip", "--without-mingle", "-l", "WARNING"]
        ),
        Child("beat", [*celery, "beat", "--pidfile=", "-l", "WARNING"]),
    ]


def _keep_embedded_servers() -> None:
    """A killed one comes back (PostgreSQL also by itself, at the next connection)."""
    if "HOME" in settings.DATABASES["default"]:
        postgres.ensure(settings.DATABASES["default"]["HOME"])
    if settings.EMBEDDED_BROKER:
        valkey.ensure(settings.EMBEDDED_BROKER)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}readyz", timeout=2) as response:  # noqa: S310  (http, ours)
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _stop_all(children: list[Child]) -> None:
    with suppress(Stop):  # a second Ctrl-C: stop() has ended them in its `finally`
        supervisor.stop(children)
    connection.close()
    server.leave_all()
