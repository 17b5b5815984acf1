"""What goes otherwise than booked on a day that is over: patients come late, wait, stay longer, hold up the next."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from scheduling.demo.story import Visit
from scheduling.models import Status
from scheduling.taking_over import KnownVisit, Step

COMES_LATE, LATE = 0.05, (8, 35)
WAITS, WAIT = 0.06, (8, 30)
STAYS_LONGER, LONGER = 0.09, (12, 45)
"""How often, and for how many minutes."""

BETWEEN = timedelta(minutes=3)
"""Between one patient leaving a chair and the next one sitting down in it."""


class Hitches:
    """The small troubles of the story. Their own dice: what is booked stays as it is when they change."""

    def __init__(self, *, today: date) -> None:
        self._rng = Random(f"hitches {today}")  # noqa: S311  (no secret)

    def befall(self, lived: Sequence[tuple[Visit, KnownVisit]]) -> list[tuple[Visit, KnownVisit]]:
        """A day, in the order of its visits, as it really went."""
        free: dict[int, datetime] = {}
        told = []
        for visit, one in lived:
            if one.outcome == Status.DONE:
                one = replace(one, steps=self._steps(one, free.get(one.chair_id)))
                free[one.chair_id] = one.last_moment + BETWEEN
            told.append((visit, one))
        return told

    def _steps(self, visit: KnownVisit, chair_free: datetime | None) -> list[Step]:
        late, wait, longer = self._some(COMES_LATE, LATE), self._some(WAITS, WAIT), self._some(STAYS_LONGER, LONGER)
        moments = dict(visit.steps)
        seated = moments[Status.SEATED] + late + wait
        behind = max(seated, chair_free or seated) - moments[Status.SEATED]
        delays = {Status.ARRIVED: late, Status.DONE: behind + longer}
        return [(status, at + delays.get(status, behind)) for status, at in visit.steps]

    def _some(self, share: float, minutes: tuple[int, int]) -> timedelta:
        happens, length = self._rng.random() < share, self._rng.randint(*minutes)
        return timedelta(minutes=length if happens else 0)
