"""The product's settings, with an empty page and a bare answer beside its pages."""

from clinic.settings import *  # noqa: F403
from clinic.settings import LOGGING

ROOT_URLCONF = "bench.urls"
# Making a world of a million appointments takes long statements; nobody needs to hear of them.
LOGGING["loggers"]["clinic.logs.statements"] = {"level": "ERROR"}
