"""Chairside as it runs for real: production settings, a database of a server, real web and worker processes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg2
import requests
from django.db import connections
from pyrage import x25519

from clinic.embedded import valkey
from tests.clinic.processes import ROOT, environment, free_port

HOST = "chairs.example.org"
SECRETS = {
    "CHAIRSIDE_ENV": "production",
    "SECRET_KEY": "k3Fv9-Zq8_mW2xTs7LbNc4RgYp6HdJ1uEaQoXiVtBzUwSnMy0P5lKh",
    "SIGN_IN_KEYS": "2mU1bJ4c1r0VnYk3m1c9pHjv6d4eXb0wq7KxTt8sZ2A=",
    "BACKUP_KEYS": str(x25519.Identity.generate()),
    "BACKUP_EVERY_HOURS": "0",
    "ALLOWED_HOSTS": HOST,
    "BEHIND_PROXY": "yes",
    "METRICS_TOKEN": "m7Qp2xVn9sKd4fTzLw8RbYc3HgJe6Ua1",
}
FORWARDED = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
"""What the proxy says."""


@contextmanager
def database() -> Iterator[str]:
    """The URL of an empty database on the tests' own server, gone afterwards."""
    own = connections["default"].get_connection_params()
    name = f"running_{uuid4().hex[:8]}"
    server = psycopg2.connect(host=own["host"], port=own["port"], user=own["user"], dbname="postgres")
    server.autocommit = True
    cursor = server.cursor()
    cursor.execute(f"create database {name}")
    try:
        yield f"postgresql://{own['user']}@/{name}?host={quote(own['host'], safe='')}&port={own['port']}"
    finally:
        cursor.execute(f"drop database {name} with (force)")
        server.close()


class Machine:
    """One machine of the clinic's: its own data directory, and the environment that all of them share."""

    def __init__(self, data: Path, database_url: str, **more: str) -> None:
        data.mkdir(exist_ok=True)
        self.data = data
        self.log = data / "log"
        shared = {"DATABASE_URL": database_url, "REDIS_URL": valkey.url(data / "valkey"), **SECRETS, **more}
        self.environment = environment(data, **shared)

    def manage(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a management command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @contextmanager
    def process(self, *command: str, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A process that goes on, writing into the machine's log, until the block ends."""
        with self.log.open("ab") as output:
            running = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self.environment | more,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield running
        finally:
            running.terminate()
            running.wait(30)

    @contextmanager
    def web(self, **more: str) -> Iterator["Browser"]:
        """gunicorn, and a browser that comes to it by the proxy."""
        port = free_port()
        command = ("gunicorn", "-c", "python:clinic.webserver", "clinic.wsgi", "--bind", f"127.0.0.1:{port}")
        with self.process(*command, **more) as running, Browser(port) as browser:
            self.answers(browser, running)
            yield browser

    def answers(self, browser: "Browser", running: "subprocess.Popen[bytes]") -> None:
        """Wait until the web server does."""
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up and running.poll() is None:
            try:
                browser.get("/healthz")
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"The web server does not answer:\n{self.log.read_text()}")


class Browser(requests.Session):
    """Comes to a web process by the proxy, and follows no redirect by itself."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.headers.update(FORWARDED)

    def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
        # By hand: between proxy and program the cookies of https travel by http, which no cookie jar allows.
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        more |= {"allow_redirects": False, "timeout": 30, "headers": {"Cookie": cookies} | (more.get("headers") or {})}
        return super().request(method, f"http://127.0.0.1:{self.port}{url}", *args, **more)

    def send_form(self, path: str, **fields: str) -> requests.Response:
        """Open a page, fill in its form, and send it as a browser does."""
        page = self.get(path).text
        referer = {"Referer": f"https://{HOST}{path}", "Origin": f"https://{HOST}"}
        return self.post(path, data={"csrfmiddlewaretoken": token_in(page), **fields}, headers=referer)


def token_in(page: str) -> str:
    """The token of a form."""
    return page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
