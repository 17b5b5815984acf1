"""The benchmarks run, small. What they measure fails nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

FAMILIES = ("booking", "audit", "openings", "pages", "series", "desks", "replanning", "reminders")
"""All but `starting`, which installs and starts the product: the tests of `make run` do that."""


def test_every_family_of_numbers_is_measured_on_little_data() -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}

    done = subprocess.run(
        [sys.executable, "-m", "bench", "--small", "--only", *FAMILIES],
        cwd=ROOT, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-4000:]
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    for words in (
        "book, 1 writer",
        "book, with the audit trail",
        "first 10 openings",
        "page: day board",
        "a year of 13",
        "20 desks press",
        "re-plan 12",
        "sending one",
    ):
        assert any(words in row for row in rows), (words, done.stdout)
