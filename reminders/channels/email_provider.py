"""E-mail by a provider's own interface, with django-anymail: what bounces later is reported to /hooks/email/."""

from http import HTTPStatus
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import get_connection

from reminders.channels import Refused, Uncertain
from reminders.channels.connecting import never_connected
from reminders.channels.email import composed
from reminders.letters import Letter

OURS = "message"
"""What our number of a message is called in the provider's reports."""

# The account, not the message: somebody puts the settings right, and then the message can leave.
TRY_AGAIN = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


class EmailProvider:
    """One connection for a batch. `name` is the provider that the settings name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._connection: Any = get_connection(fail_silently=False)

    def send(self, letter: Letter) -> str:
        """Hand an e-mail to the provider, which tells its id."""
        message: Any = composed(letter)
        message.metadata = {OURS: letter.key.rpartition("-")[2]}
        # The provider would put its own addresses in place of ours, which carry the patient's key.
        message.track_clicks = message.track_opens = False
        try:
            self._connection.open()
            self._connection.send_messages([message])
        except AnymailRecipientsRefused as error:
            raise Refused("The e-mail service refused the address", permanent=True, dead=True) from error
        except AnymailAPIError as error:
            raise _judged(error) from error
        except AnymailError as error:
            # Nothing was posted yet: the message itself cannot be made.
            raise Refused(f"The e-mail service cannot carry this: {error.args[0]}", permanent=True) from error
        return str(message.anymail_status.message_id or "")

    def close(self) -> None:
        """Close the connection kept for the batch."""
        self._connection.close()


def _judged(error: AnymailAPIError) -> Refused | Uncertain:
    status = error.status_code
    if status is None:
        if never_connected(error.__cause__):
            return Refused("The e-mail service cannot be reached", unreachable=True)
        return Uncertain(f"The e-mail service went silent: {type(error.__cause__).__name__}")
    words = _words(error)
    if status in TRY_AGAIN:
        return Refused(f"The e-mail service refused: {status} {words}", unreachable=True)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Uncertain(f"The e-mail service failed and may have sent it: {status}")
    if status < HTTPStatus.BAD_REQUEST:
        return Uncertain(f"The e-mail service gave an answer that we cannot read: {status}")
    # Mailgun's words for an address that cannot be one.
    dead = "'to' parameter is not a valid address" in words
    return Refused(f"The e-mail service refused: {status} {words}", permanent=True, dead=dead)


def _words(error: AnymailAPIError) -> str:
    """What the provider says, without the request that anymail repeats."""
    try:
        said = error.response.json()
    except (AttributeError, ValueError):
        return ""
    words = said.get("message") or said.get("Message") if isinstance(said, dict) else ""
    return " ".join(str(words or "").split())
