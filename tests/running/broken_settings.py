"""The settings as they are, with addresses that fail."""

from clinic.settings import *  # noqa: F403

ROOT_URLCONF = "tests.running.broken"
