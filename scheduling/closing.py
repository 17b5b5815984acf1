"""Closing a clinic, other opening hours, a chair out of service or gone, and whom that leaves without a place.

Saving never fails because of patients: the appointments in the way stay as they are until somebody moves them,
and are named. The locks of the days make sure that nobody books into the stretch unseen.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Max, QuerySet
from django.utils import timezone

from clinic import closing, places
from clinic.holidays import Holiday, close_for, decide_again, stay_open
from clinic.hours import Clocks, WeeklyHours, days_between, weekly_hours
from clinic.models import Chair, ChairOutage, Clinic, Closure, User
from clinic.quarters import QUARTER, at_wall_clock, day_bounds, local_date
from scheduling.locks import guarded, lock
from scheduling.models import LIVE, Appointment
from scheduling.needs import needs_of_many
from scheduling.restaffing import ROSTERED_AHEAD


def close_clinic(*, clinic: Clinic, start: datetime, end: datetime, reason: str) -> list[Appointment]:
    """Close a clinic for a stretch. Returns the live appointments in the way. Raises `ClosingConflict`."""
    with guarded():
        _lock(clinic, start, end)
        closing.close_clinic(clinic=clinic, start=start, end=end, reason=reason)
        return _in_the_way(start, end, clinic=clinic)


def reopen(*, closure: Closure) -> None:
    """Take a closure back."""
    with guarded():
        _lock(closure.clinic, closure.period.lower, closure.period.upper)
        closing.reopen(closure=closure)


def put_chair_out(*, chair: Chair, start: datetime, end: datetime, reason: str) -> list[Appointment]:
    """Take a chair out of service. Returns the live appointments in the way. Raises `ClosingConflict`."""
    with guarded():
        _lock(chair.clinic, start, end)
        closing.put_chair_out(chair=chair, start=start, end=end, reason=reason)
        return _in_the_way(start, end, chair=chair)


def put_chair_back(*, outage: ChairOutage) -> None:
    """Take an outage back."""
    with guarded():
        _lock(outage.chair.clinic, outage.period.lower, outage.period.upper)
        closing.put_chair_back(outage=outage)


def decide_holiday(*, holiday: Holiday, decided: Mapping[Clinic, str], by: User | None) -> list[Appointment]:
    """Close some clinics on a holiday ("close"), let others stay open ("open"), leave others undecided ("").

    Returns the live appointments in the way. Raises `ClosingConflict` where a clinic is closed already.
    """
    start_end = {clinic: day_bounds(holiday.day, clinic.zone) for clinic in decided}
    with guarded():
        lock(days={(clinic, holiday.day) for clinic, what in decided.items() if what == "close"})
        found: list[Appointment] = []
        for clinic, what in decided.items():
            if what == "close":
                close_for(clinic=clinic, holiday=holiday)
                found += _in_the_way(*start_end[clinic], clinic=clinic)
            elif what == "open":
                stay_open(clinic=clinic, holiday=holiday, by=by)
            else:
                decide_again(clinic=clinic, holiday=holiday)
        return found


def change_hours(*, clinic: Clinic, from_day: date, week: Mapping[int, Clocks | None]) -> list[Appointment]:
    """Open a clinic at other hours from a day on. Returns the live appointments that lay inside and now do not.

    Raises `ClosingConflict`.
    """
    with guarded():
        _lock_from(clinic, from_day)
        before = weekly_hours(clinics=[clinic])[clinic.pk]
        places.change_hours(clinic=clinic, from_day=from_day, week=week)
        after = weekly_hours(clinics=[clinic])[clinic.pk]
        coming = Appointment.objects.filter(
            clinic=clinic, status__in=LIVE, period__startswith__gte=day_bounds(from_day, clinic.zone)[0]
        )
        return [one for one in _whole(coming) if _inside(one, before) and not _inside(one, after)]


def add_chair(*, clinic: Clinic, name: str, kind: str) -> None:
    """Put up another chair. Nobody is touched. Raises `ClosingConflict`."""
    with guarded():
        _lock_from(clinic, _today(clinic))
        places.add_chair(clinic=clinic, name=name, kind=kind)


def change_chair(*, chair: Chair, name: str, kind: str) -> list[Appointment]:
    """Give a chair another name or kind. Returns the live appointments that need a chair of another kind now."""
    with guarded():
        _lock_from(chair.clinic, _today(chair.clinic))
        was = chair.kind
        places.change_chair(chair=chair, name=name, kind=kind)
        coming = list(_whole(_coming(chair))) if was != kind else []
        needs = needs_of_many(doses={one.pk: (one.plan, one.dose_number, one) for one in coming})
        return [one for one in coming if needs[one.pk].kinds and kind not in needs[one.pk].kinds]


def take_chair_away(*, chair: Chair) -> list[Appointment]:
    """Let nobody be booked on a chair any more. Returns the live appointments on it."""
    with guarded():
        _lock_from(chair.clinic, _today(chair.clinic))
        places.take_chair_away(chair=chair)
        return list(_whole(_coming(chair)))


def bring_chair_back(*, chair: Chair) -> None:
    """Use a chair again that was taken away. Nobody is touched."""
    with guarded():
        _lock_from(chair.clinic, _today(chair.clinic))
        places.bring_chair_back(chair=chair)


def _lock_from(clinic: Clinic, day: date) -> None:
    """Lock every day from one on that somebody may be booking: as far as rosters reach, or the last appointment."""
    last = Appointment.objects.filter(clinic=clinic, status__in=LIVE).aggregate(last=Max("period__startswith"))["last"]
    until = max(day, _today(clinic)) + ROSTERED_AHEAD
    if last:
        until = max(until, local_date(last, clinic.zone))
    lock(days={(clinic, one) for one in days_between(day, until)})


def _today(clinic: Clinic) -> date:
    return local_date(timezone.now(), clinic.zone)


def _coming(chair: Chair) -> QuerySet[Appointment]:
    return Appointment.objects.filter(chair=chair, status__in=LIVE, period__endswith__gt=timezone.now())


def _inside(one: Appointment, hours: WeeklyHours) -> bool:
    """Whether an appointment lies within the opening hours of its day."""
    zone = one.clinic.zone
    day = local_date(one.start, zone)
    times = hours.on(day)
    return times is not None and (
        at_wall_clock(day, times[0], zone) <= one.start and one.end <= at_wall_clock(day, times[1], zone)
    )


def _lock(clinic: Clinic, start: datetime, end: datetime) -> None:
    first, last = (local_date(moment, clinic.zone) for moment in (start, max(start, end - QUARTER)))
    lock(days={(clinic, day) for day in days_between(first, last)})


def _in_the_way(start: datetime, end: datetime, **where: Clinic | Chair) -> list[Appointment]:
    return list(_whole(Appointment.objects.filter(status__in=LIVE, period__overlap=(start, end), **where)))


def _whole(found: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Some appointments with what is said of them, in order."""
    return (
        found.select_related("plan__patient", "plan__therapy", "patient", "chair", "clinic")
        .prefetch_related("assignments__nurse")
        .order_by("period", "pk")
    )
