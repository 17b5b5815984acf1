"""The program's one clock, set to the moments of the story that is being told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone


class Clock:
    """What `django.utils.timezone.now` says while demonstration data is made."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def set(self, moment: datetime) -> None:
        """From now on it is `moment` (aware)."""
        self.moment = moment


@contextmanager
def story_clock(moment: datetime) -> Iterator[Clock]:
    """Let the whole program read a clock that this block sets.

    The rules refuse to book the past and stamp what they do with the present, as they must. A history made through
    them therefore needs the clock of its time. Only for commands that run alone in their process: every thread
    would see the clock of the story.
    """
    clock, real = Clock(moment), timezone.now
    timezone.now = lambda: clock.moment
    try:
        yield clock
    finally:
        timezone.now = real
