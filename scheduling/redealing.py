"""Dealing a clinic day's patients to the nurses again, and saying what changed."""

from dataclasses import dataclass
from datetime import date

from clinic.models import Clinic
from clinic.quarters import ClinicDate
from scheduling.care import write_care
from scheduling.engine.redeal import redeal
from scheduling.load import load_day
from scheduling.models import Appointment


@dataclass(frozen=True, slots=True)
class Redealt:
    """What a re-deal changed, as appointment ids: whose nurses changed, who lost cover, who has it again."""

    moved: frozenset[int] = frozenset()
    uncovered: frozenset[int] = frozenset()
    healed: frozenset[int] = frozenset()

    def __or__(self, other: "Redealt") -> "Redealt":
        return Redealt(self.moved | other.moved, self.uncovered | other.uncovered, self.healed | other.healed)


def redeal_day(*, clinic: Clinic, date: date) -> Redealt:
    """Deal a day again from the floor periods as they stand. Always succeeds. Call under the day's lock.

    A patient whom nobody can care for at every minute becomes `short_staffed`; one who was and now can be is healed.
    """
    grid = ClinicDate(date, clinic.zone)
    day = load_day(clinic=clinic, day=date)
    dealt = redeal(day)
    moved = {stay.id: dealt.care[stay.id] for stay in day.stays if dealt.care[stay.id] != stay.care}
    write_care(clinic=clinic, grid=grid, day=day, care=moved)
    of_day = Appointment.objects.filter(pk__in=[stay.id for stay in day.stays])
    short = set(of_day.filter(short_staffed=True).values_list("pk", flat=True))
    uncovered, healed = dealt.uncovered - short, short - dealt.uncovered
    of_day.filter(pk__in=uncovered).update(short_staffed=True)
    of_day.filter(pk__in=healed).update(short_staffed=False)
    return Redealt(frozenset(moved), frozenset(uncovered), frozenset(healed))


def heal_day(*, clinic: Clinic, date: date) -> Redealt:
    """After chair or nurse time was freed: cover who was short-staffed, if anybody was. Call under the day's lock."""
    grid = ClinicDate(date, clinic.zone)
    short = Appointment.objects.filter(
        clinic=clinic, period__startswith__gte=grid.start, period__startswith__lt=grid.end, short_staffed=True
    )
    return redeal_day(clinic=clinic, date=date) if short.exists() else Redealt()
