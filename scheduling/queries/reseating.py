"""Who gets another chair, in words: beside an opening that needs it, and after it was booked."""

from collections.abc import Iterable, Mapping, Sequence

from clinic.sql import fetch
from scheduling.openings import Opening

NAMED = 2
"""So many are named; more are counted."""

NAMES = """
    select a.id, null, p.family_name || ', ' || left(p.given_name, 1) || '.'
    from scheduling_appointment a join patients_patient p on p.id = a.patient_id
    where a.id = any(%s)
    union all
    select null, id, name from clinic_chair where id = any(%s)
"""
"""Names of patients by their appointments, and of chairs."""


def moves_words(openings: Iterable[Opening]) -> dict[Opening, str]:
    """For each opening that needs others to change chairs, who goes where. One query when there is any, else none."""
    moving = [one for one in openings if one.moves]
    if not moving:
        return {}
    names: dict[int, str] = {}
    chairs: dict[int, str] = {}
    asked = ({pk for one in moving for pk, _ in one.moves}, {chair for one in moving for _, chair in one.moves})
    for appointment, chair, name in fetch(NAMES, [list(ids) for ids in asked]):
        if chair is None:
            names[appointment] = name
        else:
            chairs[chair] = name
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
