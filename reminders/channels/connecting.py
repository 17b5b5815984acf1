"""Whether a request over HTTP has left at all."""

from requests import ConnectionError as NoConnection
from requests import ConnectTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError


def never_connected(error: BaseException | None) -> bool:
    """Whether the request has certainly not left: no connection was made."""
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, NoConnection) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
