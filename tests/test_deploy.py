"""The files for running it for real say what the program reads, and the tools that will read them accept them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*.service"))

NOT_FOR_PRODUCTION = {"PORT", "CHAIRSIDE_BIND", "CHAIRSIDE_DEMO", "DEBUG", "SECOND_STEP"}
"""Read by `make run` alone, or refused in production."""

FOR_TESTS = {"TWILIO_URL"}
"""Settings that lead somewhere else than the provider."""


def read_by_the_program() -> set[str]:
    """Every variable that a module asks the environment for."""
    found: set[str] = set()
    for room in ("clinic", "therapies", "patients", "scheduling", "reminders"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text()
            found |= set(re.findall(r'\benv_(?:str|bool|int|list|matching|secret)\(\s*"([A-Z_]+)"', text))
            for names in re.findall(r"\benv_together\(([^)]*)\)", text):
                found |= set(re.findall(r'"([A-Z_]+)"', names))
    return found


def documented() -> set[str]:
    """Every variable in the tables of docs/install.md."""
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "docs" / "install.md").read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"[A-Z_]+", row)}


def in_the_example() -> set[str]:
    """Every variable of the example, commented out or not."""
    return set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "chairside.env.example").read_text(), re.MULTILINE))


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    assert len(read_by_the_program()) > 30
    assert read_by_the_program() - FOR_TESTS == documented()


def test_the_example_names_every_setting_of_production() -> None:
    assert in_the_example() == documented() - NOT_FOR_PRODUCTION


def test_the_example_holds_no_secret() -> None:
    text = (DEPLOY / "chairside.env.example").read_text()
    for name in ("SECRET_KEY", "SIGN_IN_KEYS", "BACKUP_KEYS", "METRICS_TOKEN", "EMAIL_API_KEY", "TWILIO_AUTH_TOKEN"):
        assert re.search(rf"^#?{name}=$", text, re.MULTILINE), name


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_keeps_the_process_to_what_it_needs(unit: Path) -> None:
    text = unit.read_text()
    for line in (
        "User=chairside",
        "EnvironmentFile=/etc/chairside/chairside.env",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "CapabilityBoundingSet=",
        "UMask=0077",
    ):
        assert f"\n{line}\n" in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # The programs they start are not installed here.
        text = re.sub(r"^(Exec\w+)=/opt/chairside/\S+", r"\1=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", *(str(path) for path in tmp_path.iterdir())], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert not [line for line in checked.stderr.splitlines() if "chairside" in line]


@pytest.mark.skipif(not shutil.which("caddy"), reason="Caddy is not on this machine")
def test_caddy_understands_its_file() -> None:
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_the_containers_are_the_same_processes_and_as_closed() -> None:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert set(services) == {"caddy", "update", "web", "worker", "beat", "postgres", "valkey"}
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    for name in ("update", "web", "worker", "beat"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
    for name, command in (("worker", "worker"), ("beat", "beat")):
        unit = (DEPLOY / "systemd" / f"chairside-{name}.service").read_text()
        assert command in services[name]["command"]
        assert " ".join(services[name]["command"]) in unit


def test_the_database_writes_down_no_statement_and_no_detail() -> None:
    text = (DEPLOY / "postgresql.conf").read_text()
    for line in ("log_min_error_statement = panic", "log_error_verbosity = terse", "log_min_duration_statement = -1"):
        assert line in text
    for line in ("fsync = on", "synchronous_commit = on"):
        assert line in text
    assert "appendonly yes" in (DEPLOY / "valkey.conf").read_text()


def test_every_file_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    named = set(re.findall(r"deploy/[\w./*-]*\w", page)) - {"deploy/chairside.env"}
    assert len(named) > 5
    assert [name for name in sorted(named) if not list(ROOT.glob(name))] == []
