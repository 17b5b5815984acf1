"""Writing who cares for whom: engine care to assignment rows."""

from collections.abc import Mapping

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.models import Clinic
from clinic.quarters import ClinicDate
from clinic.sql import insert
from scheduling.engine.day import Care, Day
from scheduling.engine.seating import colour_places
from scheduling.models import NurseAssignment


def write_care(*, clinic: Clinic, grid: ClinicDate, day: Day, care: Mapping[int, tuple[Care, ...]]) -> None:
    """Replace the care of some stays of a day, and re-deal the places of the nurses it concerns.

    `day` is the day as its assignment rows stand; `care` the new care by appointment id; an id that `day` does not
    know is a new appointment. Rows that stay as they are are not touched. Call under the day's lock.
    """
    old = {stay.id: stay.care for stay in day.stays}
    new = {**old, **care}
    placed = _place(old, new, {piece.nurse for pk in care for piece in (*old.get(pk, ()), *new[pk])})
    changed = [pk for pk, pieces in placed.items() if pieces != old.get(pk, ())]
    gone = [pk for pk in changed if old.get(pk)]
    if gone:
        NurseAssignment.objects.filter(appointment__in=gone).delete()
    starts = {stay.id: stay.start for stay in day.stays}
    insert(
        "scheduling_nurseassignment",
        [
            {
                "appointment_id": pk,
                "clinic_id": clinic.pk,
                "nurse_id": piece.nurse,
                "place": piece.place,
                "period": DateTimeTZRange(grid.moment_of(piece.start), grid.moment_of(piece.end)),
                "is_start": index == 0 and piece.start == starts.get(pk, piece.start),
            }
            for pk in changed
            for index, piece in enumerate(placed[pk])
        ],
    )


def _place(
    old: Mapping[int, tuple[Care, ...]], new: Mapping[int, tuple[Care, ...]], nurses: set[int]
) -> dict[int, tuple[Care, ...]]:
    """Everybody's care with the places of some nurses coloured again."""
    places: dict[tuple[int, int], int] = {}
    for nurse in nurses:
        of_nurse = [(pk, piece) for pk, pieces in new.items() for piece in pieces if piece.nurse == nurse]
        places.update(colour_places(of_nurse))
    return {
        pk: tuple(
            Care(piece.nurse, piece.start, piece.end, places.get((pk, piece.start), piece.place)) for piece in pieces
        )
        for pk, pieces in new.items()
    }
