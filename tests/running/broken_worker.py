"""A worker that has the failing task too."""

from clinic.celery import app

app.conf.imports = ["tests.running.broken"]
