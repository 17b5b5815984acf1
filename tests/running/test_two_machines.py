"""Nothing is kept on a web machine: two of them serve one session and one booking, half and half."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.clinic.processes import ROOT
from tests.running.production import Browser, Machine, token_in

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def test_two_web_machines_serve_one_session_and_one_booking(
    machine: Machine, database_url: str, tmp_path: Path
) -> None:
    other = Machine(tmp_path / "other", database_url, REDIS_URL=machine.environment["REDIS_URL"])
    assert other.manage("collectstatic", "--noinput", "--verbosity", "0").returncode == 0
    world = _world(machine)
    book = f"/book/{world['plan']}/?week={world['day']}"

    with machine.web() as here, other.web() as there:
        there.cookies = here.cookies  # one browser, and a balancer before both
        assert here.send_form("/login/", username="frontdesk", password="chairside-demo").status_code == 302
        code = format_hotp_value(hotp_value(world["seed"], int(time.time()) // 30))
        second = there.send_form("/login/code/", code=code)
        assert (second.status_code, second.headers.get("Location")) == (302, "/"), second.text

        shown_here, shown_there = _static(here.get(book).text), _static(there.get(book).text)
        assert shown_here == shown_there, "either serves the files that the other's pages name"
        page = here.get(book).text
        answer = _press(there, page, book)
        assert answer.status_code == 302, answer.text[:2000]

        appointment = f"/appointments/{_only_appointment(machine)}/"
        assert here.get(appointment).status_code == 200, "booked there, open here"
        again = _press(here, page, book)
        assert again.status_code == 302, "the same button pressed again, at the other machine, books nothing twice"
        signed_out = there.post("/logout/", data={"csrfmiddlewaretoken": token_in(page)}, headers=_from(book))
        assert signed_out.status_code == 302
        assert here.get("/patients/").headers["Location"].startswith("/login/")

    assert _only_appointment(machine)


def _world(machine: Machine) -> dict[str, str]:
    made = _python(machine, "-m", "tests.running.world")
    return json.loads(made)


def _only_appointment(machine: Machine) -> int:
    """The id of the one that there is."""
    return int(
        _python(
            machine,
            "-c",
            "import django; django.setup(); from scheduling.models import Appointment;"
            "print(Appointment.objects.get().pk)",
        )
    )


def _python(machine: Machine, *arguments: str) -> str:
    environment = machine.environment | {"DJANGO_SETTINGS_MODULE": "clinic.settings"}
    return subprocess.check_output([sys.executable, *arguments], cwd=ROOT, env=environment, text=True)


def _static(page: str) -> set[str]:
    return set(re.findall(r'"(/static/[^"]+)"', page))


def _from(path: str) -> dict[str, str]:
    return {"Referer": f"https://chairs.example.org{path}", "Origin": "https://chairs.example.org"}


def _press(browser: Browser, page: str, path: str) -> requests.Response:
    """Press the first time that a page offers, with all that its form carries along."""
    form = page.partition('id="book-form"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    opening = re.findall(r'name="opening" value="([^"]+)"', form)[0]
    return browser.post(path, data=hidden | {"opening": opening}, headers=_from(path))
