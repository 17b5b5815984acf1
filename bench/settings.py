"""The product's settings, with an empty page and a bare answer beside its pages."""

from clinic.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
