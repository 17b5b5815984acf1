"""Settings for tests: their own data directory, faster passwords, a database that need not survive a power cut."""

import os
from pathlib import Path

os.environ.setdefault("CHAIRSIDE_DATA", str(Path(__file__).resolve().parents[1] / "var" / "test"))

from clinic.settings import *  # noqa: F403
from clinic.settings import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["VOLATILE"] = True
METRICS_TOKEN = "m7Qp2xVn9sKd4fTzLw8RbYc3HgJe6Ua1"
# Tests move the clock by hours; those of the locked screen set their own limits.
IDLE_SECONDS_DESK = IDLE_SECONDS_TABLET = 12 * 60 * 60
