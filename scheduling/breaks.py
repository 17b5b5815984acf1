"""Breaks that nobody covers: the nurse would be the only one on the floor. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from clinic.quarters import ClinicDate
from scheduling.engine.day import Day, each, span
from scheduling.wording import span_words

Pause = tuple[str, int, int]
"""A nurse's name, and the first and last quarter of her break."""


@dataclass(frozen=True, slots=True)
class LoneBreak:
    """A break during which nobody is on the floor, and how many patients would sit there then."""

    words: str
    patients: int


def lone_breaks(*, day: Day, grid: ClinicDate, pauses: Iterable[Pause]) -> list[LoneBreak]:
    """The breaks of a day when nobody else is on the floor although the clinic is open or somebody sits there."""
    found = []
    for name, start, end in pauses:
        bare = [at for at in each(span(start, end)) if not day.on_floor[at] and (day.open >> at & 1 or day.present[at])]
        if not bare:
            continue
        patients = max(day.present[at] for at in bare)
        when = span_words(grid.moment_of(bare[0]), grid.moment_of(bare[-1] + 1), grid.zone)
        who = "1 patient is" if patients == 1 else f"{patients} patients are"
        rest = f"{who} without a nurse then." if patients else "Nobody can be booked across it."
        found.append(LoneBreak(f"Nobody covers {name}'s break {when}: {rest}", patients))
    return found
