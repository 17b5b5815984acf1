"""Reading the board back from its page, as a person would: rows by their header, cells by their columns."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Cell:
    """A cell of a row, from one column to another; the column of the first quarter is 0."""

    first: int
    last: int
    css: str
    text: str = ""
    link: str = ""
    label: str = ""


@dataclass
class Row:
    """A row of the table."""

    header: str = ""
    cells: list[Cell] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many quarter hours the row covers."""
        return self.cells[-1].last if self.cells else 0

    def at(self, quarter: int) -> Cell:
        """The cell over a quarter hour."""
        [found] = [cell for cell in self.cells if cell.first <= quarter < cell.last]
        return found

    def cell(self, word: str) -> Cell:
        """The one cell whose text or label holds a word."""
        [found] = [cell for cell in self.cells if word in cell.text or word in cell.label]
        return found


class BoardTable(HTMLParser):
    """The rows of the board's table by their header, without the two rows of hours and quarters on top."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, Row] = {}
        self.quarters: list[str] = []
        self.now: int | None = None
        self._part = ""
        self._row = Row()
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag in {"thead", "tbody"}:
            self._part = tag
        elif tag == "tr":
            self._row = Row()
        elif tag in {"th", "td"}:
            self._inside = tag
            if self._part == "thead" and have.get("scope") == "col":
                if "now" in have["class"].split():
                    self.now = len(self.quarters)
                self.quarters.append("")
            elif self._part == "tbody" and tag == "td":
                first = self._row.width
                self._row.cells.append(Cell(first, first + int(have.get("colspan", "1")), have.get("class", "")))
        elif tag == "a" and self._part == "tbody" and self._row.cells:
            self._row.cells[-1].link = have.get("href", "")
            self._row.cells[-1].label = have.get("aria-label", "")

    def handle_data(self, data: str) -> None:
        if self._part == "tbody" and self._inside == "th":
            self._row.header += data
        elif self._part == "tbody" and self._inside == "td":
            self._row.cells[-1].text += data
        elif self._part == "thead" and self._inside == "th" and self.quarters:
            self.quarters[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self._inside = ""
        elif tag == "tr" and self._part == "tbody":
            self.rows[" ".join(self._row.header.split())] = self._row
        elif tag in {"thead", "tbody", "table"}:
            self._part = ""
