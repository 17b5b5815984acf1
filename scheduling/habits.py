"""When a patient usually comes: the weekday and the hour that visits keep to."""

from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from clinic.sql import fetch
from patients.models import TreatmentPlan
from scheduling.models import HELD, Appointment

LATEST = """
    select lower(a.period), c.timezone from scheduling_appointment a join clinic_clinic c on c.id = a.clinic_id
    where a.plan_id = %s and a.status = any(%s) and a.id is distinct from %s
    order by a.period desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Habits:
    """When the patient usually comes: a weekday and a wall-clock time, where known."""

    weekday: int | None
    clock: time | None


def habits_of(*, plan: TreatmentPlan, without: Appointment | None = None) -> Habits:
    """The weekday and hour that the plan's appointments keep to: as ordered, else as the latest one was."""
    if plan.usual_weekday is not None or plan.usual_time is not None:
        return Habits(plan.usual_weekday, plan.usual_time)
    for start, zone in fetch(LATEST, [plan.pk, list(HELD), without.pk if without else None]):
        local = start.astimezone(ZoneInfo(zone))
        return Habits(local.weekday(), local.time())
    return Habits(None, None)
