"""Prints, as JSON, a world made in the database that the environment names: a desk, its second step, a plan to book."""

import json
from datetime import date, timedelta

import django

django.setup()

from allauth.mfa.totp.internal.auth import TOTP  # noqa: E402
from django.utils import timezone  # noqa: E402

from clinic.models import Role  # noqa: E402
from tests.world import make_clinic, make_plan, make_ready, make_user, on_floor  # noqa: E402

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make(day: date) -> dict[str, int | str]:
    clinic = make_clinic("madison")
    on_floor(clinic, day=day)
    desk = make_user("frontdesk", Role.FRONT_DESK, clinic)
    TOTP.activate(desk, SEED)
    plan = make_ready(make_plan(clinic, start_on=day), day)
    return {"plan": plan.pk, "patient": plan.patient_id, "day": day.isoformat(), "seed": SEED}


print(json.dumps(make(timezone.localdate() + timedelta(days=7))))
