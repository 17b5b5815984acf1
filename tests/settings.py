"""Settings for tests: their own data directory, faster passwords, a database that need not survive a power cut."""

import os
from pathlib import Path

os.environ.setdefault("CHAIRSIDE_DATA", str(Path(__file__).resolve().parents[1] / "var" / "test"))

from clinic.settings import *  # noqa: F403
from clinic.settings import DATABASES, INSTALLED_APPS

LANDED_BEFORE_THE_FIRST_CLINIC = [
    "0001_initial",
    "0001_runs",
    "0001_trail",
    "0002_catalog",
    "0002_contact_ledger",
    "0002_guarantees",
    "0002_quarter_hours",
    "0002_rules",
    "0002_watch_the_clinics",
    "0003_clearances",
    "0003_hours_from_a_day_and_open_holidays",
    "0003_replies",
    "0003_waitlist_and_worklists",
    "0003_watch",
    "0003_watch_staff_accounts",
    "0004_claims_and_snoozes",
    "0004_emergencies",
    "0004_mail_reports",
    "0004_staff_accounts",
    "0004_time_zone",
    "0005_administrator",
    "0005_restored",
    "0005_watch",
    "0006_calls_to_make",
    "0006_emergency_access",
    "0006_presses",
]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["VOLATILE"] = True
# Else each test that opens a page would look through all static files first.
WHITENOISE_AUTOREFRESH = True
METRICS_TOKEN = "m7Qp2xVn9sKd4fTzLw8RbYc3HgJe6Ua1"
# Tests move the clock by hours; those of the locked screen set their own limits.
IDLE_SECONDS_DESK = IDLE_SECONDS_TABLET = 12 * 60 * 60

# `make lint`: what a new migration must not do to the version that still runs beside it.
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]
MIGRATION_LINTER_OPTIONS = {
    "no_cache": True,
    "sql_analyser": "postgresql",
    "include_apps": ["audit", "backup", "clinic", "patients", "reminders", "scheduling", "therapies"],
    # Made before anybody ran an older version for real: no clinic can be hurt by them.
    "ignore_name": LANDED_BEFORE_THE_FIRST_CLINIC,
}
