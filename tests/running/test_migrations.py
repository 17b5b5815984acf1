"""Every migration can be taken back and made again."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clinic.processes import ROOT
from tests.running import production
from tests.running.production import Machine

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def test_every_migration_can_be_taken_back_and_made_again(tmp_path: Path) -> None:
    with production.database() as url:
        machine = Machine(tmp_path / "machine", url)
        made = machine.manage("migrate", "--verbosity", "0")
        assert made.returncode == 0, made.stderr
        environment = machine.environment | {"DJANGO_SETTINGS_MODULE": "clinic.settings"}
        there_and_back = subprocess.run(
            [sys.executable, "-m", "tests.running.there_and_back"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert there_and_back.stdout.splitlines() == ["left:", "made again"], there_and_back.stderr
