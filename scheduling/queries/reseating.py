"""Who gets another chair, in words: beside an opening that needs it, and after it was booked."""

from collections.abc import Iterable, Mapping, Sequence

from clinic.models import Chair
from scheduling.models import Appointment
from scheduling.openings import Opening

NAMED = 2
"""So many are named; more are counted."""


def moves_words(openings: Iterable[Opening]) -> dict[Opening, str]:
    """For each opening that needs others to change chairs, who goes where. Two queries when there is any, else none."""
    moving = [one for one in openings if one.moves]
    if not moving:
        return {}
    appointments = {pk for one in moving for pk, _ in one.moves}
    chairs = dict(
        Chair.objects.filter(pk__in={chair for one in moving for _, chair in one.moves}).values_list("pk", "name")
    )
    names = {
        pk: f"{family}, {given[:1]}."
        for pk, family, given in Appointment.objects.filter(pk__in=appointments)
        .order_by()
        .values_list("pk", "patient__family_name", "patient__given_name")
    }
    return {one: _words(one.moves, names, chairs) for one in moving}


def count_words(opening: Opening) -> str:
    """How many patients change chairs for an opening; empty for nobody."""
    count = len(opening.moves)
    return "" if not count else f"{count} patient{'s change' if count > 1 else ' changes'} chairs"


def _words(moves: Sequence[tuple[int, int]], names: Mapping[int, str], chairs: Mapping[int, str]) -> str:
    if len(moves) > NAMED:
        return f"{len(moves)} patients move to another chair, same times"
    each = " and ".join(f"{names[pk]} moves to {chairs[chair]}" for pk, chair in moves if pk in names)
    return f"{each}, same {'time' if len(moves) == 1 else 'times'}"
