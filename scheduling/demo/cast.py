"""Everybody in the story: patients at their clinics, and when each of them comes."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from random import Random

from clinic.models import Clinic
from patients.registering import register_all
from scheduling.demo.courses import Course, Regimen, Therapies, begin, put_on_record, regimens_for
from scheduling.demo.diary import Diary
from scheduling.demo.people import invent

SHARES = {"madison": 0.5, "eau-claire": 0.3, "wausau": 0.2}
TODAY = {"madison": 0.21, "eau-claire": 0.17, "wausau": 0.15}
"""The share of each clinic's patients who come today: a full day, so that there is something to see."""

LEAST_TODAY, MOST_TODAY = {"madison": 20, "eau-claire": 5, "wausau": 3}, {"madison": 30, "eau-claire": 18, "wausau": 13}
LONG = 12
"""Quarters of the longest stay that counts as short."""

FORGETFUL = 0.05


def gather(
    *, count: int, clinics: Sequence[Clinic], diary: Diary, today: date, first_day: date, rng: Random
) -> list[Course]:
    """Register `count` patients and start their plans, so that each has a dose near today."""
    homes = [clinic for clinic in clinics for _ in range(round(count * SHARES[clinic.slug]))]
    rng.shuffle(homes)
    patients = register_all(people=invent(homes=homes, rng=rng))
    regimens = regimens_for(count=len(patients), rng=rng)
    therapies = Therapies(on=today)
    places_today = {
        clinic.slug: min(
            max(round(homes.count(clinic) * TODAY[clinic.slug]), LEAST_TODAY[clinic.slug]), MOST_TODAY[clinic.slug]
        )
        for clinic in clinics
    }
    courses: list[Course] = []
    for patient, regimen in zip(patients, regimens, strict=True):
        clinic = patient.home_clinic
        if places_today[clinic.slug] and _may_come_today(regimen):
            places_today[clinic.slug] -= 1
            anchor = today
        else:
            anchor = _anchor(clinic, regimen, diary, today, rng)
        course = begin(
            patient=patient,
            clinic=clinic,
            regimen=regimen,
            anchor=anchor,
            joined=_joined(first_day, today, rng),
            therapies=therapies,
            rng=rng,
        )
        if anchor != today and rng.random() < FORGETFUL:
            course.forgets_from = today - timedelta(days=rng.randint(-20, 40))
        courses.append(course)
    put_on_record(courses)
    for clinic in clinics:
        _spread([course for course in courses if course.clinic == clinic and course.comes_on == today])
    rng.shuffle(courses)
    return courses


def _may_come_today(regimen: Regimen) -> bool:
    """Courses of several days are left to chance: they need the days after, too."""
    return regimen.ahead == 1


def _anchor(clinic: Clinic, regimen: Regimen, diary: Diary, today: date, rng: Random) -> date:
    """The day of the dose nearest to today: within half an interval of it, seldom on a weekend."""
    half = min(max(regimen.interval // 2, 10), 84)
    offsets = [
        offset
        for offset in range(1 - half, half + 1)
        if offset and diary.is_open(clinic, today + timedelta(days=offset))
    ]
    weights = [0.2 if (today + timedelta(days=offset)).weekday() > 4 else 1.0 for offset in offsets]
    return today + timedelta(days=rng.choices(offsets, weights=weights)[0])


def _spread(courses: Sequence[Course]) -> None:
    """Spread those who come on one day over its hours: long stays begin until noon, short ones until four."""
    by_length = sorted(courses, key=lambda course: course.usual_quarters)
    for group, first, last in (
        ([course for course in by_length if course.usual_quarters > LONG], 7.5, 12.0),
        ([course for course in by_length if course.usual_quarters <= LONG], 8.0, 15.75),
    ):
        for place, course in enumerate(group[::2] + group[1::2]):
            hour = first + (last - first) * place / max(len(group) - 1, 1)
            course.habit_clock = time(int(hour), int(hour * 4) % 4 * 15)


def _joined(first_day: date, today: date, rng: Random) -> date:
    """When a patient came here: nearly all from the beginning, a few as the clinics grew."""
    if rng.random() < 0.95:
        return first_day
    return first_day + timedelta(days=rng.randint(0, (today - first_day).days - 14))
