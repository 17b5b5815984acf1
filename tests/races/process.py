"""Joining a race: what a new process does before it can import a model. No Django at the top."""

from datetime import datetime
from multiprocessing.synchronize import Barrier
from typing import Any

gate: Barrier
"""Where all racers wait for each other before every round."""

PATIENCE = 60.0
"""Seconds after which a racer gives up on one that has died."""


def join(barrier: Barrier, database: str, now: datetime) -> None:
    """Make this process a racer on a database, at a time."""
    global gate
    gate = barrier
    import django
    import time_machine

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    time_machine.travel(now, tick=True).start()


def line_up() -> None:
    """Wait until everybody is here."""
    gate.wait(PATIENCE)


def leave(_: Any = None) -> None:
    """Let go of the database."""
    from django.db import connection

    connection.close()
