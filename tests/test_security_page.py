"""The page about safeguards names files and tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w.-]+\.\w+|requirements[\w.-]+)`", PAGE))
    assert len(named) > 40
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_every_safeguard_names_its_code_and_what_holds_it() -> None:
    rows = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    rows = [row for row in rows if "held by" not in row[-1]]
    assert len(rows) > 30
    for row in rows:
        assert "`" in row[-2], row
        assert "`tests/" in row[-1] or "by hand" in row[-1], row
