"""The restore drill: a backup while everybody works, restored on a server, proven there; and work goes on."""

import subprocess
import sys
from multiprocessing.pool import Pool
from pathlib import Path

import psycopg2
import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from clinic.audit.models import Entry
from clinic.audit.sealing import seal
from clinic.audit.verifying import verify
from clinic.backup.making import make
from clinic.backup.manifest import Manifest, take
from clinic.models import User
from reminders.models import Message
from reminders.rules import load_rules, read_rules
from scheduling.models import Appointment, NurseAssignment
from scheduling.refusals import NotAvailable
from tests.clinic.backup.conftest import In
from tests.clinic.backup.conftest import elsewhere as elsewhere
from tests.clinic.processes import ROOT, environment, wait_until
from tests.races.contest import RACERS
from tests.races.grounds import grounds, make_plans
from tests.races.storm import DAYS, rage
from tests.races.verdict import broken
from tests.reminders.crowd import reachable
from tests.world import booked, make_clinic, make_patient, make_plan, make_user, on_floor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def restore_by_command(path: Path, data: Path) -> "subprocess.CompletedProcess[str]":
    """`manage.py restore` in a process of its own, into a database that DATABASE_URL names, as on another machine."""
    where = connection.get_connection_params()
    url = f"postgresql://{where['user']}@/{where['dbname']}?host={where['host']}&port={where['port']}"
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(path)],
        cwd=ROOT,
        env=environment(data, DATABASE_URL=url, BACKUP_KEYS=settings.BACKUP_KEYS[0], REDIS_URL="redis://nowhere/0"),
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_was_backed_up_while_everybody_works_is_restored_and_works_on(
    racers: Pool, elsewhere: In, tmp_path: Path
) -> None:
    clinics = [grounds(slug, chairs=4, nurses=2, days=DAYS) for slug in ("madison", "wausau")]
    plans = [*make_plans(clinics[0], 25), *make_plans(clinics[1], 15, "vedolizumab")]
    make_user("desk", "front_desk", clinics[0])
    # A race before this one may have emptied the table that a migration filled.
    load_rules(rows=read_rules(), apps=apps)
    booked(clinics[0], "8:00", plan=make_plan(reachable(make_patient(clinics[0]), 1)))
    seal()
    storm = racers.starmap_async(rage, [(seed, plans, 40) for seed in range(RACERS)], chunksize=1)
    assert wait_until(lambda: Appointment.objects.count() >= 5, within=60)

    made = make(directory=tmp_path / "backups")
    deeds = [deed for of_racer in storm.get() for deed in of_racer]

    assert [deed.surprise for deed in deeds if deed.surprise] == []
    assert Entry.objects.count() > made.manifest.rows["public.audit_entry"], "nobody was working meanwhile"
    assert made.manifest.rows["public.scheduling_appointment"] >= 5
    assert made.manifest.rows["public.reminders_message"] > 0
    with elsewhere():
        restored = restore_by_command(made.path, tmp_path / "data")
        assert restored.returncode == 0, restored.stderr
        assert "Every row is there, every guarantee holds" in restored.stdout
        everything_is_there(made.manifest)
        work_goes_on()


def everything_is_there(manifest: Manifest) -> None:
    """Asked anew, and not by the command."""
    found = take()
    differs = {name: found.rows[name] - count for name, count in manifest.rows.items() if found.rows[name] != count}
    # What the restore itself wrote: one line of its own, one seal, and a line for each message that it doubts.
    doubted = Message.objects.filter(error__startswith="Perhaps sent after the backup")
    assert differs == {"public.audit_entry": 1 + doubted.count(), "public.audit_seal": 1}
    assert found.parts == manifest.parts
    assert broken() == {}
    assert verify(noted=manifest.head).faults == []
    assert Entry.objects.filter(what="restored").count() == 1
    assert User.objects.get(username="desk").check_password("chairside-demo")


def work_goes_on() -> None:
    """A nurse gets three patients, and nobody gets her a fourth; it is in the trail."""
    clinic = make_clinic("eau-claire", chairs=5)
    on_floor(clinic, "8:00", "17:00")
    for start in ("9:00", "9:15", "9:30"):
        booked(clinic, start)
    with pytest.raises(NotAvailable):
        booked(clinic, "9:45")
    third = NurseAssignment.objects.filter(clinic=clinic).last()
    assert third is not None
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        NurseAssignment.objects.filter(pk=third.pk).update(place=1)
    assert isinstance(refused.value.__cause__, psycopg2.errors.ExclusionViolation)

    trail = Entry.objects.filter(table_name="scheduling_appointment", what="insert")
    assert list(trail.order_by("-id").values_list("row_id", flat=True)[:3]) == list(
        Appointment.objects.filter(clinic=clinic).order_by("-id").values_list("id", flat=True)
    )
    assert seal()
    assert verify().faults == []
    assert broken() == {}
