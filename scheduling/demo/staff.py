"""Who works in the demonstration: accounts to sign in with, nurses, and their weekly shifts with staggered lunches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time

from clinic import staffing
from clinic.demo import DEMO_PASSWORD
from clinic.models import Clinic, Membership, Nurse, Role, ShiftPattern, User, Weekday
from scheduling.demo.places import SATURDAY_CLINIC

ACCOUNTS = (
    ("frontdesk", "Dana", "Pritzl", Role.FRONT_DESK),
    ("nurse", "Maren", "Tollefson", Role.NURSE),
    ("charge", "Ruth", "Szymanski", Role.CHARGE_NURSE),
    ("manager", "Owen", "Brandt", Role.MANAGER),
)
SIGNED_IN_NURSE = "Maren Tollefson"

NURSES = {
    "eau-claire": ("Beth Lindgren", "Carla Nyhus", "Denise Wojcik", "Emily Stanek", "Faith Vang"),
    "madison": (
        "Grace Adeyemi",
        "Holly Brekke",
        "Irene Castillo",
        "Joel Dietrich",
        "Kate Engebretson",
        SIGNED_IN_NURSE,
    ),
    "wausau": ("Lena Fischer", "Monica Gehrke", "Nadia Hurley", "Peter Zielke"),
}
"""The last nurse of each clinic takes the shift of whoever has the day off."""

LUNCH_MINUTES = 30

SHIFTS = {
    "eau-claire": (
        ("7:15", "15:45", "11:15"),
        ("7:30", "16:00", "12:00"),
        ("8:30", "17:00", "12:45"),
        ("9:00", "17:30", "13:15"),
    ),
    "madison": (
        ("7:15", "15:45", "11:00"),
        ("7:30", "16:00", "11:45"),
        ("8:00", "16:30", "12:15"),
        ("8:30", "17:00", "12:45"),
        ("9:00", "17:30", "13:15"),
    ),
    "wausau": (("7:30", "16:00", "11:30"), ("8:00", "16:30", "12:15"), ("9:00", "17:30", "13:00")),
}
"""From, to and lunch of each shift of a weekday. One lunch at a time: whoever is left can care for every chair."""

SATURDAY_SHIFT = ("7:45", "12:15", None)


@dataclass(frozen=True, slots=True)
class Staff:
    """The accounts, by user name."""

    front_desk: User
    nurse: User
    charge: User
    manager: User


def open_accounts(*, clinics: Sequence[Clinic]) -> Staff:
    """Make the accounts of the demonstration, each with its role at every clinic."""
    users: dict[str, User] = {}
    for username, first, last, role in ACCOUNTS:
        users[username] = User.objects.create_user(
            username=username,
            password=DEMO_PASSWORD,
            first_name=first,
            last_name=last,
            email=f"{username}@example.com",
        )
        Membership.objects.bulk_create(Membership(user=users[username], clinic=clinic, role=role) for clinic in clinics)
    return Staff(users["frontdesk"], users["nurse"], users["charge"], users["manager"])


def roster(*, clinics: Sequence[Clinic], staff: Staff, today: date, first_day: date, last_day: date) -> int:
    """Hire the nurses, give them their weekly patterns and roster these. Returns the number of shifts."""
    for clinic in clinics:
        nurses = [
            Nurse.objects.create(name=name, home_clinic=clinic, user=staff.nurse if name == SIGNED_IN_NURSE else None)
            for name in NURSES[clinic.slug]
        ]
        ShiftPattern.objects.bulk_create(
            ShiftPattern(
                nurse=nurses[index],
                clinic=clinic,
                weekday=weekday,
                starts=_clock(starts),
                ends=_clock(ends),
                break_starts=_clock(lunch) if lunch else None,
                break_minutes=LUNCH_MINUTES,
                valid_from=today if _is_only_today(weekday, clinic.slug) else first_day,
                valid_until=today if _is_only_today(weekday, clinic.slug) else None,
            )
            for weekday, index, (starts, ends, lunch) in _week(clinic.slug, today)
        )
    return staffing.roster_from_patterns(clinics=clinics, first_day=first_day, last_day=last_day)


def _is_only_today(weekday: int, slug: str) -> bool:
    """Whether a clinic is staffed on a weekend day only because the demonstration is made on it."""
    return weekday >= Weekday.SATURDAY and not (weekday == Weekday.SATURDAY and slug == SATURDAY_CLINIC)


def _week(slug: str, today: date) -> Iterator[tuple[int, int, tuple[str, str, str | None]]]:
    """Weekday, nurse by her place in the list, and shift, for a whole week."""
    shifts = SHIFTS[slug]
    relief = len(shifts)
    for weekday in dict.fromkeys((*range(Weekday.SATURDAY), today.weekday())):
        # Each has one weekday off. Who opens on a weekend only because it is today rests her first nurse.
        off = weekday if weekday < Weekday.SATURDAY else 0
        for index, shift in enumerate(shifts):
            yield weekday, relief if index == off else index, shift
    if slug == SATURDAY_CLINIC and today.weekday() != Weekday.SATURDAY:
        for index in (relief, 2):
            yield Weekday.SATURDAY, index, SATURDAY_SHIFT


def _clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))
