"""What else a room must do when the database goes back to an earlier moment."""

from collections.abc import Callable, Iterator
from datetime import datetime

Step = Callable[[datetime], str]
"""Gets the moment of the backup; what it did in a few words, or nothing."""

_STEPS: list[Step] = []


def register(step: Step) -> None:
    """Let a room put right what was done out in the world after the backup, of which its rows know nothing."""
    if step not in _STEPS:
        _STEPS.append(step)


def run(*, made_at: datetime) -> Iterator[str]:
    """Do all of it; what there is to say."""
    for step in _STEPS:
        if said := step(made_at):
            yield said
