"""Opening hours from a day on, and the chairs of a clinic: added, renamed, taken away, brought back.

These functions know nothing of patients. `scheduling.closing` calls them under the locks of the days and says
which appointments stand in the way.
"""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.db.models import Max

from clinic.closing import ClosingConflict
from clinic.hours import Clocks
from clinic.models import Chair, Clinic, OpeningHours


@transaction.atomic
def change_hours(*, clinic: Clinic, from_day: date, week: Mapping[int, Clocks | None]) -> None:
    """Open a clinic at these hours from a day on; `None` for a weekday is closed. Changes planned for later go.

    `week` has all seven weekdays. Raises `ClosingConflict` when a day closes before it opens.
    """
    if any(times and times[0] >= times[1] for times in week.values()):
        raise ClosingConflict("A clinic closes after it opens.")
    OpeningHours.objects.filter(clinic=clinic, valid_from__gte=from_day).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(
            clinic=clinic,
            weekday=weekday,
            opens=times[0] if times else None,
            closes=times[1] if times else None,
            valid_from=from_day,
        )
        for weekday, times in sorted(week.items())
    )


@transaction.atomic
def add_chair(*, clinic: Clinic, name: str, kind: str) -> Chair:
    """Put up another chair, last on the board. Raises `ClosingConflict` when the clinic has one of that name."""
    _check_name(clinic, name)
    last = Chair.objects.filter(clinic=clinic).aggregate(last=Max("position"))["last"] or 0
    return Chair.objects.create(clinic=clinic, name=name, kind=kind, position=last + 1, is_active=True)


@transaction.atomic
def change_chair(*, chair: Chair, name: str, kind: str) -> None:
    """Give a chair another name or kind. Raises `ClosingConflict` when the clinic has another of that name."""
    _check_name(chair.clinic, name, but=chair)
    chair.name, chair.kind = name, kind
    chair.save(update_fields=["name", "kind"])


def take_chair_away(*, chair: Chair) -> None:
    """Let nobody be booked on a chair any more. What it was used for stays on record."""
    chair.is_active = False
    chair.save(update_fields=["is_active"])


def bring_chair_back(*, chair: Chair) -> None:
    """Use a chair again that was taken away."""
    chair.is_active = True
    chair.save(update_fields=["is_active"])


def _check_name(clinic: Clinic, name: str, *, but: Chair | None = None) -> None:
    other = Chair.objects.filter(clinic=clinic, name__iexact=name).first()
    if other and other != but:
        gone = "" if other.is_active else ", which was taken away: bring it back"
        raise ClosingConflict(f"{clinic} has a chair of that name{gone}. Choose another name.")
