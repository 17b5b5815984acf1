"""Whether doses can be given: what is on record of plans, for the rules of `therapies.readiness`.

Everything is read in one query, however many plans, so that lists and the board can say it of every visit.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone

from clinic.sql import fetch
from patients.models import TreatmentPlan
from therapies.readiness import Cleared, Dossier, Grant, Readiness, Requirement, readiness
from therapies.series import PhaseFacts

CHECKS_KEPT = timedelta(days=7)
"""So far back checks of visits are read, for visits that are followed late. Older ones only stand on record."""

_NOTHING: Mapping[int, date] = {}
_NONE: Mapping[str, Any] = {}

_PHASE = (
    "first_dose", "target_days", "last_dose", "variant", "anchor_dose", "min_gap_days",
    "green_before", "green_after", "amber_before", "amber_after", "is_consecutive",
)  # fmt: skip

FACTS = """
    select plan.id, plan.start_on, plan.variant, plan.interval_days, plan.had_reaction,
        (select json_agg(facts)::text from (
            select code, name, life, is_hard from therapies_prerequisite where version_id = version.id order by code
        ) as facts),
        (select json_agg(facts) from (
            select code, cleared_on as "on", expires_on as until, for_day from patients_clearance
            where patient_id = plan.patient_id and (plan_id is null or plan_id = plan.id) and withdrawn_at is null
                and (for_day is null or for_day >= %(checks_from)s)
            order by id
        ) as facts),
        (select json_agg(facts) from (
            select id, valid_from, valid_until, doses_allowed from patients_authorization
            where plan_id = plan.id and withdrawn_at is null
            order by id
        ) as facts),
        (select json_agg(facts)::text from (
            select {phase} from therapies_dosephase where version_id = version.id order by first_dose
        ) as facts),
        (select json_object_agg(dose_number, given_on) from patients_dosegiven where plan_id = plan.id),
        ({booked})
    from patients_treatmentplan plan
        left join lateral (
            select id from therapies_therapyversion
            where therapy_id = plan.therapy_id and effective_from <= %(on)s
            order by number desc limit 1
        ) as version on true
    where plan.id = any(%(plans)s)
"""
"""What is on record of some plans, a row each. `booked` is SQL for one JSON object with the days of the booked doses by
number: another room knows them."""


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
    return replace(dossiers(plan_ids=[plan.pk], on=on or timezone.localdate())[plan.pk], booked=booked)


def dossiers(
    *, plan_ids: Collection[int], on: date, booked: str = "null::json", params: Mapping[str, Any] = _NONE
) -> dict[int, Dossier]:
    """What is on record of plans by id, with the therapy facts that hold `on` a day. One query, however many.

    `booked` as in `FACTS`, with its `params`.
    """
    sql = FACTS.format(phase=", ".join(_PHASE), booked=booked)
    found = fetch(sql, {**params, "plans": list(plan_ids), "on": on, "checks_from": on - CHECKS_KEPT})
    return {plan_id: _dossier(facts) for plan_id, *facts in found}


def _dossier(facts: Sequence[Any]) -> Dossier:
    start_on, variant, interval_days, had_reaction, requirements, cleared, grants, phases, given, booked = facts
    return Dossier(
        requirements=_requirements(requirements),
        cleared=[Cleared(**_dates(row, "on", "until", "for_day")) for row in cleared or ()],
        grants=[Grant(**_dates(row, "valid_from", "valid_until")) for row in grants or ()],
        phases=_phases(phases),
        given=_days(given),
        booked=_days(booked),
        start_on=start_on,
        variant=variant,
        interval_days=interval_days,
        had_reaction=had_reaction,
    )


# Many plans go by few versions of therapies: what such a text says is worked out once.


@lru_cache(maxsize=128)
def _requirements(facts: str | None) -> Sequence[Requirement]:
    return tuple(Requirement(**row) for row in json.loads(facts or "[]"))


@lru_cache(maxsize=128)
def _phases(facts: str | None) -> Sequence[PhaseFacts]:
    return tuple(PhaseFacts(**row) for row in json.loads(facts or "[]"))


def _days(by_number: Mapping[str, str] | None) -> dict[int, date]:
    return {int(number): date.fromisoformat(day) for number, day in (by_number or {}).items()}


def _dates(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: date.fromisoformat(value) if value and name in names else value for name, value in row.items()}
