"""Who is on the floor: shifts, breaks and absences, and the floor periods that follow from them.

These functions keep `FloorPeriod` equal to shift − breaks − absences. They know nothing of patients: taking
floor time away from under an assignment is refused by the database at commit. `scheduling.restaffing` calls them
and re-deals the patients in the same transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from clinic.hours import Period, days_between, subtract
from clinic.models import Absence, Clinic, FloorPeriod, Nurse, Shift, ShiftBreak, ShiftPattern, User
from clinic.quarters import QUARTER, at_wall_clock, day_bounds, is_on_quarter, local_date


class RosterConflict(ValueError):
    """The roster as asked for cannot be: the message says why, for people."""


@transaction.atomic
def add_shift(*, nurse: Nurse, clinic: Clinic, start: datetime, end: datetime, breaks: Sequence[Period] = ()) -> Shift:
    """Roster a nurse at a clinic. Raises `RosterConflict` when she is rostered elsewhere at that time."""
    _check_times(clinic, start, end, breaks)
    clash = Shift.objects.filter(nurse=nurse, period__overlap=(start, end)).select_related("clinic").first()
    if clash:
        raise RosterConflict(f"{nurse} already has a shift at {clash.clinic} at that time. Change that shift first.")
    shift = Shift.objects.create(nurse=nurse, clinic=clinic, period=(start, end))
    ShiftBreak.objects.bulk_create(ShiftBreak(shift=shift, period=period) for period in breaks)
    follow_shifts([shift.pk])
    return Shift.objects.get(pk=shift.pk)


@transaction.atomic
def change_shift(*, shift: Shift, start: datetime, end: datetime, breaks: Sequence[Period]) -> Shift:
    """Give a shift new hours and breaks. Raises `RosterConflict` as `add_shift` does."""
    _check_times(shift.clinic, start, end, breaks)
    others = Shift.objects.filter(nurse=shift.nurse_id, period__overlap=(start, end)).exclude(pk=shift.pk)
    clash = others.select_related("clinic").first()
    if clash:
        raise RosterConflict(f"{shift.nurse} already has a shift at {clash.clinic} at that time.")
    if not Shift.objects.filter(pk=shift.pk).update(period=(start, end)):
        raise RosterConflict("That shift was removed meanwhile. Look at the week again.")
    FloorPeriod.objects.filter(shift=shift).delete()
    shift.breaks.all().delete()
    ShiftBreak.objects.bulk_create(ShiftBreak(shift=shift, period=period) for period in breaks)
    follow_shifts([shift.pk])
    return Shift.objects.get(pk=shift.pk)


@transaction.atomic
def lend(*, shift: Shift, clinic: Clinic, start: datetime, end: datetime, on_the_road: timedelta) -> Shift:
    """Let a nurse work at another clinic for a part of her shift, or all of it, and further if need be.

    At her own clinic she stays before and after, less the time on the road each way. Breaks go with the part that
    they lie in. Raises `RosterConflict` when she is rostered elsewhere at that time, or already belongs there.
    """
    if clinic.pk == shift.clinic_id:
        raise RosterConflict(f"{shift.nurse} works at {clinic} already. Choose another clinic.")
    breaks = [(pause.period.lower, pause.period.upper) for pause in shift.breaks.all()]
    stays = subtract([(shift.period.lower, shift.period.upper)], [(start - on_the_road, end + on_the_road)])

    def within(first: datetime, last: datetime) -> list[Period]:
        return [pause for pause in breaks if first <= pause[0] and pause[1] <= last]

    if stays:
        change_shift(shift=shift, start=stays[0][0], end=stays[0][1], breaks=within(*stays[0]))
    else:
        remove_shift(shift=shift)
    for piece in stays[1:]:
        add_shift(nurse=shift.nurse, clinic=shift.clinic, start=piece[0], end=piece[1], breaks=within(*piece))
    return add_shift(nurse=shift.nurse, clinic=clinic, start=start, end=end, breaks=within(start, end))


@transaction.atomic
def remove_shift(*, shift: Shift) -> None:
    """Take a shift off the roster, with its breaks and floor time."""
    shift.delete()


@transaction.atomic
def record_absence(*, nurse: Nurse, start: datetime, end: datetime, reason: str, by: User | None) -> Absence:
    """Take a nurse off the floor for a stretch: a sick call, leaving early."""
    if not (is_on_quarter(start) and is_on_quarter(end) and start < end):
        raise RosterConflict("An absence starts and ends on a quarter hour, and ends after it starts.")
    absence = Absence.objects.create(nurse=nurse, period=(start, end), reason=reason, recorded_by=by)
    follow_shifts(_shifts_touching(nurse=nurse, start=start, end=end))
    return Absence.objects.get(pk=absence.pk)


@transaction.atomic
def end_absence(*, absence: Absence) -> None:
    """Put a nurse back on the floor: the absence was a mistake, or she is well again."""
    shifts = _shifts_touching(nurse=absence.nurse, start=absence.period.lower, end=absence.period.upper)
    absence.delete()
    follow_shifts(shifts)


@transaction.atomic
def roster_from_patterns(*, clinics: Sequence[Clinic], first_day: date, last_day: date) -> int:
    """Make the shifts that the weekly patterns give for some days. Returns how many were made.

    Patterns repeat in wall-clock time, so a shift at 8:00 stays at 8:00 when the clocks change. Each day of a
    pattern is made once: a shift that was later removed or changed by hand is not made again. A nurse who already
    has a shift at that time keeps it.
    """
    patterns = list(
        ShiftPattern.objects.filter(
            Q(valid_until=None) | Q(valid_until__gte=first_day),
            clinic__in=clinics,
            valid_from__lte=last_day,
            nurse__is_active=True,
        ).select_related("clinic")
    )
    if not patterns:
        return 0
    taken = _rostered_periods(patterns, first_day, last_day)
    made: list[tuple[Shift, list[Period]]] = []
    for pattern in patterns:
        for day in _days_to_make(pattern, first_day, last_day):
            start, end = (at_wall_clock(day, clock, pattern.clinic.zone) for clock in (pattern.starts, pattern.ends))
            rostered = taken.setdefault(pattern.nurse_id, [])
            if any(start < other_end and other_start < end for other_start, other_end in rostered):
                continue
            rostered.append((start, end))
            shift = Shift(nurse_id=pattern.nurse_id, clinic=pattern.clinic, period=(start, end), pattern=pattern)
            made.append((shift, breaks_of_pattern(pattern, day)))
        pattern.rostered_until = max(pattern.rostered_until or last_day, last_day)
    roster(made)
    ShiftPattern.objects.bulk_update(patterns, ["rostered_until"])
    return len(made)


def roster(made: Sequence[tuple[Shift, Iterable[Period]]]) -> None:
    """Write new shifts with their breaks and floor time. Nobody may have another shift at the time of one of them."""
    Shift.objects.bulk_create([shift for shift, _ in made], batch_size=2000)
    breaks = [ShiftBreak(shift=shift, period=period) for shift, periods in made for period in periods]
    ShiftBreak.objects.bulk_create(breaks, batch_size=2000)
    follow_shifts([shift.pk for shift, _ in made])


def breaks_of_pattern(pattern: ShiftPattern, day: date) -> list[Period]:
    """The break that a weekly pattern gives on a day."""
    if pattern.break_starts is None:
        return []
    start = at_wall_clock(day, pattern.break_starts, pattern.clinic.zone)
    return [(start, start + timedelta(minutes=pattern.break_minutes))]


def _days_to_make(pattern: ShiftPattern, first_day: date, last_day: date) -> list[date]:
    first = max(first_day, pattern.valid_from)
    if pattern.rostered_until:
        first = max(first, pattern.rostered_until + timedelta(days=1))
    last = min(last_day, pattern.valid_until or last_day)
    return [day for day in days_between(first, last) if day.weekday() == pattern.weekday]


def _rostered_periods(patterns: Sequence[ShiftPattern], first_day: date, last_day: date) -> dict[int, list[Period]]:
    zones = {pattern.clinic.zone for pattern in patterns}
    window = (
        min(day_bounds(first_day, zone)[0] for zone in zones),
        max(day_bounds(last_day, zone)[1] for zone in zones),
    )
    nurses = {pattern.nurse_id for pattern in patterns}
    found: dict[int, list[Period]] = {}
    shifts = Shift.objects.filter(nurse__in=nurses, period__overlap=window)
    for nurse_id, period in shifts.values_list("nurse_id", "period"):
        found.setdefault(nurse_id, []).append((period.lower, period.upper))
    return found


def follow_shifts(shift_ids: Iterable[int]) -> None:
    """Rewrite the floor periods of some shifts as shift − breaks − absences. Leaves right ones untouched."""
    shifts = list(Shift.objects.filter(pk__in=list(shift_ids)).prefetch_related("breaks", "floor_periods"))
    if not shifts:
        return
    absences = _absences_during(shifts)
    wrong: list[int] = []
    missing: list[FloorPeriod] = []
    for shift in shifts:
        holes = [(pause.period.lower, pause.period.upper) for pause in shift.breaks.all()]
        wanted = subtract([(shift.period.lower, shift.period.upper)], holes + absences.get(shift.nurse_id, []))
        present = {(floor.period.lower, floor.period.upper): floor.pk for floor in shift.floor_periods.all()}
        wrong += [pk for period, pk in present.items() if period not in wanted]
        missing += [
            FloorPeriod(shift=shift, nurse_id=shift.nurse_id, clinic_id=shift.clinic_id, period=period)
            for period in wanted
            if period not in present
        ]
    if wrong:
        FloorPeriod.objects.filter(pk__in=wrong).delete()
    FloorPeriod.objects.bulk_create(missing, batch_size=2000)


def _absences_during(shifts: Sequence[Shift]) -> dict[int, list[Period]]:
    window = (min(shift.period.lower for shift in shifts), max(shift.period.upper for shift in shifts))
    nurses = {shift.nurse_id for shift in shifts}
    found: dict[int, list[Period]] = {}
    for absence in Absence.objects.filter(nurse__in=nurses, period__overlap=window):
        found.setdefault(absence.nurse_id, []).append((absence.period.lower, absence.period.upper))
    return found


def _shifts_touching(*, nurse: Nurse, start: datetime, end: datetime) -> list[int]:
    return list(Shift.objects.filter(nurse=nurse, period__overlap=(start, end)).values_list("pk", flat=True))


def _check_times(clinic: Clinic, start: datetime, end: datetime, breaks: Sequence[Period]) -> None:
    if not (is_on_quarter(start) and is_on_quarter(end) and start < end):
        raise RosterConflict("A shift starts and ends on a quarter hour, and ends after it starts.")
    if local_date(start, clinic.zone) != local_date(end - QUARTER, clinic.zone):
        raise RosterConflict("A shift ends on the day it starts, by midnight. Make two of one that goes on.")
    free_from = start
    for pause_start, pause_end in sorted(breaks):
        if not (is_on_quarter(pause_start) and is_on_quarter(pause_end) and start <= pause_start < pause_end <= end):
            raise RosterConflict("A break starts and ends on a quarter hour, inside the shift.")
        if pause_start < free_from:
            raise RosterConflict("Two breaks of a shift can't overlap.")
        free_from = pause_end
