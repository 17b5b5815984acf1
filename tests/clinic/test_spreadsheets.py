"""CSV that spreadsheets open: what was written comes back, and nothing of it is run. No database."""

import csv
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.spreadsheets import safe, written


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"
    [row] = csv.reader(StringIO(written([[text, "plain", -4.5, None]]).removeprefix("\ufeff"), newline=""))
    assert row == [f"'{text}", "plain", "-4.5", ""]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_whatever_a_cell_says_it_comes_back_and_is_no_formula(cells: list[str]) -> None:
    [row] = csv.reader(StringIO(written([cells]).removeprefix("\ufeff"), newline="")) if any(cells) else [cells]

    assert [cell.removeprefix("'") for cell in row] == [cell.removeprefix("'") for cell in cells]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row)
