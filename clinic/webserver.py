"""gunicorn's configuration: gunicorn -c python:clinic.webserver clinic.wsgi"""

from clinic.embedded.process import die_with_parent
from clinic.environment import env_int

workers = env_int("WEB_WORKERS", 2, least=1, most=64)
worker_class = "sync"
timeout = 30
graceful_timeout = 10
# Its default is one socket per user: two checkouts would share it, and nobody here talks to it.
control_socket_disable = True
loglevel = "warning"
accesslog = None


def post_fork(server: object, worker: object) -> None:
    """A worker whose master was killed ends at once, not at its next time-out."""
    die_with_parent()
