"""Authorizations that run out."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.quarters import local_date
from patients.authorizations import running_out
from scheduling.models import LIVE, Appointment
from scheduling.queries.dose import Fit
from scheduling.worklists.lists import Button, Reading, Row, Worklist


def read(reading: Reading) -> Iterable[Row]:
    """Plans whose last authorization ends soon or has few doses left, counting what is booked. Four queries."""
    for one in running_out(clinics=reading.clinics, on=reading.today, booked=_booked(reading)):
        yield Row(
            key=str(one.authorization.pk),
            patient=one.plan.patient,
            clinic=one.plan.patient.home_clinic.name,
            what=f"{one.plan.therapy}: {one.authorization}",
            when=one.words,
            states=(Fit("red", "short", "Renew now") if one.is_urgent else Fit("amber", "late", "Renew soon"),),
            buttons=(Button("Authorizations", url=reverse("patient_authorizations", args=[one.plan.patient_id])),),
            is_urgent=one.is_urgent,
        )


def _booked(reading: Reading) -> dict[int, dict[int, date]]:
    rows = Appointment.objects.filter(
        status__in=LIVE,
        plan__patient__home_clinic__in=reading.clinics,
        plan__authorizations__isnull=False,
    )
    found: dict[int, dict[int, date]] = defaultdict(dict)
    columns = ("plan", "dose_number", "period", "clinic__timezone")
    for plan_id, number, period, zone in rows.order_by().distinct().values_list(*columns):
        found[plan_id][number] = local_date(period.lower, ZoneInfo(zone))
    return found


LIST = Worklist(
    name="authorizations",
    title="Authorizations running out",
    icon="info",
    nothing="No authorization runs out in the next 60 days.",
    position=60,
    read=read,
    sign="""
        select from patients_authorization paper
            join patients_treatmentplan plan on plan.id = paper.plan_id
            join patients_patient patient on patient.id = plan.patient_id
        where paper.withdrawn_at is null and patient.home_clinic_id = any(%(clinics)s)
    """,
)
