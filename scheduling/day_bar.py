"""The bar over every page of a clinic's day: which clinic, which day, one step back or forth."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone

from clinic.access import Act, clinics_for
from clinic.models import Clinic, User
from clinic.quarters import local_date


@dataclass(frozen=True, slots=True)
class Tab:
    """A clinic to choose."""

    label: str
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class DayBar:
    """Clinics to choose, the day, and where the arrows lead. `go_url` takes `?date=`."""

    clinics: tuple[Tab, ...]
    title: str
    iso: str
    is_today: bool
    previous_url: str
    next_url: str
    today_url: str
    go_url: str


def day_bar(
    *,
    user: User,
    act: Act,
    clinic: Clinic,
    day: date,
    page: str,
    open_weekdays: frozenset[int] = frozenset(range(7)),
) -> DayBar:
    """The bar of a page, named as its address is, for those clinics where the person may do `act`.

    A page `board` has an address `board` for a clinic and day and `board_today` for a clinic. The arrows
    skip weekdays on which the clinic never opens.
    """
    today = local_date(timezone.now(), clinic.zone)
    return DayBar(
        clinics=tuple(
            Tab(each.name, reverse(page, args=[each.slug, day]), each.pk == clinic.pk)
            for each in clinics_for(user=user, act=act)
        ),
        title=f"{day:%A, %B} {day.day}" + ("" if day.year == today.year else f", {day.year}"),
        iso=day.isoformat(),
        is_today=day == today,
        previous_url=reverse(page, args=[clinic.slug, _step(day, -1, open_weekdays)]),
        next_url=reverse(page, args=[clinic.slug, _step(day, 1, open_weekdays)]),
        today_url=reverse(page, args=[clinic.slug, today]),
        go_url=reverse(f"{page}_today", args=[clinic.slug]),
    )


def _step(day: date, days: int, open_weekdays: frozenset[int]) -> date:
    for distance in range(1, 8):
        other = day + timedelta(days=days * distance)
        if other.weekday() in open_weekdays:
            return other
    return day + timedelta(days=days)
