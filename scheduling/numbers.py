"""For the monitor: how the day stands, in numbers."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from clinic.models import Clinic
from clinic.periods import Beginning
from clinic.quarters import day_bounds, local_date
from scheduling.models import Appointment


def numbers() -> Iterator[Metric]:
    """Appointments that begin today, by clinic and status. One query, and one for each clinic."""
    today = GaugeMetricFamily(
        "chairside_appointments_today", "Appointments that begin today", labels=["clinic", "status"]
    )
    now = timezone.now()
    for clinic in Clinic.objects.order_by("slug"):
        starts, ends = day_bounds(local_date(now, clinic.zone), clinic.zone)
        of_today = Appointment.objects.alias(begins=Beginning("period")).filter(
            clinic=clinic, begins__gte=starts, begins__lt=ends
        )
        for status, count in of_today.order_by().values_list("status").annotate(count=Count("pk")):
            today.add_metric([clinic.slug, status], count)
    yield today
