"""Whether doses can be given: what is on record of plans, for the rules of `therapies.readiness`.

Everything is read in one query, however many plans, so that lists and the board can say it of every visit.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from patients.models import Authorization, Clearance, DoseGiven, TreatmentPlan
from therapies.models import DosePhase, Prerequisite, TherapyVersion
from therapies.readiness import Cleared, Dossier, Grant, Readiness, Requirement, readiness
from therapies.series import PhaseFacts

CHECKS_KEPT = timedelta(days=7)
"""So far back checks of visits are read, for visits that are followed late. Older ones only stand on record."""

_NOTHING: Mapping[int, date] = {}

_PHASE = (
    "first_dose", "target_days", "last_dose", "variant", "anchor_dose", "min_gap_days",
    "green_before", "green_after", "amber_before", "amber_after", "is_consecutive",
)  # fmt: skip


def readiness_of(
    *,
    plan: TreatmentPlan,
    dose_number: int,
    on: date,
    booked: Mapping[int, date] = _NOTHING,
    needs_tolerance: bool = False,
    today: date | None = None,
) -> Readiness:
    """Whether a dose of a plan can be given on a day. `booked` maps the numbers of booked doses to days. One query."""
    today = today or timezone.localdate()
    return readiness(
        dossier=dossier(plan=plan, booked=booked, on=today),
        dose_number=dose_number,
        day=on,
        today=today,
        needs_tolerance=needs_tolerance,
    )


def dossier(*, plan: TreatmentPlan, booked: Mapping[int, date] = _NOTHING, on: date | None = None) -> Dossier:
    """What is on record of one plan, as known `on` a day, today if none. One query."""
    [read] = with_facts(TreatmentPlan.objects.filter(pk=plan.pk), on=on or timezone.localdate())
    return dossier_of(read, booked=booked)


def with_facts(plans: QuerySet[TreatmentPlan], *, on: date) -> QuerySet[TreatmentPlan]:
    """Plans that carry in the same query what `dossier_of` needs. `on` is the day whose therapy facts hold."""
    in_force = TherapyVersion.objects.filter(therapy=OuterRef("therapy"), effective_from__lte=on).order_by("-number")
    own = Clearance.objects.filter(
        Q(plan=None) | Q(plan=OuterRef("pk")), patient=OuterRef("patient"), withdrawn_at=None
    ).filter(Q(for_day=None) | Q(for_day__gte=on - CHECKS_KEPT))
    granted = Authorization.objects.filter(plan=OuterRef("pk"), withdrawn_at=None)
    return (
        plans.order_by()
        .alias(version_now=Subquery(in_force.values("pk")[:1]))
        .annotate(
            facts_phases=_rows(
                DosePhase.objects.filter(version=OuterRef("version_now")).order_by("first_dose"), *_PHASE
            ),
            facts_requirements=_rows(
                Prerequisite.objects.filter(version=OuterRef("version_now")).order_by("code"),
                "code",
                "name",
                "life",
                "is_hard",
            ),
            facts_given=_rows(
                DoseGiven.objects.filter(plan=OuterRef("pk")).order_by("dose_number"), "dose_number", "given_on"
            ),
            facts_cleared=_rows(own.order_by("id"), "code", on="cleared_on", until="expires_on", for_day="for_day"),
            facts_grants=_rows(granted.order_by("id"), "id", "valid_from", "valid_until", "doses_allowed"),
        )
    )


def dossier_of(plan: TreatmentPlan, *, booked: Mapping[int, date] = _NOTHING) -> Dossier:
    """What is on record of a plan that was read `with_facts`, with the days of its booked doses."""
    read: Any = plan
    return Dossier(
        requirements=[Requirement(**row) for row in read.facts_requirements],
        cleared=[Cleared(**_dates(row, "on", "until", "for_day")) for row in read.facts_cleared],
        grants=[Grant(**_dates(row, "valid_from", "valid_until")) for row in read.facts_grants],
        phases=[PhaseFacts(**row) for row in read.facts_phases],
        given={row["dose_number"]: date.fromisoformat(row["given_on"]) for row in read.facts_given},
        booked=booked,
        start_on=plan.start_on,
        variant=plan.variant,
        interval_days=plan.interval_days,
        had_reaction=plan.had_reaction,
    )


def _rows(rows: QuerySet[Any], *names: str, **others: str) -> ArraySubquery:
    """Rows of another table as an array of JSON objects; `others` renames columns."""
    columns = {name: F(name) for name in names} | {name: F(column) for name, column in others.items()}
    return ArraySubquery(rows.values(json=JSONObject(**columns)))


def _dates(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: date.fromisoformat(value) if value and name in names else value for name, value in row.items()}
