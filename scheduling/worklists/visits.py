"""Booked visits that need something: to be confirmed, made ready, staffed, or closed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse

from clinic.hours import open_periods
from clinic.models import User
from clinic.quarters import ClinicDate, local_date
from scheduling.booking import confirm
from scheduling.models import LIVE, Appointment, Status
from scheduling.queries.dose import Fit
from scheduling.readying import unready
from scheduling.wording import days_words, when_words
from scheduling.worklists.glimpses import glimpse_of, sleeping_of
from scheduling.worklists.lists import Button, Glimpse, Reading, Row, Worklist
from therapies.readiness import Readiness

DAYS_TO_CONFIRM = 3
"""So many open days after today, patients are asked whether they come."""

DAYS_TO_BE_READY, SOON = 7, 2
"""So many days before a visit what is missing is listed; so many days before, it presses."""

COUNTED = 40
"""So many visits that are not ready are counted. Where more than that is missing, a number tells nothing."""

ENOUGH_DAYS = timedelta(days=14)
"""Among so many days the next open ones are looked for."""


def visit_row(visit: Appointment, **more: object) -> Row:
    """The row of an appointment, read with `visits`. Its page opens beside the list."""
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


def visits(reading: Reading, **which: object) -> QuerySet[Appointment]:
    """Appointments at the clinics of a reading, the earliest first, as rows need them. One query."""
    return (
        Appointment.objects.filter(clinic__in=reading.clinics, **which)
        .select_related("plan__therapy", "patient", "clinic", "chair")
        .order_by("period", "pk")
    )


def read_unconfirmed(reading: Reading) -> Iterable[Row]:
    """Visits of today and the next three open days that nobody has confirmed."""
    return [_unconfirmed(visit, reading) for visit in _to_confirm(reading)]


def glimpse_unconfirmed(reading: Reading, most: int) -> Glimpse:
    """The first of them, and how many there are."""
    columns = ("pk", "period__startswith", "clinic__timezone")
    keys = {
        str(pk): _days_away(start, ZoneInfo(zone), reading) <= 1
        for pk, start, zone in _to_confirm(reading).select_related(None).values_list(*columns)
    }

    def make(chosen: Sequence[str]) -> list[Row]:
        return [_unconfirmed(visit, reading) for visit in visits(reading, pk__in=chosen)]

    return glimpse_of(sleeping=sleeping_of("unconfirmed"), keys=keys, make=make, most=most)


def _to_confirm(reading: Reading) -> QuerySet[Appointment]:
    last_days = _last_days_to_confirm(reading)
    within = [
        Q(clinic=clinic, period__startswith__lt=ClinicDate(last_days[clinic.pk], clinic.zone).end)
        for clinic in reading.clinics
        if clinic.pk in last_days
    ]
    if not within:
        return Appointment.objects.none()
    asked = visits(reading, status=Status.BOOKED, confirmed_at=None, period__startswith__gt=reading.now)
    return asked.filter(reduce(or_, within))


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


def _last_days_to_confirm(reading: Reading) -> dict[int, date]:
    """The last day whose patients are asked, by clinic id."""
    open_days = open_periods(clinics=reading.clinics, first_day=reading.today, last_day=reading.today + ENOUGH_DAYS)
    found = {}
    for clinic in reading.clinics:
        coming = sorted(day for clinic_id, day in open_days if clinic_id == clinic.pk and day > reading.today)
        if coming:
            found[clinic.pk] = coming[:DAYS_TO_CONFIRM][-1]
    return found


def _in_days(away: int) -> str:
    return {0: "Today", 1: "Tomorrow"}.get(away, f"In {days_words(away)}")


def _confirm(row: Row, by: User, form: Mapping[str, str]) -> str:
    confirm(appointment=row.subject, by=by)
    return f"{row.patient} comes {row.when}."


def read_unready(reading: Reading) -> Iterable[Row]:
    """Visits of the coming week that something is missing for, besides the checks of the day itself."""
    return [_unready(visit, ready, reading) for visit, ready in _to_make_ready(reading)]


def glimpse_unready(reading: Reading, most: int) -> Glimpse:
    """The first of them, and how many there are, as far as it is worth to count: each takes working out."""
    sleeping, enough = sleeping_of("not-ready"), max(most, COUNTED)
    found: dict[str, tuple[Appointment, Readiness]] = {}
    is_more = False
    for visit, ready in _to_make_ready(reading):
        if len(found.keys() - sleeping) == enough:
            is_more = True
            break
        found[str(visit.pk)] = visit, ready
    return glimpse_of(
        sleeping=sleeping,
        is_more=is_more,
        keys={key: _presses(visit, ready, reading) for key, (visit, ready) in found.items()},
        make=lambda keys: [_unready(*found[key], reading) for key in keys],
        most=most,
    )


def _to_make_ready(reading: Reading) -> Iterable[tuple[Appointment, Readiness]]:
    last_day = reading.today + timedelta(days=DAYS_TO_BE_READY)
    for visit, ready in unready(clinics=reading.clinics, first_day=reading.today, last_day=last_day):
        if not ready.waits_for_checks:
            yield visit, ready


def _presses(visit: Appointment, ready: Readiness, reading: Reading) -> bool:
    away = (local_date(visit.start, visit.clinic.zone) - reading.today).days
    return ready.state == "not_ready" and away <= SOON


def _unready(visit: Appointment, ready: Readiness, reading: Reading) -> Row:
    is_barred = ready.state == "not_ready"
    return visit_row(
        visit,
        states=(Fit("red", "cancelled", "Not ready") if is_barred else Fit("amber", "short", "At risk"),),
        notes=tuple(check.words for check in ready.reasons),
        buttons=(
            Button("Labs and papers", url=reverse("plan_clearances", args=[visit.plan_id])),
            Button("Move", url=reverse("appointment_move", args=[visit.pk]), beside=True),
        ),
        is_urgent=_presses(visit, ready, reading),
    )


def read_short(reading: Reading) -> Iterable[Row]:
    """Visits that no nurse can care for at every minute, the soonest first."""
    for visit in visits(reading, status__in=LIVE, short_staffed=True, period__endswith__gt=reading.now):
        day = local_date(visit.start, visit.clinic.zone)
        yield visit_row(
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


def read_left_open(reading: Reading) -> Iterable[Row]:
    """Visits of past days that were never closed: until they are, their doses count as booked."""
    midnight = min((ClinicDate(reading.today, clinic.zone).start for clinic in reading.clinics), default=reading.now)
    for visit in visits(reading, status__in=LIVE, period__endswith__lte=midnight):
        url = reverse("appointment", args=[visit.pk])
        yield visit_row(
            visit,
            states=(Fit("red", "late", f"Still {visit.get_status_display().lower()}"),),
            buttons=(Button("Close the visit", url=url, beside=True),),
            is_urgent=True,
        )


UNCONFIRMED = Worklist(
    name="unconfirmed",
    title="Not confirmed",
    icon="unconfirmed",
    nothing="Everybody who comes in the next days has confirmed.",
    position=20,
    read=read_unconfirmed,
    glimpse=glimpse_unconfirmed,
    do={"confirm": _confirm},
)
UNREADY = Worklist(
    name="not-ready",
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
    read=read_short,
)
LEFT_OPEN = Worklist(
    name="left-open",
    title="Past, never closed",
    icon="late",
    nothing="Every visit of past days is closed.",
    position=45,
    read=read_left_open,
)
