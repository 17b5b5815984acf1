"""For the monitor: how the day stands, in numbers."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from clinic.sql import fetch

# From midnight to midnight in each clinic's own zone. The lateral join looks each clinic up in the index of its days.
TODAY = """
select clinic.slug, visits.status, visits.count
from clinic_clinic clinic
cross join lateral (select date_trunc('day', %s::timestamptz at time zone clinic.timezone) as midnight) local
cross join lateral (
    select status, count(*)
    from scheduling_appointment
    where clinic_id = clinic.id
      and lower(period) >= local.midnight at time zone clinic.timezone
      and lower(period) < (local.midnight + interval '1 day') at time zone clinic.timezone
    group by status
) visits
order by clinic.slug, visits.status
"""


def numbers() -> Iterator[Metric]:
    """Appointments that begin today, by clinic and status. One query."""
    today = GaugeMetricFamily(
        "chairside_appointments_today", "Appointments that begin today", labels=["clinic", "status"]
    )
    for slug, status, count in fetch(TODAY, [timezone.now()]):
        today.add_metric([slug, status], count)
    yield today
