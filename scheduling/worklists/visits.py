"""Booked visits that need something: to be confirmed, made ready, staffed, or closed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.models import User
from clinic.quarters import ClinicDate, local_date
from scheduling.booking import confirm
from scheduling.models import LIVE, Appointment, Status
from scheduling.queries.dose import Fit
from scheduling.readying import Planned, unready
from scheduling.wording import days_words, when_words
from scheduling.worklists.gathering import DAYS_TO_BE_READY, Shown, Visit, last_days_to_confirm, visits
from scheduling.worklists.glimpses import first_look, glimpse_of
from scheduling.worklists.lists import Button, Glimpse, Reading, Row, Worklist
from therapies.readiness import Readiness

SOON = timedelta(days=2)
"""So many days before a visit it presses that something is missing."""

TO_COME = (Status.BOOKED, Status.ARRIVED)
"""Statuses of visits that can still be made ready."""

COUNTED = 40
"""So many visits that are not ready are counted. Where more than that is missing, a number tells nothing."""


def visit_row(visit: Appointment, **more: object) -> Row:
    """The row of an appointment, read with its plan, therapy, patient and clinic. Its page opens beside the list."""
    facts: dict[str, object] = {
        "key": str(visit.pk),
        "patient": visit.patient,
        "clinic": visit.clinic.name,
        "what": f"{visit.plan.therapy} dose {visit.dose_number}",
        "when": when_words(visit.start, visit.clinic.zone),
        "url": reverse("appointment", args=[visit.pk]),
        "beside": True,
        "subject": visit,
    }
    return Row(**{**facts, **more})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class ByVisit:
    """How a list reads its rows where each is a visit: `which` of those gathered, each with whether it presses."""

    name: str
    which: Callable[[Reading], Mapping[int, bool]]
    row: Callable[[Appointment, Reading], Row]

    def read(self, reading: Reading) -> Iterable[Row]:
        """All rows."""
        return self._rows(reading, list(self.which(reading)))

    def glimpse(self, reading: Reading, most: int) -> Glimpse:
        """The first rows, and how many there are."""
        return glimpse_of(
            reading,
            worklist=self.name,
            keys={str(pk): presses for pk, presses in self.which(reading).items()},
            make=lambda keys: self._rows(reading, [int(key) for key in keys]),
            most=most,
        )

    def _rows(self, reading: Reading, ids: Sequence[int]) -> list[Row]:
        return [self.row(visit, reading) for visit in reading.once(Shown).of(ids)]


def _to_confirm(reading: Reading) -> Mapping[int, bool]:
    """Visits of today and the next three open days that nobody has confirmed."""
    last_days = reading.once(last_days_to_confirm)
    tomorrow = reading.today + timedelta(days=1)
    ends = {
        one.pk: (ClinicDate(last_days[one.pk], one.zone).end, ClinicDate(tomorrow, one.zone).end)
        for one in reading.clinics
        if one.pk in last_days
    }
    found = {}
    for visit in reading.once(visits):
        if visit.status == Status.BOOKED and not visit.is_confirmed and visit.start > reading.now:
            last, soon = ends.get(visit.clinic_id, (reading.now, reading.now))
            if visit.start < last:
                found[visit.id] = visit.start < soon
    return found


def _unconfirmed(visit: Appointment, reading: Reading) -> Row:
    away = _days_away(visit.start, visit.clinic.zone, reading)
    return visit_row(
        visit,
        states=(Fit("amber" if away <= 1 else "quiet", "unconfirmed", _in_days(away)),),
        buttons=(Button("Confirm", do="confirm"),),
        is_urgent=away <= 1,
    )


def _days_away(start: datetime, zone: ZoneInfo, reading: Reading) -> int:
    return (local_date(start, zone) - local_date(reading.now, zone)).days


def _in_days(away: int) -> str:
    return {0: "Today", 1: "Tomorrow"}.get(away, f"In {days_words(away)}")


def _confirm(row: Row, by: User, form: Mapping[str, str]) -> str:
    confirm(appointment=row.subject, by=by)
    return f"{row.patient} comes {row.when}."


class Unready(NamedTuple):
    """What a visit lacks, and whether that presses."""

    ready: Readiness
    presses: bool


def read_unready(reading: Reading) -> Iterable[Row]:
    """Visits of the coming week that something is missing for, besides the checks of the day itself."""
    return _unready_rows(reading, dict(_to_make_ready(reading)))


def glimpse_unready(reading: Reading, most: int) -> Glimpse:
    """The first of them, and how many there are, as far as it is worth to count: each takes working out."""
    sleeping, enough = reading.once(first_look).sleeping[UNREADY_NAME], max(most, COUNTED)
    found: dict[int, Unready] = {}
    awake, is_more = 0, False
    for pk, one in _to_make_ready(reading):
        if awake == enough:
            is_more = True
            break
        found[pk] = one
        awake += str(pk) not in sleeping
    return glimpse_of(
        reading,
        worklist=UNREADY_NAME,
        is_more=is_more,
        keys={str(pk): one.presses for pk, one in found.items()},
        make=lambda keys: _unready_rows(reading, {int(key): found[int(key)] for key in keys}),
        most=most,
    )


def _to_make_ready(reading: Reading) -> Iterator[tuple[int, Unready]]:
    coming = {visit.id: visit for visit in reading.once(visits) if visit.status in TO_COME}
    zones = {clinic.pk: clinic.zone for clinic in reading.clinics}
    last_day = reading.today + timedelta(days=DAYS_TO_BE_READY)

    def day_of(visit: Visit) -> date:
        return local_date(visit.start, zones[visit.clinic_id])

    planned = (
        (pk, Planned(visit.plan_id, visit.dose_number, day_of(visit), visit.needs_tolerance))
        for pk, visit in coming.items()
        if reading.today <= day_of(visit) <= last_day
    )
    for pk, ready in unready(planned=planned):
        if not ready.waits_for_checks:
            yield pk, Unready(ready, ready.state == "not_ready" and day_of(coming[pk]) - reading.today <= SOON)


def _unready_rows(reading: Reading, found: Mapping[int, Unready]) -> list[Row]:
    return [_unready(visit, *found[visit.pk]) for visit in reading.once(Shown).of(found)]


def _unready(visit: Appointment, ready: Readiness, presses: bool) -> Row:
    is_barred = ready.state == "not_ready"
    return visit_row(
        visit,
        states=(Fit("red", "cancelled", "Not ready") if is_barred else Fit("amber", "short", "At risk"),),
        notes=tuple(check.words for check in ready.reasons),
        buttons=(
            Button("Labs and papers", url=reverse("plan_clearances", args=[visit.plan_id])),
            Button("Move", url=reverse("appointment_move", args=[visit.pk]), beside=True),
        ),
        is_urgent=presses,
    )


def _short_staffed(reading: Reading) -> Mapping[int, bool]:
    """Visits that no nurse can care for at every minute."""
    return {
        visit.id: True
        for visit in reading.once(visits)
        if visit.is_short and visit.status in LIVE and visit.end > reading.now
    }


def _short(visit: Appointment, reading: Reading) -> Row:
    day = local_date(visit.start, visit.clinic.zone)
    return visit_row(
        visit,
        states=(Fit("red", "short", "No nurse for part of it"),),
        notes=(str(visit.chair),),
        buttons=(
            Button("Plan the day again", url=reverse("replan", args=[visit.clinic.slug, day])),
            Button("Staffing", url=reverse("staffing", args=[visit.clinic.slug, day])),
            Button("Move", url=reverse("appointment_move", args=[visit.pk]), beside=True),
            Button("Board", url=reverse("board", args=[visit.clinic.slug, day])),
        ),
        is_urgent=True,
    )


def _left_open(reading: Reading) -> Mapping[int, bool]:
    """Visits of past days that were never closed: until they are, their doses count as booked."""
    midnight = min((ClinicDate(reading.today, clinic.zone).start for clinic in reading.clinics), default=reading.now)
    return {visit.id: True for visit in reading.once(visits) if visit.status in LIVE and visit.end <= midnight}


def _still_open(visit: Appointment, reading: Reading) -> Row:
    url = reverse("appointment", args=[visit.pk])
    return visit_row(
        visit,
        states=(Fit("red", "late", f"Still {visit.get_status_display().lower()}"),),
        buttons=(Button("Close the visit", url=url, beside=True),),
        is_urgent=True,
    )


UNREADY_NAME = "not-ready"

_confirming = ByVisit("unconfirmed", _to_confirm, _unconfirmed)
_staffing = ByVisit("short-staffed", _short_staffed, _short)
_closing = ByVisit("left-open", _left_open, _still_open)

UNCONFIRMED = Worklist(
    name="unconfirmed",
    title="Not confirmed",
    icon="unconfirmed",
    nothing="Everybody who comes in the next days has confirmed.",
    position=20,
    read=_confirming.read,
    glimpse=_confirming.glimpse,
    do={"confirm": _confirm},
)
UNREADY = Worklist(
    name=UNREADY_NAME,
    title="Not ready",
    icon="short",
    nothing="Everything is in order for the visits of the coming week.",
    position=30,
    read=read_unready,
    glimpse=glimpse_unready,
)
SHORT = Worklist(
    name="short-staffed",
    title="Short-staffed",
    icon="short",
    nothing="Every visit has a nurse throughout.",
    position=5,
    read=_staffing.read,
    glimpse=_staffing.glimpse,
)
LEFT_OPEN = Worklist(
    name="left-open",
    title="Past, never closed",
    icon="late",
    nothing="Every visit of past days is closed.",
    position=45,
    read=_closing.read,
    glimpse=_closing.glimpse,
)
