"""When a patient usually comes: the weekday and the hour that visits keep to; and when they come anyhow."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.hours import Period
from clinic.sql import fetch
from patients.models import TreatmentPlan
from scheduling.elsewhere import ELSEWHERE
from scheduling.models import HELD, Appointment

LATEST = """
    select lower(a.period), c.timezone from scheduling_appointment a join clinic_clinic c on c.id = a.clinic_id
    where a.plan_id = %s and a.status = any(%s) and a.id is distinct from %s
    order by a.period desc limit 1
"""

BOTH = f"""
    select starts, null::timestamptz as ends, zone from ({LATEST}) as latest (starts, zone)
    union all
    select starts, ends, null from ({ELSEWHERE}) as stays (starts, ends)
"""


@dataclass(frozen=True, slots=True)
class Habits:
    """When the patient usually comes: a weekday and a wall-clock time, where known."""

    weekday: int | None
    clock: time | None


def habits_of(*, plan: TreatmentPlan, without: Appointment | None = None) -> Habits:
    """The weekday and hour that the plan's appointments keep to: as ordered, else as the latest one was. One query."""
    latest = fetch(LATEST, [plan.pk, list(HELD), without.pk if without else None])
    return _habits(plan, *latest[0]) if latest else _habits(plan)


def habits_and_stays(*, plan: TreatmentPlan, without: Appointment | None = None) -> tuple[Habits, list[Period]]:
    """`habits_of` the plan, and the stays of its patient that are not over. One query."""
    held, pk = list(HELD), without.pk if without else None
    habits = _habits(plan)
    stays: list[Period] = []
    for start, end, zone in fetch(BOTH, [plan.pk, held, pk, plan.patient_id, held, timezone.now(), pk]):
        if zone is None:
            stays.append((start, end))
        else:
            habits = _habits(plan, start, zone)
    return habits, stays


def _habits(plan: TreatmentPlan, latest: datetime | None = None, zone: str = "") -> Habits:
    if plan.usual_weekday is not None or plan.usual_time is not None:
        return Habits(plan.usual_weekday, plan.usual_time)
    if latest is None:
        return Habits(None, None)
    local = latest.astimezone(ZoneInfo(zone))
    return Habits(local.weekday(), local.time())
