"""Django's PostgreSQL engine over the embedded server: ENGINE = "clinic.embedded", HOME = its directory."""

import time
from pathlib import Path
from typing import Any

import psycopg2
from django.db.backends.postgresql import base as postgresql
from django.db.backends.postgresql.client import DatabaseClient as PostgresClient

from . import postgres
from .server import EmbeddedServerError

RETRIES = 40
PAUSE = 0.1
# What a client reads while a killed server is going or coming back.
PASSING = ("No such file or directory", "Connection refused", "is starting up", "is shutting down", "in recovery mode")


class DatabaseClient(PostgresClient):
    """`manage.py dbshell` with the psql that lies beside the server."""

    executable_name = str(postgres.installed_programs() / "bin" / "psql")

    def runshell(self, parameters: Any) -> None:
        host = postgres.socket_directory(self.connection.settings_dict["HOME"])
        self.connection.ensure_connection()
        self.connection.settings_dict |= {"HOST": str(host), "PORT": str(postgres.PORT), "USER": postgres.USER}
        super().runshell(parameters)


class DatabaseWrapper(postgresql.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        host = postgres.socket_directory(Path(self.settings_dict["HOME"]))
        return {**super().get_connection_params(), "host": str(host), "port": postgres.PORT, "user": postgres.USER}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Start the server if it does not run. One that was killed just now gets a moment to come back."""
        for attempt in range(RETRIES):
            self._ensure_server()
            try:
                return super().get_new_connection(conn_params)
            except psycopg2.OperationalError as error:
                if attempt == RETRIES - 1 or not any(words in str(error) for words in PASSING):
                    raise
            time.sleep(PAUSE)
        raise AssertionError("unreachable")

    def _ensure_server(self) -> None:
        try:
            postgres.ensure(Path(self.settings_dict["HOME"]), volatile=self.settings_dict.get("VOLATILE", False))
        except EmbeddedServerError as error:
            raise psycopg2.OperationalError(str(error)) from error
