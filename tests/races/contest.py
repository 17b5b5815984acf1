"""A contest: eight processes that each try one thing a round, all at the same moment."""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.pool import Pool
from typing import Any
from unittest.mock import patch

from clinic.models import Chair, Clinic
from patients.models import TreatmentPlan
from scheduling import booking, locks, record
from scheduling.models import Appointment, Reason
from scheduling.refusals import NotAvailable
from tests.races import process

RACERS = 8


@dataclass(frozen=True)
class Try:
    """One thing to try: "book", "move" or "cancel", by ids; 0 for what it does not need."""

    what: str
    start: datetime | None = None
    clinic: int = 0
    chair: int = 0
    plan: int = 0
    dose: int = 1
    appointment: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a try ended. `code` is empty for a winner, else the refusal's; `pgcode` is the database's, if it spoke.

    `surprise` is an exception that no page could show: it is never right.
    """

    tried: Try
    seconds: float
    code: str = ""
    pgcode: str = ""
    surprise: str = ""

    @property
    def has_won(self) -> bool:
        """Whether it was done."""
        return not (self.code or self.surprise)


@dataclass(frozen=True)
class Contest:
    """All outcomes, round by round."""

    rounds: list[list[Outcome]] = field(default_factory=list)

    @property
    def outcomes(self) -> list[Outcome]:
        """Of all rounds together."""
        return [outcome for one in self.rounds for outcome in one]

    @property
    def winners(self) -> list[int]:
        """How many won in each round."""
        return [sum(outcome.has_won for outcome in one) for one in self.rounds]

    @property
    def surprises(self) -> list[str]:
        """What nobody may ever see."""
        return [outcome.surprise for outcome in self.outcomes if outcome.surprise]

    @property
    def refusals(self) -> set[str]:
        """What the losers were told, as codes."""
        return {outcome.code for outcome in self.outcomes if not outcome.has_won}

    @property
    def pgcodes(self) -> Counter[str]:
        """What the database itself had to refuse."""
        return Counter(outcome.pgcode for outcome in self.outcomes if outcome.pgcode)

    def report(self, name: str) -> None:
        """Print how long it took: `pytest -s` shows it. No time fails a test."""
        losers = sorted(outcome.seconds for outcome in self.outcomes if not outcome.has_won)
        slowest, median = (losers[-1], losers[len(losers) // 2]) if losers else (0.0, 0.0)
        print(
            f"\n{name}: {len(self.outcomes)} tries, {sum(self.winners)} done; losers: median {median * 1000:.0f} ms,"
            f" slowest {slowest * 1000:.0f} ms; refused by the database: {dict(self.pgcodes) or 'nothing'}"
        )


def hold(
    pool: Pool, rounds: Sequence[Sequence[Try]], *, has_lock: bool = True, has_constraints: bool = True
) -> Contest:
    """Let each of the racers try its own of every round.

    `has_lock=False` takes the lock of the clinic day out. `has_constraints=False` says that the test took them out.
    """
    assert all(len(tries) == RACERS for tries in rounds)
    lanes = [(list(lane), has_lock, has_constraints) for lane in zip(*rounds, strict=True)]
    by_racer = pool.starmap(run_lane, lanes, chunksize=1)
    return Contest([list(outcomes) for outcomes in zip(*by_racer, strict=True)])


def run_lane(lane: list[Try], has_lock: bool, has_constraints: bool) -> list[Outcome]:
    """What one racer does, in its own process."""
    with ExitStack() as taken_out:
        taken_out.callback(process.leave)
        if not has_lock:
            for module in (booking, record):
                taken_out.enter_context(patch.object(module, "lock", lambda **_: None))
        if not has_constraints:
            # Nothing by these names is left to speak.
            taken_out.enter_context(patch.object(locks, "SPEAKING_AT_COMMIT", "all"))
        return [attempt(tried) for tried in lane]


def attempt(tried: Try) -> Outcome:
    """Wait for the others, then try."""
    call, arguments = prepare(tried)
    process.line_up()
    begun = time.perf_counter()
    try:
        call(**arguments)
    except NotAvailable as refusal:
        return Outcome(tried, time.perf_counter() - begun, code=refusal.code, pgcode=pgcode_of(refusal))
    except Exception as error:  # noqa: BLE001
        return Outcome(tried, time.perf_counter() - begun, surprise=repr(error), pgcode=pgcode_of(error))
    return Outcome(tried, time.perf_counter() - begun)


def prepare(tried: Try) -> tuple[Any, dict[str, Any]]:
    """The function to call and its arguments, read before the race begins."""
    where: dict[str, Any] = {"by": None}
    if tried.clinic:
        where |= {"clinic": Clinic.objects.get(pk=tried.clinic), "start": tried.start}
    if tried.chair:
        where["chair"] = Chair.objects.get(pk=tried.chair)
    if tried.what == "book":
        plan = TreatmentPlan.objects.select_related("patient", "therapy").get(pk=tried.plan)
        return booking.book, {"plan": plan, "dose_number": tried.dose, **where}
    appointment = Appointment.objects.select_related("patient", "clinic").get(pk=tried.appointment)
    if tried.what == "move":
        return booking.move, {"appointment": appointment, **where}
    return booking.cancel, {"appointment": appointment, "reason": Reason.OTHER, "by": None}


def pgcode_of(error: BaseException | None) -> str:
    """The database's code somewhere behind an exception, else nothing."""
    while error is not None:
        if code := getattr(error, "pgcode", None):
            return str(code)
        error = error.__cause__
    return ""
