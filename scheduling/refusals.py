"""Why a time can't be had: one exception, with a sentence for people and what they can do instead."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduling.models import Appointment
    from scheduling.openings import Opening

TAKEN = "That time was just taken."


class NotAvailable(Exception):
    """The appointment can't be as asked.

    `reason` is a sentence for the front desk, `code` names the rule, `alternatives` are the next best openings,
    `collisions` the appointments that stand in the way where those are known.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: str,
        alternatives: Sequence["Opening"] = (),
        collisions: Sequence["Appointment"] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.alternatives = list(alternatives)
        self.collisions = list(collisions)
