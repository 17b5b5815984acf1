"""What a worklist is: how its rows are read, and what can be done about one of them; and which lists there are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from clinic.models import Clinic, User
from patients.models import Patient
from scheduling.queries.dose import Fit

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a list is read for: the clinics whose rows are wanted, the moment, and the date by the program's clock.

    `only` is the key of the one row that is wanted, if not all are; a list need not heed it.
    """

    clinics: Sequence[Clinic]
    now: datetime
    today: date
    only: str = ""
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, read: "Callable[[Reading], Read]") -> Read:
        """What several lists need to know: read for the first of them, and kept for the others."""
        if read not in self._known:
            self._known[read] = read(self)
        found: Read = self._known[read]
        return found


@dataclass(frozen=True, slots=True)
class Button:
    """Something to do about a row. It leads to `url`, beside the page where `beside`; or it does `do` at once.

    `do` names an action of the list, which gets `value`.
    """

    label: str
    url: str = ""
    beside: bool = False
    do: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A coded answer that is asked for, with a note; the list's action `do` gets it as `value` and `note`."""

    label: str
    do: str
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One patient who needs something.

    `key` says which within the list, and stays the same while it does. `subject` is what the list's own actions act
    on. `what` is the reason in a few words, `url` where it leads, beside the page where `beside`. `states` are said by
    shape and word, `notes` are small print. The first of `buttons` is what is usually done.
    """

    key: str
    patient: Patient
    clinic: str
    what: str
    when: str = ""
    url: str = ""
    beside: bool = False
    states: Sequence[Fit] = ()
    notes: Sequence[str] = ()
    buttons: Sequence[Button] = ()
    question: Question | None = None
    is_urgent: bool = False
    subject: Any = None


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The first rows of a list that do not sleep, and how many there are in all, awake and asleep.

    `shown` are the keys of the rows, which are made when they are asked for, so that what several lists show can be
    read together. With `is_more` there are more of all of them than it was worth to count.
    """

    shown: Sequence[str]
    make: Callable[[Sequence[str]], Sequence[Row]]
    awake: int
    urgent: int
    asleep: int
    is_more: bool = False

    @property
    def rows(self) -> Sequence[Row]:
        """The rows that are shown."""
        return self.make(self.shown)


Action = Callable[[Row, User, Mapping[str, str]], str]
"""Does something about a row; gets the row, who does it, and the form. Returns what to say.

Raises `scheduling.refusals.NotAvailable` or `patients.errors.Refused`.
"""


@dataclass(frozen=True, slots=True)
class Worklist:
    """One list. `name` stands in addresses; `position` says where it stands on the page.

    `read` gives the rows at some clinics, the most pressing first, with a fixed number of queries. A list that may be
    long gives a `glimpse` too: its first so many rows, and their number without making all. A list that is mostly empty
    gives a `sign`: SQL that finds something whenever there is a row, so that nothing else need be asked. `nothing` is
    what an empty list says.
    """

    name: str
    title: str
    icon: str
    nothing: str
    position: int
    read: Callable[[Reading], Iterable[Row]]
    do: Mapping[str, Action] = field(default_factory=dict)
    glimpse: Callable[[Reading, int], Glimpse] | None = None
    sign: str = ""


_LISTS: dict[str, Worklist] = {}


def register(worklist: Worklist) -> None:
    """Make a list known. The page shows it from then on."""
    _LISTS[worklist.name] = worklist


def every() -> list[Worklist]:
    """All lists, in the order of the page."""
    return sorted(_LISTS.values(), key=lambda one: (one.position, one.name))


def named(name: str) -> Worklist | None:
    """The list of a name."""
    return _LISTS.get(name)
