"""The first ten openings over 90 days for a stay of 330 minutes on full books, beside reading the rows it needs."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.clock import median_of
from bench.table import Result
from bench.world import clinics_of, make_newcomers
from clinic.models import Clinic
from patients.models import TreatmentPlan
from scheduling.models import HELD
from scheduling.openings import find

ROWS = """
    select a.clinic_id, a.period, a.chair_id, n.nurse_id, n.period, n.place
    from scheduling_appointment a left join scheduling_nurseassignment n on n.appointment_id = a.id
    where a.clinic_id = any(%s) and lower(a.period) >= %s and lower(a.period) < %s and a.status = any(%s)
"""
"""Who sits where and who cares for them: what an opening must not be in the way of."""

DAYS = 90
MINUTES = 330
MANY = 100
MARKS = {3: 10.0, 300: 250.0}


def run(*, is_small: bool) -> list[Result]:
    """Openings at the three clinics, and at all."""
    [plan] = make_newcomers(clinics_of(1), 1, therapy="ocrevus", prefix="L")
    plan.patient.extra_minutes = MINUTES - 270
    plan.patient.save(update_fields=["extra_minutes"])
    return [_measure(plan, clinics_of(count), times=3 if is_small else 15) for count in (3, Clinic.objects.count())]


def _measure(plan: TreatmentPlan, clinics: list[Clinic], *, times: int) -> Result:
    first = timezone.localdate() + timedelta(days=1)
    last = first + timedelta(days=DAYS - 1)

    def look() -> object:
        return find(plan=plan, dose_number=1, clinics=clinics, first_day=first, last_day=last, limit=10)

    def read() -> None:
        with connection.cursor() as cursor:
            ids = [clinic.pk for clinic in clinics]
            cursor.execute(ROWS, [ids, first, last + timedelta(days=1), list(HELD)])
            cursor.fetchall()

    with CaptureQueriesContext(connection) as queries:
        found = look()
    assert found, "No opening on full books: the world is too full."
    took, mark = median_of(look, times=times), MARKS.get(len(clinics))
    # To read millions of rows takes long, and so much longer that a few readings say it.
    limit = median_of(read, times=times if len(clinics) < MANY else 2, warm=1)
    return Result(
        f"first 10 openings, {len(clinics)} clinics × {DAYS} days",
        took,
        limit=limit,
        mark=f"≤ {mark:.0f} ms" if mark else "",
        is_met=took <= mark if mark else None,
        facts={"queries": len(queries)},
    )
