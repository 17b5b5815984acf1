"""The three clinics of the demonstration: where they are, their chairs, when they open and when not."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Chair, ChairKind, ChairOutage, Clinic, Closure, OpeningHours, Weekday
from clinic.quarters import at_wall_clock, day_bounds

ZONE = ZoneInfo("America/Chicago")
OPENS, CLOSES = time(7, 30), time(17, 30)
SATURDAY = (time(8), time(12))
SATURDAY_CLINIC = "madison"

R, B, P = ChairKind.RECLINER, ChairKind.BED, ChairKind.PRIVATE


@dataclass(frozen=True, slots=True)
class Place:
    """What there is to know about one clinic."""

    slug: str
    name: str
    address: str
    phone: str
    arrival_note: str
    chairs: tuple[ChairKind, ...]


PLACES = (
    Place(
        "eau-claire",
        "Eau Claire",
        "2410 Half Moon Drive, Suite 110, Eau Claire, WI 54703",
        "+17155550100",
        "Park behind the building and use the blue door. The bell is answered from 7:15 on.",
        (R, R, R, R, R, R, B, P),
    ),
    Place(
        "madison",
        "Madison",
        "815 Old Orchard Road, 2nd floor, Madison, WI 53717",
        "+16085550100",
        "Free parking in ramp B, level 2; the bridge leads straight to our desk.",
        (R, R, R, R, R, R, R, R, R, B, P, P),
    ),
    Place(
        "wausau",
        "Wausau",
        "1106 Rib View Lane, Wausau, WI 54401",
        "+17155550101",
        "Park in front, on the right. Ground floor, no steps.",
        (R, R, R, R, B, P),
    ),
)


def open_clinics(*, today: date, first_day: date, last_day: date) -> list[Clinic]:
    """Make the clinics. They are open today, whatever day it is, so that there is a board to look at."""
    clinics = [_make(place, today) for place in PLACES]
    closed = [(day, name) for day, name in holidays(first_day=first_day, last_day=last_day) if day != today]
    Closure.objects.bulk_create(
        Closure(clinic=clinic, period=day_bounds(day, clinic.zone), reason=name)
        for clinic in clinics
        for day, name in closed
    )
    broken = Chair.objects.get(clinic__slug="eau-claire", name="Chair 6")
    ChairOutage.objects.create(
        chair=broken,
        period=(
            at_wall_clock(today - timedelta(days=2), time(12), clinics[0].zone),
            at_wall_clock(today + timedelta(days=6), OPENS, clinics[0].zone),
        ),
        reason="Footrest does not lock; part ordered",
    )
    return clinics


def _make(place: Place, today: date) -> Clinic:
    clinic = Clinic.objects.create(
        slug=place.slug,
        name=place.name,
        address=place.address,
        phone=place.phone,
        arrival_note=place.arrival_note,
        late_after_minutes=15,
    )
    hours = dict.fromkeys((*range(Weekday.SATURDAY), today.weekday()), (OPENS, CLOSES))
    if place.slug == SATURDAY_CLINIC:
        hours.setdefault(Weekday.SATURDAY, SATURDAY)
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=weekday, opens=opens, closes=closes)
        for weekday, (opens, closes) in hours.items()
    )
    Chair.objects.bulk_create(
        Chair(clinic=clinic, name=_chair_name(kind, number), kind=kind, position=number)
        for number, kind in enumerate(place.chairs, start=1)
    )
    return clinic


def _chair_name(kind: ChairKind, number: int) -> str:
    return f"{ {R: 'Chair', B: 'Bed', P: 'Room'}[kind] } {number}"


def holidays(*, first_day: date, last_day: date) -> list[tuple[date, str]]:
    """The federal holidays on which infusion clinics close, on the weekday when they are observed."""
    found = [
        (observed, name)
        for year in range(first_day.year, last_day.year + 2)
        for day, name in _holidays_of(year)
        if first_day <= (observed := _observed(day)) <= last_day
    ]
    return sorted(found)


def _holidays_of(year: int) -> list[tuple[date, str]]:
    thanksgiving = _nth(year, 11, Weekday.THURSDAY, 4)
    return [
        (date(year, 1, 1), "New Year's Day"),
        (_nth(year, 6, Weekday.MONDAY, 1) - timedelta(days=7), "Memorial Day"),
        (date(year, 7, 4), "Independence Day"),
        (_nth(year, 9, Weekday.MONDAY, 1), "Labor Day"),
        (thanksgiving, "Thanksgiving Day"),
        (date(year, 12, 25), "Christmas Day"),
    ]


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The first, second, ... of a weekday in a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    """A holiday on a Saturday is observed the day before, on a Sunday the day after."""
    return day + timedelta(days={Weekday.SATURDAY: -1, Weekday.SUNDAY: 1}.get(Weekday(day.weekday()), 0))
