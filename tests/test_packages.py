"""What is installed is what was locked, with the hashes of its files; and every package's licence is listed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def named(name: str) -> Iterator[tuple[str, str]]:
    """The packages that a file of requirements names, with their versions; what it includes too."""
    for line in (ROOT / name).read_text().splitlines():
        if found := re.match(r"-r (\S+)", line):
            yield from named(found[1])
        elif found := re.match(r"([\w-]+)(?:\[\w+\])?==([^\s;\\]+)", line):
            yield re.sub(r"[-_]+", "-", found[1]).lower(), found[2]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_every_package_at_its_version(lock: str) -> None:
    locked = dict(named(lock))
    wanted = dict(named(lock.replace(".lock", ".txt")))
    assert len(wanted) > 20
    assert {name: locked.get(name) for name in wanted} == wanted, "Run `make lock`."


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_the_hashes_of_every_package_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    for entry in re.split(r"\n(?=[\w-]+==)", text)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text
    assert "--index" not in text


def test_whatever_is_looked_at_while_testing_is_what_runs() -> None:
    runs, tested = dict(named("requirements.lock")), dict(named("requirements-dev.lock"))
    assert {name: tested.get(name) for name in runs} == runs


def test_every_package_has_its_licence_listed() -> None:
    text = (ROOT / "docs" / "licences.md").read_text()
    rows = re.findall(r"^\| (\S+) +\| (\S+) +\| (\S.*?) +\|$", text, re.MULTILINE)
    listed = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version, _ in rows}
    # For older Pythons, for Windows; and one that is named above the table.
    left_out = {"async-timeout", "colorama", "pyrage"}
    runs = {re.sub(r"[-_.]+", "-", name): version for name, version in named("requirements.lock")}
    wrong = {name: listed.get(name) for name, version in runs.items() if listed.get(name) != version}
    assert set(wrong) <= left_out, "Run `make licences`."
