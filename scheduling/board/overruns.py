"""Who will not be out of the chair in time, and whose chair it is then. Pure.

How long a visit takes at least is known from where it stands: an infusion that has not begun takes its whole length
from now on. So an overrun is seen hours before the next patient stands at an occupied chair, and never cried too early.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scheduling.board.rows import Stay
from scheduling.models import IN_CHAIR, LIVE, Status


@dataclass(frozen=True, slots=True)
class Overrun:
    """One stay runs into the next in the same chair. Names and times as the board shows them."""

    stay: int
    into: int
    name: str
    into_name: str
    into_time: str
    until: str
    chair: str

    def word(self, pk: int) -> str:
        """What stands on either appointment: Runs into Berg, P. 1:00 PM; Chair not free before 1:30 PM."""
        if pk == self.stay:
            return f"Runs into {self.into_name} {self.into_time}"
        return f"Chair taken until {self.until}"

    @property
    def sentence(self) -> str:
        """Runs over into Berg, P. 1:00 PM in Chair 3, until 1:30 PM at least."""
        return f"runs over into {self.into_name} {self.into_time} in {self.chair}, until {self.until} at least"


def ends_at_least(stay: Stay, *, minute: int, late_after: int) -> int:
    """The minute of the day before which a stay can't end, as it stands at a minute. Its planned end, or later."""
    _, _, infusion, observation = stay.minutes
    at_least = {Status.SEATED: infusion + observation, Status.INFUSING: observation, Status.OBSERVING: 0}
    ahead = at_least.get(Status(stay.status))
    if ahead is None:
        ahead = sum(stay.minutes) if minute - 15 * stay.start >= late_after else 0
    return max(15 * stay.end, minute + ahead)


def collisions(stays: Sequence[Stay], *, minute: int, length: int, late_after: int) -> Iterable[tuple[Stay, Stay, int]]:
    """Pairs of stays in one chair of which the first will not be over when the second begins; and until which minute.

    `minute` is the time now from local midnight, `length` the minutes of the day; on other days there is none.
    """
    if not 0 <= minute < length:
        return
    by_chair: defaultdict[int, list[Stay]] = defaultdict(list)
    for stay in stays:
        if stay.status in LIVE:
            by_chair[stay.chair_id].append(stay)
    for row in by_chair.values():
        row.sort(key=lambda stay: stay.start)
        for stay, following in pairwise(row):
            until = ends_at_least(stay, minute=minute, late_after=late_after)
            if until > 15 * following.start and following.status not in IN_CHAIR:
                yield stay, following, until


def by_appointment(overruns: Iterable[Overrun]) -> Mapping[int, Overrun]:
    """Each overrun by both appointments; who runs over comes before whom somebody runs into."""
    found: dict[int, Overrun] = {}
    overruns = list(overruns)
    for one in overruns:
        found[one.into] = one
    for one in overruns:
        found[one.stay] = one
    return found
