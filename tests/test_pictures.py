"""The pictures of the guides: each that is shown is there, each that is there is shown, and `make screens` takes it."""

import re
from pathlib import Path

from tests.journeys.screens import PICTURES, ROOT, SIGHTS

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)")


def shown() -> dict[Path, str]:
    """Every picture that a page shows, and the words for those who cannot see it."""
    return {
        (page.parent / place).resolve(): words for page in PAGES for words, place in SHOWN.findall(page.read_text())
    }


def test_every_picture_that_is_shown_is_there_and_the_other_way_round() -> None:
    assert set(shown()) == set(PICTURES.iterdir())


def test_every_picture_is_taken_of_the_demonstration() -> None:
    assert {path.stem for path in PICTURES.iterdir()} == set(SIGHTS)


def test_every_picture_has_words_for_those_who_cannot_see_it() -> None:
    assert all(len(words) > len("A picture") for words in shown().values())


def test_no_link_of_the_guides_leads_nowhere() -> None:
    links = [(page, place) for page in PAGES for place in LINK.findall(page.read_text())]

    ours = [(page, place) for page, place in links if "://" not in place]
    assert not [f"{page.name}: {place}" for page, place in ours if not (page.parent / place).exists()]
